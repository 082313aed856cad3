/* graphql_cache_test.c owns the tests of the plan cache: what shares a plan, and what must not. */
#include "graphql_request.h"

static struct sb_graphql_stats
stats(void)
{
	struct sb_graphql_stats now;

	sb_graphql_get_stats(service, &now);
	return now;
}

/* True when the document was answered from the cache. */
static bool
hit(const char *document, const char *variables)
{
	uint64_t before = stats().hits;

	ask(document, variables);
	return stats().hits > before;
}

static void
test_literals(void)
{
	uint64_t id;

	ok(!hit("{ hashtagPosts(tag: \"one\", first: 3) { id title } }", NULL), "first seen");
	id = asked->steps[0].select.id;
	ok(hit("{ hashtagPosts(tag: \"two\", first: 4) { id title } }", NULL), "other literals");
	is_str(value(1), "two", "have their own values");
	is_str(value(2), "4", "each of them");
	ok(asked->steps[0].select.id == id, "and the same prepared statement");
	ok(hit("{hashtagPosts(tag:\"\"\"\n  three\n\"\"\",,first:5)# c\n{id,title}}", NULL),
	   "white space, commas, comments and the kind of quotes do not matter");
	is_str(value(1), "three", "a block string is a string");
	ok(!hit("{ hashtagPosts(first: 3, tag: \"one\") { id title } }", NULL), "another order is new");
	ok(asked->steps[0].select.id == id, "but the same SQL has the same name");
	ok(!hit("{ hashtagPosts(tag: \"one\", first: 3) { title id } }", NULL), "other fields are new");
	ok(asked->steps[0].select.id != id, "and have another name");
	ok(!hit("{ hashtagPosts(tag: \"one\", first: 3) { id t: title } }", NULL), "an alias is new");
}

static void
test_wrong_literals(void)
{
	ok(!hit("{ allPosts(first: 3) { id } }", NULL), "first seen");
	refused("{ allPosts(first: 99999999999) { id } }", NULL, "GRAPHQL_VALIDATION_FAILED", "1:19",
			"32 bits");
	refused("{ allPosts(first: \"3\") { id } }", NULL, "GRAPHQL_VALIDATION_FAILED", "1:19",
			"32 bits");
	refused("{ allPosts(first: 3.0) { id } }", NULL, "GRAPHQL_VALIDATION_FAILED", "1:19",
			"32 bits");
	nulled("{ allPosts(first: 101) { id } }", NULL, "LIMIT_EXCEEDED", "1:19", "at most 100",
		   "[\"allPosts\"]");
	nulled("{ allPosts(first: -1) { id } }", NULL, "BAD_USER_INPUT", "1:19", "at least 0",
		   "[\"allPosts\"]");
	ok(hit("{ allPosts(first: 4) { id } }", NULL), "the plan is still there");
	ok(!hit("{ post(id: 1) { id } }", NULL), "an id as a number");
	ok(!hit("{ post(id: \"1\") { id } }", NULL), "and as a string");
	ok(!hit("{ x: allPosts(first: 3) { id } x: allPosts(first: 3) { title } }", NULL),
	   "merging fields");
	ok(hit("{ x: allPosts(first: 4) { id } x: allPosts(first: 4) { title } }", NULL),
	   "with equal literals");
	refused("{ x: allPosts(first: 3) { id } x: allPosts(first: 4) { title } }", NULL,
			"GRAPHQL_VALIDATION_FAILED", NULL, "different arguments");
}

