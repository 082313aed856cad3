/* validate_variable.c owns the rules about variables (section 5.8). */
#include "graphql/validate.h"

struct scope
{
	struct gql_validator *validator;
	struct gql_operation *operation;
	struct gql_map variables;
};

static bool
is_input(const struct gql_type *type)
{
	return type && !gql_is_composite(type);
}

/* AreTypesCompatible of section 5.8.5, without recursion. */
static bool
compatible(const struct gql_type_ref *variable, const struct gql_type_ref *location)
{
	for (;;)
	{
		if (location->kind == GQL_NON_NULL)
		{
			if (variable->kind != GQL_NON_NULL)
				return false;
			location = location->of;
			variable = variable->of;
		}
		else if (variable->kind == GQL_NON_NULL)
			variable = variable->of;
		else if (location->kind == GQL_LIST)
		{
			if (variable->kind != GQL_LIST)
				return false;
			location = location->of;
			variable = variable->of;
		}
		else
			return variable->kind == GQL_NAMED && variable->target == location->target;
	}
}

static bool
usage_allowed(const struct gql_variable *variable, const struct gql_value *usage)
{
	const struct gql_type_ref *location = usage->type;

	if (location->kind == GQL_NON_NULL && variable->type->kind != GQL_NON_NULL)
	{
		bool initial = variable->initial && variable->initial->kind != GQL_VALUE_NULL;

		if (!initial && !(usage->input && usage->input->initial))
			return false;
		location = location->of;
	}
	return compatible(variable->type, location);
}

static void
check_usages(struct scope *scope, struct gql_definition *definition)
{
	struct gql_errors *errors = scope->validator->errors;

	for (struct gql_value *at = definition->usages; at && !gql_errors_full(errors);
		 at = at->next_usage)
	{
		struct gql_variable *variable = gql_map_get(&scope->variables, at->text);

		if (!variable)
		{
			gql_fail2(errors, GQL_VALIDATION_FAILED, at->at, scope->operation->at,
					  "Variable \"$%s\" is not defined by the operation", at->text);
			continue;
		}
		variable->used = true;
		if (at->type && is_input(gql_named(variable->type)) && !usage_allowed(variable, at))
			gql_fail2(errors, GQL_VALIDATION_FAILED, variable->at, at->at,
					  "Variable \"$%s\" of type \"%s\" cannot stand where \"%s\" is wanted",
					  at->text, gql_type_text(scope->validator->arena, variable->type),
					  gql_type_text(scope->validator->arena, at->type));
	}
}

/* Checks a definition and, once each, the fragments that it spreads. */
static void
check_reachable(struct scope *scope, struct gql_definition *definition)
{
	check_usages(scope, definition);
	for (struct gql_selection *at = definition->spreads; at; at = at->next_spread)
	{
		if (at->fragment && at->fragment->stamp != scope->validator->stamp)
		{
			at->fragment->stamp = scope->validator->stamp;
			check_reachable(scope, &at->fragment->body);
		}
	}
}

static void
check_definition(struct scope *scope, struct gql_variable *variable)
{
	struct gql_validator *validator = scope->validator;
	const struct gql_type *type = gql_resolve(validator->schema, variable->type);

	if (gql_map_put(&scope->variables, variable->name, variable))
	{
		variable->used = true; /* one error is enough */
		gql_fail(validator->errors, GQL_VALIDATION_FAILED, variable->at,
				 "Variable \"$%s\" is defined twice", variable->name);
	}
	if (!type)
		gql_fail(validator->errors, GQL_VALIDATION_FAILED, variable->type->at,
				 "Unknown type \"%s\"", gql_type_text(validator->arena, variable->type));
	else if (gql_is_composite(type))
		gql_fail(validator->errors, GQL_VALIDATION_FAILED, variable->type->at,
				 "Variable \"$%s\" cannot be of the output type \"%s\"", variable->name,
				 gql_type_text(validator->arena, variable->type));
	else if (variable->initial)
		gql_check_value(validator, variable->type, NULL, variable->initial);
	gql_check_directives(validator, variable->directives, GQL_AT_VARIABLE_DEFINITION);
}

void
gql_check_variables(struct gql_validator *validator)
{
	for (struct gql_operation *at = validator->document->operations;
		 at && !gql_errors_full(validator->errors); at = at->next)
	{
		struct scope scope = {.validator = validator, .operation = at};

		scope.variables.arena = validator->arena;
		validator->definition = &validator->constants;
		for (struct gql_variable *variable = at->variables;
			 variable && !gql_errors_full(validator->errors); variable = variable->next)
			check_definition(&scope, variable);
		validator->stamp++;
		check_reachable(&scope, &at->body);
		for (struct gql_variable *variable = at->variables;
			 variable && !gql_errors_full(validator->errors); variable = variable->next)
		{
			if (!variable->used)
				gql_fail(validator->errors, GQL_VALIDATION_FAILED, variable->at,
						 "Variable \"$%s\" is never used", variable->name);
		}
	}
}
