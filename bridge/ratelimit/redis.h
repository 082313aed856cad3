/*
 * redis.h owns counting in Redis: one script that takes from all windows of a request or from none,
 * with Redis's own clock.
 */
#ifndef SB_RATELIMIT_REDIS_H
#define SB_RATELIMIT_REDIS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/ratelimit_policy.h"

struct sb_redis;

/*
 * Takes what each window's draw says from all of them or, with peek, nothing; their keys begin with
 * the prefix. on_answer is called exactly once: with the time and the windows' timestamps as they
 * were before (the caller's arithmetic then comes to what the script decided), or with NULL when
 * Redis does not answer. False, and it is never called, while the connection is down.
 */
extern bool sb_limit_redis_take(struct sb_redis *redis, const char *prefix,
								const struct social_limit_window *windows, int count, bool peek,
								void (*on_answer)(void *arg, int64_t now, int64_t *timestamps),
								void *arg);

#endif /* SB_RATELIMIT_REDIS_H */
