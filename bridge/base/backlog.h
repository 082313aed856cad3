/*
 * backlog.h owns when too much waits for somebody who takes it slowly: more than a bound, of what
 * came before this iteration of the loop. What comes in one iteration nobody could have taken
 * meanwhile, however fast they are; it is bounded by what brings it (a page, a batch).
 */
#ifndef SB_BACKLOG_H
#define SB_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sb_backlog
{
	uint64_t now_us; /* the iteration in which something came last */
	size_t before;   /* bytes that waited when it began to come */
};

/* Something more comes while so many bytes wait: whether that is too much. */
static inline bool
sb_backlog_is_over(struct sb_backlog *backlog, uint64_t now_us, size_t waiting, size_t most)
{
	if (backlog->now_us != now_us)
		*backlog = (struct sb_backlog){now_us, waiting};
	return backlog->before > most;
}

#endif /* SB_BACKLOG_H */
