/*
 * bridge_media_test.c: keys of objects, the labels behind them, which bytes a Range asks for (issue
 * 15; RFC 9110 section 14), and what becomes of the names in a playlist (P-20; RFC 8216).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "media/complete.h"
#include "media/label.h"
#include "media/listing.h"
#include "media/name.h"
#include "media/playlist.h"
#include "media/range.h"
#include "tap.h"

/* ---- keys ------------------------------------------------------------------------------------ */

static void
name(const char *text, enum sb_name wanted, const char *key_wanted)
{
	char key[SB_LABEL_KEY + 1] = "";
	size_t len = strlen(text);
	char *copy = malloc(len ? len : 1); /* of just that size, for the sanitizers */
	enum sb_name got;

	memcpy(copy, text, len);
	got = sb_name_read(copy, len, key);
	free(copy);
	ok(got == wanted && (key_wanted == NULL || strcmp(key, key_wanted) == 0), text);
}

static void
names(void)
{
	static const char *const bad[] = {
		"",      "/",     "a/",     "/a",       "a//b",   ".",        "..",       "a/../b", "../a",
		"a/..",  "a/./b", "%2e%2E", "a/%2e./b", "a%2F..", "%2e",      "a%",       "a%2",    "a%2g",
		"a%00b", "a%0ab", "a%7f",   "%ff",      "%c0%ae", "a%2f%2fb", "%ed%a0%80"};
	char text[3 * SB_LABEL_KEY + 8];
	char one[SB_NAME_LENGTH + 1];
	char other[SB_NAME_LENGTH + 1];

	name("uploads/7/a-b_c.~1.png", SB_NAME_GOOD, "uploads/7/a-b_c.~1.png");
	name("a%20b%2fc/%C3%A9", SB_NAME_GOOD, "a b/c/\303\251");
	name("...", SB_NAME_GOOD, "...");
	name("a..", SB_NAME_GOOD, "a..");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		name(bad[i], SB_NAME_BAD, NULL);
	memset(text, 'a', sizeof(text));
	text[SB_LABEL_KEY] = '\0';
	name(text, SB_NAME_GOOD, text);
	text[SB_LABEL_KEY] = 'a';
	text[SB_LABEL_KEY + 1] = '\0';
	name(text, SB_NAME_LONG, NULL);

	ok(sb_name_make("abc", one), "a file has a name");
	is_str(one, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		   "the SHA-256 of its key (FIPS 180-2)");
	ok(sb_name_make("Abc", other) && strcmp(one, other) != 0, "letters differ by their case");
}

/* ---- lists ----------------------------------------------------------------------------------- */

/* A thousand keys, in an order of their own, a page at a time. */
static void
listings(void)
{
	struct sb_label label = {.tag = "t"};
	char after[SB_LABEL_KEY + 1] = "";
	int seen = 0;
	bool is_right = true;
	bool more = true;

	while (more && seen <= 1000)
	{
		struct sb_listing listing = {.after = after, .most = 7};

		for (int i = 0; i < 1000; i++)
		{
			label.size = (uint64_t) (i * 387 % 1000);
			snprintf(label.key, sizeof(label.key), "%04d", i * 387 % 1000);
			sb_listing_add(&listing, &label, 1);
		}
		sb_listing_sort(&listing);
		more = listing.is_truncated;
		for (int i = 0; i < listing.count; i++, seen++)
			is_right = is_right && atoi(listing.objects[i].key) == seen &&
					   listing.objects[i].size == (uint64_t) seen;
		if (listing.count > 0)
			strcpy(after, listing.objects[listing.count - 1].key);
		sb_listing_free(&listing);
	}
	ok(is_right, "pages of seven are in the order of keys");
	is_int(seen, 1000, "and are all of them, once each");
}

/* ---- labels ---------------------------------------------------------------------------------- */

