/* validate_value.c owns the rules about values, arguments and directives (sections 5.4, 5.6, 5.7).
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "graphql/validate.h"

static bool
is_int32(const char *digits)
{
	long value;

	errno = 0;
	value = strtol(digits, NULL, 10);
	return errno == 0 && value >= INT32_MIN && value <= INT32_MAX;
}

static const char *
check_enum(const struct gql_type *type, const struct gql_value *value)
{
	for (int i = 0; i < type->nitems && value->kind == GQL_VALUE_ENUM; i++)
	{
		if (strcmp(type->items[i].name, value->text) == 0)
			return NULL;
	}
	return "one of the enum's values";
}

const char *
gql_check_leaf(const struct gql_type *type, const struct gql_value *value)
{
	enum gql_value_kind kind = value->kind;

	if (type->kind == GQL_ENUM)
		return check_enum(type, value);
	if (type->any)
		return NULL;
	if (strcmp(type->name, "Int") == 0)
		return kind == GQL_VALUE_INT && is_int32(value->text) ? NULL : "a whole number of 32 bits";
	if (strcmp(type->name, "Float") == 0)
		return (kind == GQL_VALUE_INT || kind == GQL_VALUE_FLOAT) &&
					   isfinite(strtod(value->text, NULL))
				   ? NULL
				   : "a finite number";
	if (strcmp(type->name, "Boolean") == 0)
		return kind == GQL_VALUE_BOOLEAN ? NULL : "true or false";
	if (strcmp(type->name, "ID") == 0)
		return kind == GQL_VALUE_STRING || kind == GQL_VALUE_INT ? NULL
																 : "a string or a whole number";
	/* String, and scalars of ours, which are written as strings. */
	return kind == GQL_VALUE_STRING ? NULL : "a string";
}

/* Records the variables of a value whose type nobody knows. */
static void
note_variables(struct gql_validator *validator, struct gql_value *value)
{
	if (value->kind == GQL_VALUE_VARIABLE)
	{
		value->next_usage = validator->definition->usages;
		validator->definition->usages = value;
	}
	for (struct gql_value *item = value->items; item; item = item->next)
		note_variables(validator, item);
	for (struct gql_argument *field = value->fields; field; field = field->next)
		note_variables(validator, field->value);
}

static void
wrong_value(struct gql_validator *validator, const struct gql_type_ref *type,
			const struct gql_value *value, const char *wanted)
{
	struct sb_buffer text = {0};

	gql_print_value(&text, value);
	gql_fail(validator->errors, GQL_VALIDATION_FAILED, value->at,
			 "Type \"%s\" wants %s, not %.60s%s", gql_type_text(validator->arena, type), wanted,
			 text.data, text.len > 60 ? "..." : "");
	sb_buffer_free(&text);
}

/* Exactly one field, and not null; a variable there must be non-null itself. */
static void
check_one_of(struct gql_validator *validator, const struct gql_type *type, struct gql_value *value)
{
	struct gql_argument *field = value->fields;

	if (!field || field->next || field->value->kind == GQL_VALUE_NULL)
		gql_fail(validator->errors, GQL_VALIDATION_FAILED, value->at,
				 "Exactly one field of \"%s\" must be given, and not null", type->name);
	else if (field->value->kind == GQL_VALUE_VARIABLE && field->value->type &&
			 field->value->type->kind != GQL_NON_NULL)
	{
		struct gql_type_ref *strict = sb_arena_new(validator->arena, struct gql_type_ref);

		strict->kind = GQL_NON_NULL;
		strict->of = (struct gql_type_ref *) field->value->type;
		field->value->type = strict;
		field->value->input = NULL;
	}
}

static void
check_object(struct gql_validator *validator, const struct gql_type_ref *ref,
			 struct gql_value *value)
{
	const struct gql_type *type = ref->target;

	if (value->kind != GQL_VALUE_OBJECT)
	{
		wrong_value(validator, ref, value, "an input object");
		note_variables(validator, value);
		return;
	}
	gql_check_arguments(validator, type->name, value->at, type->inputs, type->ninputs,
						value->fields);
	for (const struct gql_argument *field = value->fields; field; field = field->next)
		validator->nested_lifts |= field->value->lift >= 0;
	if (type->one_of)
		check_one_of(validator, type, value);
}

