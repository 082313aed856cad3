/*
 * bind.c owns the values of one request for a plan: where an argument's value comes from, whether
 * it may stand there, and its text form for PostgreSQL.
 */
#include <stdlib.h>
#include <string.h>

#include "graphql/plan.h"
#include "base/id.h"

static struct gql_argument_value
constant(const struct gql_value *value)
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
	return constant(initial);
}

/* A lifted literal as this request wrote it. */
static struct gql_argument_value
lifted_value(const struct gql_binding *binding, int lift)
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
		return constant(input ? input->initial : NULL);
	if (value->kind == GQL_VALUE_VARIABLE)
		return variable_value(binding, value->text, input ? input->initial : NULL);
	return value->lift >= 0 ? lifted_value(binding, value->lift) : constant(value);
}

struct gql_argument_value
gql_node_argument(const struct gql_binding *binding, const struct gql_node *node, const char *name)
{
	const struct gql_argument *given = gql_find_argument(node->selection->arguments, name);

	return gql_argument_of(binding, given ? given->value : NULL,
						   gql_find_input(node->field->inputs, node->field->ninputs, name));
}

/* For messages; an argument that the document leaves to its default has no place. */
static uint32_t
place(const struct gql_value *value)
{
	return value ? value->at : GQL_NOWHERE;
}

/* Null stands for the default where there is one: a page of "null" rows means nothing. */
static struct gql_argument_value
value_or_default(const struct gql_binding *binding, const struct gql_value *value,
				 const struct gql_input *input)
{
	struct gql_argument_value found = gql_argument_of(binding, value, input);

	return !found.text && input->initial ? constant(input->initial) : found;
}

/* The rows of one field per row around it; -1 with an error. */
static long
page_size(struct gql_binding *binding, const struct gql_rows_cost *cost, int most)
{
	long size = cost->size;

	if (cost->input)
		size = atol(value_or_default(binding, cost->page, cost->input).text);
	if (cost->input && size < 0)
		gql_fail(binding->errors, GQL_BAD_USER_INPUT, place(cost->page),
				 "\"%s\" must not be negative", cost->input->name);
	else if (cost->input && size > most)
		gql_fail(binding->errors, GQL_LIMIT_EXCEEDED, place(cost->page),
				 "\"%s\" is %ld, and a page has at most %d entries", cost->input->name, size, most);
	else
		return size;
	return -1;
}

bool
gql_check_costs(struct gql_binding *binding, const struct gql_plan *plan,
				const struct sb_graphql_limits *limits)
{
	long *rows = sb_arena_new_array(binding->arena, long, (size_t) plan->ncosts);

	binding->cost = 0;
	binding->rows = rows;
	for (int i = 0; i < plan->ncosts; i++)
	{
		const struct gql_rows_cost *item = &plan->costs[i];
		long size = page_size(binding, item, limits->max_page_size);

		if (size < 0)
			return false;
		/* Cannot overflow: the search ends as soon as the sum is over its limit. */
		rows[i] = size * (item->around < 0 ? 1 : rows[item->around]);
		binding->cost += (double) rows[i];
		if (binding->cost > (double) limits->max_cost)
		{
			gql_fail(binding->errors, GQL_LIMIT_EXCEEDED, GQL_NOWHERE,
					 "The operation may read more than %ld rows: ask for smaller pages or nest"
					 " fewer lists",
					 limits->max_cost);
			return false;
		}
	}
	return true;
}

bool
gql_check_lifted(struct gql_binding *binding, const struct gql_plan *plan)
{
	for (int i = 0; i < plan->nlifted; i++)
	{
		const struct gql_token *token = &binding->tokens[binding->lifted[i]];
		struct gql_value value = {.lift = i};

		/* Strings fit or do not fit by kind, and the kind is part of the shape. */
		if (gql_is_string(token->kind))
			continue;
		value.kind = token->kind == GQL_INT ? GQL_VALUE_INT : GQL_VALUE_FLOAT;
		value.text = lifted_value(binding, i).text;
		if (gql_check_leaf(plan->lifted[i], &value))
			return false;
	}
	for (const struct gql_equality *at = plan->equalities; at; at = at->next)
	{
		struct gql_argument_value one = lifted_value(binding, at->one);
		struct gql_argument_value other = lifted_value(binding, at->other);

		if (one.len != other.len || memcmp(one.text, other.text, one.len) != 0)
			return false;
	}
	return true;
}

