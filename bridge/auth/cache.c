/*
 * cache.c owns the memory of tokens that were found good: sets of WAYS entries, chosen by the
 * first bytes of the hash. Pure.
 */
#include "auth/cache.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"

#define WAYS 4

struct entry
{
	unsigned char hash[SB_TOKEN_HASH];
	int64_t user_id; /* 0 = empty */
	int64_t exp;
	uint64_t used; /* count of uses of the cache at its last use */
};

struct sb_token_cache
{
	uint64_t uses;
	uint32_t nsets; /* power of two */
	struct entry *entries;
};

struct sb_token_cache *
sb_token_cache_new(int size)
{
	struct sb_token_cache *cache = sb_calloc(1, sizeof(*cache));

	cache->nsets = 1;
	while (cache->nsets * WAYS < (uint32_t) size)
		cache->nsets *= 2;
	cache->entries = sb_calloc((size_t) cache->nsets * WAYS, sizeof(struct entry));
	return cache;
}

void
sb_token_cache_free(struct sb_token_cache *cache)
{
	if (cache == NULL)
		return;
	free(cache->entries);
	free(cache);
}

static struct entry *
set_of(struct sb_token_cache *cache, const unsigned char *hash)
{
	uint32_t number;

	memcpy(&number, hash, sizeof(number));
	return cache->entries + (size_t) (number & (cache->nsets - 1)) * WAYS;
}

int64_t
sb_token_cache_get(struct sb_token_cache *cache, const unsigned char hash[SB_TOKEN_HASH],
				   int64_t now)
{
	struct entry *set = set_of(cache, hash);

	for (int i = 0; i < WAYS; i++)
		if (set[i].user_id && memcmp(set[i].hash, hash, SB_TOKEN_HASH) == 0)
		{
			if (set[i].exp <= now)
				set[i].user_id = 0;
			set[i].used = ++cache->uses;
			return set[i].user_id;
		}
	return 0;
}

void
sb_token_cache_put(struct sb_token_cache *cache, const unsigned char hash[SB_TOKEN_HASH],
				   int64_t user_id, int64_t exp)
{
	struct entry *set = set_of(cache, hash);
	struct entry *place = set;

	for (int i = 0; i < WAYS && place->user_id; i++)
		if (set[i].user_id == 0 || set[i].used < place->used)
			place = &set[i];
	memcpy(place->hash, hash, SB_TOKEN_HASH);
	place->user_id = user_id;
	place->exp = exp;
	place->used = ++cache->uses;
}

void
sb_token_cache_clear(struct sb_token_cache *cache)
{
	memset(cache->entries, 0, (size_t) cache->nsets * WAYS * sizeof(struct entry));
}
