/*
 * bridge_idempotency_test.c: which values of Idempotency-Key are keys (issue 13, line 3).
 */
#include <string.h>

#include "api/idempotency.h"
#include "tap.h"

int
main(void)
{
	static const char *const keys[][2] = {
		{"a", "a"},
		{"8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"},
		{"\"8e03978e\"", "8e03978e"}, /* a string of RFC 9651, as the expired draft has it */
		{"!#$%&'()*+-./:;<=>?@[]^_`{|}~", "!#$%&'()*+-./:;<=>?@[]^_`{|}~"},
	};
	static const char *const others[] = {
		"",    " ",   "\"\"", "\"",   "a b",  "a,b",      "a\"b",
		"\"a", "a\"", "a\\b", "a\tb", "\x7f", "\xc3\xa9", "\"a\",\"b\"",
	};
	char longest[SB_IDEMPOTENCY_KEY_MAX + 4];
	char key[SB_IDEMPOTENCY_KEY_MAX + 1];

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
	{
		ok(sb_idempotency_read_key(keys[i][0], key), "a key");
		is_str(key, keys[i][1], "as it is, without quotes");
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		ok(!sb_idempotency_read_key(others[i], key), "no key");
	memset(longest, 'k', sizeof(longest));
	longest[SB_IDEMPOTENCY_KEY_MAX] = '\0';
	ok(sb_idempotency_read_key(longest, key), "the longest");
	longest[SB_IDEMPOTENCY_KEY_MAX] = 'k';
	longest[SB_IDEMPOTENCY_KEY_MAX + 1] = '\0';
	ok(!sb_idempotency_read_key(longest, key), "and one too long");
	longest[0] = longest[SB_IDEMPOTENCY_KEY_MAX + 1] = '"';
	longest[SB_IDEMPOTENCY_KEY_MAX + 2] = '\0';
	ok(sb_idempotency_read_key(longest, key), "quotes do not count");
	return done_testing();
}
