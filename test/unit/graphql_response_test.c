/* graphql_response_test.c owns the tests of response bodies (GraphQL specification, section 7). */
#include "core/cursor.h"
#include "graphql/schema.h"
#include "graphql_request.h"

static char *body;

static const char *
respond(const struct sb_graphql_result *results)
{
	size_t len;

	free(body);
	body = sb_graphql_respond(asked, results, &len);
	if (len != strlen(body))
		printf("# length %zu is not that of %s\n", len, body);
	return body;
}

static struct sb_graphql_result
data(const char *json)
{
	return (struct sb_graphql_result){.json = json, .json_len = strlen(json)};
}

static void
test_query(void)
{
	struct sb_graphql_result result = data("{\"me\":null}");
	struct sb_graphql_result failed = {.error_message = "canceled \"x\"", .error_code = "TIMEOUT"};

	ask("{ me { id } }", NULL);
	is_str(respond(&result), "{\"data\":{\"me\":null}}", "the database's bytes are the data");
	is_str(sb_graphql_refusal(asked), NULL, "no refusal");
	ask("{ me { id } }", NULL);
	is_str(respond(&failed),
		   "{\"errors\":[{\"message\":\"canceled "
		   "\\\"x\\\"\",\"locations\":[{\"line\":1,\"column\":3}],"
		   "\"path\":[\"me\"],\"extensions\":{\"code\":\"TIMEOUT\"}}],\"data\":{\"me\":null}}",
		   "a nullable root field becomes null");
	ok(!asked->is_divisible && sb_graphql_is_partial(asked), "which is all there is to say");
	ask("{ me { id } post(id: 1) { id } }", NULL);
	has(respond(&failed), "[{\"message\":\"canceled \\\"x\\\"\",\"extensions\"",
		"with several root fields none is to blame");
	has(body, "\"data\":null", "and there is no data");
	ok(asked->is_divisible, "but it can be run apart");
	ask("{ me { id } __typename t: __typename __schema { queryType { name } } }", NULL);
	ok(!asked->is_divisible, "not where one field reads rows");
}

/* Issue 12, line 4: one root field that raises does not lose its siblings. */
static void
test_apart(void)
{
	struct sb_graphql_result results[3] = {
		data("{\"me\":{\"id\":\"1\"}}"),
		{.error_message = "no", .error_code = "BAD_REQUEST"},
		data("{\"b\":null}"),
	};
	const char *document = "{ t: __typename me { id }\n a: post(id: 1) { id } s: __schema {"
						   " queryType { name } } b: post(id: 2) { id } }";

	is_int(ask_apart(document), 3, "three root fields read rows");
	is_str(respond(results),
		   "{\"errors\":[{\"message\":\"no\",\"locations\":[{\"line\":2,\"column\":2}],"
		   "\"path\":[\"a\"],\"extensions\":{\"code\":\"BAD_REQUEST\"}}],\"data\":{\"t\":"
		   "\"Query\",\"me\":{\"id\":\"1\"},\"a\":null,\"s\":{\"queryType\":{\"name\":"
		   "\"Query\"}},\"b\":null}}",
		   "one fails, the others are there, in their order");
	ok(!asked->is_divisible, "it is not done twice");
	ask(document, NULL);
	is_int(asked->nsteps, 1, "a plan for it apart is not remembered");
}

/* Every root field of a query may be null: an error in one that may not would take all others. */
static void
test_nullable_roots(void)
{
	size_t len;
	char *sdl = sb_graphql_sdl(service, &len);
	struct gql_errors errors = {0};
	struct sb_arena arena = {0};
	struct gql_schema *schema;

	errors.arena = &arena;
	schema = gql_schema_compile(&arena, sdl, len, &errors);
	for (int i = 0; i < schema->roots[GQL_QUERY]->nfields; i++)
	{
		const struct gql_field *field = &schema->roots[GQL_QUERY]->fields[i];

		ok(field->type->kind != GQL_NON_NULL, field->name);
	}
	sb_arena_free(&arena);
	free(sdl);
}

