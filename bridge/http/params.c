/*
 * params.c owns how a request's values become a statement's parameters.
 */
#include "http/params.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/memory.h"
#include "base/timestamp.h"

struct word
{
	const char *word;
	int value;
};

static const struct word sources[] = {{"body", SB_PARAM_BODY},
									  {"query", SB_PARAM_QUERY},
									  {"path", SB_PARAM_PATH},
									  {"client", SB_PARAM_CLIENT}};
static const struct word types[] = {{"text", SB_PARAM_TEXT},     {"int", SB_PARAM_INT},
									{"bigint", SB_PARAM_BIGINT}, {"bool", SB_PARAM_BOOL},
									{"time", SB_PARAM_TIME},     {"bigints", SB_PARAM_BIGINTS},
									{"json", SB_PARAM_JSON}};

static const char *const type_texts[] = {
	[SB_PARAM_TEXT] = "a text",
	[SB_PARAM_INT] = "a whole number",
	[SB_PARAM_BIGINT] = "a whole number of at most 9007199254740991 (2^53 - 1)",
	[SB_PARAM_BOOL] = "true or false",
	[SB_PARAM_TIME] = ("a time such as " SB_TIMESTAMP_EXAMPLE),
	[SB_PARAM_BIGINTS] = "a list of at most 100 ids",
	[SB_PARAM_JSON] = "an object or a list",
};

static const char *const sql_types[] = {
	[SB_PARAM_TEXT] = "text",
	[SB_PARAM_INT] = "integer",
	[SB_PARAM_BIGINT] = "bigint",
	[SB_PARAM_BOOL] = "boolean",
	[SB_PARAM_TIME] = "timestamp with time zone",
	[SB_PARAM_BIGINTS] = "bigint[]",
	[SB_PARAM_JSON] = "jsonb",
};

/* What a field becomes that a JSON null clears. */
static const char *const cleared[] = {
	[SB_PARAM_TEXT] = "",
	[SB_PARAM_BIGINT] = "0",
	[SB_PARAM_TIME] = "infinity",
	[SB_PARAM_JSON] = NULL,
};

/* The word of a value. */
static const char *
word_of(const struct word *words, int value)
{
	while (words->value != value)
		words++;
	return words->word;
}

const char *
sb_param_source_word(enum sb_param_source source)
{
	return word_of(sources, (int) source);
}

const char *
sb_param_type_word(enum sb_param_type type)
{
	return word_of(types, (int) type);
}

const char *
sb_param_sql_type(enum sb_param_type type)
{
	return sql_types[type];
}

/* ---- reading the specification --------------------------------------------------------------- */

static int
find_word(const struct word *words, size_t count, const char *text, size_t len)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(words[i].word) == len && strncmp(words[i].word, text, len) == 0)
			return words[i].value;
	return -1;
}

/* The number of the path's segment that reads {name}, or -1. */
static int
find_segment(const char *path, const char *name)
{
	int segment = -1;

	for (; *path; path++)
		if (*path == '/')
		{
			segment++;
			if (path[1] == '{' && strncmp(path + 2, name, strlen(name)) == 0 &&
				path[2 + strlen(name)] == '}')
				return segment;
		}
	return -1;
}

static bool
is_client_word(const char *name)
{
	return strcmp(name, "address") == 0 || strcmp(name, "user_agent") == 0 ||
		   strcmp(name, "country") == 0;
}

/* Reads what stands behind the type, mark[0 .. len). */
static bool
compile_mark(struct sb_param *param, const char *mark, size_t len)
{
	param->required = len == 1 && *mark == '!';
	param->null_clears = len == 1 && *mark == '~' && cleared[param->type] != NULL;
	param->null_is_wrong = len == 1 && *mark == '-' && param->source == SB_PARAM_BODY;
	param->has_default = len > 0 && *mark == '=';
	if (param->has_default)
		memcpy(param->value, mark + 1, len - 1);
	return len == 0 || param->required || param->null_clears || param->null_is_wrong ||
		   param->has_default;
}

