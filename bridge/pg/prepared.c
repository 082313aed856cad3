/*
 * prepared.c owns the list of statements that one connection has prepared. Pure.
 *
 * Entries live in one array. Each is on a chain of its hash bucket and on the ring of use, whose
 * head is entry 0: its `newer` is the oldest entry, its `older` the newest.
 */
#include "pg/prepared.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct entry
{
	uint64_t id;
	size_t size; /* of the SQL */
	int chain;   /* next of the bucket, or of the free list; 0 = end */
	int newer;
	int older;
};

struct sb_pg_prepared
{
	int limit;
	int count;
	size_t bytes_limit;
	size_t bytes;
	int nbuckets; /* power of two */
	int free;     /* first entry of the free list */
	int *buckets;
	struct entry *entries; /* 1 .. limit; 0 is the ring's head */
};

struct sb_pg_prepared *
sb_pg_prepared_new(int limit, size_t bytes)
{
	struct sb_pg_prepared *prepared = sb_calloc(1, sizeof(*prepared));

	prepared->limit = limit;
	prepared->bytes_limit = bytes;
	prepared->nbuckets = 1;
	while (prepared->nbuckets < limit)
		prepared->nbuckets *= 2;
	prepared->buckets = sb_calloc((size_t) prepared->nbuckets, sizeof(int));
	prepared->entries = sb_calloc((size_t) limit + 1, sizeof(struct entry));
	sb_pg_prepared_clear(prepared);
	return prepared;
}

void
sb_pg_prepared_free(struct sb_pg_prepared *prepared)
{
	if (prepared == NULL)
		return;
	free(prepared->buckets);
	free(prepared->entries);
	free(prepared);
}

static int *
bucket_of(struct sb_pg_prepared *prepared, uint64_t id)
{
	return &prepared->buckets[(id ^ (id >> 32)) & (uint64_t) (prepared->nbuckets - 1)];
}

static void
ring_remove(struct sb_pg_prepared *prepared, int at)
{
	struct entry *entry = &prepared->entries[at];

	prepared->entries[entry->newer].older = entry->older;
	prepared->entries[entry->older].newer = entry->newer;
}

/* Puts the entry at the newest end of the ring. */
static void
ring_insert(struct sb_pg_prepared *prepared, int at)
{
	struct entry *head = &prepared->entries[0];
	struct entry *entry = &prepared->entries[at];

	entry->older = head->older;
	entry->newer = 0;
	prepared->entries[head->older].newer = at;
	head->older = at;
}

static int
find(struct sb_pg_prepared *prepared, uint64_t id)
{
	int at = *bucket_of(prepared, id);

	while (at && prepared->entries[at].id != id)
		at = prepared->entries[at].chain;
	return at;
}

bool
sb_pg_prepared_use(struct sb_pg_prepared *prepared, uint64_t id)
{
	int at = find(prepared, id);

	if (at == 0)
		return false;
	ring_remove(prepared, at);
	ring_insert(prepared, at);
	return true;
}

bool
sb_pg_prepared_make_room(struct sb_pg_prepared *prepared, size_t size, int keep, uint64_t *evicted)
{
	if (prepared->count < prepared->limit &&
		(prepared->count <= keep || prepared->bytes + size <= prepared->bytes_limit))
		return false;
	*evicted = prepared->entries[prepared->entries[0].newer].id;
	sb_pg_prepared_drop(prepared, *evicted);
	return true;
}

void
sb_pg_prepared_add(struct sb_pg_prepared *prepared, uint64_t id, size_t size)
{
	int *bucket = bucket_of(prepared, id);
	int at = prepared->free;

	prepared->free = prepared->entries[at].chain;
	prepared->entries[at].id = id;
	prepared->entries[at].size = size;
	prepared->entries[at].chain = *bucket;
	*bucket = at;
	prepared->count++;
	prepared->bytes += size;
	ring_insert(prepared, at);
}

void
sb_pg_prepared_drop(struct sb_pg_prepared *prepared, uint64_t id)
{
	int *link = bucket_of(prepared, id);
	int at;

	while (*link && prepared->entries[*link].id != id)
		link = &prepared->entries[*link].chain;
	at = *link;
	if (at == 0)
		return;
	*link = prepared->entries[at].chain;
	ring_remove(prepared, at);
	prepared->count--;
	prepared->bytes -= prepared->entries[at].size;
	prepared->entries[at].chain = prepared->free;
	prepared->free = at;
}

void
sb_pg_prepared_clear(struct sb_pg_prepared *prepared)
{
	memset(prepared->buckets, 0, (size_t) prepared->nbuckets * sizeof(int));
	memset(prepared->entries, 0, ((size_t) prepared->limit + 1) * sizeof(struct entry));
	for (int at = 1; at < prepared->limit; at++)
		prepared->entries[at].chain = at + 1;
	prepared->free = 1;
	prepared->count = 0;
	prepared->bytes = 0;
}
