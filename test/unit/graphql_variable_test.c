/* graphql_variable_test.c owns the tests of variable values (GraphQL specification, section 6.1.2).
 */
#include "graphql/parse.h"
#include "graphql/plan.h"
#include "graphql_request.h"

/* A schema that takes every sort of input; its rows never run. */
static const char sdl[] =
	"directive @source(view: String!, order: String) on OBJECT\n"
	"directive @rows(from: String, where: String, order: String, limit: Int) on FIELD_DEFINITION\n"
	"type Query { find(i: Int, f: Float, s: String, b: Boolean, id: ID, e: Side, d: Int = 7): T\n"
	"  @rows(where: \"{i} {f} {s} {b} {id} {e} {d}\") must(i: Int! = 1): T @rows(where: \"{i}\") "
	"}\n"
	"type T @source(view: \"t\") { a: Int }\n"
	"enum Side { LEFT RIGHT }\n"
	"input Deep { n: Int! list: [Deep!] side: Side }\n"
	"input Either @oneOf { a: Int b: Int }\n";

static void
begin(void)
{
	char *error;

	stop();
	service = sb_graphql_new(sdl, sizeof(sdl) - 1, NULL, &error);
	if (!service)
		printf("Bail out! %s\n", error);
}

/* A variable of a type, given as JSON, arrives as this text. */
static void
arrives(const char *argument, const char *type, const char *json, const char *text)
{
	char document[200];
	char variables[200];
	char name[200];
	static const char order[] = "i f s b id e d ";

	snprintf(document, sizeof(document), "query ($v: %s) { find(%s: $v) { a } }", type, argument);
	snprintf(variables, sizeof(variables), "{\"v\": %s}", json);
	snprintf(name, sizeof(name), "%s as %s is %s", json, type, text);
	ask(document, variables);
	snprintf(document, sizeof(document), "%s ", argument);
	for (int n = 1; asked->nsteps && n <= 7; n++)
	{
		const char *at = order;

		for (int skip = 1; skip < n; skip++)
			at = strchr(at, ' ') + 1;
		if (strncmp(at, document, strlen(document)) == 0)
		{
			is_str(value(n), text, name);
			return;
		}
	}
	if (!ok(false, name))
		printf("#   %s\n", message());
}

/* A variable of a type, given as JSON, is refused with these words. */
static void
refuse(const char *argument, const char *type, const char *json, const char *words)
{
	char document[200];
	char variables[400];

	snprintf(document, sizeof(document), "query ($v: %s) { find(%s: $v) { a } }", type, argument);
	snprintf(variables, sizeof(variables), "{\"v\": %s}", json);
	refused(document, variables, "BAD_USER_INPUT", "1:8", words);
}

static void
test_scalars(void)
{
	arrives("i", "Int", "-2147483648", "-2147483648");
	arrives("i", "Int", "3.0", "3");
	arrives("i", "Int", "1e3", "1000");
	arrives("i", "Int", "null", "NULL");
	refuse("i", "Int", "2147483648",
		   "\"$v\" of type \"Int\" wants a whole number of 32 bits, not 2147483648");
	refuse("i", "Int", "1.5", "32 bits");
	refuse("i", "Int", "\"1\"", "32 bits");
	refuse("i", "Int", "true", "32 bits");
	refuse("i", "Int", "[]", "32 bits");
	arrives("f", "Float", "1", "1");
	arrives("f", "Float", "0.5", "0.5");
	refuse("f", "Float", "\"0.5\"", "finite number");
	arrives("s", "String", "\"\\u00e9\"", "\xC3\xA9");
	arrives("s", "String", "\"\"", "");
	refuse("s", "String", "1", "a string");
	refuse("s", "String", "{}", "a string");
	arrives("b", "Boolean", "true", "true");
	arrives("b", "Boolean", "false", "false");
	refuse("b", "Boolean", "0", "true or false");
	arrives("id", "ID", "12", "12");
	arrives("id", "ID", "\"12\"", "12");
	refuse("id", "ID", "1.5", "a string or a whole number");
	refuse("id", "ID", "true", "a string or a whole number");
	arrives("e", "Side", "\"LEFT\"", "LEFT");
	refuse("e", "Side", "\"UP\"", "one of the enum's values");
	refuse("e", "Side", "1", "one of the enum's values");
}