static void
labels(void)
{
	struct sb_label label = {"media/1/\303\251.png", "image/png",
							 "0123456789abcdef0123456789abcdef", 70};
	struct sb_label again = {""};
	struct sb_label largest = {.size = UINT64_MAX};
	char text[SB_LABEL_SIZE];
	bool good = true;

	sb_label_write(&label, text);
	ok(sb_label_read(&again, text, 70) && strcmp(again.key, label.key) == 0 &&
		   strcmp(again.type, label.type) == 0 && strcmp(again.tag, label.tag) == 0 &&
		   again.size == 70,
	   "a label is read as it was written");
	ok(!sb_label_read(&again, text, 71), "not behind an object of another size");
	for (size_t i = 0; i < 96; i++)
	{
		char was = text[i];

		text[i] = '\0';
		good &= !sb_label_read(&again, text, 70);
		text[i] = was;
	}
	ok(good, "nor with a NUL within");
	memset(text, 'x', sizeof(text));
	ok(!sb_label_read(&again, text, 70), "other bytes are none");
	memset(text, '\n', sizeof(text));
	ok(!sb_label_read(&again, text, 70), "nor are empty lines");
	memset(largest.key, 'k', SB_LABEL_KEY);
	memset(largest.type, 't', SB_LABEL_TYPE);
	memset(largest.tag, 'f', SB_LABEL_TAG);
	sb_label_write(&largest, text);
	ok(sb_label_read(&again, text, UINT64_MAX) && strlen(again.key) == SB_LABEL_KEY &&
		   strlen(again.type) == SB_LABEL_TYPE,
	   "the largest has room");
}

/* ---- ranges ---------------------------------------------------------------------------------- */

static void
range(const char *text, enum sb_range wanted, uint64_t first, uint64_t length)
{
	uint64_t got_first = 0;
	uint64_t got_length = 0;
	enum sb_range got = sb_range_read(text, 100, &got_first, &got_length);

	ok(got == wanted && (got != SB_RANGE_PART || (got_first == first && got_length == length)),
	   *text ? text : "no text");
}

static void
ranges(void)
{
	static const char *const whole[] = {"",          "bytes",       "bytes=",    "bytes=-",
										"bytes=a-b", "bytes=5",     "bytes=5-4", "bytes=0-1,3-4",
										"lines=0-1", "bytes=0-1 x", "bytes=--1", "bytes=1-2-3",
										"bytes 0-1", "bytes=+1-2",  "bytes=0 -1"};
	uint64_t first;
	uint64_t length;

	range("bytes=0-0", SB_RANGE_PART, 0, 1);
	range("bytes=0-", SB_RANGE_PART, 0, 100);
	range("bytes=10-19", SB_RANGE_PART, 10, 10);
	range("Bytes= 99-99 ", SB_RANGE_PART, 99, 1);
	range("bytes=90-1000", SB_RANGE_PART, 90, 10);
	range("bytes=90-99999999999999999999999", SB_RANGE_PART, 90, 10);
	range("bytes=-1", SB_RANGE_PART, 99, 1);
	range("bytes=-100", SB_RANGE_PART, 0, 100);
	range("bytes=-1000", SB_RANGE_PART, 0, 100);
	range("bytes=100-", SB_RANGE_BEYOND, 0, 0);
	range("bytes=99999999999999999999999-", SB_RANGE_BEYOND, 0, 0);
	range("bytes=-0", SB_RANGE_BEYOND, 0, 0);
	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		range(whole[i], SB_RANGE_WHOLE, 0, 0);
	ok(sb_range_read("bytes=0-0", 0, &first, &length) == SB_RANGE_BEYOND &&
		   sb_range_read("bytes=-5", 0, &first, &length) == SB_RANGE_BEYOND,
	   "nothing has no parts");
}

/* ---- lists of parts -------------------------------------------------------------------------- */

#define TAG               "0123456789abcdef0123456789abcdef"
#define ROOT              "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
#define PART(number, tag) "<Part>\n<ETag>" tag "</ETag><PartNumber>" number "</PartNumber></Part>"

