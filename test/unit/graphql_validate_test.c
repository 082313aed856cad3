/*
 * graphql_validate_test.c owns the tests of the validation rules (GraphQL specification, section
 * 5): for each rule documents that keep it and documents that break it, on a schema that has every
 * sort of type.
 */
#include "graphql/parse.h"
#include "graphql/validate.h"
#include "tap.h"

static const char sdl[] =
	"type Query { dog(id: ID): Dog cat: Cat pet: Pet animal: Animal thing: Thing find(by: Find): "
	"Dog\n"
	"  args(i: Int, f: Float, s: String, b: Boolean, id: ID, e: Command, l: [Int!], ll: [[Int]],\n"
	"    c: Complex, need: Int! = 3): Int required(a: Int!, b: String! ): Int }\n"
	"type Mutation { feed(name: String!): Dog }\n"
	"type Subscription { barks: Dog meows: Cat }\n"
	"interface Pet { name: String owner: Human }\n"
	"interface Loud { volume: Int }\n"
	"type Dog implements Pet & Loud { name(short: Boolean): String owner: Human volume: Int\n"
	"  knows(command: Command!): Boolean nick: String barks: Int! friends: [Dog] }\n"
	"type Cat implements Pet { name: String owner: Human meows: Int knows(trick: String): Boolean\n"
	"  nick: String friends: [Cat!] }\n"
	"type Human { name: String pets: [Pet] }\n"
	"type Rock { weight: Float }\n"
	"union Animal = Dog | Cat\n"
	"union Thing = Rock | Human\n"
	"enum Command { SIT DOWN }\n"
	"input Complex { must: Boolean! i: Int = 1 s: String inner: Complex list: [Complex!] }\n"
	"input Find @oneOf { id: ID name: String }\n";

static struct sb_arena schema_arena;
static struct gql_schema *schema;
static struct sb_arena arena;
static struct gql_errors errors;

/* The number of errors; the first one stays in `errors`. */
static int
validate(const char *document, long budget)
{
	struct gql_tokens tokens = {0};
	struct gql_validator validator = {
		.schema = schema, .arena = &arena, .errors = &errors, .budget = budget};

	sb_arena_free(&arena);
	errors =
		(struct gql_errors){.arena = &arena, .source = document, .source_len = strlen(document)};
	if (gql_lex(&tokens, document, strlen(document), 1000000, &errors))
		validator.document = gql_parse(&arena, document, &tokens, 100, &errors);
	gql_tokens_free(&tokens);
	if (validator.document)
		gql_validate(&validator);
	return errors.n;
}

static void
valid(const char *document)
{
	if (!ok(validate(document, 10000) == 0, document))
		printf("#   %s\n", errors.items[0].message);
}

/* Exactly one error, with these words, at the place of the first `@` sign's word below. */
static void
invalid(const char *document, const char *words)
{
	int n = validate(document, 10000);

	if (!ok(n == 1 && strstr(errors.items[0].message, words) &&
				strcmp(errors.items[0].code, "GRAPHQL_VALIDATION_FAILED") == 0,
			document))
	{
		for (int i = 0; i < n; i++)
			printf("#   %s: %s\n", errors.items[i].code, errors.items[i].message);
	}
}

static void
test_operations(void)
{
	valid("query A { dog { nick } } query B { dog { nick } }");
	invalid("query A { dog { nick } } query A { dog { nick } }", "two operations named \"A\"");
	invalid("query A { dog { nick } } mutation A { feed(name: \"\") { nick } }", "two operations");
	valid("{ dog { nick } }");
	invalid("{ dog { nick } } query A { dog { nick } }", "anonymous");
	valid("subscription { barks { nick } }");
	valid("subscription S { ...F } fragment F on Subscription { barks { nick } }");
	valid("subscription S { barks { nick } barks { volume } }");
	invalid("subscription { barks { nick } meows { nick } }", "exactly one root field");
	invalid("subscription { ...F } fragment F on Subscription { barks { nick } meows { nick } }",
			"exactly one root field");
	invalid("subscription { __typename }", "introspection field");
	invalid("subscription { barks @skip(if: false) { nick } }",
			"\"@skip\" may not stand at the root");
	invalid("subscription { ... @include(if: true) { barks { nick } } }", "\"@include\"");
	invalid("subscription { ...F @skip(if: false) } fragment F on Subscription { barks { nick } }",
			"\"@skip\"");
	invalid("subscription { ...F } fragment F on Subscription { barks @skip(if: false) { nick } }",
			"\"@skip\"");
	valid("subscription { barks { nick @skip(if: false) } }");
}

