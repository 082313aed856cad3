/*
 * cache.h owns the memory of tokens that were found good: bounded, keyed by a keyed hash, so
 * that no token is kept; an entry dies with its token, and is refused once its session has ended
 * (mission P-13). Pure.
 */
#ifndef SB_AUTH_CACHE_H
#define SB_AUTH_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SB_TOKEN_HASH 16

struct sb_token_cache;

/* What a good token says. */
struct sb_token_owner
{
	int64_t user_id;
	int64_t session_id; /* 0 = none; negative: of an API key */
	uint32_t scopes;    /* of an API key: see caller/caller.h */
	int64_t exp;        /* seconds since 1970, as all times here */
	int64_t seen_at;    /* when the database last heard that the session is in use */
	bool has_ended;     /* its session was ended: the token holds no more */
};

/* Room for about size tokens. */
extern struct sb_token_cache *sb_token_cache_new(int size);
extern void sb_token_cache_free(struct sb_token_cache *cache);

/*
 * The hash of a token: SipHash-2-4 of 128 bits with a key of this cache alone, which nobody else
 * knows, so that nobody finds another text with the hash of somebody's token. Each request with a
 * token takes one.
 */
extern void sb_token_cache_hash(const struct sb_token_cache *cache, const char *token, size_t len,
								unsigned char hash[SB_TOKEN_HASH]);

/*
 * The owner of a token, or NULL when it is not known or has expired at `now`. Valid, and the
 * caller's to change, until the next call.
 */
extern struct sb_token_owner *sb_token_cache_get(struct sb_token_cache *cache,
												 const unsigned char hash[SB_TOKEN_HASH],
												 int64_t now);

/* Remembers a token until exp; the entry used longest ago in its place makes room. */
extern struct sb_token_owner *sb_token_cache_put(struct sb_token_cache *cache,
												 const unsigned char hash[SB_TOKEN_HASH],
												 const struct sb_token_owner *owner);

/* Marks all tokens of a session. Looks at every entry: sessions end rarely. */
extern void sb_token_cache_end_session(struct sb_token_cache *cache, int64_t session_id);

/*
 * Writes sessions of known tokens that are not marked into ids, some perhaps twice, from *position
 * on, which moves; 0 at the end.
 */
extern int sb_token_cache_sessions(const struct sb_token_cache *cache, size_t *position,
								   int64_t *ids, int max);

/* Forgets the tokens that name no session. */
extern void sb_token_cache_forget_foreign(struct sb_token_cache *cache);

extern void sb_token_cache_clear(struct sb_token_cache *cache);

#endif /* SB_AUTH_CACHE_H */
