/*
 * jwk.h owns public keys as JSON: RFC 7517 (JSON Web Key), with the members of RFC 7518 6.2
 * and 6.3. Pure: no server headers; jansson reads, OpenSSL converts.
 */
#ifndef SOCIAL_JWK_H
#define SOCIAL_JWK_H

#include "core/jws.h"

#include <stdbool.h>
#include <stddef.h>

#define SOCIAL_JWK_SET_MAX_LENGTH 65536
#define SOCIAL_JWK_SET_MAX_KEYS   50
#define SOCIAL_JWK_KID_MAX        64

enum social_jwk_result
{
	SOCIAL_JWK_OK = 0,
	SOCIAL_JWK_TOO_LONG,  /* over SOCIAL_JWK_SET_MAX_LENGTH, or more keys than the maximum */
	SOCIAL_JWK_MALFORMED, /* no JSON object with an array of objects "keys", a member twice, bad kid
						   */
	SOCIAL_JWK_SECRET,    /* a symmetric or private key: nobody should have sent it */
	SOCIAL_JWK_BAD_KEY,   /* a key for one of our algorithms that is none, or too weak */
	SOCIAL_JWK_KID_TWICE, /* for one algorithm (RFC 7517 4.5) */
	SOCIAL_JWK_NO_KEY,    /* none for signatures with ES256 or RS256 */
	SOCIAL_JWK_FAILURE    /* out of memory */
};

/* A public key of a set. */
struct social_jwk
{
	char kid[SOCIAL_JWK_KID_MAX + 1]; /* "" when it has none */
	enum social_jws_algorithm algorithm;
	char *pem;
};

struct social_jwk_set
{
	int count;
	struct social_jwk keys[SOCIAL_JWK_SET_MAX_KEYS];
};

/* A few words for people. Never NULL. */
extern const char *social_jwk_result_text(enum social_jwk_result result);

/*
 * Reads a JSON Web Key Set (RFC 7517 5). Keys for encryption, and of kinds and algorithms that are
 * not ours, are left out. On OK the caller frees what *set holds with social_jwk_set_release();
 * otherwise nothing is to be freed.
 */
extern enum social_jwk_result social_jwk_parse_set(const char *text, size_t len,
												   struct social_jwk_set *set);
extern void social_jwk_set_release(struct social_jwk_set *set);

/*
 * A public key (ES256 or RS256) as JSON text with kid, alg and use, malloc'd, the caller frees;
 * NULL for a key that does not fit its algorithm, and when out of memory.
 */
extern char *social_jwk_text(const struct social_jws_key *key, const char *kid);

#endif /* SOCIAL_JWK_H */