static void
test_variables(void)
{
	const char *document = "query ($n: Int) { allPosts(first: $n) { id } }";
	const char *switched = "query ($on: Boolean = true) { me { id bio @include(if: $on) } }";

	ok(!hit(document, "{\"n\": 1}"), "first seen");
	ok(hit(document, "{\"n\": 2}"), "other values");
	is_str(value(1), "2", "count");
	ok(hit(document, NULL), "no values");
	is_str(value(1), "20", "mean the default");
	refused(document, "{\"n\": \"2\"}", "BAD_USER_INPUT", "1:8", "32 bits");
	ok(!hit("query ($n: Int = 5) { allPosts(first: $n) { id } }", NULL),
	   "a default belongs to the shape");
	is_str(value(1), "5", "and counts");
	ok(!hit("query ($n: Int = 6) { allPosts(first: $n) { id } }", NULL), "another one is new");
	is_str(value(1), "6", "and counts");
	ok(!hit(switched, NULL), "a switch left to its default");
	has(sql(), "bio", "keeps the field");
	ok(!hit(switched, "{\"on\": false}"), "switched off is another shape");
	ok(!strstr(sql(), "bio"), "without the field");
	ok(!hit(switched, "{\"on\": true}"), "switched on is a third");
	ok(hit(switched, "{\"on\": false}"), "and all are remembered");
	ok(!strstr(sql(), "bio"), "apart");
	refused(switched, "{\"on\": null}", "BAD_USER_INPUT", NULL, "not null");
	refused(switched, "{\"on\": 1}", "BAD_USER_INPUT", NULL, "true or false");
}

static void
test_places(void)
{
	struct sb_graphql_result failed = {.error_message = "no such post", .error_code = "NOT_FOUND"};
	size_t len;
	char *body;

	ask("mutation { likePost(postId: 1) { success } }", NULL);
	ok(hit("\n  mutation {\n    likePost(postId: 12345) { success } }", NULL),
	   "the same elsewhere");
	body = sb_graphql_respond(asked, &failed, &len);
	has(body, "\"locations\":[{\"line\":3,\"column\":5}]", "points to its own line");
	free(body);
}

static void
test_operation_names(void)
{
	const char *two = "query A { me { id } } query B { me { bio } }";

	ask_operation(two, NULL, "A", true);
	ask_operation(two, NULL, "B", true);
	has(sql(), "bio", "the operation name belongs to the shape");
}

static void
test_eviction(void)
{
	struct sb_graphql_limits limits = sb_graphql_limits_default;
	char document[64];
	struct sb_graphql_execution *kept;

	limits.cache_entries = 4;
	start(&limits);
	ask("{ me { id } }", NULL);
	kept = asked;
	asked = NULL;
	for (int i = 0; i < 10; i++)
	{
		snprintf(document, sizeof(document), "{ a%d: me { id } }", i);
		ask(document, NULL);
	}
	is_int(stats().entries, 4, "the cache is bounded");
	is_int((int64_t) stats().evictions, 7, "the rest went");
	ok(hit("{ a9: me { id } }", NULL), "the newest stay");
	ok(hit("{ a6: me { id } }", NULL), "down to the bound");
	ok(!hit("{ a5: me { id } }", NULL), "the oldest do not");
	ok(!hit("{ a7: me { id } }", NULL), "the least recently used went for it");
	has(kept->steps[0].select.sql, "social.viewer_id()", "a running request keeps its plan");
	sb_graphql_execution_free(kept);
	limits.cache_entries = 0;
	start(&limits);
	ask("{ me { id } }", NULL);
	ok(!hit("{ me { id } }", NULL), "no entries, no hits");
}

/* True when neither tokens nor shape of the document were made anew. */
static bool
known(const char *document, const char *variables)
{
	uint64_t before = stats().known;

	ask(document, variables);
	return stats().known > before;
}

/* Asks until the text is remembered. */
static void
make_known(const char *document, const char *variables)
{
	for (int i = 0; i < 3; i++)
		ask(document, variables);
}

