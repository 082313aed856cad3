/*
 * headers.c owns what a client is told about its limits.
 */
#include "ratelimit/headers.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "http/request.h"

#define SECOND INT64_C(1000000)

/* All in seconds; reset is Unix time. */
struct figures
{
	int limit;
	int remaining;
	int64_t reset;
	int64_t window;
	int64_t retry_after;
};

static void
add(struct sb_request *request, const char *name, int64_t value)
{
	sb_request_set_header(request, name, sb_arena_printf(&request->arena, "%" PRId64, value));
}

static void
add_all(struct sb_request *request, const struct figures *figures)
{
	int64_t now = time(NULL);

	add(request, "X-RateLimit-Limit", figures->limit);
	add(request, "X-RateLimit-Remaining", figures->remaining);
	add(request, "X-RateLimit-Reset", figures->reset);
	add(request, "RateLimit-Limit", figures->limit);
	add(request, "RateLimit-Remaining", figures->remaining);
	add(request, "RateLimit-Reset", figures->reset > now ? figures->reset - now : 0);
	sb_request_set_header(
		request, "RateLimit-Policy",
		sb_arena_printf(&request->arena, "%d;w=%" PRId64, figures->limit, figures->window));
	if (figures->retry_after > 0)
		add(request, "Retry-After", figures->retry_after);
}

static int64_t
seconds_up(int64_t microseconds)
{
	return (microseconds + SECOND - 1) / SECOND;
}

void
sb_limit_headers_add(struct sb_request *request, const struct social_rate_figures *figures)
{
	struct figures told = {.limit = figures->rate.limit,
						   .remaining = figures->remaining,
						   .reset = seconds_up(figures->reset_at),
						   .window = figures->rate.period / SECOND,
						   .retry_after = seconds_up(figures->retry_after)};

	add_all(request, &told);
}

void
sb_limit_headers_add_text(struct sb_request *request, const char *text)
{
	struct figures figures;

	if (text &&
		sscanf(text, "%d %d %" SCNd64 " %" SCNd64 " %" SCNd64, &figures.limit, &figures.remaining,
			   &figures.reset, &figures.window, &figures.retry_after) == 5)
		add_all(request, &figures);
}

bool
sb_limit_is_refusal(const PGresult *error)
{
	const char *sqlstate = error ? PQresultErrorField(error, PG_DIAG_SQLSTATE) : NULL;

	return sqlstate && strcmp(sqlstate, "SM429") == 0;
}

void
sb_limit_headers_add_refusal(struct sb_request *request, const PGresult *error)
{
	if (sb_limit_is_refusal(error))
		sb_limit_headers_add_text(request, PQresultErrorField(error, PG_DIAG_CONSTRAINT_NAME));
}
