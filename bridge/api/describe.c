/*
 * describe.c owns what the routes say of themselves as data.
 */
#include "api/describe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/asyncapi.h"
#include "api/scope.h"
#include "base/memory.h"
#include "http/router.h"

/* ---- what a row says ------------------------------------------------------------------------- */

/* One of a row's errors, "404", or "503:Health" where the body has that shape. */
static bool
add_error(json_t *errors, char *item, const char *place, enum sb_schema_use use)
{
	char *colon = strchr(item, ':');
	char *problem = NULL;
	json_t *schema = sb_shapes_schema(colon ? colon + 1 : "Error", place, use, &problem);
	char *end;
	long status = strtol(item, &end, 10);

	free(problem);
	if (schema == NULL || status < 400 || status > 599 || (*end != ':' && *end != '\0'))
	{
		json_decref(schema);
		return false;
	}
	if (colon)
		*colon = '\0';
	return json_object_set_new(errors, item, schema) == 0;
}

/* Adds them all. */
static bool
add_errors(json_t *errors, const char *text, const char *place, enum sb_schema_use use)
{
	char *copy = sb_checked(strdup(text ? text : ""));
	char *rest = NULL;
	bool good = true;

	for (char *item = strtok_r(copy, " ", &rest); item && good; item = strtok_r(NULL, " ", &rest))
		good = add_error(errors, item, place, use);
	free(copy);
	return good;
}

json_t *
sb_describe_errors(const struct sb_route *route, enum sb_schema_use use)
{
	json_t *errors = json_object();

	add_errors(errors, "400", route->name, use);
	if (route->auth != SB_AUTH_NONE)
		add_errors(errors, "401 403", route->name, use);
	if (strchr(route->path, '{'))
		add_errors(errors, "404", route->name, use);
	if (route->params.has_body)
		add_errors(errors, "413 415", route->name, use);
	if (route->takes_key)
		add_errors(errors, "409 422", route->name, use);
	if (route->guard)
		add_errors(errors, "412", route->name, use);
	add_errors(errors, "429 503", route->name, use);
	add_errors(errors, route->errors, route->name, use);
	return errors;
}

/* The schema of its type alone. */
static json_t *
schema_of_type(const struct sb_route *route, const struct sb_param *param)
{
	bool is_list = param->type == SB_PARAM_BIGINTS;
	char *problem;
	json_t *schema;

	if (param->type == SB_PARAM_JSON)
		return json_pack("{s:[s, s]}", "type", "object", "array");
	schema = sb_shapes_schema(is_list ? "[bigint]" : sb_param_type_word(param->type), route->name,
							  SB_SCHEMA_OPEN, &problem);

	if (is_list)
		json_object_set_new(schema, "maxItems", json_integer(SB_PARAM_LIST_MAX));
	return schema;
}

json_t *
sb_describe_parameter(const struct sb_route *route, const struct sb_param *param)
{
	bool is_text = param->type == SB_PARAM_TEXT || param->type == SB_PARAM_TIME;
	json_t *schema = schema_of_type(route, param);

	if (param->source == SB_PARAM_BODY && !param->required && !param->null_is_wrong)
		schema = sb_shapes_or_null(schema);
	if (!sb_shapes_describe(schema, route->name, param->name))
	{
		json_decref(schema);
		return NULL;
	}
	if (param->has_default)
		json_object_set_new(schema, "default",
							is_text ? json_string(param->value)
									: json_loads(param->value, JSON_DECODE_ANY, NULL));
	return schema;
}

/* ---- whether it can be read ------------------------------------------------------------------ */

static bool
complain(const struct sb_route *route, const char *problem)
{
	fprintf(stderr, "social-bridge: route %s: cannot read %s\n", route->name, problem);
	return false;
}

static bool
can_read_shape(const struct sb_route *route, const char *text)
{
	char *problem;
	json_t *schema = sb_shapes_schema(text, route->name, SB_SCHEMA_OPEN, &problem);
	bool good = schema || complain(route, problem ? problem : text);

	json_decref(schema);
	free(problem);
	return good;
}

static bool
can_read(const struct sb_route *route)
{
	json_t *errors = json_object();
	bool good = add_errors(errors, route->errors, route->name, SB_SCHEMA_OPEN);

	json_decref(errors);
	if (!good)
		return complain(route, route->errors);
	if (route->summary == NULL || route->answer == NULL)
		return complain(route, "its summary or answer: there is none");
	for (int i = 0; i < route->params.count; i++)
	{
		const struct sb_param *param = &route->params.list[i];
		json_t *schema = sb_describe_parameter(route, param);

		if (schema == NULL)
			return complain(route, param->name);
		json_decref(schema);
	}
	return can_read_shape(route, route->answer) &&
		   (route->takes == NULL || can_read_shape(route, route->takes));
}

