/* graphql_parse_test.c owns the tests of the grammar: what parses, and its malformed neighbours. */
#include "graphql_request.h"

#define SYNTAX(document, where)                                                                    \
	refused(document, NULL, "GRAPHQL_PARSE_FAILED", where, "Syntax Error")

/* Parses, whatever validation says about it. */
static void
parses(const char *document)
{
	ask(document, NULL);
	if (!ok(strcmp(code(), "GRAPHQL_PARSE_FAILED") != 0, document))
		printf("#   %s\n", message());
}

static void
test_operations(void)
{
	parses("{ me { id } }");
	parses("query { me { id } }");
	parses("query Q { me { id } }");
	parses("query Q($a: ID! = \"1\", $b: [Int!]! = [1, 2] @x) @y { me { id } }");
	parses("mutation { likePost(postId: 1) { success } }");
	parses("subscription S { a }");
	parses("{ query mutation fragment on true null }");
	parses("query query { type }");
	parses("{ a }, query B { b },");
	SYNTAX("", "1:1");
	SYNTAX("{", "1:2");
	SYNTAX("{}", "1:2");
	SYNTAX("{ me { } }", "1:8");
	SYNTAX("{ me }}", "1:7");
	SYNTAX("query Q() { me }", "1:9");
	SYNTAX("query Q($a) { me }", "1:11");
	SYNTAX("query Q($a: ) { me }", "1:13");
	SYNTAX("query Q(a: Int) { me }", "1:9");
	SYNTAX("query Q($a: [Int) { me }", "1:17");
	SYNTAX("query Q($a: Int!!) { me }", "1:17");
	SYNTAX("query Q($a: Int = $b) { me }", "1:19");
	SYNTAX("queri { me }", "1:1");
	SYNTAX("query Q", "1:8");
	SYNTAX("\n\n  query Q @ { me }", "3:13");
}

static void
test_selections(void)
{
	parses("{ a: b(c: 1, d: \"x\", e: [1 2], f: {g: true, h: null}, i: ENUM) @j(k: 1) { l } }");
	parses("{ ...F ... on T { a } ... { b } ... @include(if: true) { c } } fragment F on T { a }");
	parses("{ ...on T { a } }");
	parses("fragment fragment on on { on }");
	SYNTAX("{ a: }", "1:6");
	SYNTAX("{ a:b:c }", "1:6");
	SYNTAX("{ a() }", "1:5");
	SYNTAX("{ a(b) }", "1:6");
	SYNTAX("{ a(b:) }", "1:7");
	SYNTAX("{ a(b: [1) }", "1:10");
	SYNTAX("{ a(b: {c 1}) }", "1:11");
	SYNTAX("{ a(b: 1 }", "1:10");
	SYNTAX("{ ... }", "1:7");
	SYNTAX("{ ...on }", "1:9");
	SYNTAX("{ ...F { a } }", "1:8");
	SYNTAX("fragment on on T { a }", "1:10");
	SYNTAX("fragment F T { a }", "1:12");
	SYNTAX("fragment F on T", "1:16");
	SYNTAX("fragment F($a: Int) on T { a }", "1:11");
	SYNTAX("{ a @ }", "1:7");
	SYNTAX("{ \"a\" }", "1:3");
	SYNTAX("{ a(b: $) }", "1:9");
}

static void
test_descriptions(void)
{
	parses("\"What it does.\" query Q(\"what it is\" $a: Int) { me { id } }");
	parses("\"\"\"What it is.\"\"\" fragment F on Post { id }");
	SYNTAX("\"for nothing\" { me { id } }", "1:15");
	SYNTAX("\"for nothing\"", "1:14");
	SYNTAX("\"one\" \"two\" query Q { me { id } }", "1:7");
}

static void
test_type_definitions(void)
{
	refused("{ me { id } } type T { a: Int }", NULL, "GRAPHQL_VALIDATION_FAILED", "1:15",
			"type system");
	refused("extend type User { a: Int } { me { id } }", NULL, "GRAPHQL_VALIDATION_FAILED", "1:1",
			"");
	parses("enum E { trueish TRUE } enum F");
	parses("\"of all\" schema @a { query: A mutation: B subscription: C } extend schema @a");
	parses("extend schema { mutation: B } extend type Query @a extend type Query implements I");
	parses("extend scalar S @a extend union U = A extend union U @a extend enum E @a");
	parses("extend input I @a extend interface I implements J extend interface I @a");
	parses("type T interface I implements J union U input I scalar S @a");
	parses("directive @a(b: Int) repeatable on | FIELD | VARIABLE_DEFINITION");
	/* Found D2: what the grammar does not have is no matter for validation. */
	SYNTAX("enum E {true}", "1:9");
	SYNTAX("enum E { A false }", "1:12");
	SYNTAX("extend enum E { \"none\" null }", "1:24");
	SYNTAX("extend type Query", "1:18");
	SYNTAX("extend type Query { me { id } }", "1:24");
	SYNTAX("{ me { id } } extend interface I", "1:33");
	SYNTAX("extend scalar S { me }", "1:17");
	SYNTAX("extend union U", "1:15");
	SYNTAX("extend enum E", "1:14");
	SYNTAX("extend input I", "1:15");
	SYNTAX("extend schema", "1:14");
	SYNTAX("extend schema { unknown: T }", "1:17");
	SYNTAX("schema { queries: T }", "1:10");
	SYNTAX("schema { \"words\" query: T }", "1:10");
	SYNTAX("schema { query: T @a }", "1:19");
	SYNTAX("schema @a", "1:10");
	SYNTAX("extend directive @a on FIELD", "1:18");
	SYNTAX("directive @a on FIELDS", "1:17");
	SYNTAX("directive @a on FIELD | field", "1:25");
	SYNTAX("type T { }", "1:10");
	SYNTAX("\"a description\" extend type T { a: Int }", "1:17");
}

int
main(void)
{
	start(NULL);
	test_operations();
	test_selections();
	test_descriptions();
	test_type_definitions();
	stop();
	return done_testing();
}
