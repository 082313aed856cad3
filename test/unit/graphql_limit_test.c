/*
 * graphql_limit_test.c owns the tests of the limits (mission 3.1): each is met and then exceeded by
 * one, and documents made to hurt are refused in little time and little stack.
 */
#include <time.h>

#include "graphql_request.h"

static char *
repeat(const char *head, const char *part, int n, const char *tail)
{
	size_t each = strlen(part);
	char *text = malloc(strlen(head) + each * (size_t) n + strlen(tail) + 1);
	char *at = text + sprintf(text, "%s", head);

	for (int i = 0; i < n; i++, at += each)
		memcpy(at, part, each);
	strcpy(at, tail);
	return text;
}

/* Asks for head, n times part, and tail; returns the seconds of CPU it took. */
static double
ask_repeated(const char *head, const char *part, int n, const char *tail)
{
	char *document = repeat(head, part, n, tail);
	struct timespec start_time;
	struct timespec end_time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start_time);
	ask(document, NULL);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end_time);
	free(document);
	return (double) (end_time.tv_sec - start_time.tv_sec) +
		   (double) (end_time.tv_nsec - start_time.tv_nsec) / 1e9;
}

/* Whether a query that can be answered is called slow. */
static bool
is_slow(const char *document, const char *variables)
{
	ok(ask(document, variables), document);
	return asked->slow;
}

static void
test_slow_queries(void)
{
	start(NULL);
	ok(!is_slow("{ post(id: 1) { id } }", NULL), "one row is quick");
	ok(!is_slow(
		   "{ allPosts { id author { id } hashtags { tag } mentions { mentionedUser { id } } } }",
		   NULL),
	   "a usual page is quick");
	ok(!is_slow("{ allPosts(first: 96) { hashtags { tag } } }", NULL), "2,976 rows are quick");
	ok(is_slow("{ allPosts(first: 97) { hashtags { tag } } }", NULL), "3,007 are not");
	ok(is_slow("query ($n: Int) { allPosts(first: $n) { hashtags { tag } } }", "{\"n\": 97}"),
	   "by a variable");
	ok(!is_slow("query ($n: Int) { allPosts(first: $n) { hashtags { tag } } }", "{\"n\": 96}"),
	   "nor does one request's page count for the next");
	ok(is_slow("{ searchPostsFts(query: \"a\", first: 1) { id } }", NULL), "a search is slow");
}

static void
test_each_limit(void)
{
	struct sb_graphql_limits limits = sb_graphql_limits_default;

	limits.max_bytes = 20;
	start(&limits);
	ok(ask("{ me { id   bio  } }", NULL), "20 bytes");
	refused("{ me { id   bio   } }", NULL, "LIMIT_EXCEEDED", NULL, "longer than 20 bytes");
	limits = sb_graphql_limits_default;
	limits.max_tokens = 7;
	start(&limits);
	ok(ask("{ me { id bio } }", NULL), "seven tokens");
	refused("{ me { id bio avatar } }", NULL, "LIMIT_EXCEEDED", NULL, "more than 7 tokens");
	limits = sb_graphql_limits_default;
	limits.max_depth = 3;
	start(&limits);
	ok(ask("{ allPosts { author { id } } }", NULL), "depth 3");
	refused("{ allPosts { author { posts { id } } } }", NULL, "LIMIT_EXCEEDED", "1:31",
			"nests too deeply");
	refused("{ allPosts { ...F } } fragment F on Post { author { posts { id } } }", NULL,
			"LIMIT_EXCEEDED", NULL, "nests too deeply");
	limits = sb_graphql_limits_default;
	limits.max_aliases = 2;
	start(&limits);
	ok(ask("{ a: me { id } b: me { id } c: me @skip(if: true) { id } }", NULL),
	   "two aliases count");
	refused("{ a: me { id } b: me { id } c: me { id } }", NULL, "LIMIT_EXCEEDED", "1:29",
			"too many aliases");
	/* Found D3: what merges is one field. */
	ok(ask("{ a: me { id } a: me { bio } b: me { id } ...F } fragment F on Query { a: me { id } }",
		   NULL),
	   "an alias that merges counts once");
	refused("{ a: me { id } a: me { id } b: me { id } b: me { id } c: me { id } }", NULL,
			"LIMIT_EXCEEDED", "1:55", "too many aliases");
	ok(ask("{ me: me { id: id bio: bio } a: me { id } b: me { id } }", NULL),
	   "a field's own name is no other one");
	start(NULL);
	ask_repeated("{", " a: __typename", 51, "}");
	is_str(code(), "", "found D3: 51 copies of one alias are one");
	ask_repeated("{ me {", " a: id", 1600, "} }");
	is_str(code(), "", "or as many as there are tokens");
	ok(ask_repeated("{ me {", " a: id", 1700, "} }") < 1 && strcmp(code(), "LIMIT_EXCEEDED") == 0,
	   "but no more");
}