/* Texts that come again and again (issue 12, Speed). */
static void
test_texts(void)
{
	const char *one = "{ hashtagPosts(tag: \"one\", first: 3) { id } }";
	const char *switched = "query ($on: Boolean!) { me { id bio @include(if: $on) } }";
	const char *valued = "query ($n: Int) { allPosts(first: $n) { id } }";
	struct sb_graphql_result failed = {.error_message = "no such user", .error_code = "NOT_FOUND"};
	size_t len;
	char *body;

	start(NULL);
	ok(!known(one, NULL) && !known(one, NULL) && !known(one, NULL),
	   "what came once or twice is not remembered");
	ok(known(one, NULL), "then it is");
	is_str(value(1), "one", "with its literals");
	is_str(value(2), "3", "all of them");
	ok(!known("{ hashtagPosts(tag: \"two\", first: 3) { id } }", NULL), "another one is another");
	is_str(value(1), "two", "and has its own");
	ok(!known("{ hashtagPosts(tag: \"one\", first: 3) { id} }", NULL), "to the byte");
	ok(known(one, NULL), "the first is still there");
	make_known(valued, "{\"n\": 1}");
	ok(known(valued, "{\"n\": 2}"), "variables are no part of it");
	is_str(value(1), "2", "and count");
	refused(valued, "{\"n\": \"2\"}", "BAD_USER_INPUT", "1:8", "32 bits");
	nulled(valued, "{\"n\": 101}", "LIMIT_EXCEEDED", "1:35", "at most 100", "[\"allPosts\"]");
	ok(known(valued, NULL), "what is refused leaves it as it is");
	for (int i = 0; i < 6; i++)
		ok(!known(switched, i % 2 ? "{\"on\": true}" : "{\"on\": false}") &&
			   !strstr(sql(), "bio") == !(i % 2),
		   "but where they decide about fields, it is never remembered");
	make_known("\n  mutation {\n    followUser(userId: 1) { success } }", NULL);
	ok(known("\n  mutation {\n    followUser(userId: 1) { success } }", NULL), "a mutation");
	body = sb_graphql_respond(asked, &failed, &len);
	has(body, "\"locations\":[{\"line\":3,\"column\":5}]", "knows its places");
	free(body);
	ok(!ask_operation("\n  mutation {\n    followUser(userId: 1) { success } }", NULL, NULL, false),
	   "and is refused over GET all the same");
	is_int(ask_apart(one), 1, "a query that runs apart");
}

static void
test_text_operations(void)
{
	const char *two = "query A { me { id } } query B { me { bio } }";

	for (int i = 0; i < 4; i++)
		ask_operation(two, NULL, "A", true);
	ask_operation(two, NULL, "B", true);
	has(sql(), "bio", "the operation's name is part of a text");
	ask_operation(two, NULL, "A", true);
	ok(!strstr(sql(), "bio"), "of either");
}

/* Plans go while texts stay, and texts that are large or many are not kept. */
static void
test_text_bounds(void)
{
	struct sb_graphql_limits limits = sb_graphql_limits_default;
	char *large = malloc(40001);
	char document[64];

	limits.cache_entries = 1;
	start(&limits);
	make_known("{ post(id: 7) { id } }", NULL);
	ok(known("{ post(id: 7) { id } }", NULL), "a text is remembered");
	ask("{ me { id } }", NULL);
	ok(!hit("{ post(id: 7) { id } }", NULL), "its plan has gone");
	is_str(value(1), "7", "a new one is made of it");
	ok(known("{ post(id: 7) { id } }", NULL), "and found by it");
	memset(large, ' ', 40000);
	memcpy(large, "{ me { id } }", 13);
	large[40000] = '\0';
	make_known(large, NULL);
	ok(!known(large, NULL), "a large one is not remembered");
	free(large);
	for (int i = 0; i < 3000; i++)
	{
		snprintf(document, sizeof(document), "{ post(id: %d) { id } }", i % 1000);
		ask(document, NULL);
		if (atoi(value(1)) != i % 1000)
			ok(false, "each has its own literals, however many there are");
	}
	ok(stats().hits > 2000, "many come in turn");
}

int
main(void)
{
	start(NULL);
	test_literals();
	test_wrong_literals();
	test_variables();
	test_places();
	test_operation_names();
	test_eviction();
	test_texts();
	test_text_operations();
	test_text_bounds();
	stop();
	return done_testing();
}
