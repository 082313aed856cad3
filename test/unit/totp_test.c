/*
 * totp_test.c proves one-time codes: the vectors of RFC 6238 (appendix B), RFC 4226 (appendix D)
 * and RFC 4648 (base32), the window, replays and what people type.
 */
#include "tap.h"

#include "core/totp.h"

#include <string.h>

#define TEN "1234567890"

static const struct
{
	enum social_totp_digest digest;
	const char *secret;
	const char *name;
} secrets[] = {
	{SOCIAL_TOTP_SHA1, TEN TEN, "sha1"},
	{SOCIAL_TOTP_SHA256, TEN TEN TEN "12", "sha256"},
	{SOCIAL_TOTP_SHA512, TEN TEN TEN TEN TEN TEN "1234", "sha512"},
};

/* RFC 6238, appendix B: the codes of each time in the order of the secrets above. */
static const struct
{
	int64_t time;
	const char *codes[3];
} vectors[] = {
	{59, {"94287082", "46119246", "90693936"}},
	{1111111109, {"07081804", "68084774", "25091201"}},
	{1111111111, {"14050471", "67062674", "99943326"}},
	{1234567890, {"89005924", "91819424", "93441116"}},
	{2000000000, {"69279037", "90698825", "38618901"}},
	{20000000000, {"65353130", "77737706", "47863826"}},
};

static const char *const counted[] = {"755224", "287082", "359152", "969429", "338314",
									  "254676", "287922", "162583", "399871", "520489"};

static const char *const base32[][2] = {
	{"", ""},
	{"f", "MY"},
	{"fo", "MZXQ"},
	{"foo", "MZXW6"},
	{"foob", "MZXW6YQ"},
	{"fooba", "MZXW6YTB"},
	{"foobar", "MZXW6YTBOI"},
};

static void
test_vectors(void)
{
	char code[SOCIAL_TOTP_MAX_DIGITS + 1];
	char name[100];

	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		for (int j = 0; j < 3; j++)
		{
			snprintf(name, sizeof(name), "RFC 6238: %s at %" PRId64, secrets[j].name,
					 vectors[i].time);
			ok(social_totp_code(secrets[j].secret, strlen(secrets[j].secret), secrets[j].digest, 8,
								social_totp_step(vectors[i].time), code),
			   name);
			is_str(code, vectors[i].codes[j], name);
			is_int(social_totp_digest_by_name(secrets[j].name), secrets[j].digest, name);
		}
	for (int i = 0; i < 10; i++)
	{
		social_totp_code(TEN TEN, 20, SOCIAL_TOTP_SHA1, 6, i, code);
		is_str(code, counted[i], "RFC 4226: appendix D");
	}
	for (size_t i = 0; i < sizeof(base32) / sizeof(base32[0]); i++)
	{
		char text[SOCIAL_BASE32_SIZE(6)];

		social_base32_encode((const unsigned char *) base32[i][0], strlen(base32[i][0]), text);
		is_str(text, base32[i][1], "RFC 4648: base32");
	}
}

static void
test_arguments(void)
{
	char code[SOCIAL_TOTP_MAX_DIGITS + 1];

	is_int(social_totp_step(0), 0, "the first step");
	is_int(social_totp_step(29), 0, "lasts thirty seconds");
	is_int(social_totp_step(30), 1, "then comes the next");
	is_int(social_totp_step(-1), -1, "before 1970 they count down");
	is_int(social_totp_digest_by_name("SHA1"), SOCIAL_TOTP_UNKNOWN, "names are in lower case");
	is_int(social_totp_digest_by_name("md5"), SOCIAL_TOTP_UNKNOWN, "an unknown digest");
	ok(!social_totp_code("x", 1, SOCIAL_TOTP_UNKNOWN, 6, 1, code), "is refused");
	ok(!social_totp_code("x", 1, SOCIAL_TOTP_SHA1, 0, 1, code), "so are no digits");
	ok(!social_totp_code("x", 1, SOCIAL_TOTP_SHA1, 10, 1, code), "ten digits");
	ok(!social_totp_code("x", 2000, SOCIAL_TOTP_SHA1, 6, 1, code), "and an endless secret");
	ok(social_totp_code("", 0, SOCIAL_TOTP_SHA1, 9, INT64_MAX, code), "nine digits at any time");
}

static enum social_totp_result
check(const char *code, int64_t time, int64_t last_step, int64_t *step)
{
	return social_totp_check(TEN TEN, 20, code, strlen(code), time, last_step, step);
}

static void
test_window(void)
{
	int64_t step = -1;

	/* 969429 is the code of step 3, seconds 90 to 119. */
	is_int(check("969429", 60, -1, &step), SOCIAL_TOTP_OK, "a clock that is a step behind");
	is_int(step, 3, "the step of the code");
	is_int(check("969429", 149, 2, &step), SOCIAL_TOTP_OK, "or a step ahead");
	is_int(check("969429", 59, -1, &step), SOCIAL_TOTP_MISMATCH, "not more");
	is_int(check("969429", 150, -1, &step), SOCIAL_TOTP_MISMATCH, "either way");
	is_int(check("969429", 100, 3, &step), SOCIAL_TOTP_REPLAYED, "a step is used once");
	is_int(check("969429", 100, 4, &step), SOCIAL_TOTP_REPLAYED, "and none before it");
	is_int(check("338314", 100, 3, &step), SOCIAL_TOTP_OK, "the next step goes on");
	is_int(step, 4, "with its number");
	is_int(check("969420", 100, -1, &step), SOCIAL_TOTP_MISMATCH, "a wrong last digit");
	is_int(check(" 969 429 ", 100, -1, &step), SOCIAL_TOTP_OK, "blanks are fine");
	for (const char *const *code = (const char *const[]){"", "96942", "9694290", "96942x", "-69429",
														 "969429\n", "٩69429", NULL};
		 *code != NULL; code++)
		is_int(check(*code, 100, -1, &step), SOCIAL_TOTP_MALFORMED, "no six digits");
	is_int(social_totp_check(TEN TEN, 20, "969429\0", 7, 100, -1, &step), SOCIAL_TOTP_MALFORMED,
		   "a NUL byte");
}

int
main(void)
{
	test_vectors();
	test_arguments();
	test_window();
	return done_testing();
}
