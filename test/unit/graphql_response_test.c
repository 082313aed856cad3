/* graphql_response_test.c owns the tests of response bodies (GraphQL specification, section 7). */
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
	ask("{ allPosts { id } }", NULL);
	has(respond(&failed), "\"path\":[\"allPosts\"]", "a non-null one");
	has(body, "\"data\":null", "takes the data with it");
	ask("{ me { id } post(id: 1) { id } }", NULL);
	has(respond(&failed), "[{\"message\":\"canceled \\\"x\\\"\",\"extensions\"",
		"with several root fields none is to blame");
	has(body, "\"data\":null", "and there is no data");
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
	test_mutation();
	test_request_errors();
	free(body);
	stop();
	return done_testing();
}