bool
sb_describe_check(void)
{
	int count;
	const struct sb_route *routes = sb_router_routes(&count);

	for (int i = 0; i < count; i++)
		if (!can_read(&routes[i]))
			return false;
	return sb_asyncapi_check() && sb_shapes_check();
}

/* ---- routes as data -------------------------------------------------------------------------- */

static json_t *
parameters_of(const struct sb_route *route)
{
	json_t *list = json_array();

	for (int i = 0; i < route->params.count; i++)
	{
		const struct sb_param *param = &route->params.list[i];

		json_array_append_new(list,
							  json_pack("{s:s, s:s, s:s, s:b, s:b, s:s*}", "in",
										sb_param_source_word(param->source), "name", param->name,
										"type", sb_param_type_word(param->type), "required",
										param->required, "null_clears", param->null_clears,
										"default", param->has_default ? param->value : NULL));
	}
	return list;
}

/* The parameters are the first statement's. */
static json_t *
statements_of(const struct sb_route *route)
{
	const char *sql[] = {route->call, route->select};
	json_t *list = json_array();

	for (int i = 0; i < 2; i++)
	{
		json_t *types = json_array();

		if (sql[i] == NULL)
		{
			json_decref(types);
			continue;
		}
		for (int p = 0; json_array_size(list) == 0 && p < route->params.count; p++)
			json_array_append_new(types,
								  json_string(sb_param_sql_type(route->params.list[p].type)));
		json_array_append_new(list, json_pack("{s:s, s:o}", "sql", sql[i], "types", types));
	}
	return list;
}

char *
sb_describe_statements(void)
{
	int count;
	const struct sb_route *routes = sb_router_routes(&count);
	json_t *all = json_array();
	char *text;

	for (const struct sb_route *route = routes; route < routes + count; route++)
	{
		json_t *statements = route->is_again ? json_array() : statements_of(route);
		json_t *statement;
		size_t i;

		json_array_foreach(statements, i, statement)
		{
			json_object_set_new(
				statement, "name",
				json_sprintf("%s %s", sb_router_method_name(route->method), route->path));
			json_array_append(all, statement);
		}
		json_decref(statements);
	}
	text = sb_checked(json_dumps(all, JSON_COMPACT));
	json_decref(all);
	return text;
}

static const char *const auth_words[] = {
	[SB_AUTH_NONE] = "none",       [SB_AUTH_OPTIONAL] = "optional", [SB_AUTH_CONTENT] = "content",
	[SB_AUTH_GRAPHQL] = "graphql", [SB_AUTH_REQUIRED] = "required", [SB_AUTH_STAFF] = "staff",
	[SB_AUTH_ADMIN] = "admin",     [SB_AUTH_INGEST] = "ingest",
};

void
sb_describe_print(FILE *out)
{
	json_t *list = json_array();
	json_t *all;
	char *problem;
	int count;
	const struct sb_route *routes = sb_router_routes(&count);

	for (int i = 0; i < count; i++)
	{
		const struct sb_route *route = &routes[i];
		json_t *paths;

		if (route->is_again)
			continue;
		paths = json_array();
		for (int again = i; again == i || (again < count && routes[again].is_again); again++)
			json_array_append_new(paths, json_string(routes[again].path));
		json_array_append_new(
			list,
			json_pack(
				"{s:s, s:s, s:s, s:s, s:b, s:o, s:s, s:s, s:s, s:s?, s:b, s:b, s:i, s:o, s:o*, "
				"s:o, "
				"s:o, s:o}",
				"name", route->name, "tag", route->group->tag, "summary", route->summary, "method",
				sb_router_method_name(route->method), "hidden", route->is_hidden, "paths", paths,
				"auth", auth_words[route->auth], "scope", sb_scope_word(route->scope), "surface",
				route->purpose.surface, "action", route->purpose.action, "idempotency_key",
				route->takes_key, "if_match", route->guard != NULL, "status", route->status,
				"parameters", parameters_of(route), "takes",
				route->takes
					? sb_shapes_schema(route->takes, route->name, SB_SCHEMA_EXACT, &problem)
					: NULL,
				"answer", sb_shapes_schema(route->answer, route->name, SB_SCHEMA_EXACT, &problem),
				"errors", sb_describe_errors(route, SB_SCHEMA_EXACT), "statements",
				statements_of(route)));
	}
	all = json_pack("{s:o, s:{s:s}, s:o}", "shapes", sb_shapes_all(SB_SCHEMA_EXACT), "problem",
					"$ref", "#/components/schemas/Problem", "routes", list);
	json_dumpf(all, out, JSON_INDENT(1));
	fputc('\n', out);
	json_decref(all);
}
