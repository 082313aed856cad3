/*
 * bridge_url_test.c: http/url.c and utf8.c, each accepted target beside its malformed neighbours.
 */
#include "http/url.h"
#include "tap.h"
#include "base/utf8.h"

static struct sb_arena arena;
static struct sb_url url;

static bool
parses(const char *target)
{
	return sb_url_parse(&url, &arena, target, strlen(target)) == NULL;
}

static void
test_path(void)
{
	ok(parses("/") && url.nsegments == 0, "the root has no segment");
	ok(parses("/a/b/") && url.nsegments == 2, "the last slash adds none");
	ok(parses("/a//b") && url.nsegments == 3, "an empty segment counts");
	is_str(url.segments[1], "", "and is empty");
	ok(parses("/a//") && url.nsegments == 2, "one last slash is cut, not two");
	ok(parses("/%61%2Fb/\xc3\xa9") && url.nsegments == 2, "escapes and UTF-8");
	is_str(url.segments[0], "a/b", "an escaped slash cuts nothing");
	ok(parses("http://h:1/a?b") && url.nsegments == 1, "an absolute target");
	is_int((int64_t) url.path_len, 2, "its path");
	ok(parses("https://h") && url.nsegments == 0, "an absolute target without a path");
	ok(!parses("/%") && !parses("/%4") && !parses("/%zz") && !parses("/%4g"), "broken escapes");
	ok(!parses("/%00") && !parses("/%ff") && !parses("/\xc0\xaf"), "no text");
	ok(!parses("/a b") && !parses("/a#b") && !parses("/a\x7f"), "to be escaped");
	ok(parses("/1/2/3/4/5/6/7/8/9/10/11/12") && !parses("/1/2/3/4/5/6/7/8/9/10/11/12/13"),
	   "as many segments as there is room for");
}

static bool
begins(const char *target)
{
	return sb_url_begins(target, strlen(target), "/api/ev", 7);
}

static void
test_begins(void)
{
	ok(begins("/api/ev") && begins("/api/events?x") && begins("/%61pi%2fe%76"),
	   "a path as written");
	ok(begins("http://h:1/api/ev") && begins("HTTPS://h/%61pi/ev"), "of an absolute target");
	ok(!begins("/api/e") && !begins("/api") && !begins(""), "a shorter one does not");
	ok(!begins("/api/e%7") && !begins("/api/e%") && !begins("/api/e%7g"), "nor do broken escapes");
	ok(!begins("/x/api/ev") && !begins("//api/ev") && !begins("http://h?/api/ev"), "nor others");
	ok(sb_url_begins("/api/e%76", 9, "/api/ev", 7) && !sb_url_begins("/api/e%76", 8, "/api/ev", 7),
	   "it is as long as is said");
}

static void
test_query(void)
{
	bool twice;

	ok(parses("/?a=1&b=x%20y+z&c&=d&&e=%26") && url.nquery == 5, "pairs");
	is_str(sb_url_query(&url, "b", &twice), "x y z", "escapes and plus");
	is_str(sb_url_query(&url, "c", &twice), "", "a name alone");
	is_str(sb_url_query(&url, "e", &twice), "&", "an escaped ampersand cuts nothing");
	is_str(sb_url_query(&url, "f", &twice), NULL, "an unknown name");
	ok(parses("/?a=1&a=2"), "a name twice parses");
	sb_url_query(&url, "a", &twice);
	ok(twice, "and is noticed");
	ok(!parses("/?a=%") && !parses("/?%=a") && !parses("/?a=%00") && !parses("/?a=%fe"), "broken");
}

static void
test_escape(void)
{
	is_str(sb_url_escape(&arena, "aZ09-._~"), "aZ09-._~", "unreserved characters stay");
	is_str(sb_url_escape(&arena, "#a b&c=%+/\r\n\""), "%23a%20b%26c%3D%25%2B%2F%0D%0A%22",
		   "all others do not");
	is_str(sb_url_escape(&arena, "\xc3\xa9"), "%C3%A9", "nor bytes of a longer character");
	is_str(sb_url_escape(&arena, ""), "", "nothing");
}

static void
test_utf8(void)
{
	ok(sb_utf8_is_text("a\xc2\x80\xe0\xa0\x80\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", 14), "all widths");
	ok(!sb_utf8_is_text("a\0b", 3), "a NUL is no text");
	ok(!sb_utf8_is_text("\xc1\xbf", 2) && !sb_utf8_is_text("\xe0\x9f\xbf", 3) &&
		   !sb_utf8_is_text("\xf0\x8f\xbf\xbf", 4),
	   "overlong forms");
	ok(!sb_utf8_is_text("\xed\xa0\x80", 3), "a surrogate");
	ok(!sb_utf8_is_text("\xf4\x90\x80\x80", 4) && !sb_utf8_is_text("\xf5\x80\x80\x80", 4),
	   "too large");
	ok(!sb_utf8_is_text("\xc3", 1) && !sb_utf8_is_text("\xe2\x82", 2) &&
		   !sb_utf8_is_text("\xf0\x9f\x98", 3) && !sb_utf8_is_text("\x80", 1),
	   "cut off, or a tail alone");
}

int
main(void)
{
	test_path();
	test_begins();
	test_query();
	test_escape();
	test_utf8();
	sb_arena_free(&arena);
	return done_testing();
}