static void
test_fields(void)
{
	valid("{ dog { name volume __typename } pet { name __typename } animal { __typename } }");
	invalid("{ dog { meows } }", "Type \"Dog\" has no field \"meows\"");
	invalid("{ pet { nick } }", "Type \"Pet\" has no field \"nick\"");
	invalid("{ animal { name } }", "Type \"Animal\" has no field \"name\"");
	invalid("{ dog { alias: nothing } }", "has no field \"nothing\"");
	invalid("{ dog { __schema { description } } }", "has no field \"__schema\"");
	invalid("mutation { __schema { description } }", "has no field \"__schema\"");
	valid("{ animal { ... on Dog { nick } ... on Pet { name } } }");
	invalid("{ dog }", "select some of its fields");
	invalid("{ pet animal { __typename } }", "select some of its fields");
	invalid("{ dog { nick { length } } }", "no fields to select");
	invalid("{ dog { volume { __typename } } }", "no fields to select");
}

static void
test_merging(void)
{
	valid("{ dog { nick nick } }");
	valid("{ dog { n: nick n: nick } }");
	invalid("{ dog { n: nick n: name } }", "different fields");
	invalid("{ dog { name: nick name } }", "different fields");
	valid("{ dog { knows(command: SIT) knows(command: SIT) } }");
	invalid("{ dog { knows(command: SIT) knows(command: DOWN) } }", "different arguments");
	invalid("{ dog { name(short: true) name } }", "different arguments");
	invalid("query ($a: Command!, $b: Command!) { dog { knows(command: $a) knows(command: $b) } }",
			"different arguments");
	valid("{ args(c: {must: true, i: 2}, i: 1) args(i: 1, c: {i: 2, must: true}) }");
	invalid("{ args(l: [1, 2]) args(l: [2, 1]) }", "different arguments");
	invalid("{ args(s: \"1\") args(id: \"1\") }", "different arguments");
	valid("{ pet { ... on Dog { v: volume } ... on Cat { v: meows } } }");
	valid("{ pet { ... on Dog { knows(command: SIT) } ... on Cat { knows(trick: \"x\") } } }");
	invalid("{ pet { ... on Dog { v: nick } ... on Cat { v: meows } } }", "their types differ");
	invalid("{ pet { ... on Dog { v: barks } ... on Cat { v: meows } } }", "their types differ");
	invalid("{ pet { ... on Dog { x: friends { nick } } ... on Cat { x: owner { name } } } }",
			"their types differ");
	invalid("{ pet { ... on Dog { friends { x: nick } } ... on Cat { friends { x: nick } } } }",
			"their types differ");
	valid("{ pet { ... on Dog { owner { x: name } } ... on Cat { owner { x: name } } } }");
	invalid(
		"{ pet { ... on Dog { owner { x: name } } ... on Cat { owner { x: pets { name } } } } }",
		"their types differ");
	invalid("{ pet { name ... on Dog { name: nick } } }", "different fields");
	invalid("{ dog { owner { name } } dog { owner { name: __typename } } }", "conflict");
	invalid("{ dog { ...A ...B } } fragment A on Dog { x: nick } fragment B on Dog { x: name }",
			"different fields");
	invalid("{ dog { x: owner { name } ...A } } fragment A on Dog { x: owner { ...B } }"
			" fragment B on Human { name: __typename }",
			"conflict");
	ok(validate("{ dog { ...A } } fragment A on Dog { x: friends { ...B } y: friends { ...B } }"
				" fragment B on Dog { x: friends { ...C } y: friends { ...C } }"
				" fragment C on Dog { nick }",
				8) > 0 &&
		   strcmp(errors.items[0].code, "LIMIT_EXCEEDED") == 0,
	   "merging stops at its budget");
	ok(validate("query A { dog { nick name volume } } subscription B { barks { nick } }", 1) > 0,
	   "and leaves later operations alone");
}

static void
test_arguments(void)
{
	valid("{ args(i: 1, need: 2) required(a: 1, b: \"\") dog { knows(command: SIT) } }");
	invalid("{ args(x: 1) }", "\"args\" takes no \"x\"");
	invalid("{ dog { knows(command: SIT) @include(unless: true, if: true) } }",
			"\"@include\" takes no \"unless\"");
	invalid("{ args(i: 1, i: 2) }", "given twice");
	invalid("{ required(a: 1) }", "needs \"b\" of type \"String!\"");
	invalid("{ dog { nick @skip } }", "needs \"if\" of type \"Boolean!\"");
	invalid("{ dog { knows } }", "needs \"command\"");
	invalid("{ required(a: null, b: \"\") }", "wants a value");
	invalid("{ args(need: null) }", "wants a value");
}

