/*
 * input.c owns the values of lists and input objects: one parameter each, as JSON text (section
 * 3.10 and 3.11). Whether a value fits its type has been asked before, by validation or coercion.
 */
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "graphql/plan.h"

bool
gql_is_compound(const struct gql_type_ref *ref)
{
	const struct gql_type_ref *inner = gql_nullable(ref);

	return inner->kind == GQL_LIST || inner->target->kind == GQL_INPUT_OBJECT || inner->target->any;
}

void
gql_input_leaf(struct gql_input_text *out, const struct gql_type *type, const char *text,
			   size_t len)
{
	static const char *const bare[] = {"Int", "Float", "Boolean"};

	out->has_nul |= memchr(text, '\0', len) != NULL;
	for (size_t i = 0; i < sizeof(bare) / sizeof(bare[0]); i++)
		if (strcmp(type->name, bare[i]) == 0)
		{
			sb_buffer_append(&out->json, text, len);
			return;
		}
	out->has_strange_id |= type->sql_text && !sb_is_id(text, len);
	sb_buffer_put_json(&out->json, text, len);
}

static void write_value(const struct gql_binding *binding, struct gql_input_text *out,
						const struct gql_type_ref *ref, const struct gql_value *value);

/* What a request gave for a variable; NULL when it gave nothing. */
static const struct gql_variable_value *
variable_of(const struct gql_binding *binding, const struct gql_value *value)
{
	for (const struct gql_variable *at = binding->operation->variables; at; at = at->next)
		if (strcmp(at->name, value->text) == 0 && binding->variables[at->index].present)
			return &binding->variables[at->index];
	return NULL;
}

static void
write_variable(struct gql_input_text *out, const struct gql_type_ref *ref,
			   const struct gql_variable_value *given)
{
	if (!given || !given->text)
		sb_buffer_puts(&out->json, "null");
	else if (gql_is_compound(ref))
	{
		sb_buffer_append(&out->json, given->text, given->len);
		out->has_strange_id |= given->has_strange_id;
		out->has_nul |= given->has_nul;
	}
	else
		gql_input_leaf(out, gql_named(ref), given->text, given->len);
}

static void
write_list(const struct gql_binding *binding, struct gql_input_text *out,
		   const struct gql_type_ref *item, const struct gql_value *value)
{
	/* A single value stands for a list of one. */
	const struct gql_value *at = value->kind == GQL_VALUE_LIST ? value->items : value;

	sb_buffer_putc(&out->json, '[');
	for (; at; at = value->kind == GQL_VALUE_LIST ? at->next : NULL)
	{
		write_value(binding, out, item, at);
		if (value->kind == GQL_VALUE_LIST && at->next)
			sb_buffer_putc(&out->json, ',');
	}
	sb_buffer_putc(&out->json, ']');
}

void
gql_input_member(struct gql_input_text *out, const char *name)
{
	if (out->json.data[out->json.len - 1] != '{')
		sb_buffer_putc(&out->json, ',');
	sb_buffer_put_json(&out->json, name, strlen(name));
	sb_buffer_putc(&out->json, ':');
}

/* Fields in the order of the type; what is not given and has no default is left out. */
static void
write_object(const struct gql_binding *binding, struct gql_input_text *out,
			 const struct gql_type *type, const struct gql_value *value)
{
	sb_buffer_putc(&out->json, '{');
	for (int i = 0; i < type->ninputs; i++)
	{
		const struct gql_input *input = &type->inputs[i];
		const struct gql_argument *field = gql_find_argument(value->fields, input->name);
		const struct gql_value *given = field ? field->value : NULL;

		if (given && given->kind == GQL_VALUE_VARIABLE && !variable_of(binding, given))
			given = NULL;
		if (!given)
			given = input->initial;
		if (!given)
			continue;
		gql_input_member(out, input->name);
		write_value(binding, out, input->type, given);
	}
	sb_buffer_putc(&out->json, '}');
}

/* A value of a scalar that takes any: as it is, but for variables, which have types of their own.
 */
