/*
 * webhook_signature_test.c proves signatures of webhooks (mission 142, 143; issue 16 line 4): the
 * vector that mux-node is tested by, several secrets and signatures, the tolerance to the second,
 * and the neighbours of what is good.
 */
#include "tap.h"

#include "core/webhook_signature.h"

#include <stdlib.h>
#include <string.h>

#define SECRET "SuperSecret123"
#define BODY   "{\"test\":\"body\"}"
#define TIME   "1565125718"
#define AT     INT64_C(1565125718)
#define MAC    "854ece4c22acef7c66b57d4e504153bc512595e8e9c772ece2a68150548c19a7"
#define OTHER  "0000000000000000000000000000000000000000000000000000000000000000"
#define HEADER "t=" TIME ",v1=" MAC

static const struct social_webhook_secret secret = {SECRET, sizeof(SECRET) - 1};

static enum social_webhook_result
verify_at(const char *header, const char *body, int64_t now)
{
	int64_t signed_at;

	return social_webhook_verify(header, header ? strlen(header) : 0, body, strlen(body), &secret,
								 1, now, 300, &signed_at);
}

static void
is_result(enum social_webhook_result got, enum social_webhook_result want, const char *name)
{
	is_str(social_webhook_result_name(got), social_webhook_result_name(want), name);
}

