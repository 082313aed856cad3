/*
 * ratelimit_gcra.c owns the arithmetic of rate limits.
 */
#include "ratelimit_gcra.h"

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

void
social_gcra_peek(const struct social_rate *rate, int64_t now, int64_t timestamp,
				 struct social_rate_figures *figures)
{
	int64_t step = interval(rate);
	int64_t left = step * rate->limit - used(rate, now, timestamp);

	figures->window = 0;
	figures->rate = *rate;
	figures->remaining = (int32_t) (left / step);
	figures->reset_at = now + used(rate, now, timestamp);
	figures->retry_after = left >= step ? 0 : step - left;
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

bool
social_gcra_take(const struct social_rate *rates, int count, int64_t now, int64_t *timestamps,
				 struct social_rate_figures *figures)
{
	struct social_rate_figures one;

	for (int i = 0; i < count; i++)
	{
		social_gcra_peek(&rates[i], now, timestamps[i], &one);
		one.window = i;
		if (i == 0 || is_tighter(&one, figures))
			*figures = one;
	}
	if (figures->retry_after > 0)
		return false;
	for (int i = 0; i < count; i++)
	{
		timestamps[i] = now + used(&rates[i], now, timestamps[i]) + interval(&rates[i]);
		social_gcra_peek(&rates[i], now, timestamps[i], &one);
		one.window = i;
		one.retry_after = 0; /* this request was let in; the next one is not asked about */
		if (i == 0 || is_tighter(&one, figures))
			*figures = one;
	}
	return true;
}
