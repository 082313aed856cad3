/*
 * bind.c owns the values of one request for a plan: whether a value may stand where it stands, and
 * its text form for PostgreSQL.
 */
#include <stdlib.h>
#include <string.h>

#include "core/cursor.h"
#include "graphql/plan.h"
#include "base/id.h"
#include "base/timestamp.h"

/* For messages; an argument that the document leaves to its default has no place. */
static uint32_t
place(const struct gql_value *value)
{
	return value ? value->at : GQL_NOWHERE;
}

/* ["allPosts",0,"author"]: of a list its first entry stands for all. */
static void
print_path(struct sb_buffer *out, const struct gql_node *node)
{
	if (node->around)
	{
		print_path(out, node->around);
		sb_buffer_puts(out, gql_is_list(node->around->field->type) ? ",0," : ",");
	}
	sb_buffer_printf(out, "\"%s\"", node->key);
}

/* Adds an error of a field. */
static void __attribute__((format(printf, 5, 6)))
fail_field(struct gql_binding *binding, const struct gql_node *node, const char *code, uint32_t at,
		   const char *format, ...)
{
	struct gql_errors *errors = binding->field_errors;
	struct sb_buffer path = {0};
	va_list args;

	if (gql_errors_full(errors))
		return;
	sb_buffer_putc(&path, '[');
	print_path(&path, node);
	sb_buffer_putc(&path, ']');
	binding->failed[errors->n] = node;
	va_start(args, format);
	gql_fail_field(errors, sb_arena_copy(binding->arena, path.data, path.len), code, at, format,
				   args);
	va_end(args);
	sb_buffer_free(&path);
}

/* Null stands for the default where there is one: a page of "null" rows means nothing. */
static struct gql_argument_value
value_or_default(const struct gql_binding *binding, const struct gql_value *value,
				 const struct gql_input *input)
{
	struct gql_argument_value found = gql_argument_of(binding, value, input);

	return !found.text && input->initial ? gql_constant(input->initial) : found;
}

/* A page size: where nobody asks for one, the default, as far as a page may go. */
static struct gql_argument_value
page_or_default(const struct gql_binding *binding, const struct gql_value *value,
				const struct gql_input *input)
{
	int most = binding->graphql->limits.max_page_size;
	struct gql_argument_value found = gql_argument_of(binding, value, NULL);

	if (found.text)
		return found;
	found = gql_constant(input->initial);
	if (found.text && atol(found.text) > most)
		return (struct gql_argument_value){true, sb_arena_printf(binding->arena, "%d", most), 0};
	return found;
}

/*
 * A connection may be read backwards: `last` then is its page size, and needs `before`, as lists
 * have places but no ends that can be counted from. False with an error.
 */
static bool
is_page_sound(struct gql_binding *binding, const struct gql_node *node)
{
	bool first = false;
	bool last = gql_node_argument(binding, node, "last").text != NULL;
	bool before = gql_node_argument(binding, node, "before").text != NULL;
	const char *problem = NULL;

	/* Its default does not count. */
	if (gql_find_argument(node->selection->arguments, "first"))
		first = gql_argument_of(binding,
								gql_find_argument(node->selection->arguments, "first")->value, NULL)
					.text != NULL;
	if (last && !before)
		problem = "\"last\" needs \"before\"";
	else if (first && last)
		problem = "either \"first\" or \"last\"";
	else if (before && gql_node_argument(binding, node, "after").text)
		problem = "either \"after\" or \"before\"";
	if (problem)
		fail_field(binding, node, GQL_BAD_USER_INPUT, node->selection->at, "\"%s\": %s",
				   node->field->name, problem);
	return problem == NULL;
}

/*
 * Is what a connection within another field is given a place in its list, if it is given one? The
 * database would refuse it as well, but for the root field around it. False with an error.
 */
static bool
is_place(struct gql_binding *binding, const struct gql_node *node, const char *name)
{
	struct gql_argument_value cursor;
	int64_t key;
	int64_t id;

	if (node->around == NULL || node->field->source.list == NULL ||
		!gql_find_argument(node->selection->arguments, name))
		return true;
	cursor = gql_node_argument(binding, node, name);
	if (cursor.text == NULL ||
		social_cursor_decode(node->field->source.list, cursor.text, cursor.len, &key, &id))
		return true;
	fail_field(binding, node, GQL_BAD_USER_INPUT,
			   place(gql_find_argument(node->selection->arguments, name)->value),
			   "\"%s\" is no place in this list", name);
	return false;
}