static void
write_any(const struct gql_binding *binding, struct gql_input_text *out,
		  const struct gql_value *value)
{
	const char *separator = "";
	struct gql_argument_value leaf;

	switch (value->kind)
	{
		case GQL_VALUE_VARIABLE:
			for (const struct gql_variable *at = binding->operation->variables; at; at = at->next)
				if (strcmp(at->name, value->text) == 0)
					write_variable(out, at->type, variable_of(binding, value));
			break;
		case GQL_VALUE_LIST:
			sb_buffer_putc(&out->json, '[');
			for (const struct gql_value *at = value->items; at; at = at->next, separator = ",")
			{
				sb_buffer_puts(&out->json, separator);
				write_any(binding, out, at);
			}
			sb_buffer_putc(&out->json, ']');
			break;
		case GQL_VALUE_OBJECT:
			sb_buffer_putc(&out->json, '{');
			for (const struct gql_argument *at = value->fields; at; at = at->next)
			{
				gql_input_member(out, at->name);
				write_any(binding, out, at->value);
			}
			sb_buffer_putc(&out->json, '}');
			break;
		case GQL_VALUE_NULL:
			sb_buffer_puts(&out->json, "null");
			break;
		case GQL_VALUE_STRING:
			leaf = gql_argument_of(binding, value, NULL);
			out->has_nul |= memchr(leaf.text, '\0', leaf.len) != NULL;
			sb_buffer_put_json(&out->json, leaf.text, leaf.len);
			break;
		default:
			leaf = gql_argument_of(binding, value, NULL);
			sb_buffer_append(&out->json, leaf.text, leaf.len);
	}
}

static void
write_value(const struct gql_binding *binding, struct gql_input_text *out,
			const struct gql_type_ref *ref, const struct gql_value *value)
{
	const struct gql_type_ref *inner = gql_nullable(ref);

	if (value->kind == GQL_VALUE_VARIABLE)
		write_variable(out, ref, variable_of(binding, value));
	else if (value->kind == GQL_VALUE_NULL)
		sb_buffer_puts(&out->json, "null");
	else if (inner->kind == GQL_LIST)
		write_list(binding, out, inner->of, value);
	else if (inner->target->kind == GQL_INPUT_OBJECT)
		write_object(binding, out, inner->target, value);
	else if (inner->target->any)
		write_any(binding, out, value);
	else
	{
		struct gql_argument_value leaf = gql_argument_of(binding, value, NULL);

		gql_input_leaf(out, inner->target, leaf.text, leaf.len);
	}
}

void
gql_input_constant(const struct gql_binding *binding, struct gql_input_text *out,
				   const struct gql_type_ref *ref, const struct gql_value *value)
{
	write_value(binding, out, ref, value);
}

bool
gql_input_argument(const struct gql_binding *binding, struct gql_input_text *out,
				   const struct gql_input *input, const struct gql_value *value)
{
	const struct gql_variable_value *given = NULL;

	if (value && value->kind == GQL_VALUE_VARIABLE)
	{
		given = variable_of(binding, value);
		if (given && given->text)
		{
			write_variable(out, input->type, given);
			return true;
		}
		value = NULL;
	}
	/* Null stands for the default where there is one, as for every argument. */
	if (!value || value->kind == GQL_VALUE_NULL)
		value = input->initial;
	if (!value || value->kind == GQL_VALUE_NULL)
		return false;
	write_value(binding, out, input->type, value);
	return true;
}

/* The same value without identifiers that cannot exist. */
static json_t *
known_ids(json_t *value, const struct gql_type_ref *ref)
{
	const struct gql_type_ref *inner = gql_nullable(ref);
	json_t *member;
	size_t i;

	if (inner->kind == GQL_LIST)
	{
		json_array_foreach(value, i, member)
			json_array_set_new(value, i, known_ids(json_incref(member), inner->of));
		return value;
	}
	for (int n = 0; n < inner->target->ninputs; n++)
	{
		const struct gql_input *input = &inner->target->inputs[n];

		member = json_object_get(value, input->name);
		if (member)
			json_object_set_new(value, input->name, known_ids(json_incref(member), input->type));
	}
	if (!inner->target->sql_text || !json_is_string(value) ||
		sb_is_id(json_string_value(value), json_string_length(value)))
		return value;
	json_decref(value);
	return json_null();
}

