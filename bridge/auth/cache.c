/*
 * cache.c owns the memory of tokens that were found good: sets of WAYS entries, chosen by the
 * first bytes of the hash. Pure.
 */
#include "auth/cache.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define WAYS 4

struct entry
{
	unsigned char hash[SB_TOKEN_HASH];
	struct sb_token_owner owner; /* user_id 0: the entry is empty */
	uint64_t used;               /* count of uses of the cache at its last use */
};

struct sb_token_cache
{
	uint64_t uses;
	uint32_t nsets; /* power of two */
	unsigned char key[crypto_shorthash_siphashx24_KEYBYTES];
	struct entry *entries;
};

struct sb_token_cache *
sb_token_cache_new(int size)
{
	struct sb_token_cache *cache = sb_calloc(1, sizeof(*cache));

	if (sodium_init() < 0)
		abort();
	randombytes_buf(cache->key, sizeof(cache->key));
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

void
sb_token_cache_hash(const struct sb_token_cache *cache, const char *token, size_t len,
					unsigned char hash[SB_TOKEN_HASH])
{
	_Static_assert(SB_TOKEN_HASH == crypto_shorthash_siphashx24_BYTES, "a hash fills its place");
	crypto_shorthash_siphashx24(hash, (const unsigned char *) token, len, cache->key);
}

static struct entry *
set_of(struct sb_token_cache *cache, const unsigned char *hash)
{
	uint32_t number;

	memcpy(&number, hash, sizeof(number));
	return cache->entries + (size_t) (number & (cache->nsets - 1)) * WAYS;
}

struct sb_token_owner *
sb_token_cache_get(struct sb_token_cache *cache, const unsigned char hash[SB_TOKEN_HASH],
				   int64_t now)
{
	struct entry *set = set_of(cache, hash);

	for (int i = 0; i < WAYS; i++)
		if (set[i].owner.user_id && memcmp(set[i].hash, hash, SB_TOKEN_HASH) == 0)
		{
			set[i].used = ++cache->uses;
			if (set[i].owner.exp > now)
				return &set[i].owner;
			set[i].owner.user_id = 0;
		}
	return NULL;
}

struct sb_token_owner *
sb_token_cache_put(struct sb_token_cache *cache, const unsigned char hash[SB_TOKEN_HASH],
				   const struct sb_token_owner *owner)
{
	struct entry *set = set_of(cache, hash);
	struct entry *place = set;

	for (int i = 0; i < WAYS && place->owner.user_id; i++)
		if (set[i].owner.user_id == 0 || set[i].used < place->used)
			place = &set[i];
	memcpy(place->hash, hash, SB_TOKEN_HASH);
	place->owner = *owner;
	place->used = ++cache->uses;
	return &place->owner;
}

void
sb_token_cache_end_session(struct sb_token_cache *cache, int64_t session_id)
{
	for (size_t i = 0; i < (size_t) cache->nsets * WAYS; i++)
		if (cache->entries[i].owner.session_id == session_id)
			cache->entries[i].owner.has_ended = true;
}

int
sb_token_cache_sessions(const struct sb_token_cache *cache, size_t *position, int64_t *ids, int max)
{
	int count = 0;

	for (; *position < (size_t) cache->nsets * WAYS && count < max; ++*position)
	{
		const struct sb_token_owner *owner = &cache->entries[*position].owner;

		if (owner->user_id && owner->session_id && !owner->has_ended)
			ids[count++] = owner->session_id;
	}
	return count;
}

void
sb_token_cache_forget_foreign(struct sb_token_cache *cache)
{
	for (size_t i = 0; i < (size_t) cache->nsets * WAYS; i++)
		if (cache->entries[i].owner.session_id == 0)
			cache->entries[i].owner.user_id = 0;
}

void
sb_token_cache_clear(struct sb_token_cache *cache)
{
	memset(cache->entries, 0, (size_t) cache->nsets * WAYS * sizeof(struct entry));
}
