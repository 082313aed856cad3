/*
 * doubt.h owns who may hear of a topic no more: what happens between people, to accounts and to
 * posts puts subscriptions in doubt, and one statement for all of a loop says which are lost. What
 * is told under them is asked about in any case, each time (event/delivery.h); this is so that
 * nobody waits for what will never come.
 */
#ifndef SB_EVENT_DOUBT_H
#define SB_EVENT_DOUBT_H

#include <stdbool.h>
#include <stdint.h>

struct sb_doubts;
struct sb_hub;
struct sb_loop;
struct sb_pg_pool;
struct sb_subscription;

/* An event of the log; ids are 0 where it has none. */
struct sb_doubt
{
	const char *type;
	int64_t author_id;
	int64_t post_id;
	int64_t subject_id;
};

extern struct sb_doubts *sb_doubts_new(struct sb_loop *loop, struct sb_pg_pool *pool,
									   struct sb_hub *hub);

/* After the pool was closed. */
extern void sb_doubts_free(struct sb_doubts *doubts);

/* Weighs an event: of most nobody's subscription is in doubt. */
extern void sb_doubts_weigh(struct sb_doubts *doubts, const struct sb_doubt *event);

/*
 * Its owner did not see anything of an event of the topic. Why, an event that follows mostly says,
 * like that of a deletion, which is told before the topic is lost: it is asked a little later.
 */
extern void sb_doubts_add(struct sb_doubts *doubts, struct sb_subscription *subscription);

/*
 * Asks, when there is anything to ask, and it is time; where the log is known to go on, what it
 * says there comes first, but nobody waits for long.
 */
extern void sb_doubts_ask(struct sb_doubts *doubts, bool goes_on);

#endif /* SB_EVENT_DOUBT_H */