static void
test_null_and_default(void)
{
	refuse("i", "Int!", "null", "wants a value");
	refused("query ($v: Int!) { find(i: $v) { a } }", "{}", "BAD_USER_INPUT", "1:8", "is required");
	refused("query ($v: Int!) { find(i: $v) { a } }", NULL, "BAD_USER_INPUT", "1:8", "is required");
	ask("query ($v: Int) { find(d: $v) { a } }", "{}");
	is_str(value(7), "7", "a missing variable leaves the argument its default");
	ask("query ($v: Int = 8) { find(d: $v) { a } }", "{}");
	is_str(value(7), "8", "its own default comes first");
	ask("query ($v: Int = null) { find(i: $v) { a } }", "{}");
	is_str(value(1), "NULL", "which may be null");
	ask("query ($v: Int) { must(i: $v) { a } }", "{}");
	is_str(value(1), "1", "a nullable variable where a default stands by");
	ask("{ find(s: \"x\") { a } }", "{\"unknown\": 1}");
	is_int(asked->nsteps, 1, "values that nobody declared are ignored");
	refused("{ find(s: \"x\") { a } }", "[1]", "BAD_USER_INPUT", NULL, "must be an object");
	refused("{ find(s: \"x\") { a } }", "\"x\"", "BAD_USER_INPUT", NULL, "must be an object");
	ok(ask("{ find(s: \"x\") { a } }", "null"), "null variables are none");
}

/* The words for a JSON value of a variable of any type, or "" when it is taken. */
static const char *
coercion_error(const char *type, const char *json)
{
	static char words[400];
	char document[200];
	struct sb_arena arena = {0};
	struct gql_tokens tokens = {0};
	struct gql_errors errors = {.arena = &arena, .source = document};
	struct gql_binding binding = {.arena = &arena, .errors = &errors};
	json_t *variables = json_pack("{s:o}", "v", json_loads(json, JSON_DECODE_ANY, NULL));

	errors.source_len = (size_t) snprintf(document, sizeof(document), "query ($v: %s) { a }", type);
	gql_lex(&tokens, document, errors.source_len, 100, &errors);
	binding.operation = gql_parse(&arena, document, &tokens, 100, &errors)->operations;
	gql_resolve(service->schema, binding.operation->variables->type);
	gql_coerce_variables(&binding, service->schema, variables);
	snprintf(words, sizeof(words), "%s", errors.n ? errors.items[0].message : "");
	json_decref(variables);
	gql_tokens_free(&tokens);
	sb_arena_free(&arena);
	return words;
}

static void
test_paths(void)
{
	static const struct
	{
		const char *type;
		const char *json;
		const char *words; /* NULL = fine */
	} rows[] = {
		{"[Int!]", "[1, 2]", NULL},
		{"[Int!]", "1", NULL},
		{"[Int!]", "[1, null]", "\"$v[1]\" of type \"Int!\" wants a value"},
		{"[Int!]", "[1, \"x\"]", "\"$v[1]\""},
		{"[[Int]]", "[[1], null, 3]", NULL},
		{"[[Int]]", "[[1], [2, true]]", "\"$v[1][1]\""},
		{"[Int!]", "\"x\"", "\"$v\" of type \"Int\""},
		{"Deep", "{\"n\": 1, \"list\": [{\"n\": 2}], \"side\": \"LEFT\"}", NULL},
		{"Deep", "1", "wants an object"},
		{"Deep", "{}", "\"$v.n\" of type \"Int!\" wants a value"},
		{"Deep", "{\"n\": 1, \"x\": 2}", "takes no \"x\""},
		{"Deep", "{\"n\": 1, \"list\": [{\"n\": 1}, {\"n\": \"2\"}]}", "\"$v.list[1].n\""},
		{"Deep", "{\"n\": 1, \"list\": {\"n\": null}}", "\"$v.list.n\""},
		{"Deep", "{\"n\": 1, \"side\": \"UP\"}", "\"$v.side\""},
		{"Either", "{\"a\": 1}", NULL},
		{"Either", "{}", "exactly one field"},
		{"Either", "{\"a\": 1, \"b\": 2}", "exactly one field"},
		{"Either", "{\"a\": null}", "exactly one field"},
		{"Int",
		 "\"\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9"
		 "\u00e9"
		 "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9"
		 "\u00e9 x\"",
		 "\u00e9"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
	{
		const char *words = coercion_error(rows[i].type, rows[i].json);

		if (!ok(rows[i].words ? strstr(words, rows[i].words) != NULL : *words == '\0',
				rows[i].json))
			printf("#   %s\n", words);
	}
}

int
main(void)
{
	begin();
	test_scalars();
	test_null_and_default();
	test_paths();
	stop();
	return done_testing();
}
