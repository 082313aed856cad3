/* coerce.c owns the variables of a request: JSON values against their types (section 6.1.2). */
#include <math.h>
#include <string.h>

#include "graphql/plan.h"

struct coercion
{
	struct gql_binding *binding;
	const struct gql_variable *variable;
	struct sb_buffer path; /* below the variable: ".field[0]" */
	const char *text;      /* of the last leaf */
	size_t len;
	struct gql_input_text compound; /* of a list or an input object, so far */
};

static bool coerce(struct coercion *coercion, const struct gql_type_ref *type, json_t *value);

static bool
wrong(struct coercion *coercion, const struct gql_type_ref *type, const char *wanted, json_t *value)
{
	char *found = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	size_t cut = found ? strlen(found) : 0;

	/* Cut long values, but not inside a character. */
	if (cut > 60)
	{
		for (cut = 60; ((unsigned char) found[cut] & 0xC0) == 0x80;)
			cut--;
	}
	gql_fail(coercion->binding->errors, GQL_BAD_USER_INPUT, coercion->variable->at,
			 "Variable \"$%s%s\" of type \"%s\" wants %s, not %.*s", coercion->variable->name,
			 coercion->path.len ? coercion->path.data : "",
			 gql_type_text(coercion->binding->arena, type), wanted, (int) cut, found ? found : "");
	free(found);
	return false;
}

static bool
take(struct coercion *coercion, const char *text, size_t len)
{
	coercion->text = sb_arena_copy(coercion->binding->arena, text, len);
	coercion->len = len;
	return true;
}

static bool
take_integer(struct coercion *coercion, json_int_t value)
{
	coercion->text = sb_arena_printf(coercion->binding->arena, "%" JSON_INTEGER_FORMAT, value);
	coercion->len = strlen(coercion->text);
	return true;
}

static bool
take_string(struct coercion *coercion, json_t *value)
{
	return take(coercion, json_string_value(value), json_string_length(value));
}

static bool
coerce_int(struct coercion *coercion, const struct gql_type_ref *type, json_t *value)
{
	/* A number without fraction is a whole number, however it was written. */
	double number = json_is_number(value) ? json_number_value(value) : 0.5;

	if (number != trunc(number) || number < INT32_MIN || number > INT32_MAX)
		return wrong(coercion, type, "a whole number of 32 bits", value);
	return take_integer(coercion, (json_int_t) number);
}

static bool
coerce_float(struct coercion *coercion, const struct gql_type_ref *type, json_t *value)
{
	if (!json_is_number(value))
		return wrong(coercion, type, "a finite number", value);
	coercion->text = sb_arena_printf(coercion->binding->arena, "%.17g", json_number_value(value));
	coercion->len = strlen(coercion->text);
	return true;
}

static bool
coerce_enum(struct coercion *coercion, const struct gql_type_ref *type, json_t *value)
{
	for (int i = 0; i < type->target->nitems && json_is_string(value); i++)
	{
		if (strcmp(type->target->items[i].name, json_string_value(value)) == 0)
			return take_string(coercion, value);
	}
	return wrong(coercion, type, "one of the enum's values", value);
}

static bool
coerce_scalar(struct coercion *coercion, const struct gql_type_ref *type, json_t *value)
{
	const char *name = type->target->name;

	if (strcmp(name, "Int") == 0)
		return coerce_int(coercion, type, value);
	if (strcmp(name, "Float") == 0)
		return coerce_float(coercion, type, value);
	if (strcmp(name, "Boolean") == 0)
	{
		if (!json_is_boolean(value))
			return wrong(coercion, type, "true or false", value);
		return json_is_true(value) ? take(coercion, "true", 4) : take(coercion, "false", 5);
	}
	if (json_is_string(value))
		return take_string(coercion, value);
	if (strcmp(name, "ID") == 0 && json_is_integer(value))
		return take_integer(coercion, json_integer_value(value));
	return wrong(coercion, type,
				 strcmp(name, "ID") == 0 ? "a string or a whole number" : "a string", value);
}

static bool
coerce_member(struct coercion *coercion, const struct gql_input *input, json_t *value)
{
	size_t len = coercion->path.len;
	bool fine;

	sb_buffer_printf(&coercion->path, ".%s", input->name);
	if (value || input->initial)
		gql_input_member(&coercion->compound, input->name);
	if (value)
		fine = coerce(coercion, input->type, value);
	else if (input->initial)
	{
		gql_input_constant(coercion->binding, &coercion->compound, input->type, input->initial);
		fine = true;
	}
	else
		fine = input->type->kind != GQL_NON_NULL || wrong(coercion, input->type, "a value", NULL);
	coercion->path.len = len;
	coercion->path.data[len] = '\0';
	return fine;
}

static bool
coerce_object(struct coercion *coercion, const struct gql_type_ref *ref, json_t *value)
{
	const struct gql_type *type = ref->target;
	const char *key;
	json_t *member;
	bool fine = true;

	if (!json_is_object(value))
		return wrong(coercion, ref, "an object", value);
	json_object_foreach(value, key, member)
	{
		if (!gql_find_input(type->inputs, type->ninputs, key))
		{
			gql_fail(coercion->binding->errors, GQL_BAD_USER_INPUT, coercion->variable->at,
					 "Variable \"$%s%s\": type \"%s\" takes no \"%s\"", coercion->variable->name,
					 coercion->path.len ? coercion->path.data : "", type->name, key);
			return false;
		}
	}
	if (type->one_of && (json_object_size(value) != 1 ||
						 json_is_null(json_object_iter_value(json_object_iter(value)))))
		return wrong(coercion, ref, "exactly one field, and not null", value);
	sb_buffer_putc(&coercion->compound.json, '{');
	for (int i = 0; i < type->ninputs && fine; i++)
		fine =
			coerce_member(coercion, &type->inputs[i], json_object_get(value, type->inputs[i].name));
	sb_buffer_putc(&coercion->compound.json, '}');
	return fine;
}

