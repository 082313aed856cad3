/*
 * graphql_introspection_test.c owns the tests of introspection (GraphQL specification, section 4)
 * and of the schema file itself: everything has a description, and no SQL leaks.
 */
#include "graphql_request.h"
#include "graphql/schema.h"

/* What graphical tools send, at their deepest. */
static const char full[] =
	"query IntrospectionQuery { __schema { description queryType { name kind } mutationType { name "
	"}"
	" subscriptionType { name } types { ...FullType } directives { name description isRepeatable"
	" locations args(includeDeprecated: true) { ...InputValue } } } }"
	" fragment FullType on __Type { kind name description specifiedByURL isOneOf"
	" fields(includeDeprecated: true) { name description args(includeDeprecated: true) {"
	" ...InputValue } type { ...TypeRef } isDeprecated deprecationReason }"
	" inputFields(includeDeprecated: true) { ...InputValue } interfaces { ...TypeRef }"
	" enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }"
	" possibleTypes { ...TypeRef } }"
	" fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue"
	" isDeprecated deprecationReason }"
	" fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind "
	"name"
	" ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind "
	"name"
	" ofType { kind name } } } } } } } } } }";

static const char *
text(json_t *object, const char *key)
{
	const char *found = json_string_value(json_object_get(object, key));

	return found ? found : "(null)";
}

static json_t *
named(json_t *list, const char *name)
{
	size_t i;
	json_t *item;

	json_array_foreach(list, i, item)
	{
		if (strcmp(text(item, "name"), name) == 0)
			return item;
	}
	return NULL;
}

static json_t *
schema(void)
{
	return json_object_get(json_object_get(answer, "data"), "__schema");
}

static void
test_full(void)
{
	json_t *types;
	json_t *field;
	json_t *type;

	ok(!ask(full, NULL), "introspection needs no database");
	is_int(nerrors(), 0, "and has no errors");
	is_str(text(json_object_get(schema(), "queryType"), "name"), "Query", "query type");
	is_str(text(json_object_get(schema(), "subscriptionType"), "name"), "Subscription",
		   "subscriptions are planned");
	types = json_object_get(schema(), "types");
	ok(named(types, "__Type") && named(types, "__DirectiveLocation"),
	   "introspection types are listed");
	ok(!named(types, "__Meta"), "helpers are not");
	ok(named(json_object_get(schema(), "directives"), "oneOf") != NULL,
	   "built-in directives are listed");
	ok(!named(json_object_get(schema(), "directives"), "rows"), "those that name SQL are not");
	is_int(json_array_size(json_object_get(schema(), "directives")), 5,
		   "whichever there are: include, skip, deprecated, specifiedBy, oneOf");
	field = named(json_object_get(named(types, "Post"), "fields"), "comments");
	type = json_object_get(field, "type");
	is_str(text(type, "kind"), "NON_NULL", "[Comment!]! is non-null");
	type = json_object_get(type, "ofType");
	is_str(text(type, "kind"), "LIST", "of a list");
	ok(json_is_null(json_object_get(type, "name")), "which has no name");
	type = json_object_get(json_object_get(type, "ofType"), "ofType");
	is_str(text(type, "name"), "Comment", "of non-null comments");
	is_str(text(json_array_get(json_object_get(field, "args"), 0), "defaultValue"), "20",
		   "defaults are shown");
	is_str(text(named(types, "DateTime"), "kind"), "SCALAR", "a scalar of ours");
	has(text(named(types, "DateTime"), "specifiedByURL"), "https://", "with its specification");
	ok(json_is_null(json_object_get(named(types, "Post"), "enumValues")),
	   "an object has no enum values");
	is_int((int64_t) json_array_size(json_object_get(named(types, "Hashtag"), "interfaces")), 0,
		   "and an empty list of interfaces");
	is_int((int64_t) json_array_size(
			   json_object_get(named(types, "__DirectiveLocation"), "enumValues")),
		   19, "every directive location");
}

/* Names of things without a description, one per line; NULL when there are none. */
static int
undescribed(json_t *list, const char *owner)
{
	size_t i;
	json_t *item;
	int n = 0;

	json_array_foreach(list, i, item)
	{
		if (strncmp(text(item, "name"), "__", 2) == 0)
			continue;
		if (!json_is_string(json_object_get(item, "description")))
		{
			printf("# no description: %s.%s\n", owner, text(item, "name"));
			n++;
		}
		n += undescribed(json_object_get(item, "fields"), text(item, "name"));
		n += undescribed(json_object_get(item, "args"), text(item, "name"));
	}
	return n;
}

