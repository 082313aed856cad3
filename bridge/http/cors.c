/*
 * cors.c owns which web pages of other origins may call (the Fetch standard, CORS protocol).
 */
#include "http/cors.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/config_form.h"
#include "http/request.h"
#include "base/memory.h"

#define MAX_ORIGINS 64

static char *origins[MAX_ORIGINS];
static int norigins;
static bool any_origin;

/* Reads a list; path: the items may be URLs, of which only the origin counts. */
static void
add_origins(const char *name, const char *list, bool path, struct sb_problems *problems)
{
	while (list && *list)
	{
		size_t len = strcspn(list, ", ");
		char *origin = len > 0 ? sb_form_origin(list, len, path) : NULL;

		if (len == 1 && *list == '*' && !path)
			any_origin = true;
		else if (len > 0 && origin == NULL)
			sb_problem_error(problems,
							 "%s: %.*s is not an origin (scheme://host[:port] and no path)", name,
							 (int) (len < 200 ? len : 200), list);
		else if (origin && norigins == MAX_ORIGINS)
			sb_problem_error(problems, "%s holds more than %d origins", name, MAX_ORIGINS);
		else if (origin)
		{
			origins[norigins++] = origin;
			origin = NULL;
		}
		free(origin);
		list += len;
		list += strspn(list, ", ");
	}
}

void
sb_cors_init(const struct sb_config *config, struct sb_problems *problems)
{
	add_origins("CORS_ALLOWED_ORIGINS", config->cors_allowed_origins, false, problems);
	add_origins("FRONTEND_URL", config->frontend_url, true, problems);
}

static bool
may_call(const char *origin)
{
	for (int i = 0; i < norigins; i++)
		if (strcmp(origins[i], origin) == 0)
			return true;
	return any_origin;
}

bool
sb_cors_may_connect(const struct sb_request *request)
{
	const char *origin = sb_request_header(request, "Origin");
	const char *host = sb_request_header(request, "Host");
	const char *authority = origin ? strstr(origin, "://") : NULL;

	if (origin == NULL || (sb_request_count_headers(request, "Origin") == 1 && may_call(origin)))
		return true;
	return authority && host && sb_request_count_headers(request, "Origin") == 1 &&
		   strcasecmp(authority + 3, host) == 0;
}

void
sb_cors_add_headers(struct sb_request *request)
{
	const char *origin;

	if (norigins == 0 && !any_origin)
		return;
	sb_request_add_vary(request, "Origin");
	origin = sb_request_header(request, "Origin");
	if (origin == NULL || !may_call(origin))
		return;
	sb_request_add_header(request, "Access-Control-Allow-Origin", origin);
	sb_request_add_header(
		request, "Access-Control-Expose-Headers",
		"Accept-Ranges, Content-Range, ETag, Idempotent-Replayed, Link, Location, Retry-After, "
		"WWW-Authenticate, X-Request-Id, "
		"X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, RateLimit-Limit, "
		"RateLimit-Remaining, RateLimit-Reset, RateLimit-Policy");
}

void
sb_cors_add_preflight(struct sb_request *request, const char *methods)
{
	const char *origin = sb_request_header(request, "Origin");

	if (origin == NULL || !may_call(origin) ||
		!sb_request_header(request, "Access-Control-Request-Method"))
		return;
	sb_request_add_header(request, "Access-Control-Allow-Methods", methods);
	sb_request_add_header(request, "Access-Control-Allow-Headers",
						  "Authorization, Content-MD5, Content-Type, Idempotency-Key, If-Match, "
						  "If-None-Match, If-Range, Range, "
						  "Last-Event-ID, X-Request-Id, traceparent, tracestate");
	sb_request_add_header(request, "Access-Control-Max-Age", "600");
}
