/*
 * jwt.h owns JSON Web Tokens: RFC 7519 (claims), RFC 7515 (signatures), RFC 7518 (algorithms), with
 * the advice of RFC 8725. Pure: no server headers; the extension and the bridge share it.
 *
 * JSON is jansson's, signatures are OpenSSL's (jws.h), every check is ours: the algorithm is pinned
 * by the key, and nothing in the token chooses how it is verified (mission P-14).
 */
#ifndef SOCIAL_JWT_H
#define SOCIAL_JWT_H

#include "core/jws.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOCIAL_JWT_MAX_LENGTH 8192
#define SOCIAL_JWT_KID_MAX    64

enum social_jwt_result
{
	SOCIAL_JWT_OK = 0,
	SOCIAL_JWT_TOO_LONG,        /* over SOCIAL_JWT_MAX_LENGTH */
	SOCIAL_JWT_MALFORMED,       /* not three non-empty parts of strict base64url */
	SOCIAL_JWT_BAD_HEADER,      /* no JSON object, a member twice, wrong types, kid too long */
	SOCIAL_JWT_BAD_ALGORITHM,   /* alg is not exactly that of the key */
	SOCIAL_JWT_BAD_TYPE,        /* typ is given and is not JWT, nor what the policy takes */
	SOCIAL_JWT_CRITICAL_HEADER, /* crit: extensions that nobody here understands */
	SOCIAL_JWT_BAD_KEY,         /* the key does not fit its algorithm */
	SOCIAL_JWT_NO_KID,          /* for callers that look keys up: the header names none, */
	SOCIAL_JWT_UNKNOWN_KEY,     /* or one that nobody has, or not one alone fits */
	SOCIAL_JWT_BAD_SIGNATURE,
	SOCIAL_JWT_BAD_CLAIMS,    /* no JSON object, a claim twice or of the wrong type */
	SOCIAL_JWT_MISSING_CLAIM, /* a claim that the policy requires */
	SOCIAL_JWT_EXPIRED,
	SOCIAL_JWT_NOT_YET_VALID,
	SOCIAL_JWT_ISSUED_IN_FUTURE,
	SOCIAL_JWT_WRONG_ISSUER,
	SOCIAL_JWT_WRONG_AUDIENCE,
	SOCIAL_JWT_BAD_SUBJECT, /* not the decimal id that the policy requires */
	SOCIAL_JWT_FAILURE      /* out of memory, or the key failed to sign */
};

/* What an unverified header says; only good for choosing a key. */
struct social_jwt_header
{
	enum social_jws_algorithm algorithm;
	bool is_at_jwt; /* typ says at+jwt (RFC 9068) */
	bool has_kid;
	char kid[SOCIAL_JWT_KID_MAX + 1];
};

/* What a token must say. */
struct social_jwt_policy
{
	int64_t now;          /* seconds since 1970 */
	int64_t leeway;       /* seconds of clock skew forgiven for exp, nbf and iat */
	const char *issuer;   /* NULL: any */
	const char *audience; /* NULL: any */
	bool is_access_token; /* sub must be an id; exp, iat must be there */
	bool takes_at_jwt;    /* typ may be at+jwt; ours never is */
};

/* Verified claims; the strings live as long as json. Absent ones are NULL or 0. */
struct social_jwt_claims
{
	struct json_t *json; /* all of them, jansson's; its header clashes with the server's */
	const char *sub;
	const char *iss;
	const char *sid;
	const char *jti;
	int64_t subject_id; /* sub as a positive decimal number, else 0 */
	int64_t exp;
	int64_t nbf;
	int64_t iat;
};

/* A few words for people, such as "the token has expired". Never NULL. */
extern const char *social_jwt_result_text(enum social_jwt_result result);

/*
 * Reads a token's header without trusting it. OK, or why the token cannot be good whatever the key.
 * The signature is not checked. token need not be NUL-terminated.
 */
extern enum social_jwt_result social_jwt_peek(const char *token, size_t len,
											  struct social_jwt_header *header);

/*
 * The issuer that an unverified token names, only good for choosing whose keys to try; "" when it
 * names none, or a longer one than fits.
 */
#define SOCIAL_JWT_ISSUER_MAX 500
extern void social_jwt_peek_issuer(const char *token, size_t len,
								   char issuer[SOCIAL_JWT_ISSUER_MAX + 1]);

/*
 * Verifies a token with one key and checks its claims. On OK the caller releases *claims with
 * social_jwt_claims_release; otherwise nothing is to be freed.
 */
extern enum social_jwt_result social_jwt_verify(const char *token, size_t len,
												const struct social_jws_key *key,
												const struct social_jwt_policy *policy,
												struct social_jwt_claims *claims);
extern void social_jwt_claims_release(struct social_jwt_claims *claims);

/*
 * A claim that is a string, or a whole number as its decimal form. False when it is absent, of
 * another type, or does not fit.
 */
extern bool social_jwt_claim(const struct social_jwt_claims *claims, const char *name, char *value,
							 size_t size);

/* Does the token itself say that something is not so: is the claim there, and not true? */
extern bool social_jwt_denies(const struct social_jwt_claims *claims, const char *name);

/* The claims as JSON text in ASCII, malloc'd, the caller frees; NULL when out of memory. */
extern char *social_jwt_claims_text(const struct social_jwt_claims *claims);

/*
 * Signs a JSON object (its text, UTF-8); kid may be NULL. On OK *token is
 * malloc'd, the caller frees it.
 */
extern enum social_jwt_result social_jwt_sign(const struct social_jws_key *key, const char *kid,
											  const char *claims, char **token);

#endif /* SOCIAL_JWT_H */
