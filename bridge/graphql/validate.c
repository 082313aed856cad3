/* validate.c owns the walk over selections: fields, leaves, spreads (sections 5.3, 5.5). */
#include "graphql/validate.h"

#include <string.h>

static void walk(struct gql_validator *validator, struct gql_selection *selections,
				 const struct gql_type *parent);

static void
walk_field(struct gql_validator *validator, struct gql_selection *selection,
		   const struct gql_type *parent)
{
	const struct gql_field *field = gql_find_field(validator->schema, parent, selection->name);

	gql_check_directives(validator, selection->directives, GQL_AT_FIELD);
	if (!field)
	{
		gql_fail(validator->errors, GQL_VALIDATION_FAILED, selection->at,
				 "Type \"%s\" has no field \"%s\"", parent->name, selection->name);
		return;
	}
	selection->field = field;
	selection->parent = parent;
	gql_check_arguments(validator, field->name, selection->at, field->inputs, field->ninputs,
						selection->arguments);
	if (gql_is_composite(field->target) && !selection->selections)
		gql_fail(validator->errors, GQL_VALIDATION_FAILED, selection->at,
				 "\"%s\" is of type \"%s\": select some of its fields, as in \"%s { ... }\"",
				 field->name, gql_type_text(validator->arena, field->type), field->name);
	else if (!gql_is_composite(field->target) && selection->selections)
		gql_fail(validator->errors, GQL_VALIDATION_FAILED, selection->at,
				 "\"%s\" is of type \"%s\", which has no fields to select", field->name,
				 gql_type_text(validator->arena, field->type));
	else if (selection->selections)
		walk(validator, selection->selections, field->target);
}

/* The type of a condition, NULL with an error when it is not composite. */
static const struct gql_type *
check_condition(struct gql_validator *validator, struct gql_type_ref *condition)
{
	const struct gql_type *type = gql_resolve(validator->schema, condition);

	if (!type)
		gql_fail(validator->errors, GQL_VALIDATION_FAILED, condition->at, "Unknown type \"%s\"",
				 condition->name);
	else if (!gql_is_composite(type))
		gql_fail(validator->errors, GQL_VALIDATION_FAILED, condition->at,
				 "A fragment cannot be on \"%s\", which has no fields", type->name);
	return type && gql_is_composite(type) ? type : NULL;
}

static void
check_possible(struct gql_validator *validator, uint32_t at, const struct gql_type *parent,
			   const struct gql_type *type)
{
	if (!gql_types_overlap(parent, type))
		gql_fail(validator->errors, GQL_VALIDATION_FAILED, at,
				 "A fragment on \"%s\" cannot be spread here: this is never a \"%s\"", type->name,
				 parent->name);
}

static void
walk_spread(struct gql_validator *validator, struct gql_selection *selection,
			const struct gql_type *parent)
{
	const struct gql_type *type;

	gql_check_directives(validator, selection->directives, GQL_AT_FRAGMENT_SPREAD);
	if (!selection->fragment)
		return;
	type = gql_find_type(validator->schema, selection->fragment->condition->name);
	if (type && gql_is_composite(type))
		check_possible(validator, selection->at, parent, type);
}

static void
walk_inline(struct gql_validator *validator, struct gql_selection *selection,
			const struct gql_type *parent)
{
	const struct gql_type *type = parent;

	gql_check_directives(validator, selection->directives, GQL_AT_INLINE_FRAGMENT);
	if (selection->condition)
	{
		type = check_condition(validator, selection->condition);
		if (!type)
			return;
		check_possible(validator, selection->at, parent, type);
	}
	walk(validator, selection->selections, type);
}

static void
walk(struct gql_validator *validator, struct gql_selection *selections,
	 const struct gql_type *parent)
{
	for (; selections && !gql_errors_full(validator->errors); selections = selections->next)
	{
		if (selections->kind == GQL_FIELD)
			walk_field(validator, selections, parent);
		else if (selections->kind == GQL_FRAGMENT_SPREAD)
			walk_spread(validator, selections, parent);
		else
			walk_inline(validator, selections, parent);
	}
}

static void
walk_operation(struct gql_validator *validator, struct gql_operation *operation)
{
	static const enum gql_location locations[] = {GQL_AT_QUERY, GQL_AT_MUTATION,
												  GQL_AT_SUBSCRIPTION};
	static const char *const words[] = {"queries", "mutations", "subscriptions"};
	const struct gql_type *root = validator->schema->roots[operation->kind];

	validator->definition = &operation->body;
	gql_check_directives(validator, operation->directives, locations[operation->kind]);
	if (!root)
		gql_fail(validator->errors, GQL_VALIDATION_FAILED, operation->at, "This service has no %s",
				 words[operation->kind]);
	else
		walk(validator, operation->body.selections, root);
}

static void
check_operation_names(struct gql_validator *validator)
{
	struct gql_map names = {.arena = validator->arena};

	for (struct gql_operation *at = validator->document->operations;
		 at && !gql_errors_full(validator->errors); at = at->next)
	{
		struct gql_operation *earlier;

		if (!at->name)
		{
			if (validator->document->noperations > 1)
				gql_fail(validator->errors, GQL_VALIDATION_FAILED, at->at,
						 "An anonymous operation must be the only one");
			continue;
		}
		earlier = gql_map_put(&names, at->name, at);
		if (earlier)
			gql_fail2(validator->errors, GQL_VALIDATION_FAILED, earlier->at, at->at,
					  "There are two operations named \"%s\"", at->name);
	}
}

bool
gql_validate(struct gql_validator *validator)
{
	struct gql_document *document = validator->document;

	validator->fragments.arena = validator->arena;
	validator->lifted =
		sb_arena_new_array(validator->arena, const struct gql_type *, (size_t) document->nlifted);
	for (struct gql_type_definition *at = document->types; at; at = at->next)
		gql_fail(validator->errors, GQL_VALIDATION_FAILED, at->at,
				 "Only operations and fragments can be executed, not a type system definition");
	check_operation_names(validator);
	if (!gql_check_fragments(validator))
		return false;
	for (struct gql_operation *at = document->operations; at; at = at->next)
		walk_operation(validator, at);
	for (struct gql_fragment *at = document->fragments; at; at = at->next)
	{
		const struct gql_type *type;

		validator->definition = &at->body;
		gql_check_directives(validator, at->directives, GQL_AT_FRAGMENT_DEFINITION);
		type = check_condition(validator, at->condition);
		if (type)
			walk(validator, at->body.selections, type);
	}
	gql_check_variables(validator);
	if (validator->errors->n == 0)
		gql_check_merging(validator);
	return validator->errors->n == 0;
}
