/*
 * cache.h owns the memory of tokens that were found good: bounded, keyed by SHA-256, so that no
 * token is kept; an entry dies with its token (mission P-13). Pure.
 */
#ifndef SB_AUTH_CACHE_H
#define SB_AUTH_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SB_TOKEN_HASH 32

struct sb_token_cache;

/* Room for about size tokens. */
extern struct sb_token_cache *sb_token_cache_new(int size);
extern void sb_token_cache_free(struct sb_token_cache *cache);

/* The user of a token, or 0 when it is not known or has expired at `now` (seconds since 1970). */
extern int64_t sb_token_cache_get(struct sb_token_cache *cache,
								  const unsigned char hash[SB_TOKEN_HASH], int64_t now);

/* Remembers a token until exp; the entry used longest ago in its place makes room. */
extern void sb_token_cache_put(struct sb_token_cache *cache,
							   const unsigned char hash[SB_TOKEN_HASH], int64_t user_id,
							   int64_t exp);

extern void sb_token_cache_clear(struct sb_token_cache *cache);

#endif /* SB_AUTH_CACHE_H */
