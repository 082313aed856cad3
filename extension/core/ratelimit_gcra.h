/*
 * ratelimit_gcra.h owns the arithmetic of rate limits: the generic cell rate algorithm, one
 * timestamp per window (design D8). Pure: no server, no clock; the bridge links it too.
 *
 * The timestamp says when the window is unused again. A request moves it on by one interval
 * (period / limit) and is refused when that would put it more than `limit` intervals ahead of now.
 * So at most `limit` requests come at once, and one more for each interval that passes: there is no
 * edge at which a second burst fits.
 */
#ifndef SOCIAL_RATELIMIT_GCRA_H
#define SOCIAL_RATELIMIT_GCRA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOCIAL_RATE_LIMIT_MAX   1000000 /* requests of one window */
#define SOCIAL_RATE_WINDOWS_MAX 4       /* of one policy: one for each period there is */
#define SOCIAL_RATE_TEXT_MAX    32      /* bytes of "1000000/minute" and its NUL */

/* One window: so many requests in so long. Times are microseconds throughout. */
struct social_rate
{
	int32_t limit;
	int64_t period;
};

/* What one request takes from a window. counts_only: the window moves, up to where it is used up,
 * but refuses nothing. */
struct social_rate_draw
{
	struct social_rate rate;
	int32_t times; /* how many requests it counts as */
	bool counts_only;
};

/* What a client is told about a window. */
struct social_rate_figures
{
	struct social_rate rate;
	int32_t remaining;
	int64_t reset_at;    /* when the window is unused again */
	int64_t retry_after; /* how long until a request fits; 0 when one does */
	int window;          /* which of the windows asked about; -1: none refuses anything */
};

/*
 * Reads "10/hour" or "3/day,10/hour": n/second|minute|hour|day, blanks around the comma allowed,
 * each period once. "off" is no window at all. How many were read, or -1 for anything else.
 */
extern int social_rate_parse(const char *text, size_t len,
							 struct social_rate rates[SOCIAL_RATE_WINDOWS_MAX]);

/* Writes the rate as social_rate_parse() reads it. */
extern void social_rate_format(const struct social_rate *rate, char text[SOCIAL_RATE_TEXT_MAX]);

/* What the window with this timestamp (0 = never used) has left, without taking anything. */
extern void social_gcra_peek(const struct social_rate *rate, int64_t now, int64_t timestamp,
							 struct social_rate_figures *figures);

/*
 * Takes from all of `count` windows, or from none. True when all had room: timestamps are moved on.
 * *figures are those of the tightest window that may refuse: on refusal the one that takes longest
 * to let the request in, else the one with the fewest requests left (the one that is whole again
 * later, of equals). What counts more often than a window's limit never fits.
 */
extern bool social_gcra_take(const struct social_rate_draw *draws, int count, int64_t now,
							 int64_t *timestamps, struct social_rate_figures *figures);

#endif /* SOCIAL_RATELIMIT_GCRA_H */
