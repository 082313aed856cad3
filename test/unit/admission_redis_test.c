/*
 * admission_redis_test.c: the arithmetic of rate limits stands in C and in the script that Redis
 * runs (ratelimit/redis.c). A thousand draws of any kind go through a real Redis; after each, what
 * it has written must be what C makes of the same timestamps at the same time.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "loop/loop.h"
#include "ratelimit/redis.h"
#include "redis/connection.h"
#include "tap.h"

#define DEADLINE_S 120
#define DRAWS      1000
#define KEYS       6
#define MOST       3 /* windows of one draw */

static struct sb_config config;
static struct sb_loop *loop;
static struct sb_redis *redis;

/* Some are whole again before the next draw, some never are while this runs. */
static const int64_t periods[KEYS] = {300, 2000, 20000, 500000, 60000000, INT64_C(86400000000)};

static int64_t model[KEYS]; /* the timestamps as C has them */

struct draw
{
	int count;
	bool peek;
	int keys[MOST];
	struct social_limit_window windows[MOST];
	bool is_answered;
	bool is_alike;
};

/* Microseconds that a window is ahead of now: what lies behind counts for nothing. */
static int64_t
ahead(int64_t timestamp, int64_t now)
{
	return timestamp > now ? timestamp - now : 0;
}

static void
on_answer(void *arg, int64_t now, int64_t *timestamps)
{
	struct draw *draw = arg;
	struct social_rate_draw draws[MOST];
	struct social_rate_figures figures;

	draw->is_answered = timestamps != NULL;
	draw->is_alike = draw->is_answered;
	for (int i = 0; i < draw->count && draw->is_answered; i++)
	{
		int64_t *mine = &model[draw->keys[i]];

		if (ahead(timestamps[i], now) != ahead(*mine, now))
		{
			printf("# window %d at %" PRId64 ": Redis %" PRId64 ", C %" PRId64 "\n", draw->keys[i],
				   now, timestamps[i], *mine);
			draw->is_alike = false;
		}
		draws[i] = draw->windows[i].draw;
	}
	if (!draw->is_answered || draw->peek)
		return;
	social_gcra_take(draws, draw->count, now, timestamps, &figures);
	for (int i = 0; i < draw->count; i++)
		model[draw->keys[i]] = timestamps[i];
}

static void
settle(void)
{
	sb_loop_wait(loop, false);
	sb_redis_settle(redis);
}

/* Asks, as soon as the connection is there; whether an answer came. */
static bool
ask(struct draw *draw)
{
	uint64_t deadline = sb_loop_clock_us() + DEADLINE_S * UINT64_C(1000000);
	bool is_under_way = false;

	while (!draw->is_answered && sb_loop_clock_us() < deadline)
	{
		if (!is_under_way)
			is_under_way = sb_limit_redis_take(redis, "social_media", draw->windows, draw->count,
											   draw->peek, on_answer, draw);
		settle();
	}
	return draw->is_answered;
}

static void
put_window(struct draw *draw, int key, int limit, int times, bool counts_only)
{
	struct social_limit_window *window = &draw->windows[draw->count];

	window->draw = (struct social_rate_draw){.rate = {.limit = limit, .period = periods[key]},
											 .times = times,
											 .counts_only = counts_only};
	window->key_len =
		(size_t) snprintf(window->key, sizeof(window->key), "compared:%d:%d", (int) getpid(), key);
	draw->keys[draw->count++] = key;
}

/* Limits go up and down under the same key, as an operator changes them. */
static void
choose(struct draw *draw)
{
	int first = rand() % KEYS;
	int count = 1 + rand() % MOST;

	memset(draw, 0, sizeof(*draw));
	draw->peek = rand() % 8 == 0;
	for (int i = 0; i < count; i++)
	{
		int limit = 1 + rand() % 40;

		put_window(draw, (first + i) % KEYS, limit, 1 + rand() % (rand() % 4 ? 3 : limit + 1),
				   rand() % 5 == 0);
	}
}

int
main(void)
{
	char name[] = "test";
	char *arguments[] = {name, NULL};
	struct sb_problems problems = {0};
	struct draw draw;
	int alike = 0;
	bool is_used = false;

	setenv("REDIS_TIMEOUT", "60000", 1);
	srand(20);
	if (sb_config_load(&config, 1, arguments, &problems) != SB_CONFIG_RUN || !sb_log_init("error"))
		return 1;
	sb_problems_free(&problems);
	loop = sb_loop_new(&config, 0);
	redis = sb_redis_new(loop);
	for (int i = 0; i < DRAWS; i++)
	{
		choose(&draw);
		if (!ask(&draw))
			break;
		alike += draw.is_alike;
	}
	is_int(alike, DRAWS, "Redis has written what C writes, draw by draw");
	for (int i = 0; i < KEYS; i++)
		is_used |= model[i] != 0;
	ok(is_used, "and something was drawn at all");
	sb_redis_free(redis);
	sb_loop_free(loop);
	return done_testing();
}
