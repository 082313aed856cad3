/*
 * api_key_test.c proves that the text of an API key is told from everything that is nearly one, and
 * that its characters are drawn alike (issue 17, mission 3.4).
 */
#include "tap.h"

#include <stdlib.h>

#include "core/api_key.h"

/* Made by another program: zlib's crc32 of the first 61 characters, in base 62. */
static const char known[] = "social_sk_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno2Nj9hi";

static enum social_api_key_result
check(const char *text)
{
	return social_api_key_check(text, strlen(text));
}

static void
make(char key[SOCIAL_API_KEY_LENGTH + 1], unsigned seed)
{
	unsigned char bytes[128];

	srandom(seed);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char) random();
	if (!social_api_key_make(bytes, sizeof(bytes), key))
		abort();
}

static void
test_form(void)
{
	unsigned char random[128];
	char key[SOCIAL_API_KEY_LENGTH + 1];

	is_int(check(known), SOCIAL_API_KEY_OK, "a key that another program made");
	make(key, 1);
	is_int((int64_t) strlen(key), SOCIAL_API_KEY_LENGTH, "a new key has its length");
	is_int(check(key), SOCIAL_API_KEY_OK, "and is one");
	ok(social_api_key_is(key, strlen(key)), "it begins like one");
	memset(random, 0xff, sizeof(random));
	ok(!social_api_key_make(random, sizeof(random), key),
	   "bytes beyond the last multiple are not taken");
	memset(random, 0, sizeof(random));
	ok(!social_api_key_make(random, 50, key) && social_api_key_make(random, 51, key),
	   "51 characters are drawn");
}

static void
test_neighbours(void)
{
	char key[SOCIAL_API_KEY_LENGTH + 2];
	char changed[SOCIAL_API_KEY_LENGTH + 2];
	int wrong = 0;
	int swapped = 0;

	make(key, 2);
	for (size_t i = strlen(SOCIAL_API_KEY_PREFIX); i < SOCIAL_API_KEY_LENGTH; i++)
		for (int c = 1; c < 128; c++)
		{
			strcpy(changed, key);
			changed[i] = (char) c;
			wrong += c != key[i] && check(changed) == SOCIAL_API_KEY_OK;
		}
	is_int(wrong, 0, "any other character at any place is told");
	for (size_t i = strlen(SOCIAL_API_KEY_PREFIX); i + 1 < SOCIAL_API_KEY_LENGTH; i++)
	{
		strcpy(changed, key);
		changed[i] = key[i + 1];
		changed[i + 1] = key[i];
		swapped += key[i] != key[i + 1] && check(changed) == SOCIAL_API_KEY_OK;
	}
	is_int(swapped, 0, "so are two that changed places");
	strcpy(changed, key);
	changed[SOCIAL_API_KEY_LENGTH - 1] = '\0';
	is_int(check(changed), SOCIAL_API_KEY_BAD_LENGTH, "one that lacks its end");
	strcat(strcpy(changed, key), "x");
	is_int(check(changed), SOCIAL_API_KEY_BAD_LENGTH, "one with more behind it");
	strcpy(changed, key);
	changed[20] = '-';
	is_int(check(changed), SOCIAL_API_KEY_BAD_CHARACTER,
		   "one with a character that keys do not have");
	changed[20] = '\0';
	is_int(social_api_key_check(changed, SOCIAL_API_KEY_LENGTH), SOCIAL_API_KEY_BAD_CHARACTER,
		   "or a NUL");
	is_int(check("social_sk_"), SOCIAL_API_KEY_BAD_LENGTH, "the beginning alone");
	is_int(check(""), SOCIAL_API_KEY_NONE, "nothing");
	is_int(check("eyJhbGciOiJFUzI1NiJ9.e30.c2ln"), SOCIAL_API_KEY_NONE, "a token");
	is_int(check("Social_sk_0123"), SOCIAL_API_KEY_NONE, "case counts");
	is_str(social_api_key_result_text(SOCIAL_API_KEY_BAD_CHECKSUM), "the API key is mistyped",
		   "who mistypes is told");
	is_str(social_api_key_result_text(SOCIAL_API_KEY_BAD_LENGTH), "the API key is not complete",
		   "and who lacks some");
}

/* 248 = 4 * 62: each character comes of four bytes. */
static void
test_fairness(void)
{
	int count[128] = {0};
	int uneven = 0;

	for (int byte = 0; byte < 248; byte++)
	{
		unsigned char random[51];
		char key[SOCIAL_API_KEY_LENGTH + 1];

		memset(random, byte, sizeof(random));
		if (social_api_key_make(random, sizeof(random), key))
			count[(int) key[30]]++;
	}
	for (int c = 0; c < 128; c++)
		uneven += count[c] != 0 && count[c] != 4;
	is_int(uneven, 0, "each character is drawn as often as any");
}

static void
test_scopes(void)
{
	uint32_t all = 0;

	for (int i = 0; i < SOCIAL_SCOPES; i++)
	{
		const char *name = social_scope_name(i);

		all |= social_scope_named(name, strlen(name));
		ok(*social_scope_purpose(i) != '\0', name);
	}
	is_int(all, (1 << SOCIAL_SCOPES) - 1, "each word is a scope of its own");
	is_int(social_scope_named("sports:write", 12), SOCIAL_SCOPE_SPORTS_WRITE, "by its word");
	is_int(social_scope_named("sports:writes", 13), 0, "and by no longer one");
	is_int(social_scope_named("rea", 3), 0, "nor a shorter one");
	is_int(social_scope_named("", 0), 0, "nor by none");
}

int
main(void)
{
	test_form();
	test_neighbours();
	test_fairness();
	test_scopes();
	return done_testing();
}
