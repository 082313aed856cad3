/*
 * bridge_etag_test.c: entity tags and lists of them (issue 13, line 3; RFC 9110
 * sections 8.8.3, 13.1).
 */
#include <string.h>

#include "http/etag.h"
#include "tap.h"

/* Our tag is "12ab.00ff"; the list is If-None-Match (weakly), then If-Match (strongly). */
struct list_case
{
	const char *list;
	bool weakly;
	bool strongly;
	const char *versions; /* that If-Match names; NULL: malformed */
};

static const struct list_case list_cases[] = {
	{"\"12ab.00ff\"", true, true, "{12ab}"},
	{"W/\"12ab.00ff\"", true, false, "{}"},
	{"*", true, true, "{*}"},
	{" * ", true, true, "{*}"},
	{"\"x\", \"12ab.00ff\"", true, true, "{12ab}"},
	{"\"x\",\"12ab.00ff\",\"y\"", true, true, "{12ab}"},
	{"\"1.a\" , W/\"2.b\" ,\t\"3.c\"", false, false, "{1,3}"},
	{",, \"12ab.00ff\" ,,", true, true, "{12ab}"},
	{"\"12ab.00ff-gzip\"", true, true, "{12ab}"},
	{"\"12ab.00ff-br\"", true, true, "{12ab}"},
	{"\"12ab.00fe\"", false, false, "{12ab}"}, /* the same version with other counts */
	{"\"00ff\"", false, false, "{}"},
	{"\"12ab\"", false, false, "{}"},
	{"\"12ab.\"", false, false, "{12ab}"},
	{"\".00ff\"", false, false, "{}"},
	{"\"12AB.00ff\"", false, false, "{}"},
	{"\"{1,2}.00ff\"", false, false, "{}"}, /* an array is made of digits alone */
	{"\"123456789012345678901.0\"", false, false, "{}"},
	{"\"\"", false, false, "{}"},
	{"", false, false, "{}"},
	{"12ab.00ff", false, false, NULL},
	{"\"12ab.00ff", false, false, NULL},
	{"\"12ab.00ff\" \"x\"", false, false, NULL},
	{"\"12ab.00ff\"x", false, false, NULL},
	{"w/\"12ab.00ff\"", false, false, NULL},
	{"W/ \"12ab.00ff\"", false, false, NULL},
	{"**", false, false, NULL},
	{"*, \"12ab.00ff\"", false, false, NULL},
	{"\"1.0\", *", true, true, NULL},
	{"\"a b\"", false, false, NULL},
	{"\"12ab.00ff\", x", true, true, NULL},
};

int
main(void)
{
	char tag[SB_ETAG_SIZE];
	char other[SB_ETAG_SIZE];
	char versions[64];
	char small[9];

	for (size_t i = 0; i < sizeof(list_cases) / sizeof(list_cases[0]); i++)
	{
		const struct list_case *c = &list_cases[i];
		bool good = sb_etag_versions(c->list, true, versions, sizeof(versions));

		if (c->versions)
		{
			is_int(sb_etag_is_listed(c->list, "\"12ab.00ff\"", false), c->weakly, c->list);
			is_int(sb_etag_is_listed(c->list, "\"12ab.00ff\"", true), c->strongly, c->list);
		}
		is_str(good ? versions : NULL, c->versions, c->list);
	}
	ok(sb_etag_versions("\"12345.0\"", true, small, sizeof(small)), "an array that fits");
	is_str(small, "{12345}", "fills its room");
	ok(!sb_etag_versions("\"123456.0\"", true, small, sizeof(small)), "one more does not fit");

	sb_etag_make(tag, "12ab", "{}", 2);
	is_int((int64_t) strlen(tag), 2 + 5 + 32, "version, dot, digest, quotes");
	ok(strncmp(tag, "\"12ab.", 6) == 0, "the version stands first");
	sb_etag_make(other, "12ab", "[]", 2);
	ok(strcmp(tag, other) != 0, "other bytes, another tag");
	sb_etag_make(other, "12ab", "{}", 2);
	is_str(other, tag, "the same in every process");
	sb_etag_make(other, NULL, "{}", 2);
	is_int((int64_t) strlen(other), 34, "without a version");
	ok(!sb_etag_is_listed(other, tag, false), "is another tag");
	sb_etag_add_coding(other, "gzip");
	ok(strcmp(other + strlen(other) - 6, "-gzip\"") == 0, "a coding stands behind");
	sb_etag_make(tag, NULL, "{}", 2);
	ok(sb_etag_is_listed(other, tag, true), "and names the same bytes");
	return done_testing();
}