/* Reads one item, item[0 .. len). */
static bool
compile_item(struct sb_param *param, const char *item, size_t len, const char *path)
{
	const char *end = item + len;
	const char *dot = memchr(item, '.', len);
	const char *colon = memchr(item, ':', len);
	const char *type_end;
	int source;
	int type;

	if (!dot || !colon || colon < dot || colon - dot - 1 >= SB_PARAM_NAME)
		return false;
	for (type_end = colon + 1; type_end < end && isalpha((unsigned char) *type_end); type_end++)
		;
	source = find_word(sources, sizeof(sources) / sizeof(*sources), item, (size_t) (dot - item));
	type = find_word(types, sizeof(types) / sizeof(*types), colon + 1,
					 (size_t) (type_end - colon - 1));
	if (source < 0 || type < 0 || end - type_end > SB_PARAM_NAME ||
		(type == SB_PARAM_JSON && source != SB_PARAM_BODY))
		return false;
	memset(param, 0, sizeof(*param));
	param->source = (enum sb_param_source) source;
	param->type = (enum sb_param_type) type;
	memcpy(param->name, dot + 1, (size_t) (colon - dot - 1));
	if (!compile_mark(param, type_end, (size_t) (end - type_end)) ||
		(source == SB_PARAM_CLIENT && !is_client_word(param->name)))
		return false;
	param->segment = source == SB_PARAM_PATH ? find_segment(path, param->name) : 0;
	return param->segment >= 0;
}

bool
sb_params_compile(struct sb_params *params, const char *spec, const char *path, const char **error)
{
	memset(params, 0, sizeof(*params));
	while (*spec)
	{
		size_t len = strcspn(spec, " ");

		if (params->count == SB_PARAMS_MAX ||
			!compile_item(&params->list[params->count], spec, len, path))
		{
			*error = spec;
			return false;
		}
		if (params->list[params->count].source == SB_PARAM_BODY)
		{
			params->has_body = true;
			params->needs_body |= params->list[params->count].required;
		}
		params->count++;
		spec += len + strspn(spec + len, " ");
	}
	return true;
}

/* ---- reading a request ----------------------------------------------------------------------- */

static bool
is_in_range(enum sb_param_type type, int64_t number)
{
	if (type == SB_PARAM_BIGINT)
		return number >= -SB_ID_MAX && number <= SB_ID_MAX;
	return number >= INT32_MIN && number <= INT32_MAX;
}

/* The array that a list "1,2" is, or NULL when it is none. */
static const char *
list_fits(struct sb_arena *arena, const char *text)
{
	const char *at = text;
	char *end;
	int count = 0;

	while (*at)
	{
		intmax_t id;

		if (!isdigit((unsigned char) *at) || ++count > SB_PARAM_LIST_MAX)
			return NULL;
		errno = 0;
		id = strtoimax(at, &end, 10);
		if (errno != 0 || !is_in_range(SB_PARAM_BIGINT, id) ||
			(*end != '\0' && (*end != ',' || end[1] == '\0')))
			return NULL;
		at = end + (*end == ',');
	}
	return sb_arena_printf(arena, "{%s}", text);
}

/* Whether the text of a query or path value is of the type. */
static bool
text_fits(enum sb_param_type type, const char *text)
{
	char *end;
	intmax_t number;

	if (type == SB_PARAM_TEXT)
		return true;
	if (type == SB_PARAM_BOOL)
		return strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
	if (type == SB_PARAM_TIME)
		return sb_is_timestamp(text);
	errno = 0;
	number = strtoimax(text, &end, 10);
	return errno == 0 && end != text && *end == '\0' && !isspace((unsigned char) *text) &&
		   *text != '+' && is_in_range(type, number);
}

/* The array that a JSON list of ids is, or NULL when it is none. */
static const char *
json_list_fits(struct sb_arena *arena, json_t *list)
{
	char text[SB_PARAM_LIST_MAX * 20] = "";
	size_t len = 0;
	json_t *id;
	size_t i;

	if (!json_is_array(list) || json_array_size(list) > SB_PARAM_LIST_MAX)
		return NULL;
	json_array_foreach(list, i, id)
	{
		if (!json_is_integer(id) || !is_in_range(SB_PARAM_BIGINT, json_integer_value(id)))
			return NULL;
		len += (size_t) snprintf(text + len, sizeof(text) - len, "%s%" JSON_INTEGER_FORMAT,
								 i > 0 ? "," : "", json_integer_value(id));
	}
	return sb_arena_printf(arena, "{%s}", text);
}

/* The text of an object or a list, or NULL when it is none. */
static const char *
json_document(struct sb_arena *arena, json_t *value)
{
	char *text;
	const char *copy;

	if (!json_is_object(value) && !json_is_array(value))
		return NULL;
	text = sb_checked(json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(15)));
	copy = sb_arena_copy(arena, text, strlen(text));
	free(text);
	return copy;
}

