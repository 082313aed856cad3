/*
 * jwk_fuzz.c feeds the reader of key sets: whatever it takes is a public key that fits its
 * algorithm, and is the same key when it is written and read again.
 */
#include "core/jwk.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                           \
	do                                                                                             \
	{                                                                                              \
		if (!(condition))                                                                          \
			abort();                                                                               \
	} while (0)

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The key once more through JSON. */
static void
check_key(const struct social_jwk *jwk)
{
	struct social_jws_key key = {jwk->algorithm, jwk->pem, strlen(jwk->pem)};
	struct social_jwk_set again;
	char *json = social_jwk_text(&key, jwk->kid);
	char text[8192];

	CHECK(json != NULL && social_jws_open(&key, true));
	social_jws_close(&key);
	snprintf(text, sizeof(text), "{\"keys\":[%s]}", json);
	CHECK(social_jwk_parse_set(text, strlen(text), &again) == SOCIAL_JWK_OK && again.count == 1);
	CHECK(strcmp(again.keys[0].pem, jwk->pem) == 0 && strcmp(again.keys[0].kid, jwk->kid) == 0);
	social_jwk_set_release(&again);
	free(json);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct social_jwk_set set;

	if (social_jwk_parse_set((const char *) data, size, &set) == SOCIAL_JWK_OK)
	{
		CHECK(set.count > 0);
		for (int i = 0; i < set.count; i++)
			check_key(&set.keys[i]);
		social_jwk_set_release(&set);
	}
	return 0;
}
