/*
 * jwk_test.c proves public keys as JSON: the keys of RFC 7515 and RFC 7517, the way there and back,
 * and that neither secrets nor weak keys pass (pain P-14).
 */
#include "tap.h"

#include "core/jwk.h"

#include <stdlib.h>

/* RFC 7515, appendices A.2.1 and A.3.1: the public members. */
#define RSA_N                                                                                      \
	"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4" \
	"d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5re" \
	"xMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxX" \
	"FvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
#define EC_X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define EC_Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"

static const char rsa_jwk[] = "{\"kty\":\"RSA\",\"n\":\"" RSA_N "\",\"e\":\"AQAB\"}";
static const char ec_jwk[] =
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"ec\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y "\"}";

/* Reads a set of these members, as an exact copy, so that the sanitizer sees a read past its end.
 */
static enum social_jwk_result
parse(const char *members, struct social_jwk_set *set)
{
	size_t len = strlen(members) + 12;
	char *text = malloc(len + 1);
	enum social_jwk_result result;

	snprintf(text, len + 1, "{\"keys\": [%s]}", members);
	text = realloc(text, strlen(text));
	result = social_jwk_parse_set(text, strlen(members) + 12, set);
	free(text);
	return result;
}

static void
test_vectors(void)
{
	struct social_jwk_set set;
	struct social_jws_key key;
	char members[4096];
	char *json;

	snprintf(members, sizeof(members), "%s,%s", rsa_jwk, ec_jwk);
	is_int(parse(members, &set), SOCIAL_JWK_OK, "the keys of RFC 7515 are read");
	is_int(set.count, 2, "both");
	is_int(set.keys[0].algorithm, SOCIAL_JWS_RS256, "RSA without alg is RS256");
	is_str(set.keys[0].kid, "", "without a kid");
	is_int(set.keys[1].algorithm, SOCIAL_JWS_ES256, "P-256 is ES256");
	is_str(set.keys[1].kid, "ec", "with its kid");

	for (int i = 0; i < set.count; i++)
	{
		key = (struct social_jws_key){set.keys[i].algorithm, set.keys[i].pem,
									  strlen(set.keys[i].pem)};
		json = social_jwk_text(&key, "back");
		ok(json != NULL && strstr(json, i == 0 ? RSA_N : EC_X) != NULL &&
			   strstr(json, i == 0 ? "\"e\":\"AQAB\"" : EC_Y) != NULL,
		   "written again it has the same numbers");
		free(json);
		key.algorithm = i == 0 ? SOCIAL_JWS_ES256 : SOCIAL_JWS_RS256;
		ok(social_jwk_text(&key, "back") == NULL, "but not as a key of the other kind");
	}
	social_jwk_set_release(&set);
}

static void
test_generated(void)
{
	static const enum social_jws_algorithm algorithms[] = {SOCIAL_JWS_ES256, SOCIAL_JWS_RS256};
	unsigned char signature[SOCIAL_JWS_MAX_SIGNED_SIZE];
	size_t len;

	for (int i = 0; i < 2; i++)
	{
		struct social_jws_key key = {algorithms[i]};
		struct social_jwk_set set = {0};
		char *private_pem;
		char *public_pem;
		char *json;

		ok(social_jws_generate(algorithms[i], &private_pem, &public_pem), "a key pair is made");
		key.bytes = private_pem;
		key.len = strlen(private_pem);
		is_int(social_jws_sign(&key, "message", 7, signature, &len), SOCIAL_JWS_OK, "it signs");
		ok(social_jwk_text(&key, "private") == NULL, "its private half is not published");
		key.bytes = public_pem;
		key.len = strlen(public_pem);
		json = social_jwk_text(&key, "key");
		ok(json != NULL && strstr(json, "\"d\"") == NULL, "its public half is");
		is_int(parse(json, &set), SOCIAL_JWK_OK, "and read again");
		is_str(set.keys[0].pem, public_pem, "as the same key");
		is_int(social_jws_verify(&key, "message", 7, signature, len), SOCIAL_JWS_OK,
			   "which verifies");
		is_int(social_jws_verify(&key, "massage", 7, signature, len), SOCIAL_JWS_BAD_SIGNATURE,
			   "that message alone");
		social_jwk_set_release(&set);
		free(json);
		free(private_pem);
		free(public_pem);
	}
}

