/*
 * shapes.c owns the language of shapes, and the tables of shapes and fields.
 */
#include "api/shapes.h"

#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/memory.h"

static const struct shape
{
	const char *name;
	const char *summary;
	const char *members;
} shapes[] = {
#define SB_SHAPE(name, summary, members) {name, summary, members},
#include "api/shapes.def"
#undef SB_SHAPE
};

#define NSHAPES (sizeof(shapes) / sizeof(shapes[0]))

static const struct field
{
	const char *name;
	const char *about;
	json_int_t low;
	json_int_t high;
	const char *format;
	const char *pattern;
	const char *words;
	const char *example;
} fields[] = {
#define SB_FIELD(name, about, ...) {name, about, __VA_ARGS__},
#include "api/fields.def"
#undef SB_FIELD
};

#define NFIELDS (sizeof(fields) / sizeof(fields[0]))

static bool is_met[NFIELDS]; /* by something that has its name; written before any thread */

static const struct scalar
{
	const char *word;
	const char *type; /* NULL: anything */
	const char *format;
} scalars[] = {
	{"text", "string", NULL},   {"int", "integer", "int32"}, {"bigint", "integer", "int64"},
	{"number", "number", NULL}, {"bool", "boolean", NULL},   {"time", "string", "date-time"},
	{"json", NULL, NULL},       {"object", "object", NULL},
};

/* ---- fields ---------------------------------------------------------------------------------- */

/* The row of a name at a place: the one that names both, else that of the name alone. */
static const struct field *
find_field(const char *place, const char *name)
{
	size_t len = strlen(place);
	const struct field *found = NULL;

	for (const struct field *field = fields; field < fields + NFIELDS; field++)
	{
		if (strncmp(field->name, place, len) == 0 && field->name[len] == '.' &&
			strcmp(field->name + len + 1, name) == 0)
			return field;
		if (strcmp(field->name, name) == 0)
			found = field;
	}
	return found;
}

static json_t *
words_of(const char *words, bool may_be_null)
{
	json_t *list = json_array();
	char *copy = sb_checked(strdup(words));
	char *rest = NULL;

	for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		json_array_append_new(list, json_string(word));
	if (may_be_null)
		json_array_append_new(list, json_null());
	free(copy);
	return list;
}

static void
set_text(json_t *schema, const char *key, const char *text)
{
	if (text)
		json_object_set_new(schema, key, json_string(text));
}

/* A bound of 0 says nothing. */
static void
set_bound(json_t *schema, const char *key, json_int_t bound)
{
	if (bound)
		json_object_set_new(schema, key, json_integer(bound));
}

/* What a field says of a value of that type. Bounds and forms are for what is sent: what is there
 * already may be older than they. */
static bool
add_facts(json_t *schema, const struct field *field, const char *type, bool may_be_null,
		  bool is_sent)
{
	bool is_text = strcmp(type, "string") == 0;
	bool is_number = strcmp(type, "integer") == 0 || strcmp(type, "number") == 0;
	json_t *example = NULL;

	if ((!is_text && (field->format || field->pattern || field->words)) ||
		(!is_text && !is_number && (field->low || field->high)))
		return false;
	if (field->words)
		json_object_set_new(schema, "enum", words_of(field->words, may_be_null));
	if (is_sent)
	{
		set_bound(schema, is_text ? "minLength" : "minimum", field->low);
		set_bound(schema, is_text ? "maxLength" : "maximum", field->high);
		set_text(schema, "format", field->format);
		set_text(schema, "pattern", field->pattern);
	}
	if (field->example == NULL)
		return true;
	example =
		is_text ? json_string(field->example) : json_loads(field->example, JSON_DECODE_ANY, NULL);
	return example && json_object_set_new(schema, "examples", json_pack("[o]", example)) == 0;
}

static bool
has_facts(const struct field *field)
{
	return field->low || field->high || field->format || field->pattern || field->words ||
		   field->example;
}

static bool
describe(json_t *schema, const char *place, const char *name, bool is_sent)
{
	const struct field *field = find_field(place, name);
	json_t *items = json_object_get(schema, "items");
	json_t *type = json_object_get(items ? items : schema, "type");
	bool may_be_null = json_is_array(type);

	if (field == NULL)
		return true;
	is_met[field - fields] = true;
	set_text(schema, "description", field->about);
	if (may_be_null)
		type = json_array_get(type, 0);
	return !has_facts(field) || (type && add_facts(items ? items : schema, field,
												   json_string_value(type), may_be_null, is_sent));
}

bool
sb_shapes_describe(json_t *schema, const char *place, const char *name)
{
	return describe(schema, place, name, true);
}

/* ---- shapes ---------------------------------------------------------------------------------- */

json_t *
sb_shapes_or_null(json_t *schema)
{
	json_t *type = json_object_get(schema, "type");

	if (json_is_array(type))
		json_array_append_new(type, json_string("null"));
	else if (type)
		json_object_set_new(schema, "type", json_pack("[O, s]", type, "null"));
	else if (json_object_size(schema) > 0)
		schema = json_pack("{s:[o, {s:s}]}", "anyOf", schema, "type", "null");
	return schema;
}

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
	return schema && may_be_null ? sb_shapes_or_null(schema) : schema;
}

json_t *
sb_shapes_schema(const char *text, const char *place, enum sb_schema_use use, char **problem)
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
		if (good && colon)
			good = describe(schema, place, item, false);
		if (good)
			free(whole);
		else
			*problem = whole;
	}
	free(copy);
	if (good && json_object_size(members) > 0)
	{
		schema = json_pack("{s:s, s:o, s:o}", "type", "object", "properties", members, "required",
						   required);
		if (use == SB_SCHEMA_EXACT)
			json_object_set_new(schema, "additionalProperties", json_false());
		return schema;
	}
	json_decref(members);
	json_decref(required);
	return good ? schema : NULL;
}

json_t *
sb_shapes_all(enum sb_schema_use use)
{
	json_t *all = json_object();
	char *problem;

	for (size_t i = 0; i < NSHAPES; i++)
	{
		json_t *schema = sb_shapes_schema(shapes[i].members, shapes[i].name, use, &problem);

		json_object_set_new(schema, "description", json_string(shapes[i].summary));
		json_object_set_new(all, shapes[i].name, schema);
	}
	return all;
}

bool
sb_shapes_check(void)
{
	for (size_t i = 0; i < NSHAPES; i++)
	{
		char *problem;
		json_t *schema =
			sb_shapes_schema(shapes[i].members, shapes[i].name, SB_SCHEMA_OPEN, &problem);

		if (schema == NULL)
			fprintf(stderr, "social-bridge: shape %s: cannot read %s\n", shapes[i].name,
					problem ? problem : shapes[i].members);
		free(problem);
		if (schema == NULL)
			return false;
		json_decref(schema);
	}
	for (size_t i = 0; i < NFIELDS; i++)
		if (!is_met[i])
		{
			fprintf(stderr, "social-bridge: field %s: nothing has that name\n", fields[i].name);
			return false;
		}
	return true;
}

void
sb_shapes_print(FILE *out)
{
	for (size_t i = 0; i < NSHAPES; i++)
		fprintf(out, "| `%s` | %s | `%s` |\n", shapes[i].name, shapes[i].summary,
				shapes[i].members);
}