static void
list(const char *text, int wanted, const char *what)
{
	static struct sb_complete_part parts[SB_COMPLETE_PARTS];
	size_t len = strlen(text);
	char *copy = malloc(len ? len : 1);
	int got;

	memcpy(copy, text, len);
	got = sb_complete_read(copy, len, parts);
	free(copy);
	is_int(got, wanted, what);
	if (wanted > 0)
		ok(parts[0].number == 1 && strcmp(parts[0].tag, TAG) == 0, "with its number and tag");
}

static void
lists(void)
{
	list(ROOT PART("1", "\"" TAG "\""), 1, "a part");
	list(ROOT PART("1", "&quot;" TAG "&quot;") PART("10000", "x"), 2, "escaped quotes");
	list(ROOT PART("1", "&#34;" TAG "&#34;"), 1, "by their number");
	list(ROOT PART("1", TAG), 1, "no quotes");
	list(ROOT PART("2", TAG) PART("1", TAG), -1, "another order");
	list(ROOT PART("1", TAG) PART("1", TAG), -1, "one twice");
	list("", 0, "nothing");
	list(ROOT, 0, "no parts");
	list(PART("1", TAG), 0, "another root");
	list("<!DOCTYPE x [<!ENTITY a 'b'>]>" ROOT PART("1", TAG), 0, "declarations");
	list(ROOT PART("0", TAG), 0, "number 0");
	list(ROOT PART("-1", TAG), 0, "a negative one");
	list(ROOT PART("123456", TAG), 0, "a large one");
	list(ROOT "<Part><ETag>" TAG "</ETag></Part>", 0, "no number");
	list(ROOT "<Part><PartNumber>1</PartNumber></Part>", 0, "no tag");
	list(ROOT "<Part><PartNumber>1</PartNumber><ETag>", 0, "cut short");
	list(ROOT "<Part>", 0, "shorter");
	list(ROOT "<Part", 0, "shorter yet");
}

/* ---- playlists ------------------------------------------------------------------------------- */

static void
address(struct sb_buffer *out, const char *name, size_t len, void *arg)
{
	sb_buffer_printf(out, "<%.*s>", (int) len, name);
}

static void
playlist(const char *text, const char *wanted, const char *what)
{
	struct sb_buffer out = {0};
	size_t len = strlen(text);
	char *copy = malloc(len ? len : 1); /* of just that size, for the sanitizers */

	memcpy(copy, text, len);
	sb_playlist_write(&out, copy, len, address, NULL);
	sb_buffer_putc(&out, '\0');
	is_str(out.data, wanted, what);
	sb_buffer_free(&out);
	free(copy);
}

static void
playlists(void)
{
	playlist("#EXTM3U\n#EXTINF:6.0,\n#EXT-X-BYTERANGE:10@0\nstream_0.m4s\n#EXT-X-ENDLIST\n",
			 "#EXTM3U\n#EXTINF:6.0,\n#EXT-X-BYTERANGE:10@0\n<stream_0.m4s>\n#EXT-X-ENDLIST\n",
			 "a line that is no comment");
	playlist("#EXT-X-MAP:URI=\"a.m4s\",BYTERANGE=\"1@0\"\n",
			 "#EXT-X-MAP:URI=\"<a.m4s>\",BYTERANGE=\"1@0\"\n", "an attribute of a tag");
	playlist("a\r\n\r\n#URI=\"b\"\r\nc", "<a>\r\n\r\n#URI=\"<b>\"\r\n<c>",
			 "other ends of lines, and none");
	playlist("", "", "nothing");
	playlist("\n\n", "\n\n", "empty lines");
	playlist("../a\na/b\nhttps://a.example/b\n.\n..\n.a\na b\na?b\na%2fb\n",
			 "../a\na/b\nhttps://a.example/b\n.\n..\n.a\na b\na?b\na%2fb\n",
			 "what is more than a name");
	playlist("#URI=\"a\n#URI=\"\n#URI=\"\"\n#\n", "#URI=\"a\n#URI=\"\n#URI=\"\"\n#\n",
			 "attributes that are none");
}

int
main(void)
{
	names();
	listings();
	labels();
	ranges();
	lists();
	playlists();
	return done_testing();
}
