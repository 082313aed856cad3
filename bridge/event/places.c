/*
 * places.c owns the counts of connections by account. A lock for all of them: it is held for some
 * hundred nanoseconds when one comes or goes.
 */
#include "event/places.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/memory.h"

#define BUCKETS 4096

struct place
{
	struct place *next;
	int64_t user_id;
	int count;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct place *buckets[BUCKETS];

/* Where the account's place is, or NULL is. */
static struct place **
find(int64_t user_id)
{
	struct place **link = &buckets[(uint64_t) user_id % BUCKETS];

	while (*link && (*link)->user_id != user_id)
		link = &(*link)->next;
	return link;
}

bool
sb_places_take(int64_t user_id, int most)
{
	struct place **link;
	bool is_taken;

	pthread_mutex_lock(&lock);
	link = find(user_id);
	if (*link == NULL)
	{
		*link = sb_calloc(1, sizeof(**link));
		(*link)->user_id = user_id;
	}
	is_taken = (*link)->count < most;
	(*link)->count += is_taken;
	pthread_mutex_unlock(&lock);
	return is_taken;
}

void
sb_places_give_back(int64_t user_id)
{
	struct place **link;
	struct place *place;

	pthread_mutex_lock(&lock);
	link = find(user_id);
	place = *link;
	if (place && --place->count == 0)
	{
		*link = place->next;
		free(place);
	}
	pthread_mutex_unlock(&lock);
}