static bool
coerce_list(struct coercion *coercion, const struct gql_type_ref *item, json_t *value)
{
	size_t len = coercion->path.len;
	size_t i;
	json_t *element;

	sb_buffer_putc(&coercion->compound.json, '[');
	/* A single value stands for a list of one. */
	if (!json_is_array(value) && !coerce(coercion, item, value))
		return false;
	json_array_foreach(value, i, element)
	{
		if (i > 0)
			sb_buffer_putc(&coercion->compound.json, ',');
		sb_buffer_printf(&coercion->path, "[%zu]", i);
		if (!coerce(coercion, item, element))
			return false;
		coercion->path.len = len;
		coercion->path.data[len] = '\0';
	}
	sb_buffer_putc(&coercion->compound.json, ']');
	return true;
}

/* A scalar or an enum's value; inside of a list or an object also its JSON. */
static bool
coerce_leaf(struct coercion *coercion, const struct gql_type_ref *type, json_t *value)
{
	bool fine = type->target->kind == GQL_ENUM ? coerce_enum(coercion, type, value)
											   : coerce_scalar(coercion, type, value);

	if (fine && coercion->compound.json.len > 0)
		gql_input_leaf(&coercion->compound, type->target, coercion->text, coercion->len);
	return fine;
}

static bool
has_nul(json_t *value)
{
	const char *key;
	json_t *member;
	size_t i;
	bool found =
		json_is_string(value) && memchr(json_string_value(value), '\0', json_string_length(value));

	json_object_foreach(value, key, member) found |= has_nul(member);
	json_array_foreach(value, i, member) found |= has_nul(member);
	return found;
}

/* Of a scalar that takes any JSON value. */
static bool
coerce_any(struct coercion *coercion, json_t *value)
{
	char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

	sb_buffer_puts(&coercion->compound.json, text ? text : "null");
	coercion->compound.has_nul |= has_nul(value);
	free(text);
	return true;
}

static bool
coerce(struct coercion *coercion, const struct gql_type_ref *type, json_t *value)
{
	const struct gql_type_ref *inner = gql_nullable(type);

	coercion->text = NULL;
	if (json_is_null(value))
	{
		if (coercion->compound.json.len > 0)
			sb_buffer_puts(&coercion->compound.json, "null");
		return type->kind != GQL_NON_NULL || wrong(coercion, type, "a value", value);
	}
	if (inner->kind == GQL_LIST)
		return coerce_list(coercion, inner->of, value);
	if (inner->target->kind == GQL_INPUT_OBJECT)
		return coerce_object(coercion, inner, value);
	if (inner->target->any)
		return coerce_any(coercion, value);
	return coerce_leaf(coercion, inner, value);
}

static bool
coerce_variable(struct gql_binding *binding, const struct gql_variable *variable, json_t *value)
{
	struct gql_variable_value *out = &binding->variables[variable->index];
	struct coercion coercion = {.binding = binding, .variable = variable};
	const struct gql_value *initial = variable->initial;
	bool fine = true;

	if (value)
	{
		fine = coerce(&coercion, variable->type, value);
		*out = (struct gql_variable_value){true, coercion.text, coercion.len};
	}
	else if (initial && initial->kind != GQL_VALUE_NULL && gql_is_compound(variable->type))
		gql_input_constant(binding, &coercion.compound, variable->type, initial);
	else if (initial)
		*out = (struct gql_variable_value){
			true, initial->kind == GQL_VALUE_NULL ? NULL : initial->text, initial->len};
	else if (variable->type->kind == GQL_NON_NULL)
	{
		gql_fail(binding->errors, GQL_BAD_USER_INPUT, variable->at,
				 "Variable \"$%s\" of type \"%s\" is required", variable->name,
				 gql_type_text(binding->arena, variable->type));
		fine = false;
	}
	if (fine && coercion.compound.json.len > 0)
		*out = (struct gql_variable_value){
			true,
			sb_arena_copy(binding->arena, coercion.compound.json.data, coercion.compound.json.len),
			coercion.compound.json.len, coercion.compound.has_strange_id,
			coercion.compound.has_nul};
	sb_buffer_free(&coercion.compound.json);
	sb_buffer_free(&coercion.path);
	return fine;
}

bool
gql_coerce_variables(struct gql_binding *binding, const struct gql_schema *schema,
					 json_t *variables)
{
	const struct gql_operation *operation = binding->operation;
	bool fine = true;

	binding->variables = sb_arena_new_array(binding->arena, struct gql_variable_value,
											(size_t) operation->nvariables);
	for (const struct gql_variable *at = operation->variables; at; at = at->next)
		fine &=
			coerce_variable(binding, at, variables ? json_object_get(variables, at->name) : NULL);
	return fine;
}