/* Fields whose arguments cannot be used, before anything runs (issue 12, line 5). */
static void
test_left_out(void)
{
	ok(ask("{ allPosts(first: 101) { id } me { id } }", NULL), "the other field is asked for");
	ok(!strstr(sql(), "listed_posts"), "this one is not");
	answer_with("{\"allPosts\":null,\"me\":{\"id\":\"1\"}}");
	is_str(code(), "LIMIT_EXCEEDED", "and has an error");
	data_is("{\"allPosts\":null,\"me\":{\"id\":\"1\"}}", "the other one is there");
	nulled("{ post(id: 1) { id\n comments(first: 101) { id } } }", NULL, "LIMIT_EXCEEDED", "2:18",
		   "at most 100", "[\"post\",\"comments\"]");
	data_is("{\"post\":null}", "what may not be null takes what is around it");
	nulled("{ allPosts { author { id } c: comments(first: -1) { id } } }", NULL, "BAD_USER_INPUT",
		   "1:47", "at least 0", "[\"allPosts\",0,\"c\"]");
	ok(ask("{ post(id: 1) { id author { id posts(first: 500) { id } } } }", NULL),
	   "a nullable field around it");
	has(sql(), "NULL AS \"author\"", "is null, and nothing else");
	ok(ask("query ($n: Int) { post(id: 1) { id author { posts(first: $n) { id } } } }",
		   "{\"n\": 500}"),
	   "likewise by a variable");
	ok(ask("query ($n: Int) { post(id: 1) { id author { posts(first: $n) { id } } } }",
		   "{\"n\": 5}") &&
		   strstr(sql(), "author=user.author_id(") != NULL,
	   "which the next request may give better");
	ok(ask("query ($n: Int) { post(id: 1) { id author { posts(first: $n) { id } } } }",
		   "{\"n\": 500}") &&
		   strstr(sql(), "NULL AS \"author\"") != NULL,
	   "and the one after that not");
	refused("mutation { createPost(title: \"a\", content: \"b\") { post { comments(first: 101) { id"
			" } } } }",
			NULL, "LIMIT_EXCEEDED", "1:74", "at most 100");
	is_int(ask_apart("{ allPosts(first: 101) { id } me { id } post(id: 1) { id } }"), 2,
		   "apart too");
}

/*
 * What is no place in the list of a connection within another field is known before anything runs,
 * so that the error is that field's and not the root field's around it (issue 12, line 4).
 */
static void
test_places(void)
{
	char ours[SOCIAL_CURSOR_LENGTH + 1];
	char others[SOCIAL_CURSOR_LENGTH + 1];
	char document[200];
	const char *places[] = {"", "x", "\\u0000", others};

	social_cursor_encode("followers", 1, 2, ours);
	social_cursor_encode("following", 1, 2, others);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
	{
		snprintf(document, sizeof(document),
				 "{ me { id } post(id: 1) { author {\n followersConnection(after: \"%s\") {"
				 " totalCount } } id } }",
				 places[i]);
		nulled(document, NULL, "BAD_USER_INPUT", "2:29", "\"after\" is no place in this list",
			   "[\"post\",\"author\",\"followersConnection\"]");
		has(sql(), "NULL AS \"author\"", "what may be null around it is");
	}
	snprintf(document, sizeof(document), "{\"p\": \"%s\"}", ours);
	ok(ask("query ($p: Cursor) { post(id: 1) { author { followersConnection(after: $p) {"
		   " totalCount } } } }",
		   document) &&
		   strstr(sql(), "NULL AS \"author\"") == NULL,
	   "a place of the list is taken");
	snprintf(document, sizeof(document), "{\"p\": \"%s\"}", others);
	nulled("query ($p: Cursor) { post(id: 1) { author { followersConnection(after: $p) {"
		   " totalCount } } } }",
		   document, "BAD_USER_INPUT", "1:72", "no place",
		   "[\"post\",\"author\",\"followersConnection\"]");
	nulled("query ($p: Cursor) { post(id: 1) { author { followersConnection(last: 1, before: $p) {"
		   " totalCount } } } }",
		   document, "BAD_USER_INPUT", "1:82", "\"before\" is no place",
		   "[\"post\",\"author\",\"followersConnection\"]");
	ok(ask("query ($p: Cursor) { post(id: 1) { author { followersConnection(after: $p) {"
		   " totalCount } } } }",
		   "{\"p\": null}") &&
		   strstr(sql(), "NULL AS \"author\"") == NULL,
	   "null is none");
	ok(ask("{ followersConnection(userId: 1, after: \"x\") { totalCount } }", NULL),
	   "a root field's the database refuses");
	refused("mutation { followUser(userId: 1) { user { followersConnection(after: \"x\") {"
			" totalCount } } } }",
			NULL, "BAD_USER_INPUT", "1:70", "no place");
}

