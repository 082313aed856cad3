/*
 * key.h owns the look-up of keys for tokens: ours, and those of issuers that we trust. Callers run
 * with the rights of the tables' owner.
 */
#ifndef SOCIAL_KEY_H
#define SOCIAL_KEY_H

#include "postgres.h"

#include "core/jwt.h"

/* A row of jwt_key, in the caller's memory. */
struct social_stored_key
{
	char *kid;
	enum social_jws_algorithm algorithm;
	bytea *private_key; /* NULL when only verified */
	char *public_key;   /* NULL for HS256 */
};

/* Who else's token it is, in the caller's memory. */
struct social_issuer
{
	char *issuer;
	char *audience;   /* NULL: ours */
	char *user_claim; /* the claim that says who it is, and of which column of users */
	char *user_match;
	enum social_jws_algorithm algorithm; /* that the token's header names */
	char *public_key;                    /* NULL: none of its keys is the one for the token */
};

/* The key of ours that verifies tokens with this kid; false when there is none. */
extern bool social_key_find(const char *kid, struct social_stored_key *key);

/* The key that signs; the first call ever makes it. */
extern void social_key_signing(struct social_stored_key *key);

/*
 * The key for verifying (is_public) or signing with a stored one, opened; it is good until the next
 * call.
 */
extern struct social_jws_key social_key_open(const struct social_stored_key *stored,
											 bool is_public);

/*
 * A registered issuer with the key for tokens with such a header: that of its kid; where the key or
 * the token has none, the one that fits the algorithm, if it alone does.
 */
extern bool social_issuer_find(const char *issuer, const struct social_jwt_header *header,
							   struct social_issuer *found);

#endif /* SOCIAL_KEY_H */
