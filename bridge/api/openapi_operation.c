/*
 * openapi_operation.c owns what the OpenAPI document says of one route.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "api/scope.h"
#include "api/api.h"
#include "api/describe.h"
#include "api/openapi.h"
#include "base/buffer.h"
#include "base/config.h"
#include "base/memory.h"
#include "core/ratelimit_policy.h"
#include "http/router.h"

/* ---- its name -------------------------------------------------------------------------------- */

static bool
is_only_of_its_name(const struct sb_route *route)
{
	int count;
	const struct sb_route *routes = sb_router_routes(&count);
	int named = 0;

	for (int i = 0; i < count; i++)
		named += !routes[i].is_again && strcmp(routes[i].name, route->name) == 0;
	return named == 1;
}

/* "posts.create" is postsCreate; where several methods share a name each says its own, too:
 * usersFollowDelete. The caller frees. */
static char *
operation_id(const struct sb_route *route)
{
	struct sb_buffer id = {0};
	bool is_start = false;
	size_t len;

	for (const char *c = route->name; *c; c++)
	{
		if (isalnum((unsigned char) *c))
			sb_buffer_putc(&id, is_start ? (char) toupper((unsigned char) *c) : *c);
		is_start = !isalnum((unsigned char) *c);
	}
	if (!is_only_of_its_name(route))
		for (const char *c = sb_router_method_name(route->method); *c; c++)
			sb_buffer_putc(&id, c == sb_router_method_name(route->method)
									? *c
									: (char) tolower((unsigned char) *c));
	return sb_buffer_take(&id, &len);
}

/* Keeps a schema among the components, under the operation's name and a word, and answers a
 * reference to it. */
static json_t *
keep_schema(json_t *components, const char *id, const char *word, json_t *schema)
{
	json_t *name = json_sprintf("%c%s%s", toupper((unsigned char) *id), id + 1, word);
	json_t *reference = json_pack("{s:o}", "$ref",
								  json_sprintf("#/components/schemas/%s", json_string_value(name)));

	json_object_set_new(json_object_get(components, "schemas"), json_string_value(name), schema);
	json_decref(name);
	return reference;
}

/* ---- what it takes --------------------------------------------------------------------------- */

static void
add_parameter(json_t *list, const char *source, const char *name, bool is_required, json_t *schema)
{
	json_t *about = json_incref(json_object_get(schema, "description"));

	json_object_del(schema, "description");
	json_array_append_new(list, json_pack("{s:s, s:s, s:o*, s:b, s:o}", "name", name, "in", source,
										  "description", about, "required", is_required, "schema",
										  schema));
}

/* What a handler reads by itself; NULL: nothing. */
static json_t *
taken_by_handler(const struct sb_route *route)
{
	char *problem;

	return route->takes ? sb_shapes_schema(route->takes, route->name, SB_SCHEMA_OPEN, &problem)
						: NULL;
}

/* Mutations of GraphQL take one, too. */
static bool
takes_key(const struct sb_route *route)
{
	return route->takes_key || (route->auth == SB_AUTH_GRAPHQL && route->method == SB_POST);
}

static bool
is_guarded(const struct sb_route *route)
{
	return route->guard != NULL;
}

/* What is read by a row alone, or is fixed. */
static bool
has_tag(const struct sb_route *route)
{
	return route->method == SB_GET &&
		   (route->handler == sb_api_rest || route->handler == sb_api_openapi);
}

static bool
is_stream(const struct sb_route *route)
{
	return strcmp(route->answer_type, "text/event-stream") == 0;
}

static const struct
{
	const char *name;
	bool (*is_taken)(const struct sb_route *route);
	const char *about;
	const char *example;
} request_headers[] = {
	{"Idempotency-Key", takes_key,
	 "A word of the client's for this request, of 1 to 255 characters.",
	 "6fa459ea-ee8a-4ca4-894e-db77e160355e"},
	{"If-Match", is_guarded,
	 "The ETag of what was read: the write is refused where that has changed.",
	 "\"734.f2ad48ed08a1b4a9\""},
	{"If-None-Match", has_tag, "The ETag of what the client has: 304 where it is still that.",
	 "\"f2ad48ed08a1b4a9\""},
	{"Last-Event-ID", is_stream,
	 "The id of the last event that the client has, which a browser sends by itself when it comes "
	 "again: what came since comes first.",
	 "4711"},
};

static void
add_headers(json_t *list, const struct sb_route *route)
{
	for (size_t i = 0; i < sizeof(request_headers) / sizeof(request_headers[0]); i++)
		if (request_headers[i].is_taken(route))
			add_parameter(list, "header", request_headers[i].name, false,
						  json_pack("{s:s, s:s, s:[s]}", "type", "string", "description",
									request_headers[i].about, "examples",
									request_headers[i].example));
}

static bool
is_listed(const json_t *list, const char *text)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (strcmp(json_string_value(json_array_get(list, i)), text) == 0)
			return true;
	return false;
}

