/* map.c owns the name map and the keyed hash (SipHash-2-4, Aumasson and Bernstein 2012). */
#include "graphql/arena.h"

#include <pthread.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

struct gql_map_slot
{
	const char *key;
	uint64_t hash;
	void *value;
};

static uint64_t hash_key[2];
static pthread_once_t hash_key_once = PTHREAD_ONCE_INIT;

static void
draw_hash_key(void)
{
	if (getrandom(hash_key, sizeof(hash_key), 0) != sizeof(hash_key))
	{
		/* No entropy source at all: still different from process to process. */
		hash_key[0] = (uint64_t) time(NULL) * 0x9E3779B97F4A7C15u;
		hash_key[1] = (uint64_t) getpid() * 0xC2B2AE3D27D4EB4Fu ^ (uint64_t) (uintptr_t) &hash_key;
	}
}

static inline uint64_t
rotate(uint64_t x, int by)
{
	return x << by | x >> (64 - by);
}

static inline void
sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

uint64_t
gql_hash(const void *bytes, size_t len)
{
	const unsigned char *in = bytes;
	uint64_t last = (uint64_t) len << 56;
	uint64_t word;
	uint64_t v[4];
	size_t i;

	pthread_once(&hash_key_once, draw_hash_key);
	v[0] = hash_key[0] ^ 0x736f6d6570736575u;
	v[1] = hash_key[1] ^ 0x646f72616e646f6du;
	v[2] = hash_key[0] ^ 0x6c7967656e657261u;
	v[3] = hash_key[1] ^ 0x7465646279746573u;
	for (i = 0; i + 8 <= len; i += 8)
	{
		memcpy(&word, in + i, 8);
		v[3] ^= word;
		sip_round(v);
		sip_round(v);
		v[0] ^= word;
	}
	for (int shift = 0; i < len; i++, shift += 8)
		last |= (uint64_t) in[i] << shift;
	v[3] ^= last;
	sip_round(v);
	sip_round(v);
	v[0] ^= last;
	v[2] ^= 0xff;
	for (i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
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
	map->slots = gql_new_array(map->arena, struct gql_map_slot, map->nslots);
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