static void
test_directives(void)
{
	struct sb_graphql_limits limits = sb_graphql_limits_default;

	limits.max_directives = 2;
	start(&limits);
	ok(ask("{ me { id @skip(if: false) bio @include(if: true) } }", NULL), "two directives");
	refused("query ($a: Boolean = true) { me { id @skip(if: $a) bio @include(if: $a) avatar"
			" @skip(if: $a) } }",
			NULL, "LIMIT_EXCEEDED", "1:80", "more than 2 directives");
	refused("{ me { id @a @b @c } }", NULL, "LIMIT_EXCEEDED", "1:17", "more than 2 directives");
	limits.max_directives = 0;
	start(&limits);
	refused("{ me { id @skip(if: false) } }", NULL, "LIMIT_EXCEEDED", "1:11", "more than 0");
}

/* A largest page below the default of a field is that field's default. */
static void
test_small_pages(void)
{
	struct sb_graphql_limits limits = sb_graphql_limits_default;

	limits.max_page_size = 7;
	start(&limits);
	ok(ask("{ allPosts { id } }", NULL), "the default of 20");
	is_str(value(1), "7", "is the largest page");
	ok(ask("query ($n: Int) { allPosts(first: $n) { id } }", "{\"n\": null}"), "likewise for null");
	is_str(value(1), "7", "it is");
	ok(ask("{ hashtagPosts(tag: \"a\") { id } }", NULL), "also in a function");
	ok(strcmp(value(1), "7") == 0 || strcmp(value(2), "7") == 0, "it is");
	ok(ask("{ allPosts(first: 7) { id } }", NULL), "seven may be asked for");
}

static void
test_cost(void)
{
	struct sb_graphql_limits limits = sb_graphql_limits_default;
	const char *document =
		"query ($n: Int) { allPosts(first: 10) { comments(first: $n) { author { id } } } }";

	limits.max_cost = 210;
	start(&limits);
	ok(ask(document, "{\"n\": 10}"), "10 posts + 100 comments + 100 authors");
	refused(document, "{\"n\": 11}", "LIMIT_EXCEEDED", NULL, "more than 210 rows");
	ok(ask(document, "{\"n\": 1}"), "the real page sizes count, on a hit too");
	ok(ask("{ allPosts(first: 10) { comments(first: 10) { id } } }", NULL),
	   "literals count as well");
	refused("{ allPosts(first: 10) { comments(first: 21) { id } } }", NULL, "LIMIT_EXCEEDED", NULL,
			"rows");
	start(NULL);
	ok(ask("{ allPosts { author { id } comments { author { id } replies { author { id } } } } }",
		   NULL),
	   "seed 086: nested pages of default size fit");
	refused("{ allPosts(first: 100) { comments(first: 100) { replies(first: 100) { id } } } }",
			NULL, "LIMIT_EXCEEDED", NULL, "rows");
}

static void
test_introspection_apart(void)
{
	char document[4096] = "{";
	char *at = document + 1;
	struct sb_graphql_limits limits = sb_graphql_limits_default;

	limits.max_depth = 2;
	start(&limits);
	ask("{ __schema { types { fields { type { ofType { ofType { name } } } } } } }", NULL);
	is_int(nerrors(), 0, "introspection has its own depth");
	start(NULL);
	for (int i = 0; i < 50; i++)
		at += sprintf(at, " a%d: __schema { types { ...T } }", i);
	sprintf(at, " } fragment T on __Type { name description fields { name description type { name"
				" fields { name description } } args { name description defaultValue } } }");
	refused(document, NULL, "LIMIT_EXCEEDED", NULL, "introspection answer");
}

static void
test_nesting(void)
{
	struct sb_graphql_limits limits = sb_graphql_limits_default;

	limits.max_bytes = 4 << 20;
	limits.max_tokens = 2000000;
	start(&limits);
	ok(ask_repeated("", "{a", 10000, "") < 1 && strcmp(code(), "LIMIT_EXCEEDED") == 0,
	   "10,000 open braces");
	ok(ask_repeated("{a", "{a", 10000, "") < 1 && nerrors() == 1, "the same with a start");
	ok(ask_repeated("{a(b:", "[", 10000, "") < 1 && strcmp(code(), "LIMIT_EXCEEDED") == 0, "lists");
	ok(ask_repeated("{a(b:", "{c:", 10000, "") < 1 && strcmp(code(), "LIMIT_EXCEEDED") == 0,
	   "objects");
	ok(ask_repeated("query($a:", "[", 10000, "") < 1 && strcmp(code(), "LIMIT_EXCEEDED") == 0,
	   "types");
	ok(ask_repeated("{", "...{", 10000, "") < 1 && strcmp(code(), "LIMIT_EXCEEDED") == 0,
	   "inline fragments");
}

