/*
 * ratelimit_gcra.c owns the arithmetic of rate limits.
 */
#include "core/ratelimit_gcra.h"

#include <stdio.h>
#include <string.h>

#define SECOND INT64_C(1000000)

static const struct
{
	const char *name;
	int64_t period;
} periods[] = {
	{"second", SECOND},
	{"minute", 60 * SECOND},
	{"hour", 3600 * SECOND},
	{"day", 86400 * SECOND},
};

#define PERIODS (sizeof(periods) / sizeof(periods[0]))

/* ---- rates as text --------------------------------------------------------------------------- */

static bool
parse_limit(const char *text, size_t len, int32_t *limit)
{
	*limit = 0;
	for (size_t i = 0; i < len; i++)
	{
		if (text[i] < '0' || text[i] > '9')
			return false;
		*limit = *limit * 10 + (text[i] - '0');
		if (*limit > SOCIAL_RATE_LIMIT_MAX)
			return false;
	}
	return *limit > 0;
}

/* One rate without blanks around it. */
static bool
parse_one(const char *text, size_t len, struct social_rate *rate)
{
	const char *slash = memchr(text, '/', len);
	size_t name_len;

	if (slash == NULL || !parse_limit(text, (size_t) (slash - text), &rate->limit))
		return false;
	name_len = len - (size_t) (slash - text) - 1;
	for (size_t i = 0; i < PERIODS; i++)
		if (strlen(periods[i].name) == name_len &&
			memcmp(periods[i].name, slash + 1, name_len) == 0)
		{
			rate->period = periods[i].period;
			return true;
		}
	return false;
}

static void
trim(const char **text, size_t *len)
{
	while (*len > 0 && **text == ' ')
	{
		(*text)++;
		(*len)--;
	}
	while (*len > 0 && (*text)[*len - 1] == ' ')
		(*len)--;
}

int
social_rate_parse(const char *text, size_t len, struct social_rate rates[SOCIAL_RATE_WINDOWS_MAX])
{
	int count = 0;

	trim(&text, &len);
	if (len == 3 && memcmp(text, "off", 3) == 0)
		return 0;
	for (;;)
	{
		const char *comma = memchr(text, ',', len);
		const char *item = text;
		size_t item_len = comma ? (size_t) (comma - text) : len;

		trim(&item, &item_len);
		if (count == SOCIAL_RATE_WINDOWS_MAX || !parse_one(item, item_len, &rates[count]))
			return -1;
		for (int i = 0; i < count; i++)
			if (rates[i].period == rates[count].period)
				return -1;
		count++;
		if (comma == NULL)
			return count;
		len -= (size_t) (comma - text) + 1;
		text = comma + 1;
	}
}

void
social_rate_format(const struct social_rate *rate, char text[SOCIAL_RATE_TEXT_MAX])
{
	const char *name = "";

	for (size_t i = 0; i < PERIODS; i++)
		if (periods[i].period == rate->period)
			name = periods[i].name;
	snprintf(text, SOCIAL_RATE_TEXT_MAX, "%d/%s", (int) rate->limit, name);
}

/* ---- windows --------------------------------------------------------------------------------- */

static int64_t
interval(const struct social_rate *rate)
{
	return rate->period / rate->limit;
}

/*
 * How far the window is used up: 0 to limit * interval. A timestamp further ahead was written under
 * another limit, or before the clock was set back, and counts as a window used up.
 */
static int64_t
used(const struct social_rate *rate, int64_t now, int64_t timestamp)
{
	int64_t whole = interval(rate) * rate->limit;
	int64_t ahead = timestamp > now ? timestamp - now : 0;

	return ahead < whole ? ahead : whole;
}

/* What is told to one who wants to take `times` requests from a window used up that far. */
static struct social_rate_figures
figures_of(const struct social_rate *rate, int32_t times, int64_t now, int64_t used_up, int window)
{
	int64_t step = interval(rate);
	int64_t left = step * rate->limit - used_up;

	return (struct social_rate_figures){.rate = *rate,
										.remaining = (int32_t) (left / step),
										.reset_at = now + used_up,
										.retry_after =
											left >= step * times ? 0 : step * times - left,
										.window = window};
}

void
social_gcra_peek(const struct social_rate *rate, int64_t now, int64_t timestamp,
				 struct social_rate_figures *figures)
{
	*figures = figures_of(rate, 1, now, used(rate, now, timestamp), 0);
}

/* Whether a tells a client more than b does: see the header. */
static bool
is_tighter(const struct social_rate_figures *a, const struct social_rate_figures *b)
{
	if (a->retry_after != b->retry_after)
		return a->retry_after > b->retry_after;
	if (a->remaining != b->remaining)
		return a->remaining < b->remaining;
	return a->reset_at > b->reset_at;
}

static void
keep_tightest(struct social_rate_figures *figures, const struct social_rate_figures *one)
{
	if (figures->window < 0 || is_tighter(one, figures))
		*figures = *one;
}

bool
social_gcra_take(const struct social_rate_draw *draws, int count, int64_t now, int64_t *timestamps,
				 struct social_rate_figures *figures)
{
	struct social_rate_figures one;

	*figures = (struct social_rate_figures){.window = -1};
	for (int i = 0; i < count; i++)
	{
		const struct social_rate *rate = &draws[i].rate;

		one = figures_of(rate, draws[i].times, now, used(rate, now, timestamps[i]), i);
		if (!draws[i].counts_only)
			keep_tightest(figures, &one);
	}
	if (figures->retry_after > 0)
		return false;
	figures->window = -1;
	for (int i = 0; i < count; i++)
	{
		const struct social_rate *rate = &draws[i].rate;
		int64_t moved = used(rate, now, timestamps[i]) + interval(rate) * draws[i].times;

		timestamps[i] = now + moved;
		one = figures_of(rate, 1, now, used(rate, now, timestamps[i]), i);
		timestamps[i] = one.reset_at; /* what only counts stops where it is used up */
		one.retry_after = 0;          /* this request was let in; the next one is not asked about */
		if (!draws[i].counts_only)
			keep_tightest(figures, &one);
	}
	return true;
}