void
gql_input_known_ids(struct gql_input_text *text, const struct gql_type_ref *ref)
{
	json_t *value =
		json_loadb(text->json.data, text->json.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	char *known;

	value = known_ids(value, ref);
	known = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	text->json.len = 0;
	sb_buffer_puts(&text->json, known);
	free(known);
	json_decref(value);
}

/* ---- as SQL ---------------------------------------------------------------------------------- */

const struct gql_type_ref *
gql_input_path(const struct gql_input *input, const char *path, size_t len)
{
	const struct gql_type_ref *ref = input->type;

	while (ref && len > 0)
	{
		const struct gql_type *type = gql_nullable(ref)->kind == GQL_NAMED ? gql_named(ref) : NULL;
		size_t word = 1; /* behind the dot */

		while (word < len && path[word] != '.')
			word++;
		ref = NULL;
		for (int i = 0; type && type->kind == GQL_INPUT_OBJECT && i < type->ninputs; i++)
			if (strlen(type->inputs[i].name) == word - 1 &&
				memcmp(type->inputs[i].name, path + 1, word - 1) == 0)
				ref = type->inputs[i].type;
		path += word;
		len -= word;
	}
	return ref;
}

/* `value #> '{a,b}'`, or the value itself where there is no path. */
static void
write_place(struct sb_buffer *out, const char *parameter, const char *path, size_t len,
			const char *operator)
{
	sb_buffer_printf(out, "%s::jsonb", parameter);
	if (len == 0)
		return;
	sb_buffer_printf(out, " %s '{", operator);
	for (size_t i = 1; i < len; i++)
		sb_buffer_putc(out, path[i] == '.' ? ',' : path[i]);
	sb_buffer_puts(out, "}'");
}

/* What stands before a leaf in SQL: values of enums are lower-case words there. */
static const char *
leaf_start(const struct gql_type *type)
{
	return type->kind == GQL_ENUM ? "lower(" : "(";
}

/* The SQL type of an argument's scalar, or of what a path leads to inside of it. */
static const char *
leaf_type(const struct gql_input *input, size_t path_len, const struct gql_type *type)
{
	return input->sql_type && path_len == 0 ? input->sql_type : type->sql_type;
}

void
gql_input_sql(struct sb_buffer *out, const char *parameter, const struct gql_input *input,
			  const char *path, size_t len)
{
	const struct gql_type_ref *inner = gql_nullable(gql_input_path(input, path, len));
	const struct gql_type_ref *item = inner->kind == GQL_LIST ? gql_nullable(inner->of) : NULL;

	if (item && !gql_is_compound(item))
	{
		sb_buffer_puts(out, "(CASE jsonb_typeof(");
		write_place(out, parameter, path, len, "#>");
		sb_buffer_printf(out,
						 ") WHEN 'array' THEN ARRAY(SELECT %sv)::%s FROM "
						 "jsonb_array_elements_text(",
						 leaf_start(item->target), leaf_type(input, len, item->target));
		write_place(out, parameter, path, len, "#>");
		sb_buffer_puts(out, ") v) END)");
	}
	else if (gql_is_compound(inner))
	{
		sb_buffer_putc(out, '(');
		write_place(out, parameter, path, len, "#>");
		sb_buffer_putc(out, ')');
	}
	else if (len > 0)
	{
		sb_buffer_puts(out, leaf_start(inner->target));
		write_place(out, parameter, path, len, "#>>");
		sb_buffer_printf(out, ")::%s", inner->target->sql_type);
	}
	else if (inner->target->kind == GQL_ENUM)
		sb_buffer_printf(out, "lower(%s::text)", parameter);
	else
		sb_buffer_printf(out, "%s::%s", parameter, leaf_type(input, len, inner->target));
}

void
gql_input_call(struct sb_buffer *out, const char *parameter, const struct gql_input *input,
			   const char *separator)
{
	const struct gql_type *type = gql_named(input->type);

	if (gql_is_list(input->type) || type->kind != GQL_INPUT_OBJECT)
	{
		sb_buffer_printf(out, "%s%s => ", separator, input->sql_name);
		gql_input_sql(out, parameter, input, NULL, 0);
		return;
	}
	for (int i = 0; i < type->ninputs; i++)
	{
		struct sb_buffer path = {0};

		sb_buffer_printf(&path, ".%s", type->inputs[i].name);
		sb_buffer_printf(out, "%s%s => ", i > 0 ? ", " : separator, type->inputs[i].sql_name);
		gql_input_sql(out, parameter, input, path.data, path.len);
		sb_buffer_free(&path);
	}
}
