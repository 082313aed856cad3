/*
 * cloudfront_fuzz.c takes any bytes as a private key in PEM: they sign, or are no key; never
 * anything else, and never a byte beyond.
 */
#include "core/cloudfront.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *pem = malloc(size ? size : 1);
	char signature[SOCIAL_CLOUDFRONT_SIGNATURE_SIZE];

	memcpy(pem, data, size);
	if (social_cloudfront_sign(pem, size, "{}", 2, signature) == SOCIAL_CLOUDFRONT_OK &&
		strlen(signature) >= sizeof(signature))
		abort();
	free(pem);
	return 0;
}