/* Lists that are bounded by what they are about: they have neither a page argument nor pages. */
static const char *const bounded[] = {
	"Query.nodes",                      /* by the ids that are asked for */
	"Query.consents",                   /* by the documents that there are */
	"Query.notificationPreferences",    /* by the kinds of notifications */
	"Settings.notificationPreferences", /* likewise */
	"NotificationGroup.actors",         /* the last three */
	"Post.hashtags",                    /* those that one text may have */
	"Post.mentions",                    /* likewise */
	"Post.reactions",                   /* the kinds that are used most */
	"Comment.reactions",                /* likewise */
	"Post.media",                       /* a picture and a film */
	"Post.subjects",                    /* five */
	"LiveStream.subjects",              /* likewise */
	"SportSubject.externalIds",         /* what providers call one */
	"League.externalIds",               /* likewise */
	"Team.externalIds",                 /* likewise */
	"Athlete.externalIds",              /* likewise */
	"Media.variants",                   /* those that are made of one file */
	"Webhook.secrets",                  /* five at most */
	"User.avatarVariants",              /* likewise */
	"User.bannerVariants",              /* likewise */
	"Profile.avatarVariants",           /* likewise */
	"Profile.bannerVariants",           /* likewise */
	"UploadParts.parts",                /* of one file */
	"Upload.headers",                   /* of one request */
	"Upload.fields",                    /* of one form */
	"MediaCookies.cookies",             /* three */
};

/* Is it a list of what has fields? */
static bool
is_list_of_rows(json_t *type)
{
	bool is_list = false;

	for (json_t *of; (of = json_object_get(type, "ofType")) && json_is_object(of); type = of)
		is_list |= strcmp(text(type, "kind"), "LIST") == 0;
	return is_list && strcmp(text(type, "kind"), "SCALAR") != 0 &&
		   strcmp(text(type, "kind"), "ENUM") != 0;
}

/* Lists that are no connection as well. */
static int
without_connection(json_t *type)
{
	json_t *fields = json_object_get(type, "fields");
	size_t i;
	json_t *field;
	int n = 0;

	if (strncmp(text(type, "name"), "__", 2) == 0)
		return 0;

	json_array_foreach(fields, i, field)
	{
		const char *name = text(field, "name");
		json_t *args = json_object_get(field, "args");
		char connection[100];
		char full_name[100];
		bool listed = false;

		snprintf(connection, sizeof(connection), "%sConnection", name);
		snprintf(full_name, sizeof(full_name), "%s.%s", text(type, "name"), name);
		for (size_t j = 0; j < sizeof(bounded) / sizeof(bounded[0]); j++)
			listed |= strcmp(bounded[j], full_name) == 0;
		if (!is_list_of_rows(json_object_get(field, "type")) || strcmp(name, "edges") == 0)
			continue;
		if (named(args, "first") || named(args, "limit") ? !listed && named(fields, connection)
														 : listed && !named(fields, connection))
			continue;
		printf("# %s: @pages, or a name in `bounded`\n", full_name);
		n++;
	}
	return n;
}

static void
test_connections(void)
{
	json_t *types;
	size_t i;
	json_t *type;
	int n = 0;

	ask(full, NULL);
	types = json_object_get(schema(), "types");
	json_array_foreach(types, i, type) n += without_connection(type);
	is_int(n, 0, "P-04: every list is a connection, too, or bounded by what it is about");
	ok(named(types, "PageInfo") && named(types, "PostEdge"), "whose types were made");
}

static void
test_descriptions(void)
{
	ask(full, NULL);
	is_int(undescribed(json_object_get(schema(), "types"), "schema"), 0,
		   "every type, field and argument has a description");
}

