/*
 * ratelimit_gcra_test.c proves the arithmetic of rate limits: how rates are read, what a window
 * lets in at its edges (P-12), which window a client is told about (I-10), and the keyed hash.
 */
#include "tap.h"

#include "core/ratelimit_gcra.h"

#define SECOND INT64_C(1000000)
#define NOW    (INT64_C(1800000000) * SECOND)

static int
parse(const char *text, struct social_rate *rates)
{
	return social_rate_parse(text, strlen(text), rates);
}

static void
test_parse(void)
{
	static const char *const bad[] = {"",
									  "10",
									  "/hour",
									  "10/",
									  "0/hour",
									  "-1/hour",
									  "+1/hour",
									  "1.5/hour",
									  "10/Hour",
									  "10/hours",
									  "10/week",
									  "10 / hour",
									  "10/hour,",
									  ",10/hour",
									  "10/hour,,",
									  "1000001/day",
									  "10/hour;",
									  "10//hour",
									  "x10/hour",
									  "10/hourx",
									  "10/hour 5",
									  "5/hour,5/hour",
									  "0x10/hour",
									  "offf",
									  "off,5/hour",
									  "99999999999999999999/day",
									  "1/second,1/minute,1/hour,1/day,2/day"};
	struct social_rate rates[SOCIAL_RATE_WINDOWS_MAX];
	char text[SOCIAL_RATE_TEXT_MAX];

	is_int(parse("10/hour", rates), 1, "one rate");
	ok(rates[0].limit == 10 && rates[0].period == 3600 * SECOND, "its limit and period");
	is_int(parse(" 3/day , 10/hour ", rates), 2, "two rates, blanks around them (I-08)");
	ok(rates[0].limit == 3 && rates[0].period == 86400 * SECOND && rates[1].limit == 10,
	   "both are read");
	is_int(parse("1/second,1/minute,1/hour,1/day", rates), 4, "each period once");
	is_int(parse("1000000/second", rates), 1, "the highest limit");
	is_int(parse("off", rates), 0, "off is no window");
	(void) parse("60/minute", rates);
	social_rate_format(&rates[0], text);
	is_str(text, "60/minute", "written as it is read");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		char name[80];

		snprintf(name, sizeof(name), "refused: \"%s\"", bad[i]);
		is_int(parse(bad[i], rates), -1, name);
	}
}

/* One request in each window. */
static bool
take(const struct social_rate *rates, int count, int64_t now, int64_t *timestamps,
	 struct social_rate_figures *figures)
{
	struct social_rate_draw draws[SOCIAL_RATE_WINDOWS_MAX];

	for (int i = 0; i < count; i++)
		draws[i] = (struct social_rate_draw){.rate = rates[i], .times = 1};
	return social_gcra_take(draws, count, now, timestamps, figures);
}

/* How many of `tries` requests at one moment a window lets in. */
static int
burst(const struct social_rate *rate, int64_t now, int64_t *timestamp, int tries)
{
	struct social_rate_figures figures;
	int taken = 0;

	for (int i = 0; i < tries; i++)
		taken += take(rate, 1, now, timestamp, &figures);
	return taken;
}

/* seed 124, P-12: no second burst behind the edge of a window. */
static void
test_edges(void)
{
	struct social_rate rate = {.limit = 10, .period = 60 * SECOND};
	int64_t timestamp = 0;

	is_int(burst(&rate, NOW, &timestamp, 25), 10, "a burst of the whole limit, no more");
	is_int(burst(&rate, NOW + 6 * SECOND - 1, &timestamp, 5), 0,
		   "nothing before the first interval");
	is_int(burst(&rate, NOW + 6 * SECOND, &timestamp, 5), 1, "one when it has passed");
	is_int(burst(&rate, NOW + 59 * SECOND, &timestamp, 25), 8, "eight more by the window's end");
	is_int(burst(&rate, NOW + 61 * SECOND, &timestamp, 25), 1, "no second burst at the edge");
	is_int(burst(&rate, NOW + 1000 * SECOND, &timestamp, 25), 10, "a rested window is whole again");
}

/* A limit that does not divide its period still lets in exactly as many at once. */
static void
test_exact_counts(void)
{
	static const int32_t limits[] = {1, 3, 7, 11, 13, 997, 70000, 99999, 600001, 1000000};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
	{
		struct social_rate rate = {.limit = limits[i], .period = SECOND};
		int64_t timestamp = 0;
		char name[64];

		snprintf(name, sizeof(name), "%d at once of %d/second", (int) limits[i], (int) limits[i]);
		is_int(burst(&rate, NOW, &timestamp, limits[i] + 5), limits[i], name);
	}
}

