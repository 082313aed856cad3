/*
 * graphql_read.c owns what a request to /graphql/ asks for.
 */
#include "api/graphql_read.h"

#include <ctype.h>
#include <string.h>

#include "base/utf8.h"
#include "event/event.h"
#include "http/content.h"
#include "http/reply.h"
#include "http/request.h"

#define HASH_DIGITS 64 /* of SHA-256 */

/* ---- members of a request -------------------------------------------------------------------- */

/* A member that is a text without U+0000, NULL where there is none; false when it is something
 * else.
 */
static bool
read_text(const json_t *object, const char *name, const char **text)
{
	const json_t *member = json_object_get(object, name);

	*text = json_string_value(member);
	if (*text)
		return strlen(*text) == json_string_length(member);
	return member == NULL || json_is_null(member);
}

/* Apollo's way of naming a document: its hash. NULL, or what is wrong. */
static const char *
read_persisted_query(struct sb_arena *arena, const json_t *member, const char **id)
{
	const char *hash;
	char *name;

	if (member == NULL || json_is_null(member))
		return NULL;
	if (json_integer_value(json_object_get(member, "version")) != 1 ||
		!read_text(member, "sha256Hash", &hash) || hash == NULL || strlen(hash) != HASH_DIGITS ||
		strspn(hash, "0123456789abcdefABCDEF") != HASH_DIGITS)
		return "extensions.persistedQuery must be {\"version\": 1, \"sha256Hash\": ...}, a hash in "
			   "hexadecimal";
	if (*id)
		return "either documentId or extensions.persistedQuery";
	name = sb_arena_printf(arena, "sha256:%s", hash);
	for (char *c = name; *c; c++)
		*c = (char) tolower((unsigned char) *c);
	*id = name;
	return NULL;
}

/* What we know of the extensions of a request. NULL, or what is wrong. */
static const char *
read_extensions(struct sb_arena *arena, const json_t *extensions, struct sb_asked *asked)
{
	if (!sb_event_read_id(json_object_get(extensions, "lastEventId"), &asked->after))
		return "extensions.lastEventId is the id of an event";
	asked->graphql.announce_cost = json_is_true(json_object_get(extensions, "cost"));
	return read_persisted_query(arena, json_object_get(extensions, "persistedQuery"),
								&asked->document_id);
}

const char *
sb_graphql_read_members(struct sb_arena *arena, const json_t *body, struct sb_asked *asked)
{
	json_t *query = json_object_get(body, "query");
	json_t *variables = json_object_get(body, "variables");
	json_t *extensions = json_object_get(body, "extensions");
	const char *problem;

	if (query && !json_is_null(query) && !json_is_string(query))
		return "query must be a text";
	if (!read_text(body, "operationName", &asked->graphql.operation_name))
		return "operationName must be a text without U+0000";
	if (!read_text(body, "documentId", &asked->document_id))
		return "documentId must be a text without U+0000";
	if (variables && !json_is_null(variables) && !json_is_object(variables))
		return "variables must be an object";
	if (extensions && !json_is_null(extensions) && !json_is_object(extensions))
		return "extensions must be an object";
	if (asked->document_id && json_is_string(query))
		return "either query or documentId";
	problem = read_extensions(arena, extensions, asked);
	if (problem == NULL && !json_is_string(query) && asked->document_id == NULL)
		problem = "query is required";
	asked->graphql.document = json_string_value(query);
	asked->graphql.document_len = json_string_length(query);
	asked->graphql.variables = json_is_object(variables) ? variables : NULL;
	return problem;
}

/* ---- POST and GET ---------------------------------------------------------------------------- */

static bool
read_post(struct sb_request *request, struct sb_asked *asked)
{
	const char *problem = NULL;

	asked->graphql.allow_mutation = true;
	if (sb_content_is(request, "application/graphql"))
	{
		asked->graphql.document = request->body_len ? request->body : "";
		asked->graphql.document_len = request->body_len;
		if (!sb_utf8_is_text(asked->graphql.document, request->body_len))
			problem = "the document holds the character U+0000, or is not valid UTF-8";
	}
	else if (sb_content_is(request, "application/json"))
	{
		request->json = sb_params_parse(&request->arena, "the body", request->body,
										request->body_len, true, &problem);
		if (request->json)
			problem = sb_graphql_read_members(&request->arena, request->json, asked);
	}
	else
	{
		sb_request_fail(request, 415, "the body must be application/json or application/graphql");
		return false;
	}
	if (problem)
		sb_request_fail(request, 400, problem);
	return problem == NULL;
}

/* A parameter of the target that is a JSON object; NULL without one, or with a problem. */
static json_t *
query_object(struct sb_request *request, const char *name, const char **problem)
{
	bool twice;
	const char *text = sb_url_query(&request->url, name, &twice);

	return text && *text ? sb_params_parse(&request->arena, name, text, strlen(text), true, problem)
						 : NULL;
}

/* A parameter of the target; NULL when there is none, or with a problem. */
static const char *
query_text(struct sb_request *request, const char *name, const char **problem)
{
	bool twice;
	const char *text = sb_url_query(&request->url, name, &twice);

	if (twice)
		*problem = "a parameter is given more than once";
	return text;
}

static bool
read_get(struct sb_request *request, struct sb_asked *asked)
{
	const char *problem = NULL;
	json_t *extensions = NULL;

	asked->graphql.document = query_text(request, "query", &problem);
	asked->graphql.operation_name = query_text(request, "operationName", &problem);
	asked->document_id = query_text(request, "documentId", &problem);
	query_text(request, "variables", &problem);
	query_text(request, "extensions", &problem);
	if (asked->graphql.operation_name && *asked->graphql.operation_name == '\0')
		asked->graphql.operation_name = NULL;
	if (problem == NULL && asked->graphql.document && asked->document_id)
		problem = "either query or documentId";
	if (problem == NULL)
		extensions = query_object(request, "extensions", &problem);
	if (problem == NULL)
		problem = read_extensions(&request->arena, extensions, asked);
	json_decref(extensions);
	if (problem == NULL && asked->graphql.document == NULL && asked->document_id == NULL)
		problem = "query is required: POST a GraphQL document here, or GET with ?query=";
	if (problem == NULL)
		request->json = asked->graphql.variables = query_object(request, "variables", &problem);
	if (problem)
	{
		sb_request_fail(request, 400, problem);
		return false;
	}
	asked->graphql.document_len = asked->graphql.document ? strlen(asked->graphql.document) : 0;
	return true;
}

bool
sb_graphql_read(struct sb_request *request, struct sb_asked *asked)
{
	*asked = (struct sb_asked){.after = -1};
	return request->route->method == SB_POST ? read_post(request, asked) : read_get(request, asked);
}