static void
test_refusals(void)
{
	static const struct
	{
		const char *why;
		const char *members;
		enum social_jwk_result result;
	} cases[] = {
		{"no key", "", SOCIAL_JWK_NO_KEY},
		{"a number", "1", SOCIAL_JWK_MALFORMED},
		{"half a key", "{\"kty\":\"EC\"", SOCIAL_JWK_MALFORMED},
		{"kty twice", "{\"kty\":\"EC\",\"kty\":\"RSA\"}", SOCIAL_JWK_MALFORMED},
		{"kid is null", "{\"kty\":\"EC\",\"kid\":null}", SOCIAL_JWK_MALFORMED},
		{"a secret", "{\"kty\":\"oct\",\"k\":\"AAAA\"}", SOCIAL_JWK_SECRET},
		{"a private key",
		 "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y "\",\"d\":\"AA\"}",
		 SOCIAL_JWK_SECRET},
		{"no coordinates", "{\"kty\":\"EC\",\"crv\":\"P-256\"}", SOCIAL_JWK_BAD_KEY},
		{"x and y swapped: off the curve",
		 "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_Y "\",\"y\":\"" EC_X "\"}",
		 SOCIAL_JWK_BAD_KEY},
		{"padding", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "=\",\"y\":\"" EC_Y "\"}",
		 SOCIAL_JWK_BAD_KEY},
		{"x is a number", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":1,\"y\":\"" EC_Y "\"}",
		 SOCIAL_JWK_BAD_KEY},
		{"RSA of 24 bits", "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}", SOCIAL_JWK_BAD_KEY},
		{"an even exponent", "{\"kty\":\"RSA\",\"n\":\"" RSA_N "\",\"e\":\"AQAA\"}",
		 SOCIAL_JWK_BAD_KEY},
		{"an exponent of 1", "{\"kty\":\"RSA\",\"n\":\"" RSA_N "\",\"e\":\"AQ\"}",
		 SOCIAL_JWK_BAD_KEY},
		{"a huge exponent", "{\"kty\":\"RSA\",\"n\":\"" RSA_N "\",\"e\":\"" EC_X "\"}",
		 SOCIAL_JWK_BAD_KEY},
		{"encryption alone", "{\"kty\":\"RSA\",\"use\":\"enc\",\"n\":\"" RSA_N "\",\"e\":\"AQAB\"}",
		 SOCIAL_JWK_NO_KEY},
		{"another algorithm",
		 "{\"kty\":\"RSA\",\"alg\":\"PS256\",\"n\":\"" RSA_N "\",\"e\":\"AQAB\"}",
		 SOCIAL_JWK_NO_KEY},
		{"another curve", "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"AA\",\"y\":\"AA\"}",
		 SOCIAL_JWK_NO_KEY},
	};
	struct social_jwk_set set;
	char twice[1024];
	char *many = calloc(1, 70000);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		is_int(parse(cases[i].members, &set), cases[i].result, cases[i].why);
	snprintf(twice, sizeof(twice), "%s,%s", ec_jwk, ec_jwk);
	is_int(parse(twice, &set), SOCIAL_JWK_KID_TWICE, "a kid twice");
	snprintf(twice, sizeof(twice),
			 "%s,{\"kty\":\"RSA\",\"kid\":\"ec\",\"n\":\"" RSA_N "\",\"e\":\"AQAB\"}", ec_jwk);
	is_int(parse(twice, &set), SOCIAL_JWK_OK, "found D4: a kid for each algorithm (RFC 7517 4.5)");
	social_jwk_set_release(&set);
	for (int i = 0; i <= SOCIAL_JWK_SET_MAX_KEYS; i++)
		strcat(many, i == 0 ? "{}" : ",{}");
	is_int(parse(many, &set), SOCIAL_JWK_TOO_LONG, "too many keys");
	memset(many, ' ', SOCIAL_JWK_SET_MAX_LENGTH);
	is_int(parse(many, &set), SOCIAL_JWK_TOO_LONG, "too long");
	is_int(social_jwk_parse_set("", 0, &set), SOCIAL_JWK_MALFORMED, "nothing");
	is_int(social_jwk_parse_set("{\"keys\":{}}", 11, &set), SOCIAL_JWK_MALFORMED, "no list");
	free(many);
	for (int i = SOCIAL_JWK_OK; i <= SOCIAL_JWK_FAILURE; i++)
		ok(social_jwk_result_text((enum social_jwk_result) i)[0] != '\0', "a result has words");
}

int
main(void)
{
	test_vectors();
	test_generated();
	test_refusals();
	return done_testing();
}