static void
test_figures(void)
{
	struct social_rate rate = {.limit = 4, .period = 60 * SECOND};
	struct social_rate_figures figures;
	int64_t timestamp = 0;

	social_gcra_peek(&rate, NOW, timestamp, &figures);
	ok(figures.remaining == 4 && figures.reset_at == NOW && figures.retry_after == 0,
	   "a window never used");
	ok(take(&rate, 1, NOW, &timestamp, &figures), "taken");
	is_int(figures.remaining, 3, "one less");
	is_int(figures.reset_at - NOW, 15 * SECOND, "whole again after one interval");
	(void) burst(&rate, NOW, &timestamp, 2);
	ok(take(&rate, 1, NOW, &timestamp, &figures), "the last one");
	ok(figures.remaining == 0 && figures.retry_after == 0, "none left, nothing to retry");
	ok(!take(&rate, 1, NOW + SECOND, &timestamp, &figures), "refused");
	ok(figures.remaining == 0 && figures.retry_after == 14 * SECOND &&
		   figures.reset_at == NOW + 60 * SECOND,
	   "what the refused one is told (I-10)");
	social_gcra_peek(&rate, NOW + SECOND, timestamp, &figures);
	is_int(figures.retry_after, 14 * SECOND, "a look tells the same");
}

/* seed 121, I-08: several windows on one action; all or none. */
static void
test_windows(void)
{
	struct social_rate rates[2] = {{.limit = 3, .period = 86400 * SECOND},
								   {.limit = 2, .period = 60 * SECOND}};
	int64_t timestamps[2] = {0, 0};
	int64_t kept;
	struct social_rate_figures figures;

	ok(take(rates, 2, NOW, timestamps, &figures) && figures.rate.limit == 2,
	   "the window with the fewest left is told");
	ok(take(rates, 2, NOW, timestamps, &figures) && figures.remaining == 0, "the second");
	kept = timestamps[0];
	ok(!take(rates, 2, NOW, timestamps, &figures) && figures.rate.limit == 2,
	   "the short window refuses");
	is_int(timestamps[0], kept, "and the long one is not charged");
	ok(take(rates, 2, NOW + 60 * SECOND, timestamps, &figures) && figures.rate.limit == 3 &&
		   figures.remaining == 0,
	   "later the long one is the tightest");
	ok(!take(rates, 2, NOW + 120 * SECOND, timestamps, &figures) && figures.rate.limit == 3 &&
		   figures.retry_after > 20000 * SECOND,
	   "and refuses for hours");
}

static void
test_odd_clocks(void)
{
	struct social_rate rate = {.limit = 2, .period = 60 * SECOND};
	struct social_rate lower = {.limit = 1, .period = 60 * SECOND};
	struct social_rate_figures figures;
	int64_t timestamp = NOW + 86400 * SECOND;

	social_gcra_peek(&rate, NOW, timestamp, &figures);
	is_int(figures.retry_after, 30 * SECOND, "a clock set back costs one interval, not a day");
	is_int(figures.reset_at - NOW, 60 * SECOND, "nor more than one window until it is whole");
	timestamp = NOW + 60 * SECOND;
	social_gcra_peek(&lower, NOW, timestamp, &figures);
	is_int(figures.retry_after, 60 * SECOND, "a lowered limit holds at once");
	timestamp = 0;
	ok(take(&rate, 1, 0, &timestamp, &figures), "time zero is a time");
}

/* Found B8: one request may count as many; all of them fit, or none is taken. */
static void
test_times(void)
{
	struct social_rate_draw draw = {{.limit = 10, .period = 60 * SECOND}, .times = 7};
	struct social_rate_figures figures;
	int64_t timestamp = 0;

	ok(social_gcra_take(&draw, 1, NOW, &timestamp, &figures) && figures.remaining == 3,
	   "seven of ten");
	ok(!social_gcra_take(&draw, 1, NOW, &timestamp, &figures) && figures.remaining == 3 &&
		   figures.retry_after == 24 * SECOND,
	   "seven more do not fit until four have passed");
	draw.times = 3;
	ok(social_gcra_take(&draw, 1, NOW, &timestamp, &figures) && figures.remaining == 0,
	   "three more do");
	draw.times = 11;
	ok(!social_gcra_take(&draw, 1, NOW + 3600 * SECOND, &timestamp, &figures) &&
		   figures.retry_after > 0,
	   "more than the limit never fit");
}

/* Found E11: what another surface limits is counted, up to the limit, and refused by its own. */
static void
test_counts_only(void)
{
	struct social_rate_draw draws[2] = {{{.limit = 3, .period = 60 * SECOND}, 1, true},
										{{.limit = 5, .period = 60 * SECOND}, 1, false}};
	struct social_rate_figures figures;
	int64_t timestamps[2] = {0, 0};
	int taken = 0;

	for (int i = 0; i < 7; i++)
		taken += social_gcra_take(draws, 2, NOW, timestamps, &figures);
	is_int(taken, 5, "the window that may refuse decides");
	is_int(figures.window, 1, "and is told about");
	is_int(timestamps[0] - NOW, 60 * SECOND, "the other one is used up, and no more than that");
	taken = social_gcra_take(draws, 1, NOW, timestamps, &figures);
	ok(taken && figures.window == -1 && figures.retry_after == 0, "alone, it lets everything in");
}

int
main(void)
{
	test_parse();
	test_edges();
	test_exact_counts();
	test_figures();
	test_windows();
	test_odd_clocks();
	test_times();
	test_counts_only();
	return done_testing();
}
