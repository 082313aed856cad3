/*
 * api_key_fuzz.c feeds any bytes to the reader of API keys: what it accepts has the form of one and
 * is changed by any one bit into what is none; what is made of any bytes is accepted.
 */
#include "core/api_key.h"

#include <stdlib.h>
#include <string.h>

#define CHECK(condition) ((condition) ? (void) 0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size ? size : 1); /* no byte more, so that reading beyond is seen */
	char key[SOCIAL_API_KEY_LENGTH + 1];

	memcpy(text, data, size);
	if (social_api_key_check(text, size) == SOCIAL_API_KEY_OK)
	{
		CHECK(size == SOCIAL_API_KEY_LENGTH && social_api_key_is(text, size));
		text[data[size - 1] % size] ^= 1;
		CHECK(social_api_key_check(text, size) != SOCIAL_API_KEY_OK);
	}
	if (social_api_key_make(data, size, key))
		CHECK(strlen(key) == SOCIAL_API_KEY_LENGTH &&
			  social_api_key_check(key, strlen(key)) == SOCIAL_API_KEY_OK);
	(void) social_scope_named((const char *) data, size);
	free(text);
	return 0;
}
