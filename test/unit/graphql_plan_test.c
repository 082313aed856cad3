/*
 * graphql_plan_test.c owns the tests of planning (mission 50-87, P-10): one statement per query,
 * values only as parameters, and plans that serve every document of the same shape.
 */
#include "graphql_request.h"

static void
test_one_statement(void)
{
	ok(ask("{ allPosts { mentions { createdAt } comments { replies { author { username } } } } }",
		   NULL),
	   "seed 086: posts, comments, replies and authors");
	is_int(asked->nsteps, 1, "P-10: four levels are one statement");
	ok(!asked->is_mutation && !asked->steps[0].call.sql, "a query calls nothing");
	has(sql(), "json_agg(row_to_json(", "rows become JSON in the database");
	ok(!strstr(sql(), "jsonb") && !strstr(sql(), "json_build_object"), "by the fast functions");
}

static void
test_columns(void)
{
	ask("{ post(id: 7) { id t: title createdAt author { firstName } mentions { createdAt } } }",
		NULL);
	has(sql(), "t1.\"id\"::text AS \"id\"", "identifiers are strings");
	has(sql(), "t1.\"title\" AS \"t\"", "an alias names the key");
	has(sql(), "t1.\"created_at\" AS \"createdAt\"", "names are camelCase outside");
	has(sql(),
		"social.document('user', t1.\"author_id\", ARRAY[]::integer[], 'firstName=first_name')",
		"the author is found by the post's column");
	ok(!strstr(sql(), "content"), "what is not asked is not read");
	is_str(value(1), "7", "the id is a parameter");
	ask("{ __typename post(id: 7) { __typename mentions { createdAt } } }", NULL);
	has(sql(), "'Query'::text AS \"__typename\"", "the root's type name");
	has(sql(), "'Post'::text AS \"__typename\"", "a row's type name");
}

static void
test_documents(void)
{
	ask("{ post(id: 7) { id t: title author { username __typename } hashtags { tag }"
		" comments(first: 3) { content replies { id } } } }",
		NULL);
	has(sql(),
		"social.document('post', $3::bigint, ARRAY[30, $1::integer, $2::integer]::integer[], "
		"'id=id.text,t=title,author=user.author_id(username=username,__typename=\"User\"),"
		"hashtags=tags.hashtags[1](tag=tag),"
		"comments=comments.id[2](content=content,replies=replies.id[3](id=id.text))') AS \"post\"",
		"P-10: what C can make of rows is one call");
	is_str(value(1), "3", "its sizes are parameters");
	is_str(value(2), "20", "in the order of the members");
	is_str(value(3), "7", "and so is the id");
	ask("{ allPosts { hashtags { postCount } comments { id } } }", NULL);
	has(sql(), "social.listed_posts", "a column that no document has is SQL");
	has(sql(),
		"social.document('comments', t1.\"id\", ARRAY[$1::integer]::integer[], 'id=id.text')",
		"and what is beside it one call for each row");
	ok(!strstr(sql(), "'tags'"), "but for what is only within documents");
	ask("{ userPostsConnection(userId: 7, first: 3) { edges { node { id comments(first: 2) { id } "
		"} } } "
		"}",
		NULL);
	has(sql(), "t1.\"document\" AS \"node\"", "P-10: and so it is with the nodes of a connection");
	has(sql(),
		"FROM social.documents('user_posts', $2::bigint, ARRAY[$1::integer]::integer[], "
		"'id=id.text,comments=comments.id[1](id=id.text)', first => coalesce($3::integer, "
		"$4::integer), after => $5::text, before => $6::text) t1)",
		"which are a page of the same source");
	is_str(value(1), "2", "what is below them has its sizes");
	is_str(value(2), "7", "what names them");
	is_str(value(4), "3", "and the page its own");
	ask("{ allPostsConnection { pageInfo { hasNextPage } } }", NULL);
	has(sql(), "FROM social.documents('posts', NULL, ARRAY[]::integer[], 'id=id', first => ",
		"without nodes there is a page all the same");
	ask("{ allPostsConnection { edges { node { id } } more: edges { node { title } } } }", NULL);
	has(sql(), "FROM social.posts(first => ", "two selections of nodes are SQL");
	ask("{ allPostsConnection { edges { node { id commentsConnection { edges { node { id } } } } } "
		"} }",
		NULL);
	has(sql(), "FROM social.posts(first => ", "as is what no document has");
	has(sql(), "FROM social.documents('comments', t1.\"id\", ", "below which there may be some");
	ask("mutation { likePost(postId: 1) { post { likesCount } } }", NULL);
	has(sql(),
		"social.document('post', social.result_id(), ARRAY[]::integer[], "
		"'likesCount=likes_count')",
		"what a mutation answers");
}

