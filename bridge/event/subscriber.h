/*
 * subscriber.h owns who hears of events: what he has subscribed to, and how he is told. Each
 * belongs to a listener (event/listener.h), who may have several: a GraphQL client has one for each
 * operation of his socket.
 *
 * To make a kind of subscriber, embed a struct sb_subscriber with its kind and listener set in
 * something of yours, call sb_subscriber_subscribe(), and sb_subscriber_leave() before it goes.
 * Whether the connection takes what it is told is the business of the kind, who ends it (with the
 * listener's end) when too much is waiting.
 */
#ifndef SB_EVENT_SUBSCRIBER_H
#define SB_EVENT_SUBSCRIBER_H

#include "event/event.h"
#include "event/hub.h"
#include "event/listener.h"

struct sb_subscriber;
struct sb_joining;

/*
 * How somebody is told. From inside of these calls nobody may leave or subscribe; ending the
 * connection is allowed (see sb_listener_kind.end).
 */
struct sb_subscriber_kind
{
	/* What he may see at this moment, in the order of the log. */
	void (*deliver)(struct sb_subscriber *subscriber, struct sb_event *event);
	/* He hears of the topic, of what comes after that event; id -1: he does so already. */
	void (*on_subscribed)(struct sb_subscriber *subscriber, const char *topic, int64_t id);
	/* What came before that event is not known any more: he is to read anew what he shows. */
	void (*on_resync)(struct sb_subscriber *subscriber, const char *topic, int64_t id);
	/* He does not subscribe, to any of the topics that were asked for together. */
	void (*on_refused)(struct sb_subscriber *subscriber, const char *topic,
					   const struct sb_error *error);
	/* He has heard of the topic, and hears no more: what it is about is not his to see any more.
	 * The error is a constant. */
	void (*on_lost)(struct sb_subscriber *subscriber, const char *topic,
					const struct sb_error *error);
	/* What was said lately under the topic, for who does not say after which event he comes: JSON.
	 * What follows it comes as events after that id. NULL: he wants none. */
	void (*on_history)(struct sb_subscriber *subscriber, const char *topic, int64_t id,
					   const char *history);
};

struct sb_subscriber
{
	const struct sb_subscriber_kind *kind;
	struct sb_listener *listener;
	struct sb_joining *joining; /* NULL: nothing is being subscribed to */
	struct sb_subscription *subscriptions;
	int nsubscriptions;
	int64_t first_id; /* after which the first subscription was live */
	int64_t sent_id;  /* of the last event that was delivered */
};

/*
 * Begins to subscribe to topics, together: what they missed since the event `after` comes in one
 * order (-1: from now on). The listener is ready, and no work is under way for him. One of the
 * kind's functions may be called before this returns.
 */
extern void sb_subscriber_subscribe(struct sb_subscriber *subscriber, const char *const *topics,
									int ntopics, int64_t after);
extern void sb_subscriber_unsubscribe(struct sb_subscriber *subscriber, const char *topic);

/* Takes a subscription away whose topic he may not hear of any more, and tells him. */
extern void sb_subscriber_lose(struct sb_subscriber *subscriber,
							   struct sb_subscription *subscription, const char *topic);

/* Writes what is said of that: {"topic":…,"code":…,"reason":…}. */
extern void sb_subscriber_put_lost(struct sb_buffer *out, const char *topic,
								   const struct sb_error *error);

/* He goes: so do his subscriptions, and what is under way for them is for nobody. */
extern void sb_subscriber_leave(struct sb_subscriber *subscriber);

#endif /* SB_EVENT_SUBSCRIBER_H */
