/*
 * describe.c owns what the routes say of themselves as data.
 */
#include "api/describe.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "http/router.h"

struct shape
{
	const char *name;
	const char *summary;
	const char *members;
};

static const struct shape shapes[] = {
#define SB_SHAPE(name, summary, members) {name, summary, members},
#include "api/shapes.def"
#undef SB_SHAPE
};

#define NSHAPES (sizeof(shapes) / sizeof(shapes[0]))

struct scalar
{
	const char *word;
	const char *type; /* NULL: anything */
	const char *format;
};

static const struct scalar scalars[] = {
	{"text", "string", NULL},   {"int", "integer", "int32"}, {"bigint", "integer", "int64"},
	{"number", "number", NULL}, {"bool", "boolean", NULL},   {"time", "string", "date-time"},
	{"json", NULL, NULL},
};

/* ---- shapes as JSON Schema ------------------------------------------------------------------- */

/* NULL for a word that is no type. */
static json_t *
schema_of_word(const char *word)
{
	for (size_t i = 0; i < sizeof(scalars) / sizeof(scalars[0]); i++)
		if (strcmp(scalars[i].word, word) == 0)
			return json_pack("{s:s*, s:s*}", "type", scalars[i].type, "format", scalars[i].format);
	for (size_t i = 0; i < NSHAPES; i++)
		if (strcmp(shapes[i].name, word) == 0)
			return json_pack("{s:o}", "$ref", json_sprintf("#/components/schemas/%s", word));
	return NULL;
}

/* A type as it is written, which is cut up. */
static json_t *
schema_of_type(char *type, bool *may_be_absent)
{
	size_t len = strlen(type);
	bool may_be_null = false;
	json_t *schema;

	for (; len > 0 && (type[len - 1] == '?' || type[len - 1] == '-'); type[--len] = '\0')
		*(type[len - 1] == '?' ? &may_be_null : may_be_absent) = true;
	if (len > 2 && *type == '[' && type[len - 1] == ']')
	{
		type[len - 1] = '\0';
		schema = schema_of_word(type + 1);
		if (schema)
			schema = json_pack("{s:s, s:o}", "type", "array", "items", schema);
	}
	else
		schema = schema_of_word(type);
	if (schema && may_be_null)
		schema = json_pack("{s:[o, {s:s}]}", "anyOf", schema, "type", "null");
	return schema;
}

/* NULL with the faulty item in *problem, which the caller frees. */
static json_t *
schema_of(const char *text, char **problem)
{
	char *copy = sb_checked(strdup(text));
	char *rest = NULL;
	json_t *members = json_object();
	json_t *required = json_array();
	json_t *schema = NULL;
	bool good = true;

	*problem = NULL;
	for (char *item = strtok_r(copy, " ", &rest); item && good; item = strtok_r(NULL, " ", &rest))
	{
		char *whole = sb_checked(strdup(item));
		char *colon = strchr(item, ':');
		bool may_be_absent = false;

		if (colon)
			*colon++ = '\0';
		schema = schema_of_type(colon ? colon : item, &may_be_absent);
		good = schema && (colon ? json_object_set_new(members, item, schema) == 0
								: json_object_size(members) == 0 && *rest == '\0');
		if (good && colon && !may_be_absent)
			json_array_append_new(required, json_string(item));
		if (good)
			free(whole);
		else
			*problem = whole;
	}
	free(copy);
	if (good && json_object_size(members) > 0)
		return json_pack("{s:s, s:o, s:o, s:b}", "type", "object", "properties", members,
						 "required", required, "additionalProperties", 0);
	json_decref(members);
	json_decref(required);
	return good ? schema : NULL;
}

/* Statuses as they are written; NULL when one is none of an error. */
static json_t *
statuses_of(const char *text)
{
	json_t *list = json_array();

	while (list && text && *text)
	{
		char *end;
		long status = strtol(text, &end, 10);

		if (status < 400 || status > 599 || (*end != ' ' && *end != '\0'))
		{
			json_decref(list);
			return NULL;
		}
		json_array_append_new(list, json_integer(status));
		text = end + (*end == ' ');
	}
	return list;
}