/* The rows of one field per row around it; -1 with an error. */
static long
page_size(struct gql_binding *binding, const struct gql_rows_cost *cost, int most)
{
	const struct gql_node *node = cost->node;
	const struct gql_input *input = cost->input;
	const struct gql_value *value = cost->page;
	bool is_connection = node->field->source.kind == GQL_CONNECTION;
	bool both_ways = is_connection && node->field->source.last >= 0;
	long size = cost->size;

	if (both_ways && !is_page_sound(binding, node))
		return -1;
	if (is_connection && (!is_place(binding, node, "after") || !is_place(binding, node, "before")))
		return -1;
	if (both_ways && gql_node_argument(binding, node, "last").text)
	{
		input = gql_find_input(node->field->inputs, node->field->ninputs, "last");
		value = gql_find_argument(node->selection->arguments, "last")->value;
	}
	if (input)
		size = atol(page_or_default(binding, value, input).text);
	if (input && size < cost->least)
		fail_field(binding, node, GQL_BAD_USER_INPUT, place(value),
				   "\"%s\" is %ld, and must be at least %ld", input->name, size, cost->least);
	else if (input && size > most)
		fail_field(binding, node, GQL_LIMIT_EXCEEDED, place(value),
				   "\"%s\" is %ld, and a page has at most %d entries", input->name, size, most);
	else
		return size;
	return -1;
}

bool
gql_check_costs(struct gql_binding *binding, const struct gql_plan *plan,
				const struct sb_graphql_limits *limits)
{
	long *rows = sb_arena_new_array(binding->arena, long, (size_t) plan->ncosts);
	int before = binding->field_errors->n;

	binding->cost = 0;
	binding->rows = rows;
	for (int i = 0; i < plan->ncosts; i++)
	{
		const struct gql_rows_cost *item = &plan->costs[i];
		long size = page_size(binding, item, limits->max_page_size);

		if (size < 0) /* its field is left out */
			continue;
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
	return binding->field_errors->n == before;
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
		value.text = gql_lifted_value(binding, i).text;
		if (gql_check_leaf(plan->lifted[i], &value))
			return false;
	}
	for (const struct gql_equality *at = plan->equalities; at; at = at->next)
	{
		struct gql_argument_value one = gql_lifted_value(binding, at->one);
		struct gql_argument_value other = gql_lifted_value(binding, at->other);

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
	bool given;
	bool strange;

	*out = NULL;
	given = gql_input_argument(binding, &text, param->input, param->value);
	strange = text.has_strange_id && !param->input->sql_type;
	if (!given)
	{
		fine = param->input->type->kind != GQL_NON_NULL;
		if (!fine)
			fail_field(binding, param->node, GQL_BAD_USER_INPUT, place(param->value),
					   "\"%s\" must not be null", name);
	}
	else if (text.has_nul || (strange && !param->lookup))
	{
		fine = false;
		fail_field(binding, param->node, GQL_BAD_USER_INPUT, place(param->value),
				   text.has_nul ? "\"%s\" must not contain the character U+0000"
								: "\"%s\" holds what is not an identifier of this service",
				   name);
	}
	else
	{
		if (strange)
			gql_input_known_ids(&text, param->input->type);
		*out = sb_arena_copy(binding->arena, text.json.data, text.json.len);
	}
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
	value = param->page ? page_or_default(binding, param->value, param->input)
						: value_or_default(binding, param->value, param->input);
	*out = value.text;
	if (!value.text && param->input->type->kind == GQL_NON_NULL)
		fail_field(binding, param->node, GQL_BAD_USER_INPUT, place(param->value),
				   "\"%s\" must not be null", name);
	else if (value.text && memchr(value.text, '\0', value.len))
		fail_field(binding, param->node, GQL_BAD_USER_INPUT, place(param->value),
				   "\"%s\" must not contain the character U+0000", name);
	else if (value.text && type->time && !sb_is_timestamp(value.text) &&
			 strcmp(value.text, "infinity") != 0)
		fail_field(binding, param->node, GQL_BAD_USER_INPUT, place(param->value),
				   "\"%s\" must be a time such as " SB_TIMESTAMP_EXAMPLE, name);
	else if (value.text && type->sql_text && !param->input->sql_type &&
			 !sb_is_id(value.text, value.len))
	{
		/* Null finds nothing; where it means that nothing was said, 0 does: it is nobody's. */
		*out = param->input->type->kind == GQL_NON_NULL ? NULL : "0";
		if (!param->lookup)
			fail_field(binding, param->node, GQL_BAD_USER_INPUT, place(param->value),
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
	bool fine = true;

	for (int i = 0; i < sql->nparams; i++)
	{
		const struct gql_param *param = &sql->params[i];
		const char **value = &values[sql->first + i];

		fine &= param->input ? bind_argument(binding, param, value)
							 : bind_introspection(binding, schema, param, value);
	}
	return fine;
}

bool
gql_bind_values(struct gql_binding *binding, const struct gql_schema *schema,
				const struct gql_plan *plan, const char **values)
{
	bool fine = true;

	for (int i = 0; i < plan->nsteps; i++)
	{
		fine &= bind_statement(binding, schema, &plan->steps[i].call, values);
		fine &= bind_statement(binding, schema, &plan->steps[i].select, values);
	}
	return fine;
}