static void
test_expressions(void)
{
	ask("{ isFollowing(userId: 7, targetUserId: \"8\") }", NULL);
	has(sql(),
		"(social.is_following(user_id => $1::bigint, target_user_id => $2::bigint)) AS "
		"\"isFollowing\"",
		"seed 054: an expression of a root field's arguments");
	is_str(value(1), "7", "which are parameters");
	is_str(value(2), "8", "both");
	ask("{ a: isFollowing(userId: \"x\", targetUserId: 8) }", NULL);
	is_str(value(1), "NULL", "an id that cannot be is nobody's");
}

static void
test_fragments_flatten(void)
{
	ask("{ post(id: 1) { ...A id ... on Post { title author { id } } } }"
		" fragment A on Post { title author { username } }",
		NULL);
	has(sql(), "'title=title,author=user.author_id(username=username,id=id.text),id=id.text'",
		"fields merge where they first appear");
	ask("query ($yes: Boolean!, $no: Boolean = false) { post(id: 1) { a: id @include(if: $yes)"
		" b: id @skip(if: $yes) c: id @include(if: $no) ... @skip(if: $no) { d: id } e: id"
		" @include(if: false) } }",
		"{\"yes\": true}");
	has(sql(), "'a=id.text,d=id.text'", "@skip, @include");
	ok(ask("{ post(id: 1) { id @skip(if: true) } }", NULL), "nothing left of an object");
	has(sql(), "(SELECT row_to_json(r$1) FROM (SELECT  FROM", "is an empty row");
	ok(!ask("{ post(id: 1) @skip(if: true) { id } }", NULL), "nothing left at all");
	ok(json_is_object(json_object_get(answer, "data")), "is an empty object");
}

static void
test_pages(void)
{
	ask("{ allPosts(first: 5) { mentions { createdAt } } }", NULL);
	has(sql(), "ORDER BY position DESC LIMIT 100) t1 LIMIT $1::integer", "cut inside and outside");
	is_str(value(1), "5", "by the page asked for");
	ask("{ allPosts { id comments { id } } }", NULL);
	is_str(value(1), "20", "or by the default");
	ask("query ($n: Int) { allPosts(first: $n) { id } }", "{\"n\": null}");
	is_str(value(1), "20", "which null means too");
	ask("query ($n: Int) { allPosts(first: $n) { id } }", NULL);
	is_str(value(1), "20", "and a variable that nobody gave");
	ask("query ($n: Int = 3) { allPosts(first: $n) { id } }", NULL);
	is_str(value(1), "3", "unless the variable has its own default");
	ask("{ searchPostsFts(query: \"x\", first: 4) { id } }", NULL);
	has(sql(),
		"FROM social.search_posts(query => $1::text, first => $2::integer, after => NULL) t1)",
		"seed 059: a function pages by itself");
	ask("{ trendingHashtags(limit: 3) { tag } }", NULL);
	has(sql(), "social.trending_hashtags(first => $1::integer, after => NULL)", "seed 063");
}

static void
test_injection(void)
{
	const char *evil = "'; DROP TABLE social.posts; -- \\\" $1 {parent}";

	ask("{ hashtagPosts(tag: \"'; DROP TABLE social.posts; -- \\\\\\\" $1 {parent}\") { id } }",
		NULL);
	is_str(value(1), evil, "a literal arrives as it is");
	ok(!strstr(sql(), "DROP"), "and only as a parameter");
	ask("query ($t: String!) { hashtagPosts(tag: $t) { id } }",
		"{\"t\": \"'; DROP TABLE social.posts; -- \\\\\\\" $1 {parent}\"}");
	is_str(value(1), evil, "a variable arrives as it is");
	ok(!strstr(sql(), "DROP"), "and only as a parameter");
	refused("{ a\"b: me { id } }", NULL, "GRAPHQL_PARSE_FAILED", NULL, "");
	refused("{ \xC3\xA9: me { id } }", NULL, "GRAPHQL_PARSE_FAILED", NULL, "");
	ok(ask("{ select: me { from: id } }", NULL), "SQL's words are keys like others");
	has(sql(), "AS \"select\"", "because keys are quoted");
	nulled("{ hashtagPosts(tag: \"a\\u0000b\") { id } }", NULL, "BAD_USER_INPUT", "1:21", "U+0000",
		   "[\"hashtagPosts\"]");
	nulled("query ($t: String!) { hashtagPosts(tag: $t) { id } }", "{\"t\": \"a\\u0000b\"}",
		   "BAD_USER_INPUT", "1:41", "U+0000", "[\"hashtagPosts\"]");
	refused("{ a23456789012345678901234567890123456789012345678901234567890_123: me { id } }", NULL,
			"LIMIT_EXCEEDED", NULL, "alias is too long");
	ok(ask("{ a2345678901234567890123456789012345678901234567890123456789_123: me { id } }", NULL),
	   "63 bytes are what PostgreSQL keeps");
}

