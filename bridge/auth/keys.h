/*
 * keys.h owns what the database says about tokens: social.bridge_config() as the bridge keeps it.
 */
#ifndef SB_AUTH_KEYS_H
#define SB_AUTH_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "core/jwt.h"

struct sb_key
{
	const char *kid;
	bool is_public; /* otherwise a secret that stays in the database, which checks its tokens */
	struct social_jws_key key;
};

struct sb_keys
{
	json_t *json; /* owns the texts below */
	const char *issuer;
	const char *audience;
	int leeway;      /* seconds that clocks may differ */
	json_t *issuers; /* names of the others whose tokens count; NULL: there are none */
	int count;
	struct sb_key *list;
};

/*
 * Reads the JSON of social.bridge_config(). NULL when it has not the agreed shape. Free with
 * sb_keys_free().
 */
extern struct sb_keys *sb_keys_parse(const char *text, size_t len);
extern void sb_keys_free(struct sb_keys *keys);

/* The key of that kid, or NULL. */
extern const struct sb_key *sb_keys_find(const struct sb_keys *keys, const char *kid);

#endif /* SB_AUTH_KEYS_H */
