/*
 * jwt_fuzz.c feeds any bytes to the token core: as a whole token, and as header and payload of a
 * token with a good signature. Nothing is accepted whose signature was not made here.
 */
#include "core/base64url.h"
#include "core/jwt.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition) ((condition) ? (void) 0 : abort())
#define PART_MAX         3000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct social_jws_key key = {SOCIAL_JWS_HS256, "a secret of at least thirty-two bytes",
										  37};

static const struct social_jwt_policy policy = {
	.now = 1000, .leeway = 5, .issuer = "a", .audience = "b", .is_access_token = true};

static void
verify_raw(const char *token, size_t len)
{
	struct social_jwt_claims claims;

	CHECK(social_jwt_verify(token, len, &key, &policy, &claims) != SOCIAL_JWT_OK);
}

/* Signs header.payload as they are and verifies the result. */
static void
verify_signed(const uint8_t *header, size_t header_len, const uint8_t *payload, size_t payload_len)
{
	char token[3 * SOCIAL_BASE64URL_SIZE(PART_MAX)];
	unsigned char signature[SOCIAL_JWS_MAX_SIGNED_SIZE];
	struct social_jwt_claims claims;
	struct social_jwt_header peeked;
	size_t signature_len;
	size_t len;

	social_base64url_encode(header, header_len, token);
	strcat(token, ".");
	len = strlen(token);
	social_base64url_encode(payload, payload_len, token + len);
	len = strlen(token);
	CHECK(social_jws_sign(&key, token, len, signature, &signature_len) == SOCIAL_JWS_OK);
	token[len++] = '.';
	social_base64url_encode(signature, signature_len, token + len);

	if (social_jwt_verify(token, strlen(token), &key, &policy, &claims) == SOCIAL_JWT_OK)
	{
		char *text = social_jwt_claims_text(&claims);

		CHECK(claims.subject_id > 0 && claims.exp + policy.leeway > policy.now);
		CHECK(claims.nbf <= policy.now + policy.leeway && claims.iat <= policy.now + policy.leeway);
		CHECK(strcmp(claims.iss, "a") == 0 && text != NULL);
		CHECK(social_jwt_peek(token, strlen(token), &peeked) == SOCIAL_JWT_OK &&
			  peeked.algorithm == SOCIAL_JWS_HS256);
		free(text);
		social_jwt_claims_release(&claims);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t header[] = "{\"alg\":\"HS256\"}";
	static const uint8_t payload[] =
		"{\"iss\":\"a\",\"aud\":\"b\",\"sub\":\"1\",\"iat\":1,\"exp\":9999}";

	verify_raw((const char *) data, size);
	if (size > PART_MAX)
		return 0;
	verify_signed(header, sizeof(header) - 1, data, size);
	verify_signed(data, size, payload, sizeof(payload) - 1);
	return 0;
}
