/*
 * cursor_test.c proves that page cursors round-trip and that every mangled one is refused (P-04),
 * and that base64url is strict.
 */
#include "tap.h"

#include "core/base64url.h"
#include "core/cursor.h"

static void
test_round_trips(void)
{
	static const int64_t values[] = {0, 1, -1, 42, INT64_MAX, INT64_MIN};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		for (size_t j = 0; j < sizeof(values) / sizeof(values[0]); j++)
		{
			char cursor[SOCIAL_CURSOR_LENGTH + 1];
			int64_t key = 7;
			int64_t id = 7;
			char name[100];

			social_cursor_encode("posts", values[i], values[j], cursor);
			snprintf(name, sizeof(name), "(%" PRId64 ", %" PRId64 ") round-trips", values[i],
					 values[j]);
			ok(strlen(cursor) == SOCIAL_CURSOR_LENGTH &&
				   social_cursor_decode("posts", cursor, strlen(cursor), &key, &id) &&
				   key == values[i] && id == values[j],
			   name);
		}
}

static void
test_refusals(void)
{
	char cursor[SOCIAL_CURSOR_LENGTH + 1];
	int64_t key = 7;
	int64_t id = 7;
	int accepted = 0;

	social_cursor_encode("posts", 123456789, 42, cursor);
	ok(!social_cursor_decode("search", cursor, SOCIAL_CURSOR_LENGTH, &key, &id),
	   "a cursor of another list is refused");
	ok(!social_cursor_decode("post", cursor, SOCIAL_CURSOR_LENGTH, &key, &id),
	   "a cursor of a list with a similar name is refused");
	ok(!social_cursor_decode("posts", cursor, SOCIAL_CURSOR_LENGTH - 1, &key, &id), "a cut cursor");
	ok(!social_cursor_decode("posts", "", 0, &key, &id), "an empty cursor");
	ok(!social_cursor_decode("posts", "AAAAAAAAAAAAAAAAAAAAAAAAAAAA", 28, &key, &id),
	   "a made-up cursor");
	ok(!social_cursor_decode("posts", "not a cursor, but 28 long!!!", 28, &key, &id),
	   "a text of its length");

	for (int at = 0; at < SOCIAL_CURSOR_LENGTH; at++)
		for (int c = 1; c < 256; c++)
		{
			char changed[SOCIAL_CURSOR_LENGTH + 1];

			memcpy(changed, cursor, sizeof(changed));
			changed[at] = (char) (changed[at] ^ c);
			accepted += social_cursor_decode("posts", changed, SOCIAL_CURSOR_LENGTH, &key, &id);
		}
	is_int(accepted, 0, "no change of one character is accepted");
	ok(key == 7 && id == 7, "a refusal writes nothing");
}

static void
test_base64url(void)
{
	static const struct
	{
		const char *chars;
		const char *bytes; /* NULL: refused */
	} cases[] = {
		{"", ""},
		{"Zg", "f"},
		{"Zm8", "fo"},
		{"Zm9v", "foo"},
		{"_-8", "\xFF\xEF"},
		{"Zg==", NULL},
		{"Zm8=", NULL},
		{"Z", NULL},
		{"Zm9vY", NULL},
		{"Zh", NULL},
		{"Zm9", NULL},
		{"Zm 9v", NULL},
		{"Zm9v\n", NULL},
		{"/+8", NULL},
		{"Zm9v.", NULL},
		{"Zm\xC3\xA9", NULL},
		{"\xC3\xA9\xC3\xA9", NULL},
		{"Zm9vZm9v", NULL}, /* longer than the room */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		char out[4];
		size_t len = 0;
		char name[100];
		bool decoded =
			social_base64url_decode(cases[i].chars, strlen(cases[i].chars), out, sizeof(out), &len);

		snprintf(name, sizeof(name), "base64url \"%s\" is %s", cases[i].chars,
				 cases[i].bytes ? "read" : "refused");
		if (cases[i].bytes == NULL)
			ok(!decoded, name);
		else
			ok(decoded && len == strlen(cases[i].bytes) && memcmp(out, cases[i].bytes, len) == 0,
			   name);
	}
}

int
main(void)
{
	test_round_trips();
	test_refusals();
	test_base64url();
	return done_testing();
}
