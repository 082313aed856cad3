/* map.c owns the name map and the keyed hash (SipHash-2-4, libsodium's). */
#include "graphql/map.h"

#include <pthread.h>
#include <sodium.h>
#include <string.h>

#include "base/arena.h"

struct gql_map_slot
{
	const char *key;
	uint64_t hash;
	void *value;
};

static unsigned char hash_key[crypto_shorthash_KEYBYTES];
static pthread_once_t hash_key_once = PTHREAD_ONCE_INIT;

static void
draw_hash_key(void)
{
	crypto_shorthash_keygen(hash_key);
}

uint64_t
gql_hash(const void *bytes, size_t len)
{
	unsigned char hash[crypto_shorthash_BYTES];
	uint64_t word;

	pthread_once(&hash_key_once, draw_hash_key);
	crypto_shorthash(hash, bytes, len, hash_key);
	memcpy(&word, hash, sizeof(word));
	return word;
}

/* The slot that holds `key`, or the empty one where it belongs. */
static struct gql_map_slot *
find_slot(const struct gql_map *map, const char *key, uint64_t hash)
{
	uint32_t at = (uint32_t) hash & (map->nslots - 1);

	while (map->slots[at].key &&
		   (map->slots[at].hash != hash || strcmp(map->slots[at].key, key) != 0))
		at = (at + 1) & (map->nslots - 1);
	return &map->slots[at];
}

static void
grow(struct gql_map *map)
{
	struct gql_map old = *map;

	map->nslots = old.nslots ? old.nslots * 2 : 16;
	map->slots = sb_arena_new_array(map->arena, struct gql_map_slot, map->nslots);
	for (uint32_t i = 0; i < old.nslots; i++)
	{
		if (old.slots[i].key)
			*find_slot(map, old.slots[i].key, old.slots[i].hash) = old.slots[i];
	}
}

void *
gql_map_get(const struct gql_map *map, const char *key)
{
	return map->nslots == 0 ? NULL : find_slot(map, key, gql_hash(key, strlen(key)))->value;
}

void *
gql_map_put(struct gql_map *map, const char *key, void *value)
{
	uint64_t hash = gql_hash(key, strlen(key));
	struct gql_map_slot *slot;

	if (map->used * 2 >= map->nslots)
		grow(map);
	slot = find_slot(map, key, hash);
	if (slot->key)
		return slot->value;
	*slot = (struct gql_map_slot){.key = key, .hash = hash, .value = value};
	map->used++;
	return NULL;
}
