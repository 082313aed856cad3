/*
 * hub.h owns who has subscribed to what in one loop: topics by their names, and the subscriptions
 * of each. It knows neither frames nor the database. Pure.
 */
#ifndef SB_EVENT_HUB_H
#define SB_EVENT_HUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sb_hub;
struct sb_hub_topic;

struct sb_subscription
{
	struct sb_subscription *next; /* of the topic */
	struct sb_subscription *prev;
	struct sb_subscription *next_own; /* of its owner */
	struct sb_hub_topic *topic;
	void *owner;
	int64_t from;        /* events up to this one have been delivered, or are not wanted */
	uint64_t doubted_ms; /* from then on in doubt, as an event was not seen; 0: none was */
	bool is_doubted; /* whether its owner may hear of the topic is to be asked (event/doubt.h) */
	bool is_asked;   /* and has been */
};

extern struct sb_hub *sb_hub_new(void);
extern void sb_hub_free(struct sb_hub *hub);

/* Subscribes an owner, whose list *own begins with it then. */
extern struct sb_subscription *sb_hub_add(struct sb_hub *hub, const char *name, void *owner,
										  int64_t from, struct sb_subscription **own);

/* Takes a subscription out of its topic and its owner's list, and frees it. */
extern void sb_hub_remove(struct sb_hub *hub, struct sb_subscription *subscription,
						  struct sb_subscription **own);

/* The first subscription of a topic, then ->next; NULL where there is none. */
extern struct sb_subscription *sb_hub_find(const struct sb_hub *hub, const char *name, size_t len);

extern const char *sb_hub_name(const struct sb_subscription *subscription);

/* Subscriptions in all. */
extern int sb_hub_count(const struct sb_hub *hub);

/* Calls each for every subscription, which must not remove any. */
extern void sb_hub_each(const struct sb_hub *hub,
						void (*each)(struct sb_subscription *subscription, void *arg), void *arg);

#endif /* SB_EVENT_HUB_H */