static void
test_identifiers(void)
{
	ask("{ post(id: \"abc\") { id } }", NULL);
	is_str(value(1), "NULL", "an id that cannot be finds nothing");
	ask("{ post(id: \"9007199254740991\") { id } }", NULL);
	is_str(value(1), "9007199254740991", "the largest id");
	ask("{ post(id: \"9007199254740992\") { id } }", NULL);
	is_str(value(1), "NULL", "one more finds nothing");
	ask("{ post(id: \"-1\") { id } }", NULL);
	is_str(value(1), "NULL", "nor does a sign");
	ask("{ post(id: \"\") { id } }", NULL);
	is_str(value(1), "NULL", "nor nothing");
	refused("mutation { likePost(postId: \"abc\") { success } }", NULL, "BAD_USER_INPUT", "1:29",
			"not an identifier");
	refused("mutation { likePost(postId: \"1 OR 1=1\") { success } }", NULL, "BAD_USER_INPUT", NULL,
			"not an identifier");
}

static void
test_mutations(void)
{
	ok(ask("mutation { one: createPost(title: \"T\", content: \"C\") { post { id title hashtags { "
		   "tag }"
		   " mentions { mentionedUser { username } } createdAt } success message }"
		   " likePost(postId: 3) { post { likesCount } } }",
		   NULL),
	   "seed 071, 077, 083, 084");
	is_int(asked->nsteps, 2, "one step per root field");
	ok(asked->is_mutation, "a mutation");
	is_str(asked->steps[0].response_key, "one", "keys in order");
	is_str(asked->steps[0].call.sql,
		   "SELECT social.set_result_id(social.create_post(title => $1::text, content => $2::text,"
		   " is_published => $3::boolean))",
		   "the call names its arguments");
	is_str(asked->steps[0].call.values[0], "T", "with its values");
	is_str(asked->steps[0].call.values[2], "true", "and its defaults");
	has(asked->steps[0].select.sql, "WHERE id = social.result_id()",
		"the payload reads the result");
	has(asked->steps[0].select.sql, "'Post created'::text AS \"message\"",
		"and says what happened");
	is_str(asked->steps[1].call.values[0], "3", "the second call has its own values");
	ask("mutation { createComment(postId: 1, content: \"x\") { success } }", NULL);
	ok(!strstr(asked->steps[0].call.sql, "parent_id"), "what is not given is not passed");
	ask("mutation ($p: ID) { createComment(postId: 1, content: \"x\", parentId: $p) { success } }",
		NULL);
	ok(asked->steps[0].call.values[2] == NULL, "a variable that nobody gave is null");
	ok(!ask_operation("mutation { likePost(postId: 1) { success } }", NULL, NULL, false),
	   "over GET");
	is_str(sb_graphql_refusal(asked), "METHOD_NOT_ALLOWED", "a mutation is not allowed");
	is_str(code(), "METHOD_NOT_ALLOWED", "and told so");
	ok(!ask("mutation { __typename }", NULL), "only a type name");
	is_str(json_string_value(json_object_get(json_object_get(answer, "data"), "__typename")),
		   "Mutation", "needs no database");
}

static void
test_operation_choice(void)
{
	const char *two = "query A { me { id } } query B { post(id: 1) { id } }";

	ok(ask_operation(two, NULL, "B", true), "the operation is chosen by name");
	has(sql(), "AS \"post\"", "the right one");
	ok(!ask_operation(two, NULL, NULL, true), "two operations and no name");
	is_str(code(), "OPERATION_RESOLUTION_FAILURE", "is an error");
	ok(!ask_operation(two, NULL, "C", true), "an unknown name");
	is_str(code(), "OPERATION_RESOLUTION_FAILURE", "is an error");
	ok(ask_operation("{ me { id } }", NULL, "", true), "an empty name is none");
	refused("fragment F on Post { id }", NULL, "GRAPHQL_VALIDATION_FAILED", NULL, "never used");
}