static void
test_fragments(void)
{
	valid("{ dog { ...F } } fragment F on Dog { nick }");
	valid("{ dog { ...F ...F } } fragment F on Dog { nick }");
	invalid("{ dog { ...F } } fragment F on Dog { nick } fragment F on Dog { name }",
			"two fragments named \"F\"");
	invalid("{ dog { ...G } }", "Unknown fragment \"G\"");
	invalid("{ dog { nick } } fragment F on Dog { nick }", "never used");
	invalid("{ dog { ... on Nothing { nick } } }", "Unknown type \"Nothing\"");
	invalid("{ dog { ...F } } fragment F on Nothing { nick }", "Unknown type \"Nothing\"");
	invalid("{ dog { ... on Command { nick } } }", "has no fields");
	invalid("{ dog { ... on Complex { i } } }", "has no fields");
	invalid("{ dog { ...F } } fragment F on Dog { friends { ...F } }", "spreads itself");
	invalid("{ dog { ...F } } fragment F on Dog { ...F }", "spreads itself");
	invalid("{ dog { ...A } } fragment A on Dog { ...B } fragment B on Dog { friends { ...A } }",
			"spreads itself");
	invalid("{ dog { nick } } fragment A on Dog { ...B } fragment B on Dog { ...A }",
			"spreads itself");
	valid("{ pet { ... on Dog { nick } ... on Animal { __typename } } animal { ... on Loud { "
		  "volume } } }");
	invalid("{ dog { ... on Cat { nick } } }", "never a \"Dog\"");
	invalid("{ dog { ... on Thing { __typename } } }", "never a \"Dog\"");
	invalid("{ thing { ... on Animal { __typename } } }", "never a \"Thing\"");
	invalid("{ cat { ...F } } fragment F on Loud { volume }", "never a \"Cat\"");
	valid("{ dog { ... @include(if: true) { nick } } }");
}

static void
test_values(void)
{
	valid("{ args(i: -2147483648, f: 1, s: \"\", b: true, id: 1, e: SIT, l: [1], ll: [[1, null], "
		  "null]) }");
	valid("{ args(i: null, f: 1.5e3, s: \"\"\"block\"\"\", id: \"x\", l: 1, ll: 1) }");
	valid("{ args(c: {must: true, inner: {must: false}, list: {must: true}}) }");
	invalid("{ args(i: 2147483648) }", "whole number of 32 bits");
	invalid("{ args(i: 1.0) }", "whole number");
	invalid("{ args(i: \"1\") }", "whole number");
	invalid("{ args(i: SIT) }", "whole number");
	invalid("{ args(i: [1]) }", "whole number");
	invalid("{ args(f: \"1\") }", "finite number");
	invalid("{ args(f: 1e999) }", "finite number");
	invalid("{ args(s: 1) }", "a string");
	invalid("{ args(s: true) }", "a string");
	invalid("{ args(b: 1) }", "true or false");
	invalid("{ args(b: \"true\") }", "true or false");
	invalid("{ args(id: 1.5) }", "a string or a whole number");
	invalid("{ args(e: RUN) }", "one of the enum's values");
	invalid("{ args(e: \"SIT\") }", "one of the enum's values");
	invalid("{ args(l: [1, null]) }", "wants a value");
	invalid("{ args(l: [1, \"2\"]) }", "whole number");
	invalid("{ args(c: {i: 1}) }", "\"Complex\" needs \"must\"");
	invalid("{ args(c: {must: true, x: 1}) }", "\"Complex\" takes no \"x\"");
	invalid("{ args(c: {must: true, must: true}) }", "given twice");
	invalid("{ args(c: {must: null}) }", "wants a value");
	invalid("{ args(c: 1) }", "an input object");
	valid("{ find(by: {id: 1}) { nick } }");
	valid("query ($n: String!) { find(by: {name: $n}) { nick } }");
	invalid("{ find(by: {}) { nick } }", "Exactly one field");
	invalid("{ find(by: {id: 1, name: \"x\"}) { nick } }", "Exactly one field");
	invalid("{ find(by: {id: null}) { nick } }", "Exactly one field");
	invalid("query ($n: String) { find(by: {name: $n}) { nick } }", "\"String!\" is wanted");
}