static void
test_large(void)
{
	struct sb_graphql_limits limits = sb_graphql_limits_default;

	limits.max_bytes = 4 << 20;
	limits.max_tokens = 2000000;
	start(&limits);
	ok(ask_repeated("{ me {", " id", 350000, "} }") < 3, "1 MB of one field");
	ok(asked->nsteps == 1, "is one field");
	ok(ask_repeated("{ me {", " x", 500000, "} }") < 1, "1 MB of unknown fields");
	ok(ask_repeated("#", " comment", 130000, "\n{ me { id } }") < 1, "1 MB of comment");
	ok(ask_repeated("{ userByUsername(username: \"", "a", 1000000, "\") { id } }") < 1,
	   "1 MB of string");
	ok(ask_repeated("{ me { ...F } }", " fragment F on User { id }", 40000, "") < 1,
	   "one fragment, often");
	ok(ask_repeated("{ me { id(", "a: 1 ", 200000, ") } }") < 1, "1 MB of arguments");
	ok(ask_repeated("query (", "$a: Int ", 120000, ") { me { id } }") < 1, "1 MB of variables");
	ok(ask_repeated("{ me { id", " @skip(if: false)", 60000, "} }") < 1, "1 MB of directives");
	ok(ask_repeated("", "}", 1000000, "") < 1, "1 MB of closing braces");
}

/* Fragments that double at each level: 2^n fields from n lines. */
static void
test_fragment_bomb(void)
{
	char document[8192];
	char *at = document + sprintf(document, "{ me { ...F0 } }");
	double seconds;

	start(NULL);
	for (int i = 0; i < 30; i++)
		at += sprintf(at,
					  " fragment F%d on User { a: posts { author { ...F%d } } b: posts { author {"
					  " ...F%d } } }",
					  i, i + 1, i + 1);
	sprintf(at, " fragment F30 on User { id }");
	seconds = ask_repeated(document, "", 0, "");
	ok(seconds < 0.5, "doubling fragments cost little");
	is_str(code(), "LIMIT_EXCEEDED", "and are refused");
	at = document + sprintf(document, "{ me { ...F0 } }");
	for (int i = 0; i < 200; i++)
		at += sprintf(at, " fragment F%d on User { ...F%d }", i, i + 1);
	sprintf(at, " fragment F200 on User { id }");
	ok(ask(document, NULL), "a chain of 200 fragments is one field");
}

/* Documents of many parts, each with its own numbers: refused, or fields that are few. */
static void
test_hostile(void)
{
	static const struct
	{
		const char *name;
		const char *head;
		const char *part; /* with its number, and the next one */
		const char *tail;
		int n;
		const char *code; /* "" = it is run */
	} documents[] = {
		{"aliases", "{", " a%d: me { id }", "}", 10000, "LIMIT_EXCEEDED"},
		{"aliases that fit the room", "{", " a%d: me { id }", "}", 800, "LIMIT_EXCEEDED"},
		{"a cycle of fragments", "{ me { ...F0 } } fragment F300 on User { ...F0 }",
		 " fragment F%d on User { id ...F%d }", "", 300, "GRAPHQL_VALIDATION_FAILED"},
		{"many fragments that spread themselves", "{ me { id } }",
		 " fragment F%1$d on User { id ...F%1$d }", "", 400, "GRAPHQL_VALIDATION_FAILED"},
		{"fields that overlap in every fragment", "{ me { ...F0 } } fragment F200 on User { id }",
		 " fragment F%1$d on User { posts { author { ...F%2$d id } } ...F%2$d }", "", 200,
		 "LIMIT_EXCEEDED"},
		{"one set of fields, as often as there is room", "{",
		 " me { posts { author { posts { author { id } } } } }", "}", 240, ""},
		{"the same in fragments", "{ me { ...F0 } } fragment F300 on User { posts { id } }",
		 " fragment F%d on User { posts { id } ...F%d }", "", 300, ""},
		{"different arguments", "{ me {", " posts(first: %d) { id }", "} }", 500,
		 "GRAPHQL_VALIDATION_FAILED"},
		{"variables", "query (", " $v%d: Int", ") { me { id } }", 1200,
		 "GRAPHQL_VALIDATION_FAILED"},
		{"unknown variables", "{ me {", " posts(first: $v%d) { id }", "} }", 400,
		 "GRAPHQL_VALIDATION_FAILED"},
		{"operations", "", " query Q%d { me { id } }", "", 600, "OPERATION_RESOLUTION_FAILURE"},
		{"names that are one", "", " query Q { me { id } }", "", 600, "GRAPHQL_VALIDATION_FAILED"},
	};

	start(NULL);
	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++)
	{
		size_t room = 64 + strlen(documents[i].part);
		char *document = malloc(strlen(documents[i].head) + strlen(documents[i].tail) + 1 +
								room * (size_t) documents[i].n);
		char *at = document + sprintf(document, "%s", documents[i].head);
		double seconds;

		for (int n = 0; n < documents[i].n; n++)
			at += sprintf(at, documents[i].part, n, n + 1);
		strcpy(at, documents[i].tail);
		seconds = ask_repeated(document, "", 0, "");
		if (!ok(seconds < 0.5, documents[i].name))
			printf("#   took %.3f seconds\n", seconds);
		is_str(code(), documents[i].code, "and what becomes of it");
		free(document);
	}
}

int
main(void)
{
	test_slow_queries();
	test_each_limit();
	test_directives();
	test_small_pages();
	test_cost();
	test_introspection_apart();
	test_nesting();
	test_large();
	test_fragment_bomb();
	test_hostile();
	stop();
	return done_testing();
}
