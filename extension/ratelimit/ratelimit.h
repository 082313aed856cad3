/*
 * ratelimit.h owns what the parts of the rate limiter in the server share: the settings, the
 * policies in force, and the two stores behind one interface (design D8).
 */
#ifndef SOCIAL_RATELIMIT_H
#define SOCIAL_RATELIMIT_H

#include "postgres.h"

#include "core/ratelimit_policy.h"

enum social_limit_outcome
{
	SOCIAL_LIMIT_TAKEN,
	SOCIAL_LIMIT_REFUSED,
	SOCIAL_LIMIT_BUSY /* the store could not be had in time; nothing is taken */
};

/* The policies in force: the defaults, and what social.rate_limit_overrides puts in their place. */
extern const struct social_limit_set *social_limit_policies(void);

/*
 * Takes from all windows or from none; figures as social_gcra_take(). now is Unix time in
 * microseconds. The memory store exists only where the library is preloaded.
 */
extern bool social_limit_memory_exists(void);
extern enum social_limit_outcome
social_limit_memory_take(const struct social_limit_windows *windows, int64 now,
						 struct social_rate_figures *figures);
extern enum social_limit_outcome social_limit_table_take(const struct social_limit_windows *windows,
														 int64 now,
														 struct social_rate_figures *figures);

/* The timestamp of each window, 0 for one that is not kept. */
extern void social_limit_memory_read(const struct social_limit_windows *windows, int64 *timestamps);
extern void social_limit_table_read(const struct social_limit_windows *windows, int64 *timestamps);

/*
 * Opens a request's account with the limiter, as social.admit() does: takes from the memory store,
 * and from no other. Returns the figures as text, or NULL when nothing limits the request; raises
 * SM429.
 */
extern char *social_limit_admit(struct social_limit_request *request);

extern void social_limit_memory_init(void);

#endif /* SOCIAL_RATELIMIT_H */