static json_t *
parameters_of(const struct sb_route *route)
{
	json_t *list = json_array();
	json_t *taken = route->method == SB_GET ? taken_by_handler(route) : NULL;
	const char *name;
	json_t *schema;

	for (int i = 0; i < route->params.count; i++)
	{
		const struct sb_param *param = &route->params.list[i];
		bool is_path = param->source == SB_PARAM_PATH;

		if (!is_path && param->source != SB_PARAM_QUERY)
			continue;
		add_parameter(list, sb_param_source_word(param->source), param->name,
					  is_path || param->required, sb_describe_parameter(route, param));
		if (param->type == SB_PARAM_BIGINTS)
			json_object_set_new(json_array_get(list, json_array_size(list) - 1), "explode",
								json_false());
	}
	json_object_foreach(json_object_get(taken, "properties"), name, schema)
		add_parameter(list, "query", name, is_listed(json_object_get(taken, "required"), name),
					  json_incref(schema));
	json_decref(taken);
	add_headers(list, route);
	return list;
}

/* Of the parameters that come from the body. */
static json_t *
schema_of_body(const struct sb_route *route)
{
	json_t *members = json_object();
	json_t *required = json_array();

	for (int i = 0; i < route->params.count; i++)
	{
		const struct sb_param *param = &route->params.list[i];

		if (param->source != SB_PARAM_BODY)
			continue;
		json_object_set_new(members, param->name, sb_describe_parameter(route, param));
		if (param->required)
			json_array_append_new(required, json_string(param->name));
	}
	return json_pack("{s:s, s:o, s:o}", "type", "object", "properties", members, "required",
					 required);
}

/* NULL: none is looked at. */
static json_t *
body_of(const struct sb_route *route, const char *id, json_t *components)
{
	bool is_required = route->takes || route->params.needs_body || route->method == SB_PUT;
	json_t *schema = route->method == SB_GET ? NULL : taken_by_handler(route);

	if (route->params.has_body)
		schema = schema_of_body(route);
	if (schema == NULL)
		return NULL;
	return json_pack("{s:b, s:{s:{s:o}}}", "required", is_required, "content", "application/json",
					 "schema", keep_schema(components, id, "Request", schema));
}

static bool
takes_query(const struct sb_route *route, const char *name)
{
	for (int i = 0; i < route->params.count; i++)
		if (route->params.list[i].source == SB_PARAM_QUERY &&
			strcmp(route->params.list[i].name, name) == 0)
			return true;
	return false;
}

/* ---- what it answers ------------------------------------------------------------------------- */

/* Pages lead to pages. */
static json_t *
links_of(const struct sb_route *route, const char *id)
{
	static const char *const ways[][3] = {
		{"next", "after", "$response.body#/next"},
		{"previous", "before", "$response.body#/previous"},
	};
	json_t *links = json_object();

	for (int i = 0; i < 2; i++)
		if (takes_query(route, ways[i][1]))
			json_object_set_new(links, ways[i][0],
								json_pack("{s:s, s:{s:s}, s:s}", "operationId", id, "parameters",
										  ways[i][1], ways[i][2], "description",
										  "Not there where it is null."));
	return links;
}

static json_t *
success_of(const struct sb_route *route, const char *id, json_t *components)
{
	char *problem;
	json_t *schema = sb_shapes_schema(route->answer, route->name, SB_SCHEMA_OPEN, &problem);
	json_t *links = links_of(route, id);
	unsigned flags = (route->location ? SB_OPENAPI_MADE : 0) |
					 (json_object_size(links) > 0 ? SB_OPENAPI_PAGE : 0) |
					 (takes_key(route) ? SB_OPENAPI_KEPT : 0) |
					 (has_tag(route) || is_guarded(route) ? SB_OPENAPI_TAGGED : 0);
	json_t *response;

	if (json_object_get(schema, "properties"))
		schema = keep_schema(components, id, "Response", schema);
	response = json_pack("{s:s, s:o, s:{s:{s:o}}}", "description",
						 route->status == 201 ? "Made." : "Done.", "headers",
						 sb_openapi_headers(route->status, flags), "content", route->answer_type,
						 "schema", schema);
	if (json_object_size(links) > 0)
		json_object_set(response, "links", links);
	json_decref(links);
	return response;
}

