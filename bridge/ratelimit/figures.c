/*
 * figures.c owns what a caller is told about his limits.
 */
#include "ratelimit/figures.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SECOND INT64_C(1000000)

static int64_t
seconds_up(int64_t microseconds)
{
	return (microseconds + SECOND - 1) / SECOND;
}

void
sb_figures_take(struct sb_figures *figures, const struct social_rate_figures *taken)
{
	*figures = (struct sb_figures){.is_known = true,
								   .limit = taken->rate.limit,
								   .remaining = taken->remaining,
								   .reset = seconds_up(taken->reset_at),
								   .window = taken->rate.period / SECOND,
								   .retry_after = seconds_up(taken->retry_after)};
}

void
sb_figures_read(struct sb_figures *figures, const char *text)
{
	struct sb_figures read = {.is_known = true};

	if (text && sscanf(text, "%d %d %" SCNd64 " %" SCNd64 " %" SCNd64, &read.limit, &read.remaining,
					   &read.reset, &read.window, &read.retry_after) == 5)
		*figures = read;
}

bool
sb_limit_is_refusal(const PGresult *error)
{
	const char *sqlstate = error ? PQresultErrorField(error, PG_DIAG_SQLSTATE) : NULL;

	return sqlstate && strcmp(sqlstate, "SM429") == 0;
}

void
sb_figures_read_refusal(struct sb_figures *figures, const PGresult *error)
{
	if (sb_limit_is_refusal(error))
		sb_figures_read(figures, PQresultErrorField(error, PG_DIAG_CONSTRAINT_NAME));
}