static void
test_directives(void)
{
	valid("{ dog @include(if: true) { nick @skip(if: false) ...F @skip(if: true) } }"
		  " fragment F on Dog { nick }");
	invalid("{ dog { nick @nothing } }", "Unknown directive \"@nothing\"");
	/* Incremental delivery is no part of the edition (issue 12 line 4). */
	invalid("{ dog { nick ...F @defer } } fragment F on Dog { nick }",
			"Unknown directive \"@defer\"");
	invalid("{ dog { ... @defer(label: \"a\") { nick } } }", "Unknown directive \"@defer\"");
	invalid("{ dog @stream(initialCount: 1) { nick } }", "Unknown directive \"@stream\"");
	invalid("query @skip(if: true) { dog { nick } }", "may not stand at QUERY");
	invalid("{ dog { nick @deprecated } }", "may not stand at FIELD");
	invalid("query ($a: Int @include(if: true)) { args(i: $a) }", "VARIABLE_DEFINITION");
	invalid("{ dog { ...F } } fragment F on Dog @skip(if: true) { nick }", "FRAGMENT_DEFINITION");
	invalid("{ dog { nick @skip(if: true) @skip(if: false) } }", "only once");
	valid("{ dog { nick @skip(if: true) @include(if: false) } }");
}

static void
test_variables(void)
{
	valid("query ($a: Int, $b: Int) { args(i: $a) dog { nick } x: args(i: $b) }");
	invalid("query ($a: Int, $a: Int) { args(i: $a) }", "defined twice");
	invalid("query ($a: Dog) { args(i: $a) }", "cannot be of the output type");
	invalid("query ($a: [Pet!]!) { args(i: $a) }", "cannot be of the output type");
	invalid("query ($a: Nothing) { args(i: $a) }", "Unknown type");
	invalid("{ args(i: $a) }", "not defined");
	invalid("query A($a: Int) { ...F } query B { ...F } fragment F on Query { args(i: $a) }",
			"not defined");
	invalid("query ($a: Int) { dog { nick } }", "never used");
	valid("query ($a: Int) { ...F } fragment F on Query { ...G } fragment G on Query { args(i: $a) "
		  "}");
	valid("query ($a: Int = 1, $b: Complex = {must: true, list: [{must: false}]}) { args(i: $a, c: "
		  "$b) }");
	invalid("query ($a: Int = \"1\") { args(i: $a) }", "whole number");
	invalid("query ($a: Int! = null) { args(i: $a) }", "wants a value");
	valid("query ($a: Boolean!) { dog { nick @include(if: $a) } }");
	invalid("query ($a: Boolean) { dog { nick @include(if: $a) } }", "\"Boolean!\" is wanted");
	valid("query ($a: Boolean = true) { dog { nick @include(if: $a) } }");
	invalid("query ($a: Boolean = null) { dog { nick @include(if: $a) } }",
			"\"Boolean!\" is wanted");
	valid("query ($a: Int) { args(need: $a) }");
	invalid("query ($a: Int) { required(a: $a, b: \"\") }", "\"Int!\" is wanted");
	valid("query ($a: Int! $b: [Int!]) { args(i: $a, l: $b, ll: [[$a]]) }");
	invalid("query ($a: Int) { args(l: [$a]) }", "\"Int!\" is wanted");
	invalid("query ($a: [Int]) { args(l: $a) }", "\"[Int!]\" is wanted");
	invalid("query ($a: Int) { args(l: $a) }", "\"[Int!]\" is wanted");
	invalid("query ($a: [Int]) { args(i: $a) }", "\"Int\" is wanted");
	invalid("query ($a: String) { args(id: $a) }", "\"ID\" is wanted");
	invalid("query ($a: Int) { args(f: $a) }", "\"Float\" is wanted");
	valid("query ($a: Boolean!, $b: Int) { args(c: {must: $a, i: $b}) }");
	invalid("query ($a: Boolean) { args(c: {must: $a}) }", "\"Boolean!\" is wanted");
}

static void
test_many_errors(void)
{
	is_int(validate("{ dog { a b c } args(x: 1) }", 10000), 4, "errors are collected");
	is_int(validate("{ a b c d e f g h i j k l m n o p q r s t u v w x y z }", 10000),
		   GQL_MAX_ERRORS, "up to a bound");
}

int
main(void)
{
	struct gql_errors faults = {.arena = &schema_arena};

	schema = gql_schema_compile(&schema_arena, sdl, sizeof(sdl) - 1, &faults);
	if (!ok(schema != NULL, "the schema compiles"))
		printf("Bail out! %s\n", faults.items[0].message);
	test_operations();
	test_fields();
	test_merging();
	test_arguments();
	test_fragments();
	test_values();
	test_directives();
	test_variables();
	test_many_errors();
	sb_arena_free(&arena);
	sb_arena_free(&schema_arena);
	return done_testing();
}
