/*
 * cache.c owns the plan cache: a chained hash table with a least-recently-used list, bounded in
 * entries and in bytes. A hit is a hit only if the whole key is equal.
 */
#include <stdlib.h>
#include <string.h>

#include "graphql/plan.h"

/* Plans are a few kilobytes each; this bounds a client that sends ever new large documents. */
#define MAX_BYTES ((size_t) 32 * 1024 * 1024)

void
gql_plan_release(struct gql_plan *plan)
{
	if (--plan->references == 0)
	{
		struct sb_arena arena = plan->arena; /* the plan lives in its own arena */

		sb_arena_free(&arena);
	}
}

void
gql_cache_init(struct gql_cache *cache, int max_entries)
{
	cache->max_entries = max_entries;
	cache->nslots = 16;
	while (cache->nslots < (uint32_t) max_entries)
		cache->nslots *= 2;
	cache->slots = calloc(cache->nslots, sizeof(*cache->slots));
	if (!cache->slots)
		abort();
}

static void
unlink_used(struct gql_cache *cache, struct gql_plan *plan)
{
	*(plan->newer ? &plan->newer->older : &cache->newest) = plan->older;
	*(plan->older ? &plan->older->newer : &cache->oldest) = plan->newer;
}

static void
link_newest(struct gql_cache *cache, struct gql_plan *plan)
{
	plan->newer = NULL;
	plan->older = cache->newest;
	*(cache->newest ? &cache->newest->newer : &cache->oldest) = plan;
	cache->newest = plan;
}

static void
drop(struct gql_cache *cache, struct gql_plan *plan)
{
	struct gql_plan **at = &cache->slots[plan->hash & (cache->nslots - 1)];

	while (*at != plan)
		at = &(*at)->chain;
	*at = plan->chain;
	unlink_used(cache, plan);
	cache->entries--;
	cache->bytes -= plan->arena.total;
	gql_plan_release(plan);
}

void
gql_cache_free(struct gql_cache *cache)
{
	while (cache->oldest)
		drop(cache, cache->oldest);
	free(cache->slots);
	cache->slots = NULL;
}

struct gql_plan *
gql_cache_find(struct gql_cache *cache, const struct gql_text *text)
{
	struct gql_plan *plan = cache->slots[text->key_hash & (cache->nslots - 1)];

	while (plan && (plan->hash != text->key_hash || plan->key_len != text->key_len ||
					memcmp(plan->key, text->key, text->key_len) != 0))
		plan = plan->chain;
	if (plan && plan != cache->newest)
	{
		unlink_used(cache, plan);
		link_newest(cache, plan);
	}
	return plan;
}

void
gql_cache_add(struct gql_cache *cache, struct gql_plan *plan, const struct gql_text *text)
{
	struct gql_plan **slot;

	plan->key = sb_arena_copy(&plan->arena, text->key, text->key_len);
	plan->key_len = text->key_len;
	plan->hash = text->key_hash;
	if (plan->arena.total > MAX_BYTES / 8 || cache->max_entries <= 0)
		return;
	slot = &cache->slots[plan->hash & (cache->nslots - 1)];
	plan->chain = *slot;
	*slot = plan;
	link_newest(cache, plan);
	plan->references++;
	cache->entries++;
	cache->bytes += plan->arena.total;
	while (cache->entries > cache->max_entries || cache->bytes > MAX_BYTES)
	{
		drop(cache, cache->oldest);
		cache->stats.evictions++;
	}
}