/* A list or an input object: one parameter of JSON. */
static bool
bind_compound(struct gql_binding *binding, const struct gql_param *param, const char **out)
{
	struct gql_input_text text = {0};
	const char *name = param->input->name;
	bool fine = true;

	*out = NULL;
	if (!gql_input_argument(binding, &text, param->input, param->value))
	{
		fine = param->input->type->kind != GQL_NON_NULL;
		if (!fine)
			gql_fail(binding->errors, GQL_BAD_USER_INPUT, place(param->value),
					 "\"%s\" must not be null", name);
	}
	else if (text.has_nul || (text.has_strange_id && !param->lookup))
	{
		fine = false;
		gql_fail(binding->errors, GQL_BAD_USER_INPUT, place(param->value),
				 text.has_nul ? "\"%s\" must not contain the character U+0000"
							  : "\"%s\" holds what is not an identifier of this service",
				 name);
	}
	else
		*out = sb_arena_copy(binding->arena, text.json.data, text.json.len);
	sb_buffer_free(&text.json);
	return fine;
}

static bool
bind_argument(struct gql_binding *binding, const struct gql_param *param, const char **out)
{
	struct gql_argument_value value;
	const struct gql_type *type = gql_named(param->input->type);
	const char *name = param->input->name;

	if (gql_is_compound(param->input->type))
		return bind_compound(binding, param, out);
	value = value_or_default(binding, param->value, param->input);
	*out = value.text;
	if (!value.text && param->input->type->kind == GQL_NON_NULL)
		gql_fail(binding->errors, GQL_BAD_USER_INPUT, place(param->value),
				 "\"%s\" must not be null", name);
	else if (value.text && memchr(value.text, '\0', value.len))
		gql_fail(binding->errors, GQL_BAD_USER_INPUT, place(param->value),
				 "\"%s\" must not contain the character U+0000", name);
	else if (value.text && type->sql_text && !sb_is_id(value.text, value.len))
	{
		*out = NULL;
		if (!param->lookup)
			gql_fail(binding->errors, GQL_BAD_USER_INPUT, place(param->value),
					 "\"%s\" is not an identifier of this service", name);
		return param->lookup;
	}
	else
		return true;
	return false;
}

static bool
bind_introspection(struct gql_binding *binding, const struct gql_schema *schema,
				   const struct gql_param *param, const char **out)
{
	struct sb_buffer json = {0};
	bool fine = gql_introspect(&json, schema, binding, param->node);

	if (fine)
		*out = sb_arena_copy(binding->arena, json.data, json.len);
	sb_buffer_free(&json);
	return fine;
}

static bool
bind_statement(struct gql_binding *binding, const struct gql_schema *schema,
			   const struct gql_sql *sql, const char **values)
{
	for (int i = 0; i < sql->nparams; i++)
	{
		const struct gql_param *param = &sql->params[i];

		if (param->input ? !bind_argument(binding, param, &values[sql->first + i])
						 : !bind_introspection(binding, schema, param, &values[sql->first + i]))
			return false;
	}
	return true;
}

bool
gql_bind_values(struct gql_binding *binding, const struct gql_schema *schema,
				const struct gql_plan *plan, const char **values)
{
	for (int i = 0; i < plan->nsteps; i++)
	{
		if (!bind_statement(binding, schema, &plan->steps[i].call, values) ||
			!bind_statement(binding, schema, &plan->steps[i].select, values))
			return false;
	}
	return true;
}