static void
test_type(void)
{
	ask("{ __type(name: \"Mention\") { name fields { name } } }", NULL);
	is_int((int64_t) json_array_size(json_object_get(
			   json_object_get(json_object_get(answer, "data"), "__type"), "fields")),
		   4, "seed 085: id, mentionedUser, post, createdAt");
	ask("{ __type(name: \"Nothing\") { name } }", NULL);
	ok(json_is_null(json_object_get(json_object_get(answer, "data"), "__type")),
	   "unknown types are null");
	ask("query ($n: String!) { __type(name: $n) { name kind } }", "{\"n\": \"User\"}");
	is_str(text(json_object_get(json_object_get(answer, "data"), "__type"), "kind"), "OBJECT",
		   "by variable");
	ask("{ __type(name: \"__Meta\") { name } }", NULL);
	ok(json_is_null(json_object_get(json_object_get(answer, "data"), "__type")),
	   "helpers stay hidden");
	ok(ask("{ me { id } __type(name: \"Post\") { name } __typename }", NULL), "together with data");
	has(sql(), "$1::json AS \"__type\"", "introspection rides along");
	is_str(value(1), "{\"name\":\"Post\"}", "as a parameter");
	ask("{ me { id } __type(name: \"User\") { name } __typename }", NULL);
	is_str(value(1), "{\"name\":\"User\"}", "that each request fills by itself");
}

static void
test_sdl(void)
{
	size_t len;
	char *printed = sb_graphql_sdl(service, &len);
	char *sources = sb_graphql_describe_sources(service, &len);
	char *error;
	struct sb_graphql *again;

	ok(!strstr(printed, "social.") && !strstr(printed, "@rows"), "the printed schema names no SQL");
	has(printed, "  allPosts(\n    \"How many.\"\n    first: Int = 20\n  ): [Post!]\n", "in SDL");
	again = sb_graphql_new(printed, strlen(printed), NULL, &error);
	ok(!again && strstr(error, "source"), "which parses, and only lacks its sources");
	free(error);
	has(sources, "SELECT t.\\\"post_count\\\" FROM social.visible_hashtags t",
		"sources can be checked");
	free(printed);
	free(sources);
}

/* A faulty schema file is refused with its line. */
static void
faulty(const char *sdl, const char *words)
{
	char *error;
	struct sb_graphql *graphql = sb_graphql_new(sdl, strlen(sdl), NULL, &error);

	if (!ok(!graphql && strstr(error, words), words))
		printf("#   %s\n", error ? error : "accepted");
	free(error);
	sb_graphql_free(graphql);
}

/* Domains add to what others define, in whatever order (seed 050; specification section 3.4.3). */
static void
test_extensions(void)
{
	const char *sdl = "extend type Query implements N { b: E } type Query { a(i: I): Int } "
					  "directive @constant(value: String!) on FIELD_DEFINITION "
					  "extend union U = T extend enum E { Y } extend input I { y: Int } "
					  "interface N { b: E } extend interface N @deprecated { a: Int } "
					  "union U = Query type T { c: Int @constant(value: \"1\") } "
					  "enum E { X } input I { x: Int } extend type T { u: U }";
	struct gql_errors errors = {0};
	struct gql_schema *schema;
	struct sb_arena arena = {0};
	struct sb_buffer out = {0};

	errors.arena = &arena;
	schema = gql_schema_compile(&arena, sdl, strlen(sdl), &errors);
	if (ok(schema != NULL, "a schema with extensions"))
		gql_schema_print(&out, schema);
	else
		printf("Bail out! %s\n", errors.items[0].message);
	has(out.data, "type Query implements N {\n  a(", "a type's fields come first");
	has(out.data, "  ): Int\n  b: E\n}", "then those that were added");
	has(out.data, "union U = Query | T\n", "members of a union");
	has(out.data, "enum E {\n  X\n  Y\n}", "values of an enum");
	has(out.data, "input I {\n  x: Int\n  y: Int\n}", "fields of an input object");
	has(out.data, "interface N {\n  b: E\n  a: Int\n}", "and of an interface");
	sb_buffer_free(&out);
	sb_arena_free(&arena);
}