/* What the step counts as; NULL = nothing of its own. */
static const char *
action(const char *document, const char *variables, int step)
{
	ask(document, variables);
	return step < asked->nsteps ? asked->steps[step].action : "(no step)";
}

/* Found B8: every field with a limit of its own counts, merged ones once. */
static void
test_actions(void)
{
	struct sb_graphql_limits limits = sb_graphql_limits_default;
	static const char sdl[] =
		"directive @source(view: String!, order: String) on OBJECT "
		"directive @rows(where: String) on FIELD_DEFINITION "
		"directive @call(name: String!) on FIELD_DEFINITION "
		"directive @limit(action: String!) on FIELD_DEFINITION "
		"type Query { post(id: ID!): Post @rows(where: \"id = {id}\") "
		"  posts(first: Int = 20): [Post!]! @rows @limit(action: \"list\") } "
		"type Mutation { act(id: ID!): Acted @call(name: \"f\") @limit(action: \"auth/act\") } "
		"type Acted { post: Post @rows(where: \"id = social.result_id()\") } "
		"type Post @source(view: \"v\", order: \"id\") { id: ID! "
		"  near(first: Int = 5): [Post!]! @rows(where: \"a = {parent}.id\") "
		"@limit(action: \"near\") }";
	char *error;

	is_str(action("{ searchPostsFts(query: \"a\") { id } }", NULL, 0), "search", "one search");
	is_str(action("{ searchPostsFtsConnection(query: \"a\") { totalCount } }", NULL, 0), "search",
		   "as a connection, too");
	is_str(action("{ allPosts { id } }", NULL, 0), NULL, "none");
	is_str(action("{ a: searchPostsFts(query: \"a\") { id } allPosts { id } ...F }"
				  " fragment F on Query { b: searchPostsFts(query: \"a\") { id }"
				  " a: searchPostsFts(query: \"a\") { title } }",
				  NULL, 0),
		   "search*2", "two, one of them written twice");
	is_str(action("query ($no: Boolean!) { a: searchPostsFts(query: \"a\") { id }"
				  " b: searchPostsFts(query: \"b\") @skip(if: $no) { id } }",
				  "{\"no\": true}", 0),
		   "search", "one that is skipped does not count");
	is_str(action("mutation { likePost(postId: 1) { success } createPost(title: \"a\", content:"
				  " \"b\") { success } }",
				  NULL, 1),
		   "post_creation", "a mutation counts by its field");
	is_str(action("mutation { sharePost(postId: 1, message: \"m\") { success } }", NULL, 0),
		   "post_creation", "seed 121: what may write a post counts as one");
	is_str(
		action("{ searchPosts(query: \"a\") { id } searchHits(query: \"a\") { rank } }", NULL, 0),
		"search*2", "seed 119: every search counts");
	forget();
	sb_graphql_free(service);
	service = sb_graphql_new(sdl, sizeof(sdl) - 1, &limits, &error);
	if (!ok(service != NULL, "a schema with limits further down"))
	{
		printf("Bail out! %s\n", error);
		exit(1);
	}
	is_str(action("{ post(id: 1) { near { near { id } } } }", NULL, 0), "near*6",
		   "once for each row around it");
	is_str(action("query ($n: Int!) { posts(first: $n) { near { id } } post(id: 1) { id } }",
				  "{\"n\": 7}", 0),
		   "list,near*7", "of several actions each");
	is_str(action("query ($n: Int!) { posts(first: $n) { near { id } } post(id: 1) { id } }",
				  "{\"n\": 0}", 0),
		   "list", "by the page of this request, for a known shape too");
	is_str(action("mutation { act(id: 1) { post { near { near(first: 1) { id } } } } }", NULL, 0),
		   "auth/act,near*6", "and those in what a mutation answers");
}

