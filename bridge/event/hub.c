/*
 * hub.c owns who has subscribed to what: a hash table of topics that grows with them. The hash has
 * a key of the hub's own, so that nobody chooses names that meet.
 */
#include "event/hub.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <xxhash.h>

#include "base/memory.h"

#define FIRST_BUCKETS 64

struct sb_hub_topic
{
	struct sb_hub_topic *next; /* in its bucket */
	struct sb_subscription *first;
	size_t len;
	char name[];
};

struct sb_hub
{
	uint64_t key;
	struct sb_hub_topic **buckets;
	size_t nbuckets; /* a power of two */
	size_t ntopics;
	int count;
};

static struct sb_hub_topic **
bucket_of(const struct sb_hub *hub, const char *name, size_t len)
{
	return &hub->buckets[XXH3_64bits_withSeed(name, len, hub->key) & (hub->nbuckets - 1)];
}

static struct sb_hub_topic *
find_topic(const struct sb_hub *hub, const char *name, size_t len)
{
	struct sb_hub_topic *topic = *bucket_of(hub, name, len);

	while (topic && (topic->len != len || memcmp(topic->name, name, len) != 0))
		topic = topic->next;
	return topic;
}

static void
grow(struct sb_hub *hub)
{
	struct sb_hub_topic **old = hub->buckets;
	size_t nold = hub->nbuckets;

	hub->nbuckets *= 2;
	hub->buckets = sb_calloc(hub->nbuckets, sizeof(*hub->buckets));
	for (size_t i = 0; i < nold; i++)
		while (old[i])
		{
			struct sb_hub_topic *topic = old[i];
			struct sb_hub_topic **bucket = bucket_of(hub, topic->name, topic->len);

			old[i] = topic->next;
			topic->next = *bucket;
			*bucket = topic;
		}
	free(old);
}

static struct sb_hub_topic *
require_topic(struct sb_hub *hub, const char *name)
{
	size_t len = strlen(name);
	struct sb_hub_topic *topic = find_topic(hub, name, len);
	struct sb_hub_topic **bucket;

	if (topic)
		return topic;
	if (hub->ntopics == hub->nbuckets)
		grow(hub);
	bucket = bucket_of(hub, name, len);
	topic = sb_calloc(1, sizeof(*topic) + len + 1);
	topic->len = len;
	memcpy(topic->name, name, len + 1);
	topic->next = *bucket;
	*bucket = topic;
	hub->ntopics++;
	return topic;
}

static void
forget_topic(struct sb_hub *hub, struct sb_hub_topic *topic)
{
	struct sb_hub_topic **link = bucket_of(hub, topic->name, topic->len);

	while (*link != topic)
		link = &(*link)->next;
	*link = topic->next;
	free(topic);
	hub->ntopics--;
}

struct sb_subscription *
sb_hub_add(struct sb_hub *hub, const char *name, void *owner, int64_t from,
		   struct sb_subscription **own)
{
	struct sb_subscription *subscription = sb_calloc(1, sizeof(*subscription));
	struct sb_hub_topic *topic = require_topic(hub, name);

	subscription->topic = topic;
	subscription->owner = owner;
	subscription->from = from;
	subscription->next = topic->first;
	if (topic->first)
		topic->first->prev = subscription;
	topic->first = subscription;
	subscription->next_own = *own;
	*own = subscription;
	hub->count++;
	return subscription;
}

void
sb_hub_remove(struct sb_hub *hub, struct sb_subscription *subscription,
			  struct sb_subscription **own)
{
	struct sb_hub_topic *topic = subscription->topic;

	while (*own != subscription)
		own = &(*own)->next_own;
	*own = subscription->next_own;
	*(subscription->prev ? &subscription->prev->next : &topic->first) = subscription->next;
	if (subscription->next)
		subscription->next->prev = subscription->prev;
	if (topic->first == NULL)
		forget_topic(hub, topic);
	free(subscription);
	hub->count--;
}

struct sb_subscription *
sb_hub_find(const struct sb_hub *hub, const char *name, size_t len)
{
	struct sb_hub_topic *topic = find_topic(hub, name, len);

	return topic ? topic->first : NULL;
}

const char *
sb_hub_name(const struct sb_subscription *subscription)
{
	return subscription->topic->name;
}

int
sb_hub_count(const struct sb_hub *hub)
{
	return hub->count;
}

void
sb_hub_each(const struct sb_hub *hub, void (*each)(struct sb_subscription *, void *), void *arg)
{
	for (size_t i = 0; i < hub->nbuckets; i++)
		for (struct sb_hub_topic *topic = hub->buckets[i]; topic; topic = topic->next)
			for (struct sb_subscription *one = topic->first; one; one = one->next)
				each(one, arg);
}

struct sb_hub *
sb_hub_new(void)
{
	struct sb_hub *hub = sb_calloc(1, sizeof(*hub));

	if (getrandom(&hub->key, sizeof(hub->key), 0) != sizeof(hub->key))
		hub->key = (uint64_t) (uintptr_t) hub;
	hub->nbuckets = FIRST_BUCKETS;
	hub->buckets = sb_calloc(hub->nbuckets, sizeof(*hub->buckets));
	return hub;
}

void
sb_hub_free(struct sb_hub *hub)
{
	free(hub->buckets); /* whoever subscribed has left */
	free(hub);
}
