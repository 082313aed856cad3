/* map.h owns the map from names to pointers, and the keyed hash behind it. */
#ifndef SB_GRAPHQL_MAP_H
#define SB_GRAPHQL_MAP_H

#include <stddef.h>
#include <stdint.h>

struct sb_arena;

/* Names to pointers, open addressing, in an arena; keys are borrowed. */
struct gql_map
{
	struct sb_arena *arena;
	struct gql_map_slot *slots;
	uint32_t nslots; /* a power of two, or 0 */
	uint32_t used;
};

void *gql_map_get(const struct gql_map *map, const char *key);
/* Stores unless the key is there already; returns the earlier value, or NULL when stored. */
void *gql_map_put(struct gql_map *map, const char *key, void *value);

/* Keyed 64-bit hash; the key is drawn once per process, so collisions cannot be prepared. */
uint64_t gql_hash(const void *bytes, size_t len);

#endif /* SB_GRAPHQL_MAP_H */
