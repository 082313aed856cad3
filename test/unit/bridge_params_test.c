/*
 * bridge_params_test.c: http/params.c, how a request's values become parameters, and the router.
 */
#include "graphql/graphql.h"
#include "http/params.h"
#include "api/routes.h"
#include "http/router.h"
#include "tap.h"

static struct sb_arena arena;
static struct sb_params params;
static const char *values[SB_PARAMS_MAX];

static bool
compiles(const char *spec)
{
	const char *error;

	return sb_params_compile(&params, spec, "/a/{id}/b/{other}/", &error);
}

/* Collects from a target and a body; "ok", or what was wrong. */
static const char *
collect(const char *target, const char *text)
{
	struct sb_url url;
	const char *error = NULL;
	json_t *body =
		text ? sb_params_parse(&arena, "the body", text, strlen(text), false, &error) : NULL;

	if (error == NULL && sb_url_parse(&url, &arena, target, strlen(target)) == NULL)
		error = sb_params_collect(
			&params, &arena,
			&(struct sb_params_input){
				.url = &url, .body = body, .address = "192.0.2.1", .user_agent = "cli/1"},
			values);
	for (int i = 0; i < params.count; i++)
		if (values[i] && error == NULL)
			values[i] = sb_arena_copy(&arena, values[i], strlen(values[i]));
	json_decref(body);
	return error ? error : "ok";
}

static void
test_specification(void)
{
	ok(compiles(""), "an empty specification");
	ok(compiles("body.a:text! query.b:int=5 path.other:bigint body.c:bool"), "all its forms");
	is_int(params.count, 4, "are four");
	ok(params.has_body, "and want a body");
	is_int(params.list[2].segment, 3, "a path parameter knows its segment");
	ok(params.needs_body, "and must have one");
	ok(compiles("body.a:text body.b:text~ client.address:text client.user_agent:text") &&
		   !params.needs_body,
	   "nothing that must be there, and who asks");
	ok(!compiles("client.port:text") && !compiles("body.a:int~") && !compiles("body.a:text!~"),
	   "no such word, nothing to clear, two marks");
	ok(!compiles("body.a") && !compiles("a:text") && !compiles("head.a:text") &&
		   !compiles("body.a:texts") && !compiles("body.a:text?") && !compiles("path.c:bigint"),
	   "malformed items");
}

static void
test_client_and_clearing(void)
{
	compiles("client.address:text client.user_agent:text body.a:text~ body.b:text~ body.c:text");
	is_str(collect("/a/7/b/8/", "{\"a\":null,\"c\":null}"), "ok", "nulls");
	is_str(values[0], "192.0.2.1", "the client's address");
	is_str(values[1], "cli/1", "what it calls itself");
	is_str(values[2], "", "null clears where it may");
	ok(values[3] == NULL && values[4] == NULL, "and is absence elsewhere");
	is_str(collect("/a/7/b/8/", NULL), "ok", "no body at all");
	ok(values[2] == NULL, "clears nothing");
}

static void
test_values(void)
{
	compiles("body.t:text! body.i:int body.b:bool=true query.q:int=20 path.id:bigint query.s:text");
	is_str(collect("/a/7/b/8/?s=x", "{\"t\":\"\\u00e9\",\"i\":-3,\"b\":false,\"more\":1}"), "ok",
		   "good");
	is_str(values[0], "\xc3\xa9", "text");
	is_str(values[1], "-3", "int");
	is_str(values[2], "false", "bool");
	is_str(values[3], "20", "default");
	is_str(values[4], "7", "path");
	is_str(values[5], "x", "query");
	is_str(collect("/a/7/b/8/", "{\"t\":\"\",\"i\":null}"), "ok", "null is absent");
	is_str(values[1], NULL, "and becomes null");
	is_str(values[2], "true", "or the default");
	is_str(collect("/a/7/b/8/", "{}"), "t is required", "missing");
	is_str(collect("/a/7/b/8/", "{\"t\":1}"), "t must be a text", "wrong type");
	is_str(collect("/a/7/b/8/", "{\"t\":\"\",\"i\":2147483648}"), "i must be a whole number",
		   "range");
	is_str(collect("/a/7/b/8/", "{\"t\":\"\",\"i\":1.0}"), "i must be a whole number", "a real");
	/* Found C12: an id is exact in every client. */
	compiles("body.n:bigint query.m:bigint");
	is_str(collect("/a/7/b/8/?m=9007199254740991", "{\"n\":9007199254740991}"), "ok", "2^53 - 1");
	is_str(collect("/a/7/b/8/", "{\"n\":9007199254740992}"),
		   "n must be a whole number of at most 9007199254740991 (2^53 - 1)", "2^53 is no id");
	is_str(collect("/a/7/b/8/?m=9007199254740992", "{}"),
		   "m must be a whole number of at most 9007199254740991 (2^53 - 1)", "nowhere");
	compiles("body.t:text! body.i:int body.b:bool=true query.q:int=20 path.id:bigint query.s:text");
	is_str(collect("/a/7/b/8/?q=1&q=1", "{\"t\":\"\"}"), "q is given more than once", "twice");
	is_str(collect("/a/7/b/8/?q=%201", "{\"t\":\"\"}"), "q must be a whole number", "a blank");
}

