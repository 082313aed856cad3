/*
 * keys.c owns what the database says about tokens.
 */
#include "auth/keys.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static void
add_key(struct sb_keys *keys, json_t *member)
{
	struct sb_key *key = &keys->list[keys->count];
	const char *kid = json_string_value(json_object_get(member, "kid"));
	const char *alg = json_string_value(json_object_get(member, "alg"));
	json_t *pem = json_object_get(member, "public_key");

	if (kid == NULL || alg == NULL)
		return;
	key->kid = kid;
	key->key.algorithm = social_jws_algorithm_by_name(alg);
	/* A shared secret has no business here, whatever the database says. */
	key->is_public = json_is_string(pem) && (key->key.algorithm == SOCIAL_JWS_ES256 ||
											 key->key.algorithm == SOCIAL_JWS_RS256);
	key->key.bytes = key->is_public ? json_string_value(pem) : NULL;
	key->key.len = key->is_public ? json_string_length(pem) : 0;
	if (key->is_public)
		(void) social_jws_open(&key->key, true); /* one that is no good refuses its tokens later */
	keys->count++;
}

struct sb_keys *
sb_keys_parse(const char *text, size_t len)
{
	struct sb_keys *keys = sb_calloc(1, sizeof(*keys));
	json_t *jwt;
	json_t *list;
	json_t *member;
	size_t i;

	keys->json = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	jwt = json_object_get(keys->json, "jwt");
	list = json_object_get(jwt, "keys");
	keys->issuer = json_string_value(json_object_get(jwt, "issuer"));
	keys->leeway = (int) json_integer_value(json_object_get(jwt, "leeway"));
	keys->issuers = json_object_get(jwt, "issuers");
	keys->audience = json_string_value(json_object_get(jwt, "audience"));
	if (!json_is_array(list) || keys->issuer == NULL || keys->audience == NULL)
	{
		sb_keys_free(keys);
		return NULL;
	}
	keys->list = sb_calloc(json_array_size(list), sizeof(struct sb_key));
	json_array_foreach(list, i, member) add_key(keys, member);
	return keys;
}

void
sb_keys_free(struct sb_keys *keys)
{
	if (keys == NULL)
		return;
	for (int i = 0; i < keys->count; i++)
		social_jws_close(&keys->list[i].key);
	json_decref(keys->json);
	free(keys->list);
	free(keys);
}

const struct sb_key *
sb_keys_find(const struct sb_keys *keys, const char *kid)
{
	for (int i = 0; i < keys->count; i++)
		if (strcmp(keys->list[i].kid, kid) == 0)
			return &keys->list[i];
	return NULL;
}