/* Planned here, carried by transports that stream (issue 12, line 8). */
static void
test_subscription(void)
{
	const char *document = "subscription ($id: ID!) { changed: postUpdated(postId: $id) { id"
						   " author { username } } }";
	struct sb_graphql_request request = {
		.document = document, .document_len = strlen(document), .allow_subscription = true};

	refused(document, "{\"id\": 7}", "SUBSCRIPTION_NOT_CARRIED", "1:1", "a transport that streams");
	refused("subscription { a: postUpdated(postId: 1) { id } b: postUpdated(postId: 2) { id } }",
			NULL, "GRAPHQL_VALIDATION_FAILED", "1:16", "exactly one root field");
	forget();
	request.variables = json_pack("{s:i}", "id", 7);
	for (int n = 0; n < 2; n++) /* a new shape, and a known one */
	{
		sb_graphql_execution_free(asked);
		asked = sb_graphql_prepare(service, &request);
		ok(asked->is_subscription && !asked->is_mutation, "where one does, it is prepared");
		is_int(asked->nsteps, 1, "an event is one statement");
		is_str(value(1), "7", "about the row that the subscription names");
		has(sql(), "$1::bigint", "and no other");
	}
	json_decref(request.variables);
	answer_with("{\"changed\":{\"id\":\"7\",\"author\":null}}");
	data_is("{\"changed\":{\"id\":\"7\",\"author\":null}}", "its answer is that of the event");
	refused(document, "{\"id\": 7}", "SUBSCRIPTION_NOT_CARRIED", "1:1", "a transport that streams");
}

static void
listen_to(const char *document, const char *variables)
{
	struct sb_graphql_request request = {
		.document = document, .document_len = strlen(document), .allow_subscription = true};

	forget();
	request.variables = variables ? json_loads(variables, 0, NULL) : NULL;
	asked = sb_graphql_prepare(service, &request);
	json_decref(request.variables);
}

/* What a subscription hears of, and whether all who do are told the same (issue 14, line 3). */
static void
test_events(void)
{
	size_t len;
	struct sb_graphql_result result = {.json = "{\"n\":null}", .json_len = 10};
	char *body;

	listen_to("subscription { postUpdated(postId: 7) { id title author { username } } }", NULL);
	is_str(asked->topic, "post:7", "a topic, with the value of an argument");
	ok(strstr(asked->types, "post.edited") != NULL, "and the events there");
	ok(asked->is_shared, "columns and the author are the same for all who see the post");
	listen_to("subscription { postUpdated(postId: 7) { id isLiked } }", NULL);
	ok(!asked->is_shared, "what the viewer has done is not");
	listen_to("subscription { postUpdated(postId: 7) { mentions { mentionedUser { id } } } }",
			  NULL);
	ok(!asked->is_shared, "nor are rows that some may not see");
	listen_to("subscription { commentAdded(postId: 7) { content author { id } } }", NULL);
	ok(!asked->is_shared, "nor who wrote a comment");
	listen_to("subscription { commentAdded(postId: 7) { content createdAt } }", NULL);
	ok(asked->is_shared, "a comment's own columns are");
	listen_to("subscription { feedUpdated { post { id title } repostedBy { username } } }", NULL);
	is_str(asked->topic, "feed", "a topic without arguments");
	ok(asked->is_shared, "an entry is the same for all whose feed it comes into");
	listen_to("subscription { postCreated { id } }", NULL);
	is_str(asked->topic, "posts", "of several topics the one whose arguments are given");
	has(sql(), "social.document('post', social.event_post_id(), ", "about the event's post");
	listen_to("subscription ($a: ID, $t: String) { postCreated(authorId: $a, tag: $t) { id } }",
			  "{\"a\": null, \"t\": \"x|y\"}");
	is_str(asked->topic, "hashtag:x|y", "null is not given");
	listen_to("subscription { postCreated(authorId: 7) { id } }", NULL);
	is_str(asked->topic, "user:7", "a number");
	listen_to("subscription { n: notificationReceived { id } }", NULL);
	is_str(asked->topic, "notifications", "the viewer's own");
	body = sb_graphql_respond_event(asked, &result, 12, &len);
	is_str(body, "{\"data\":{\"n\":null},\"extensions\":{\"eventId\":\"12\"}}",
		   "an answer says which event it is about");
	is_int((int64_t) len, (int64_t) strlen(body), "  in so many bytes");
	free(body);
	listen_to("subscription { postCreated(authorId: 7, tag: \"x\") { id } }", NULL);
	is_str(sb_graphql_refusal(asked), "BAD_USER_INPUT", "two of them are too many");
	forget();
}

int
main(void)
{
	start(NULL);
	test_one_statement();
	test_columns();
	test_documents();
	test_expressions();
	test_fragments_flatten();
	test_pages();
	test_injection();
	test_identifiers();
	test_mutations();
	test_operation_choice();
	test_actions();
	start(NULL);
	test_subscription();
	test_events();
	stop();
	return done_testing();
}
