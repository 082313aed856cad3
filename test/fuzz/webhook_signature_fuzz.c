/*
 * webhook_signature_fuzz.c feeds the reader of signatures of webhooks: a header, a NUL, a body.
 * What it takes is what a header written anew says.
 */
#include "core/webhook_signature.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct social_webhook_secret secret = {"secret", 6};
	const uint8_t *end = size > 0 ? memchr(data, 0, size) : NULL;
	size_t header_len = end ? (size_t) (end - data) : size;
	const uint8_t *body = end ? end + 1 : data + size;
	size_t body_len = (size_t) (data + size - body);
	int64_t signed_at;
	enum social_webhook_result result = social_webhook_verify(
		(const char *) data, header_len, body, body_len, &secret, 1, 1700000000, 300, &signed_at);
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned mac_len = 0;
	char text[128];
	char *message;
	int len;

	CHECK(*social_webhook_result_name(result) != '\0' && signed_at >= 0);
	if (result == SOCIAL_WEBHOOK_MISSING || result == SOCIAL_WEBHOOK_MALFORMED)
	{
		CHECK(signed_at == 0);
		return 0;
	}
	CHECK(result != SOCIAL_WEBHOOK_FAILURE && memchr(data, '=', header_len) != NULL);
	/* Signed anew for the time that was read, it is good, or only its time is not. */
	message = malloc(body_len + 32);
	len = sprintf(message, "%lld.", (long long) signed_at);
	memcpy(message + len, body, body_len);
	HMAC(EVP_sha256(), secret.bytes, (int) secret.len, (unsigned char *) message,
		 (size_t) len + body_len, mac, &mac_len);
	free(message);
	len = sprintf(text, "t=%lld,v1=", (long long) signed_at);
	for (unsigned i = 0; i < mac_len; i++)
		len += sprintf(text + len, "%02x", mac[i]);
	result = social_webhook_verify(text, (size_t) len, body, body_len, &secret, 1, signed_at, 300,
								   &signed_at);
	CHECK(result == SOCIAL_WEBHOOK_OK);
	text[len - 1] = text[len - 1] == '0' ? '1' : '0';
	CHECK(social_webhook_verify(text, (size_t) len, body, body_len, &secret, 1, signed_at, 300,
								&signed_at) == SOCIAL_WEBHOOK_BAD_SIGNATURE);
	return 0;
}