/* A point in time has one form (issue 12, line 3); the words that PostgreSQL takes are not for
 * clients. */
static void
test_times(void)
{
	static const char *const bad[] = {"",
									  "now",
									  "tomorrow",
									  "2030-01-31",
									  "2030-01-31T12:00:00",
									  "2030-01-31 12:00:00Z",
									  "infinity ",
									  "-infinity"};
	char document[200];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		snprintf(document, sizeof(document),
				 "mutation { muteUser(userId: 1, expiresAt: \"%s\") { success } }", bad[i]);
		refused(document, NULL, "BAD_USER_INPUT", "1:43", "must be a time such as 2030-");
	}
	refused("mutation ($t: DateTime) { muteUser(userId: 1, expiresAt: $t) { success } }",
			"{\"t\": \"yesterday\"}", "BAD_USER_INPUT", "1:58", "\"expiresAt\" must be a time");
	ok(ask("mutation ($t: DateTime) { muteUser(userId: 1, expiresAt: $t) { success } }",
		   "{\"t\": \"2030-01-31T12:00:00.25+05:30\"}"),
	   "a time is taken");
	ok(ask("mutation { updatePost(id: 1, publishAt: \"infinity\") { success } }", NULL),
	   "and the one word that the schema speaks of");
	ok(ask("mutation { muteUser(userId: 1, expiresAt: null) { success } }", NULL), "null is none");
}

/* Announced on request (issue 12, line 5). */
static void
test_cost(void)
{
	const char *document = "{ a: post(id: 1) { id } a: post(id: 1) { id } b: allPosts(first: 3) {"
						   " author { id } } }";
	struct sb_graphql_request request = {
		.document = document, .document_len = strlen(document), .announce_cost = true};
	struct sb_graphql_result result = data("{}");

	forget();
	asked = sb_graphql_prepare(service, &request);
	is_str(respond(&result), "{\"data\":{},\"extensions\":{\"cost\":{\"rows\":7,\"limit\":50000}}}",
		   "one post, three posts, an author for each");
}

static void
test_mutation(void)
{
	struct sb_graphql_result results[2] = {
		{.error_message = "unknown post", .error_code = "NOT_FOUND", .error_detail = "post 9"},
		data("{\"success\":true}"),
	};

	ask("mutation { a: likePost(postId: 9) { success }\n t: __typename\n b: likePost(postId: 1) { "
		"success } }",
		NULL);
	is_int(asked->nsteps, 2, "two steps");
	is_str(respond(results),
		   "{\"errors\":[{\"message\":\"unknown post\",\"locations\":[{\"line\":1,\"column\":12}],"
		   "\"path\":[\"a\"],\"extensions\":{\"code\":\"NOT_FOUND\",\"detail\":\"post 9\"}}],"
		   "\"data\":{\"a\":null,\"t\":\"Mutation\",\"b\":{\"success\":true}}}",
		   "one fails, the other counts");
	results[0] = results[1];
	results[1] = (struct sb_graphql_result){0};
	ask("mutation { a: likePost(postId: 9) { success }\n b: likePost(postId: 1) { success } }",
		NULL);
	has(respond(results),
		"{\"message\":\"internal error\",\"locations\":[{\"line\":2,\"column\":2}],"
		"\"path\":[\"b\"],\"extensions\":{\"code\":\"INTERNAL\"}}",
		"an error without words");
}

static void
test_request_errors(void)
{
	refused("{ me { nothing } }", NULL, "GRAPHQL_VALIDATION_FAILED", "1:8", "no field");
	ok(json_object_get(answer, "data") == NULL, "a request error has no data");
	refused("{ me { id }\n\n  \xC3\xA9 }", NULL, "GRAPHQL_PARSE_FAILED", "3:3", "\xC3\xA9");
	refused("{ me(x: \"\xC3\xA9\xC3\xA9\") y: 1 }", NULL, "GRAPHQL_PARSE_FAILED", "1:18", "");
	refused("{ \xFF }", NULL, "GRAPHQL_PARSE_FAILED", "1:3", "not UTF-8");
	refused("{ me { id } } # \xFF", NULL, "GRAPHQL_PARSE_FAILED", "1:17", "not UTF-8");
}

int
main(void)
{
	start(NULL);
	test_query();
	test_apart();
	test_nullable_roots();
	test_left_out();
	test_places();
	test_times();
	test_cost();
	test_mutation();
	test_request_errors();
	free(body);
	stop();
	return done_testing();
}