/* Times and lists of ids, and what a null means for each (issue 13, line 1; I-30). */
static void
test_times_and_lists(void)
{
	static const char *const good[] = {"2030-01-31T12:00:00Z", "2030-01-31T12:00:00.123456+05:30",
									   "2030-01-31T12:00:00-11:00"};
	static const char *const bad[] = {"",
									  "now",
									  "infinity",
									  "2030-01-31",
									  "2030-01-31 12:00:00Z",
									  "2030-01-31T12:00:00",
									  "2030-01-31T12:00:00.Z",
									  "2030-01-31T12:00:00Zx",
									  "2030-01-31T12:00:00+0530",
									  "30-01-31T12:00:00Z",
									  " 2030-01-31T12:00:00Z"};
	static const char *const lists[][2] = {{"[]", "{}"},
										   {"[1]", "{1}"},
										   {"[3,-2,9007199254740991]", "{3,-2,9007199254740991}"},
										   {"[\"1\"]", NULL},
										   {"[1.0]", NULL},
										   {"[[1]]", NULL},
										   {"[null]", NULL},
										   {"[9007199254740992]", NULL},
										   {"1", NULL},
										   {"{}", NULL}};
	static const char *const documents[][2] = {
		{"{ }", "{}"},
		{"[]", "[]"},
		{"{\"b\": [1, 0.1, -2.5e3, true, null, \"\\u00e9\"]}",
		 "{\"b\":[1,0.1,-2500.0,true,null,\"\u00e9\"]}"},
		{"\"{}\"", NULL},
		{"7", NULL},
		{"true", NULL}};
	static const char *const queries[][2] = {{"", "{}"},
											 {"1", "{1}"},
											 {"1,22,3", "{1,22,3}"},
											 {"1,", NULL},
											 {",1", NULL},
											 {"1,,2", NULL},
											 {"1%20,2", NULL},
											 {"{1}", NULL},
											 {"-1", NULL},
											 {"1,x", NULL},
											 {"1,9007199254740991", "{1,9007199254740991}"},
											 {"1,9007199254740992", NULL},
											 {"99999999999999999999,1", NULL}};

	ok(compiles("body.a:time~ body.b:time query.c:time body.d:bigints query.e:bigints"), "types");
	ok(!compiles("body.a:bigints~") && !compiles("query.a:text-") && !compiles("body.a:text-!"),
	   "no list is cleared, no query has a null, two marks");
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
	{
		compiles("body.a:time");
		is_str(collect("/", sb_arena_printf(&arena, "{\"a\":\"%s\"}", good[i])), "ok", good[i]);
		is_str(values[0], good[i], "a time");
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		is_str(collect("/", sb_arena_printf(&arena, "{\"a\":\"%s\"}", bad[i])),
			   "a must be a time such as 2030-01-31T12:00:00Z", bad[i]);
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
	{
		compiles("body.a:bigints");
		is_str(collect("/", sb_arena_printf(&arena, "{\"a\":%s}", lists[i][0])),
			   lists[i][1] ? "ok" : "a must be a list of at most 100 ids", lists[i][0]);
		is_str(values[0], lists[i][1], "as an array");
	}
	for (size_t i = 0; i < sizeof(queries) / sizeof(*queries); i++)
	{
		compiles("query.a:bigints");
		is_str(collect(sb_arena_printf(&arena, "/?a=%s", queries[i][0]), NULL),
			   queries[i][1] ? "ok" : "a must be a list of at most 100 ids", queries[i][0]);
		is_str(values[0], queries[i][1], "as an array");
	}
	for (size_t i = 0; i < sizeof(documents) / sizeof(*documents); i++)
	{
		compiles("body.a:json");
		is_str(collect("/", sb_arena_printf(&arena, "{\"a\":%s}", documents[i][0])),
			   documents[i][1] ? "ok" : "a must be an object or a list", documents[i][0]);
		is_str(values[0], documents[i][1], "as JSON");
	}
	compiles("body.a:json");
	is_str(collect("/", "{\"a\":null}"), "ok", "no document");
	ok(values[0] == NULL && !compiles("query.a:json"), "is none, and a query has none");
	compiles("body.a:time~ body.b:text- body.c:text~ body.d:bigint~");
	is_str(collect("/", "{\"a\":null,\"c\":null,\"d\":null}"), "ok", "I-30: null clears");
	is_str(values[0], "infinity", "a time");
	is_str(values[2], "", "a text");
	is_str(values[3], "0", "an id");
	is_str(collect("/", "{}"), "ok", "what is absent");
	ok(values[0] == NULL && values[1] == NULL && values[2] == NULL, "stays");
	is_str(collect("/", "{\"b\":null}"), "b cannot be null",
		   "I-30: but not what must have a value");
}

static void
test_body(void)
{
	const char *error = NULL;

	compiles("");
	is_str(collect("/", "[]"), "the body must be a JSON object", "an array");
	is_str(collect("/", ""), "the body is empty; it must be a JSON object", "empty");
	/* Found C11: true words. */
	is_str(collect("/", "{\"a\":1,\"a\":1}"), "the body gives a member twice (line 1, column 10)",
		   "a member twice");
	is_str(collect("/", "{\"a\":\"\\u0000\"}"),
		   "the body holds the character U+0000, which cannot be stored (line 1, column 13)",
		   "an escaped NUL");
	is_str(collect("/", "{\"\\u0000\":1}"),
		   "the body holds the character U+0000, which cannot be stored (line 1, column 9)",
		   "in a name");
	is_str(collect("/", "{\"a\":1e400}"),
		   "the body holds a number that is out of range (line 1, column 10)", "a real");
	is_str(collect("/", "{\"a\":-99999999999999999999}"),
		   "the body holds a number that is out of range (line 1, column 26)", "an integer");
	is_str(collect("/", "{\"a\":\"\xff\"}"), "the body is not valid UTF-8 (line 1, column 6)",
		   "bytes");
	is_str(collect("/", "{} {}"), "the body is not valid JSON (line 1, column 4)",
		   "something behind it");
	ok(sb_params_parse(&arena, "it", "{\"secret", 8, false, &error) == NULL &&
		   !strstr(error, "secret"),
	   "what is said does not quote the body");
}

static const char *
route_of(enum sb_method method, const char *target, unsigned *allowed)
{
	struct sb_url url;
	const struct sb_route *route;

	sb_url_parse(&url, &arena, target, strlen(target));
	route = sb_router_find(&url, method, SB_FOR_PUBLIC, allowed);
	return route ? route->name : NULL;
}

/* What is cut from an action lives as long as the process, and so do the routes here. */
static bool
is_action(const char *action)
{
	static struct sb_route seen[64];
	static int count;

	seen[count].action = action;
	return sb_router_cut_action(&seen[count++]);
}

/* found C18: a mistyped word would be a route without its limit. */
static void
test_actions(void)
{
	ok(is_action(NULL) && is_action("post_creation") && is_action("auth/login:username"),
	   "actions that policies limit");
	ok(is_action("auth/") && is_action("graphql/"), "a surface alone");
	ok(is_action("rest/chat_message"), "an action of every surface");
	ok(!is_action("post_creations") && !is_action("search:") && !is_action("auth/?member"),
	   "a mistyped action, a mark without a member or an action");
	ok(!is_action("aut/login") && !is_action("aut/") && !is_action("auth/post_creation"),
	   "a mistyped surface, an action of another one");
	ok(!is_action("global") && !is_action("graphql/user"), "what counts every request anyway");
}

/* The same of the GraphQL schema's @limit, whose surface is graphql unless said. */
static void
test_schema_actions(void)
{
	const char *mark = "@limit(action: \"";
	const char *at = sb_graphql_schema_text;
	int count = 0;

	while ((at = memmem(at, (size_t) (sb_graphql_schema_text + sb_graphql_schema_text_len - at),
						mark, strlen(mark))) != NULL)
	{
		char action[64] = "graphql/";
		bool other;

		at += strlen(mark);
		other = sscanf(at, "%55[^\"]", action + 8) == 1 && strchr(action + 8, '/');
		ok(is_action(other ? action + 8 : action), action + 8);
		count++;
	}
	ok(count > 0, "are actions that @limit names in the schema");
}

static void
test_router(void)
{
	unsigned allowed;
	char text[64];

	ok(sb_routes_init(), "every row of the table can be read");
	is_str(route_of(SB_GET, "/api/posts/posts/", &allowed), "posts.list", "a path");
	is_str(route_of(SB_GET, "/api/posts/posts", &allowed), "posts.list", "without the last slash");
	is_str(route_of(SB_HEAD, "/api/posts/posts/12/", &allowed), "posts.get",
		   "an id; HEAD is GET's");
	is_str(route_of(SB_GET, "/api/posts/posts/9007199254740991/", &allowed), "posts.get",
		   "the largest id (found C12)");
	is_str(route_of(SB_GET, "/api/posts/posts/1a/", &allowed), NULL, "digits only");
	is_str(route_of(SB_GET, "/api/posts/posts/9007199254740992/", &allowed), NULL, "no id");
	is_int(allowed, 0, "is an unknown path");
	is_str(route_of(SB_DELETE, "/api/posts/posts/", &allowed), NULL, "an unknown method");
	sb_router_allow(allowed, text, sizeof(text));
	is_str(text, "GET, POST, HEAD, OPTIONS", "of a known path");
}

int
main(void)
{
	test_specification();
	test_values();
	test_client_and_clearing();
	test_times_and_lists();
	test_body();
	test_actions();
	test_schema_actions();
	test_router();
	sb_arena_free(&arena);
	return done_testing();
}