static json_t *
responses_of(const struct sb_route *route, const char *id, json_t *components)
{
	json_t *responses = json_object();
	json_t *errors = sb_describe_errors(route, SB_SCHEMA_OPEN);
	json_t *error = sb_shapes_schema("Error", route->name, SB_SCHEMA_OPEN, &(char *){NULL});

	json_object_set_new(responses, route->status == 201 ? "201" : "200",
						success_of(route, id, components));
	if (has_tag(route))
		json_object_set_new(responses, "304",
							json_pack("{s:s, s:o}", "description",
									  "The client has it (If-None-Match).", "headers",
									  sb_openapi_headers(304, SB_OPENAPI_TAGGED)));
	for (int status = 400; status < 600; status++)
	{
		char name[16];
		json_t *schema;
		json_t *response;

		snprintf(name, sizeof(name), "%d", status);
		schema = json_object_get(errors, name);
		if (schema == NULL)
			continue;
		if (json_equal(schema, error))
			response = sb_openapi_error(status, components);
		else /* a body of its own, or problem details */
			response = json_pack("{s:s, s:o, s:{s:{s:O}, s:{s:{s:s}}}}", "description",
								 sb_openapi_status(status), "headers",
								 sb_openapi_headers(status, 0), "content", "application/json",
								 "schema", schema, "application/problem+json", "schema", "$ref",
								 "#/components/schemas/Problem");
		json_object_set_new(responses, name, response);
	}
	json_object_set_new(responses, "default", sb_openapi_error(0, components));
	json_decref(errors);
	json_decref(error);
	return responses;
}

/* ---- who may, and how often ------------------------------------------------------------------ */

static json_t *
security_of(const struct sb_route *route, const struct sb_config *config)
{
	bool is_open = route->auth == SB_AUTH_OPTIONAL ||
				   (route->auth == SB_AUTH_CONTENT && config->anonymous_read) ||
				   (route->auth == SB_AUTH_GRAPHQL && config->anonymous_graphql);
	json_t *ways = json_array();

	if (route->auth == SB_AUTH_NONE)
		return ways;
	if (is_open)
		json_array_append_new(ways, json_object());
	json_array_append_new(ways, json_pack("{s:[]}", "bearer"));
	if (route->scope == SB_SCOPE_ANY)
		json_array_append_new(ways, json_pack("{s:[]}", "api_key"));
	else if (route->scope)
		json_array_append_new(ways, json_pack("{s:[s]}", "api_key", sb_scope_word(route->scope)));
	return ways;
}

static bool
limits_route(const struct social_limit_row *row, const struct sb_route *route)
{
	if (strcmp(row->surface, "*") != 0 && strcmp(row->surface, route->purpose.surface) != 0)
		return false;
	if (route->auth == SB_AUTH_NONE && row->subject == SOCIAL_LIMIT_USER)
		return false;
	if (route->scope == 0 && row->subject == SOCIAL_LIMIT_KEY)
		return false;
	return row->is_standing ||
		   (route->purpose.action && strcmp(row->action, route->purpose.action) == 0);
}

/* The limits that it meets where nobody has set others. */
static json_t *
limits_of(const struct sb_route *route)
{
	struct social_limit_set *set = sb_malloc(sizeof(*set));
	json_t *list = json_array();

	social_limit_set_init(set);
	for (int i = 0; i < set->count; i++)
		for (int rate = 0; limits_route(&set->rows[i], route) && rate < set->rows[i].nrates; rate++)
		{
			const struct social_limit_row *row = &set->rows[i];
			char text[SOCIAL_RATE_TEXT_MAX];

			social_rate_format(&row->rates[rate], text);
			json_array_append_new(list,
								  json_pack("{s:s, s:s, s:s}", "action", row->action, "subject",
											social_limit_subject_name(row->subject), "rate", text));
		}
	free(set);
	return list;
}

/* What stands in no other member, for people. */
static json_t *
description_of(const struct sb_route *route, const json_t *limits)
{
	int count;
	const struct sb_route *routes = sb_router_routes(&count);
	struct sb_buffer text = {0};
	json_t *description;
	const json_t *limit;
	size_t i;

	sb_buffer_puts(&text, route->summary);
	for (const struct sb_route *again = route + 1; again < routes + count && again->is_again;
		 again++)
		sb_buffer_printf(&text, "%s`%s`", again == route + 1 ? "\n\nAlso at " : ", ", again->path);
	json_array_foreach(limits, i, limit)
		sb_buffer_printf(&text, "%s%s a %s (`%s`)", i == 0 ? "\n\nLimits: " : ", ",
						 json_string_value(json_object_get(limit, "rate")),
						 json_string_value(json_object_get(limit, "subject")),
						 json_string_value(json_object_get(limit, "action")));
	description = json_stringn(text.data, text.len);
	sb_buffer_free(&text);
	return description;
}

json_t *
sb_openapi_operation(const struct sb_route *route, const struct sb_config *config,
					 json_t *components)
{
	char *id = operation_id(route);
	json_t *limits = limits_of(route);
	json_t *operation =
		json_pack("{s:[s], s:s, s:o, s:s, s:o, s:o, s:o*, s:o, s:o}", "tags", route->group->tag,
				  "summary", route->summary, "description", description_of(route, limits),
				  "operationId", id, "security", security_of(route, config), "parameters",
				  parameters_of(route), "requestBody", body_of(route, id, components), "responses",
				  responses_of(route, id, components), "x-rate-limit", limits);

	free(id);
	return operation;
}