static void
test_faulty_schemas(void)
{
#define DIRECTIVES                                                                                 \
	"directive @source(view: String!, order: String) on OBJECT "                                   \
	"directive @rows(from: String, where: String, order: String, limit: Int) on FIELD_DEFINITION " \
	"directive @call(name: String!) on FIELD_DEFINITION "                                          \
	"directive @limit(action: String!, account: String) on FIELD_DEFINITION "
	faulty("type Query { a: Int", "line 1, column 20: Syntax Error");
	faulty("type A { a: Int }", "needs a query type");
	faulty("type Query { a: B }", "Unknown type \"B\"");
	faulty("type Query { a: Int a: Int }", "defined twice");
	faulty("type Query { a: Int } type Query { a: Int }", "defined twice");
	faulty("type Query { a(b: Query): Int }", "not an input type");
	faulty("type Query { a: Int } extend type Query { a: Int }", "defined twice");
	faulty("type Query { a(first: Int): [Query] @pages(from: \"f({first})\") }", "has a default");
	faulty("type Query { a(first: Int = 1): Int @pages(from: \"f({first})\") }", "@pages needs");
	faulty("type Query { a(first: Int = 1): [Query] @pages }", "@pages needs `from`");
	faulty("type Query { a(first: Int = 1): [Query] @pages(from: [1]) }", "@pages needs `from`");
	faulty("type Query implements N { b: Int } interface N { a: Int }", "no \"a\" as \"N\"");
	faulty("type Query implements N { a: Int } interface N { a: Int! }", "no \"a\" as \"N\"");
	faulty("type Query implements N { a: Int } interface N { a(b: Int): Int }", "promises it");
	faulty("type Query { a: Int } extend type A { b: Int }", "no such definition");
	faulty("type Query { a: Int } extend interface Query { b: Int }", "no such definition");
	faulty("type Query { a: Int } extend type __Type { b: Int }", "no such definition");
	faulty("type Query extend type Query @a", "needs a field");
	faulty("type __Query { a: Int } type Query { a: Int }", "reserved");
	faulty("type Query { a: Int }", "needs a @source");
	faulty("{ a }", "no operations");
	faulty(DIRECTIVES "type Query { t: T } type T @source(view: \"v\") { a: Int }",
		   "names no source");
	faulty(DIRECTIVES
		   "type Query { t: T @rows(wher: \"x\") } type T @source(view: \"v\") { a: Int }",
		   "takes no argument \"wher\"");
	faulty(DIRECTIVES "type Query { t: T @row } type T @source(view: \"v\") { a: Int }",
		   "Unknown directive \"@row\"");
	faulty(DIRECTIVES
		   "type Query { t: T @rows(where: \"{x}\") } type T @source(view: \"v\") { a: Int }",
		   "no argument for {x}");
	faulty(DIRECTIVES
		   "type Query { t: T @rows(where: \"{parent}\") } type T @source(view: \"v\") { a: Int }",
		   "unclosed");
	faulty(DIRECTIVES "type Query { t: T @rows(where: \"{parent}.a\") }"
					  " type T @source(view: \"v\") { a: Int }",
		   "no row for {parent}");
	faulty(DIRECTIVES "type Query { t: [T] @rows } type T @source(view: \"v\") { a: Int }",
		   "needs the argument first or limit");
	faulty(DIRECTIVES
		   "type Query { t: T @call(name: \"f\") } type T @source(view: \"v\") { a: Int }",
		   "@call is for the fields of the mutation type");
	faulty(DIRECTIVES "input I { a: Int } type Query { t(i: I): T @rows(where: \"a = {i.b}\") }"
					  " type T @source(view: \"v\") { a: Int }",
		   "no argument for {i.b}");
	faulty(DIRECTIVES "type Query { t: T @rows @limit(action: \"auth/a\") }"
					  " type T @source(view: \"v\") { a: Int }",
		   "only a mutation's @limit");
	faulty(DIRECTIVES "type Query { t: T @rows } type T @source(view: \"v\")"
					  " { a: Int @limit(action: \"a\") }",
		   "@limit is for fields with @rows or @call");
}

/* Section 3.5: a scalar of the specification that nothing refers to is not part of the schema. */
static void
test_unused_scalar(void)
{
	static const char sdl[] =
		DIRECTIVES "type Query { me: T @rows } type T @source(view: \"v\") { id: Int }";
	char *error;

	forget();
	sb_graphql_free(service);
	service = sb_graphql_new(sdl, sizeof(sdl) - 1, NULL, &error);
	if (!ok(service != NULL, "a schema without Float"))
	{
		printf("Bail out! %s\n", error);
		exit(1);
	}
	ask("{ __type(name: \"Float\") { name } }", NULL);
	ok(json_is_null(json_object_get(json_object_get(answer, "data"), "__type")),
	   "Float, which no field uses, is not there");
	refused("query ($x: Float) { me { id } }", NULL, "GRAPHQL_VALIDATION_FAILED", NULL,
			"Unknown type \"Float\"");
	ask("{ __type(name: \"Int\") { name } }", NULL);
	ok(json_is_object(json_object_get(json_object_get(answer, "data"), "__type")), "Int is");
	start(NULL);
}

int
main(void)
{
	start(NULL);
	test_full();
	test_descriptions();
	test_connections();
	test_type();
	test_unused_scalar();
	test_sdl();
	test_extensions();
	test_faulty_schemas();
	stop();
	return done_testing();
}