/* Inside of a value of a scalar that takes any. */
static void
check_any(struct gql_validator *validator, const struct gql_type_ref *type,
		  const struct gql_value *value)
{
	if (value->kind == GQL_VALUE_ENUM)
		wrong_value(validator, type, value, "a value that JSON has");
	for (const struct gql_value *item = value->items; item; item = item->next)
		check_any(validator, type, item);
	for (const struct gql_argument *field = value->fields; field; field = field->next)
		check_any(validator, type, field->value);
}

void
gql_check_value(struct gql_validator *validator, const struct gql_type_ref *type,
				const struct gql_input *input, struct gql_value *value)
{
	const struct gql_type_ref *inner = gql_nullable(type);

	if (value->kind == GQL_VALUE_VARIABLE)
	{
		value->type = type;
		value->input = input;
		note_variables(validator, value);
	}
	else if (value->kind == GQL_VALUE_NULL)
	{
		if (type->kind == GQL_NON_NULL)
			wrong_value(validator, type, value, "a value");
	}
	else if (inner->kind == GQL_LIST)
	{
		if (value->kind != GQL_VALUE_LIST)
			gql_check_value(validator, inner->of, NULL, value);
		for (struct gql_value *item = value->items; item && value->kind == GQL_VALUE_LIST;
			 item = item->next)
			gql_check_value(validator, inner->of, NULL, item);
	}
	else if (inner->target && inner->target->kind == GQL_INPUT_OBJECT)
		check_object(validator, inner, value);
	else if (inner->target)
	{
		const char *wanted = gql_check_leaf(inner->target, value);

		if (inner->target->any)
			check_any(validator, type, value);
		else if (wanted)
			wrong_value(validator, type, value, wanted);
		if (value->lift >= 0)
			validator->lifted[value->lift] = inner->target;
		if (value->items || value->fields)
		{
			note_variables(validator, value);
			validator->nested_lifts = true;
		}
	}
}

void
gql_check_arguments(struct gql_validator *validator, const char *owner, uint32_t at,
					const struct gql_input *inputs, int ninputs, struct gql_argument *arguments)
{
	bool *seen = sb_arena_new_array(validator->arena, bool, (size_t) ninputs);

	for (; arguments && !gql_errors_full(validator->errors); arguments = arguments->next)
	{
		const struct gql_input *input = gql_find_input(inputs, ninputs, arguments->name);

		if (!input)
		{
			gql_fail(validator->errors, GQL_VALIDATION_FAILED, arguments->at,
					 "\"%s\" takes no \"%s\"", owner, arguments->name);
			note_variables(validator, arguments->value);
			continue;
		}
		if (seen[input - inputs])
			gql_fail(validator->errors, GQL_VALIDATION_FAILED, arguments->at,
					 "\"%s\" is given twice", arguments->name);
		seen[input - inputs] = true;
		gql_check_value(validator, input->type, input, arguments->value);
	}
	for (int i = 0; i < ninputs; i++)
	{
		if (!seen[i] && inputs[i].type->kind == GQL_NON_NULL && !inputs[i].initial)
			gql_fail(validator->errors, GQL_VALIDATION_FAILED, at,
					 "\"%s\" needs \"%s\" of type \"%s\"", owner, inputs[i].name,
					 gql_type_text(validator->arena, inputs[i].type));
	}
}

void
gql_check_directives(struct gql_validator *validator, struct gql_directive *directives,
					 enum gql_location location)
{
	uint64_t seen = 0;

	for (; directives && !gql_errors_full(validator->errors); directives = directives->next)
	{
		const struct gql_directive_type *type =
			gql_find_directive(validator->schema, directives->name);
		uint64_t bit;

		if (!type || type->internal)
		{
			gql_fail(validator->errors, GQL_VALIDATION_FAILED, directives->at,
					 "Unknown directive \"@%s\"", directives->name);
			for (struct gql_argument *at = directives->arguments; at; at = at->next)
				note_variables(validator, at->value);
			continue;
		}
		bit = UINT64_C(1) << ((type - validator->schema->directives) & 63);
		if (!(type->locations & 1u << location))
			gql_fail(validator->errors, GQL_VALIDATION_FAILED, directives->at,
					 "\"@%s\" may not stand at %s", type->name, gql_location_names[location]);
		if (!type->repeatable && (seen & bit))
			gql_fail(validator->errors, GQL_VALIDATION_FAILED, directives->at,
					 "\"@%s\" may stand here only once", type->name);
		seen |= bit;
		gql_check_arguments(validator, sb_arena_printf(validator->arena, "@%s", type->name),
							directives->at, type->inputs, type->ninputs, directives->arguments);
	}
}