static void
test_headers(void)
{
	static const struct
	{
		const char *header;
		enum social_webhook_result want;
	} cases[] = {
		{HEADER, SOCIAL_WEBHOOK_OK},
		{"v1=" MAC ",t=" TIME, SOCIAL_WEBHOOK_OK},
		{HEADER ",v1=" OTHER, SOCIAL_WEBHOOK_OK},
		{"t=" TIME ",v1=" OTHER ",v1=" MAC, SOCIAL_WEBHOOK_OK},
		{HEADER ",v0=anything,x=", SOCIAL_WEBHOOK_OK},
		{NULL, SOCIAL_WEBHOOK_MISSING},
		{"", SOCIAL_WEBHOOK_MISSING},
		{"t=" TIME ",v1=" OTHER, SOCIAL_WEBHOOK_BAD_SIGNATURE},
		{"t=1565125719,v1=" MAC, SOCIAL_WEBHOOK_BAD_SIGNATURE},
		{"t=" TIME, SOCIAL_WEBHOOK_MALFORMED},
		{"v1=" MAC, SOCIAL_WEBHOOK_MALFORMED},
		{"t=" TIME ",v0=" MAC, SOCIAL_WEBHOOK_MALFORMED},
		{"t=" TIME ",v1=" MAC "0", SOCIAL_WEBHOOK_MALFORMED},
		{"t=" TIME ",v1=854ECE4C22ACEF7C66B57D4E504153BC512595E8E9C772ECE2A68150548C19A7",
		 SOCIAL_WEBHOOK_MALFORMED},
		{"t=" TIME ",v1=" MAC "=", SOCIAL_WEBHOOK_MALFORMED},
		{"t=" TIME ", v1=" MAC, SOCIAL_WEBHOOK_MALFORMED},
		{" t=" TIME ",v1=" MAC, SOCIAL_WEBHOOK_MALFORMED},
		{"t=0" TIME ",v1=" MAC, SOCIAL_WEBHOOK_MALFORMED},
		{"t=+" TIME ",v1=" MAC, SOCIAL_WEBHOOK_MALFORMED},
		{"t=-1,v1=" MAC, SOCIAL_WEBHOOK_MALFORMED},
		{"t=,v1=" MAC, SOCIAL_WEBHOOK_MALFORMED},
		{"t=1e9,v1=" MAC, SOCIAL_WEBHOOK_MALFORMED},
		{"t=99999999999999999999,v1=" MAC, SOCIAL_WEBHOOK_MALFORMED},
		{HEADER ",t=" TIME, SOCIAL_WEBHOOK_MALFORMED},
		{HEADER ",", SOCIAL_WEBHOOK_MALFORMED},
		{"," HEADER, SOCIAL_WEBHOOK_MALFORMED},
		{HEADER ",,", SOCIAL_WEBHOOK_MALFORMED},
		{"=" MAC, SOCIAL_WEBHOOK_MALFORMED},
		{"nonsense", SOCIAL_WEBHOOK_MALFORMED},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		is_result(verify_at(cases[i].header, BODY, AT), cases[i].want,
				  cases[i].header ? cases[i].header : "no header");
}

static void
test_times(void)
{
	is_result(verify_at(HEADER, BODY, AT + 300), SOCIAL_WEBHOOK_OK, "seed 143: 300 s old");
	is_result(verify_at(HEADER, BODY, AT + 301), SOCIAL_WEBHOOK_TOO_OLD, "seed 143: 301 s old");
	is_result(verify_at(HEADER, BODY, AT - 300), SOCIAL_WEBHOOK_OK, "300 s ahead");
	is_result(verify_at(HEADER, BODY, AT - 301), SOCIAL_WEBHOOK_TOO_NEW, "301 s ahead");
	is_result(verify_at("t=" TIME ",v1=" OTHER, BODY, AT + 301), SOCIAL_WEBHOOK_BAD_SIGNATURE,
			  "who cannot sign does not hear of the time");
}

static void
test_bodies(void)
{
	char body[] = BODY;
	int taken = 0;

	for (size_t i = 0; i < strlen(BODY); i++)
		for (int bit = 0; bit < 8; bit++)
		{
			int64_t signed_at;

			memcpy(body, BODY, sizeof(body));
			body[i] ^= (char) (1 << bit);
			taken += social_webhook_verify(HEADER, strlen(HEADER), body, strlen(BODY), &secret, 1,
										   AT, 300, &signed_at) == SOCIAL_WEBHOOK_OK;
		}
	is_int(taken, 0, "seed 142: no body that differs in a bit");
	is_result(verify_at(HEADER, BODY " ", AT), SOCIAL_WEBHOOK_BAD_SIGNATURE, "one byte more");
	is_result(verify_at(HEADER, "{\"test\":\"body\"", AT), SOCIAL_WEBHOOK_BAD_SIGNATURE,
			  "one byte less");
	is_result(verify_at(HEADER, "", AT), SOCIAL_WEBHOOK_BAD_SIGNATURE, "no body");
}

static void
test_secrets(void)
{
	const struct social_webhook_secret two[] = {{"another", 7}, secret};
	const struct social_webhook_secret wrong[] = {{"another", 7}, {SECRET, sizeof(SECRET) - 2}};
	const struct social_webhook_secret empty[] = {{"", 0}};
	int64_t signed_at;

	is_result(social_webhook_verify(HEADER, strlen(HEADER), BODY, strlen(BODY), two, 2, AT, 300,
									&signed_at),
			  SOCIAL_WEBHOOK_OK, "issue 16: a second secret, while one is changed for another");
	is_int((int) signed_at, (int) AT, "when it was signed");
	is_result(social_webhook_verify(HEADER, strlen(HEADER), BODY, strlen(BODY), wrong, 2, AT, 300,
									&signed_at),
			  SOCIAL_WEBHOOK_BAD_SIGNATURE, "other secrets");
	is_result(social_webhook_verify(HEADER, strlen(HEADER), BODY, strlen(BODY), two, 0, AT, 300,
									&signed_at),
			  SOCIAL_WEBHOOK_FAILURE, "no secret: nothing is taken");
	is_result(social_webhook_verify(HEADER, strlen(HEADER), BODY, strlen(BODY), empty, 1, AT, 300,
									&signed_at),
			  SOCIAL_WEBHOOK_FAILURE, "nor with an empty one");
}

static void
test_sizes(void)
{
	char *header = calloc(1, 2 * SOCIAL_WEBHOOK_HEADER_MAX);

	strcpy(header, HEADER);
	for (int i = 1; i < SOCIAL_WEBHOOK_MAX_SIGNED; i++)
		strcat(header, ",v1=" OTHER);
	is_result(verify_at(header, BODY, AT), SOCIAL_WEBHOOK_OK, "16 signatures");
	strcat(header, ",v1=" OTHER);
	is_result(verify_at(header, BODY, AT), SOCIAL_WEBHOOK_MALFORMED, "17");
	strcpy(header, HEADER ",x=");
	memset(header + strlen(header), 'x', SOCIAL_WEBHOOK_HEADER_MAX - strlen(header));
	is_result(verify_at(header, BODY, AT), SOCIAL_WEBHOOK_OK, "a header of 4096 bytes");
	strcat(header, "x");
	is_result(verify_at(header, BODY, AT), SOCIAL_WEBHOOK_MALFORMED, "of 4097");
	free(header);
}

int
main(void)
{
	test_headers();
	test_times();
	test_bodies();
	test_secrets();
	test_sizes();
	return done_testing();
}