/* ---- routes ---------------------------------------------------------------------------------- */

static bool
complain(const char *kind, const char *name, const char *problem)
{
	fprintf(stderr, "social-bridge: %s %s: cannot read %s\n", kind, name, problem);
	return false;
}

static bool
can_read(const char *kind, const char *name, const char *text)
{
	char *problem;
	json_t *schema = schema_of(text, &problem);
	bool good = schema || complain(kind, name, problem ? problem : text);

	json_decref(schema);
	free(problem);
	return good;
}

bool
sb_describe_check(void)
{
	int count;
	const struct sb_route *routes = sb_router_routes(&count);

	for (size_t i = 0; i < NSHAPES; i++)
		if (!can_read("shape", shapes[i].name, shapes[i].members))
			return false;
	for (const struct sb_route *route = routes; route < routes + count; route++)
	{
		json_t *statuses = statuses_of(route->errors);

		if (statuses == NULL)
			return complain("route", route->name, route->errors);
		json_decref(statuses);
		if (route->summary == NULL || route->answer == NULL)
			return complain("route", route->name, "its summary or answer: there is none");
		if (!can_read("route", route->name, route->answer))
			return false;
	}
	return true;
}

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

/* What follows from the rest of the row, and what the row says. */
static json_t *
errors_of(const struct sb_route *route)
{
	json_t *list = json_array();
	json_t *own = statuses_of(route->errors);

	if (route->params.count > 0)
		json_array_append_new(list, json_integer(400));
	if (route->auth != SB_AUTH_NONE)
		json_array_append_new(list, json_integer(401));
	if (route->params.has_body)
	{
		json_array_append_new(list, json_integer(413));
		json_array_append_new(list, json_integer(415));
	}
	json_array_append_new(list, json_integer(429));
	json_array_append_new(list, json_integer(503));
	json_array_extend(list, own);
	json_decref(own);
	return list;
}

void
sb_describe_shapes(FILE *out)
{
	for (size_t i = 0; i < NSHAPES; i++)
		fprintf(out, "| `%s` | %s | `%s` |\n", shapes[i].name, shapes[i].summary,
				shapes[i].members);
}

static const char *const auth_words[] = {
	[SB_AUTH_NONE] = "none",       [SB_AUTH_OPTIONAL] = "optional", [SB_AUTH_CONTENT] = "content",
	[SB_AUTH_GRAPHQL] = "graphql", [SB_AUTH_REQUIRED] = "required",
};

void
sb_describe_print(FILE *out)
{
	json_t *schemas = json_object();
	json_t *list = json_array();
	json_t *all;
	char *problem;
	int count;
	const struct sb_route *routes = sb_router_routes(&count);

	for (size_t i = 0; i < NSHAPES; i++)
	{
		json_t *schema = schema_of(shapes[i].members, &problem);

		json_object_set_new(schema, "description", json_string(shapes[i].summary));
		json_object_set_new(schemas, shapes[i].name, schema);
	}
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
			json_pack("{s:s, s:s, s:s, s:s, s:o, s:s, s:s, s:s?, s:i, s:o, s:o, s:o, s:o}", "name",
					  route->name, "tag", route->group->tag, "summary", route->summary, "method",
					  sb_router_method_name(route->method), "paths", paths, "auth",
					  auth_words[route->auth], "surface", route->purpose.surface, "action",
					  route->purpose.action, "status", route->status, "parameters",
					  parameters_of(route), "answer", schema_of(route->answer, &problem), "errors",
					  errors_of(route), "statements", statements_of(route)));
	}
	all = json_pack("{s:o, s:o}", "shapes", schemas, "routes", list);
	json_dumpf(all, out, JSON_INDENT(1));
	fputc('\n', out);
	json_decref(all);
}
