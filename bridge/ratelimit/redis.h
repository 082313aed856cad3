/*
 * redis.h owns counting in Redis: one connection of the loop, one script that takes from all
 * windows of a request or from none, with Redis's own clock.
 *
 * While the connection is down nobody waits for it: every request fails at once, and a new
 * connection is tried now and then. An answer that takes longer than REDIS_TIMEOUT takes the
 * connection down.
 */
#ifndef SB_RATELIMIT_REDIS_H
#define SB_RATELIMIT_REDIS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/ratelimit_policy.h"

struct sb_loop;
struct sb_limit_redis;

/* Whether the URL can be read. */
extern bool sb_limit_redis_check(const char *url);

extern struct sb_limit_redis *sb_limit_redis_new(struct sb_loop *loop);
/* Ends what is under way as failed. */
extern void sb_limit_redis_free(struct sb_limit_redis *redis);

/*
 * Takes what each window's draw says from all of them or, with peek, nothing. on_answer is called
 * exactly once: with the time and the windows' timestamps as they were before (the caller's
 * arithmetic then comes to what the script decided), or with NULL when Redis does not answer.
 * False, and it is never called, while the connection is down.
 */
extern bool sb_limit_redis_take(struct sb_limit_redis *redis,
								const struct social_limit_window *windows, int count, bool peek,
								void (*on_answer)(void *arg, int64_t now, int64_t *timestamps),
								void *arg);

/* Whether the connection works. */
extern bool sb_limit_redis_is_up(const struct sb_limit_redis *redis);

/* Watches the deadlines, and begins a new connection when it is time. Each iteration of the loop.
 */
extern void sb_limit_redis_settle(struct sb_limit_redis *redis);

#endif /* SB_RATELIMIT_REDIS_H */
