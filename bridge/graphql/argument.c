/* argument.c owns where an argument's value comes from. */
#include <string.h>

#include "graphql/plan.h"

struct gql_argument_value
gql_constant(const struct gql_value *value)
{
	if (!value)
		return (struct gql_argument_value){0};
	if (value->kind == GQL_VALUE_NULL)
		return (struct gql_argument_value){.given = true};
	return (struct gql_argument_value){true, value->text, value->len};
}

static struct gql_argument_value
variable_value(const struct gql_binding *binding, const char *name, const struct gql_value *initial)
{
	for (const struct gql_variable *at = binding->operation->variables; at; at = at->next)
	{
		const struct gql_variable_value *value = &binding->variables[at->index];

		if (strcmp(at->name, name) == 0 && value->present)
			return (struct gql_argument_value){true, value->text, value->len};
	}
	return gql_constant(initial);
}

struct gql_argument_value
gql_lifted_value(const struct gql_binding *binding, int lift)
{
	const struct gql_token *token = &binding->tokens[binding->lifted[lift]];
	uint32_t len = token->len;
	const char *text;

	if (gql_is_string(token->kind))
		text = gql_string_value(binding->arena, binding->source, token, &len);
	else
		text = sb_arena_copy(binding->arena, binding->source + token->start, len);
	return (struct gql_argument_value){true, text, len};
}

struct gql_argument_value
gql_argument_of(const struct gql_binding *binding, const struct gql_value *value,
				const struct gql_input *input)
{
	if (!value)
		return gql_constant(input ? input->initial : NULL);
	if (value->kind == GQL_VALUE_VARIABLE)
		return variable_value(binding, value->text, input ? input->initial : NULL);
	return value->lift >= 0 ? gql_lifted_value(binding, value->lift) : gql_constant(value);
}

struct gql_argument_value
gql_node_argument(const struct gql_binding *binding, const struct gql_node *node, const char *name)
{
	const struct gql_argument *given = gql_find_argument(node->selection->arguments, name);

	return gql_argument_of(binding, given ? given->value : NULL,
						   gql_find_input(node->field->inputs, node->field->ninputs, name));
}
