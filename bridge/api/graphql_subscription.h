/*
 * graphql_subscription.h owns subscriptions of GraphQL that go on, whatever carries them: each is a
 * subscriber (event/subscriber.h) to one topic, for whose events its document's statement is run.
 */
#ifndef SB_API_GRAPHQL_SUBSCRIPTION_H
#define SB_API_GRAPHQL_SUBSCRIPTION_H

#include "api/graphql_show.h"
#include "base/arena.h"
#include "event/subscriber.h"
#include "graphql/graphql.h"

struct sb_buffer;
struct sb_graphql_subscription;

/* How somebody is told. None of these may end the subscription at once. */
struct sb_graphql_carrier
{
	/* An answer, which is the body of a response; in the order of the log. */
	void (*next)(struct sb_graphql_subscription *subscription, const char *body, size_t len,
				 int64_t event_id);
	/* It is over: a list of errors, as JSON. */
	void (*fail)(struct sb_graphql_subscription *subscription, const char *errors, size_t len);
	/* From after that event on it hears of what is new. */
	void (*live)(struct sb_graphql_subscription *subscription, int64_t event_id);
};

/* An event that waits for its turn. */
struct sb_pending
{
	int64_t id;
	uint64_t delivered_ms; /* when it was known that its listener may see it */
	bool may_be_null;      /* what it is about may be gone */
};

struct sb_graphql_subscription
{
	struct sb_graphql_subscription *next; /* of whoever carries it */
	const struct sb_graphql_carrier *carrier;
	void *owner; /* likewise */
	char *id;    /* likewise; in the arena, or NULL */
	struct sb_arena arena;
	struct sb_subscriber subscriber;
	struct sb_graphql_execution *execution;
	struct sb_pending *pending; /* a ring of `size` */
	size_t first;
	size_t npending;
	size_t size;
	struct sb_show_waiter waiter; /* for what is made of the first */
	int failures;                 /* in a row */
	const struct sb_error *lost;  /* why nothing follows what is pending; or NULL */
	bool is_over;                 /* nothing more is told */
};

/*
 * Makes one out of what was asked, of which it keeps a copy. It is told nothing yet; whoever
 * carries it takes it into his list before sb_graphql_subscription_begin().
 */
extern struct sb_graphql_subscription *
sb_graphql_subscription_new(struct sb_listener *listener, const struct sb_graphql_carrier *carrier,
							void *owner, const char *id, const struct sb_graphql_request *asked);

/*
 * Subscribes; after: the id of the last event that was seen, -1: from now on. No work is under way
 * for the listener. Where it cannot be, the carrier's `fail` says so, perhaps before this returns.
 */
extern void sb_graphql_subscription_begin(struct sb_graphql_subscription *subscription,
										  int64_t after);

/* Whether so many events wait that what was missed is to wait, too. */
extern bool sb_graphql_subscription_is_full(const struct sb_graphql_subscription *subscription);

/* Goes on where the database was away: about once a second. */
extern void sb_graphql_subscription_look(struct sb_graphql_subscription *subscription);

/* Nobody listens any more. Not from inside of a call of the carrier's, or of a subscriber's. */
extern void sb_graphql_subscription_free(struct sb_graphql_subscription *subscription);

/* Writes a list of one error that is not the library's. */
extern void sb_graphql_put_error(struct sb_buffer *out, const struct sb_error *error);

#endif /* SB_API_GRAPHQL_SUBSCRIPTION_H */