/* The parameter's text of a JSON value, or NULL when it is of another type. */
static const char *
json_fits(enum sb_param_type type, struct sb_arena *arena, json_t *value)
{
	switch (type)
	{
		case SB_PARAM_TEXT:
			return json_string_value(value);
		case SB_PARAM_BOOL:
			return json_is_boolean(value) ? (json_is_true(value) ? "true" : "false") : NULL;
		case SB_PARAM_INT:
		case SB_PARAM_BIGINT:
			if (json_is_integer(value) && is_in_range(type, json_integer_value(value)))
				return sb_arena_printf(arena, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
			return NULL;
		case SB_PARAM_TIME:
			return json_is_string(value) && sb_is_timestamp(json_string_value(value))
					   ? json_string_value(value)
					   : NULL;
		case SB_PARAM_BIGINTS:
			return json_list_fits(arena, value);
		case SB_PARAM_JSON:
			return json_document(arena, value);
	}
	return NULL;
}

static const char *
wrong_type(const struct sb_param *param, struct sb_arena *arena)
{
	return sb_arena_printf(arena, "%s must be %s", param->name, type_texts[param->type]);
}

static const char *
collect_body(const struct sb_param *param, struct sb_arena *arena, json_t *body, const char **value)
{
	json_t *member = json_object_get(body, param->name);

	*value = member && json_is_null(member) && param->null_clears ? cleared[param->type] : NULL;
	if (member && json_is_null(member) && param->null_is_wrong)
		return sb_arena_printf(arena, "%s cannot be null", param->name);
	if (member == NULL || json_is_null(member))
		return NULL;
	*value = json_fits(param->type, arena, member);
	return *value ? NULL : wrong_type(param, arena);
}

static const char *
collect_query(const struct sb_param *param, struct sb_arena *arena, const struct sb_url *url,
			  const char **value)
{
	bool twice;

	*value = sb_url_query(url, param->name, &twice);
	if (twice)
		return sb_arena_printf(arena, "%s is given more than once", param->name);
	if (*value && param->type == SB_PARAM_BIGINTS)
	{
		*value = list_fits(arena, *value);
		return *value ? NULL : wrong_type(param, arena);
	}
	if (*value && !text_fits(param->type, *value))
		return wrong_type(param, arena);
	return NULL;
}

const char *
sb_params_collect(const struct sb_params *params, struct sb_arena *arena,
				  const struct sb_params_input *input, const char **values)
{
	for (int i = 0; i < params->count; i++)
	{
		const struct sb_param *param = &params->list[i];
		const char *problem = NULL;

		if (param->source == SB_PARAM_BODY)
			problem = collect_body(param, arena, input->body, &values[i]);
		else if (param->source == SB_PARAM_QUERY)
			problem = collect_query(param, arena, input->url, &values[i]);
		else if (param->source == SB_PARAM_PATH)
			values[i] = input->url->segments[param->segment];
		else
			values[i] = *param->name == 'a'   ? input->address
						: *param->name == 'c' ? input->country
											  : input->user_agent;
		if (problem)
			return problem;
		if (values[i] == NULL && param->required)
			return sb_arena_printf(arena, "%s is required", param->name);
		if (values[i] == NULL && param->has_default)
			values[i] = param->value;
	}
	return NULL;
}

/* What can be wrong with JSON that is well-formed, or nearly (found C11). */
static const struct
{
	enum json_error_code code;
	const char *words;
} json_problems[] = {
	{json_error_null_character, "holds the character U+0000, which cannot be stored"},
	{json_error_null_byte_in_key, "holds the character U+0000, which cannot be stored"},
	{json_error_numeric_overflow, "holds a number that is out of range"},
	{json_error_duplicate_key, "gives a member twice"},
	{json_error_stack_overflow, "nests too deeply"},
	{json_error_invalid_utf8, "is not valid UTF-8"},
};

static const char *
json_problem(const json_error_t *problem)
{
	for (size_t i = 0; i < sizeof(json_problems) / sizeof(json_problems[0]); i++)
		if (json_problems[i].code == json_error_code(problem))
			return json_problems[i].words;
	return "is not valid JSON";
}

json_t *
sb_params_parse(struct sb_arena *arena, const char *what, const char *text, size_t len,
				bool with_nul, const char **error)
{
	size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | (with_nul ? JSON_ALLOW_NUL : 0);
	json_error_t problem;
	json_t *value;

	if (len == 0)
	{
		*error = sb_arena_printf(arena, "%s is empty; it must be a JSON object", what);
		return NULL;
	}
	value = json_loadb(text, len, flags, &problem);
	if (value == NULL)
	{
		/* What the parser says may quote the text; where it stopped is enough. */
		*error = sb_arena_printf(arena, "%s %s (line %d, column %d)", what, json_problem(&problem),
								 problem.line, problem.column);
		return NULL;
	}
	if (!json_is_object(value))
	{
		json_decref(value);
		*error = sb_arena_printf(arena, "%s must be a JSON object", what);
		return NULL;
	}
	return value;
}
