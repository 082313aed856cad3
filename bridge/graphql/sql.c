/*
 * sql.c owns the SQL of an operation: one statement of nested sub-selects. Identifiers come from
 * the schema file, response keys are GraphQL names of at most 63 bytes and are quoted, and
 * everything else that a client says is a parameter.
 *
 * A page is cut twice: by the constant largest page in the inner select, so that a generic plan
 * knows that few rows are wanted, and by the parameter around it. What belongs to a row is selected
 * around both, so it is computed for the rows of the page alone.
 *
 * A whole row goes by a name with a dollar sign (r$1), which no response key can have: a column of
 * that name would be taken for it.
 */
#include <string.h>

#include "graphql/sql.h"
#include "graphql/template.h"

static void write_fields(struct gql_writer *writer, struct sb_buffer *out,
						 struct gql_row_source *rows, const struct gql_node *nodes);

static void *
grow(struct sb_arena *arena, void *items, int n, int *size, size_t each)
{
	void *bigger;

	if (n < *size)
		return items;
	*size = *size ? *size * 2 : 8;
	bigger = sb_arena_alloc(arena, (size_t) *size * each);
	if (n > 0)
		memcpy(bigger, items, (size_t) n * each);
	return bigger;
}

/* The number of the parameter that carries this argument value; equal ones share a number. */
static int
param_number(struct gql_writer *writer, struct gql_param param)
{
	for (int i = 0; i < writer->nparams; i++)
	{
		if (writer->params[i].value == param.value && writer->params[i].input == param.input &&
			writer->params[i].node == param.node)
			return i + 1;
	}
	writer->params = grow(&writer->plan->arena, writer->params, writer->nparams,
						  &writer->params_size, sizeof(param));
	writer->params[writer->nparams++] = param;
	return writer->nparams;
}

/* The parameter of an argument of a node: "$3". */
static const char *
argument_parameter(struct gql_writer *writer, const struct gql_node *node,
				   const struct gql_input *input)
{
	const struct gql_argument *given = gql_find_argument(node->selection->arguments, input->name);
	const struct gql_source *source = &node->field->source;
	struct gql_param param = {.node = node,
							  .input = input,
							  .value = given ? given->value : NULL,
							  .page =
								  (source->kind == GQL_ROWS || source->kind == GQL_CONNECTION) &&
								  source->page >= 0 && &node->field->inputs[source->page] == input,
							  .lookup = writer->lookups};

	return sb_arena_printf(&writer->plan->arena, "$%d", param_number(writer, param));
}

void
gql_write_argument(struct gql_writer *writer, struct sb_buffer *out, const struct gql_node *node,
				   const struct gql_input *input, const char *path, size_t len)
{
	gql_input_sql(out, argument_parameter(writer, node, input), input, path, len);
}

static void
put_name(struct sb_buffer *out, const char *name)
{
	sb_buffer_putc(out, '"');
	sb_buffer_puts(out, name);
	sb_buffer_putc(out, '"');
}

void
gql_write_key(struct sb_buffer *out, const struct gql_node *node)
{
	sb_buffer_puts(out, " AS ");
	put_name(out, node->key);
}

void
gql_write_column(struct sb_buffer *out, struct gql_row_source *rows, const char *column)
{
	if (!gql_map_put(&rows->columns, column, rows))
	{
		if (rows->list.len > 0)
			sb_buffer_puts(&rows->list, ", ");
		put_name(&rows->list, column);
	}
	sb_buffer_putc(out, 't');
	sb_buffer_put_int(out, rows->alias);
	sb_buffer_putc(out, '.');
	put_name(out, column);
}

/* Is it the page size of a connection that can be read backwards? Then `last` may stand for it. */
static bool
is_page_of_connection(const struct gql_node *node, const char *argument)
{
	const struct gql_source *source = &node->field->source;

	return source->kind == GQL_CONNECTION && source->last >= 0 && strcmp(argument, "first") == 0;
}

static void
write_page_size(struct gql_writer *writer, struct sb_buffer *out, const struct gql_node *node)
{
	const struct gql_source *source = &node->field->source;

	sb_buffer_puts(out, "coalesce(");
	gql_write_argument(writer, out, node, &node->field->inputs[source->last], NULL, 0);
	sb_buffer_puts(out, ", ");
	gql_write_argument(writer, out, node, &node->field->inputs[source->page], NULL, 0);
	sb_buffer_putc(out, ')');
}

void
gql_write_template(struct gql_writer *writer, struct sb_buffer *out, struct gql_row_source *around,
				   const struct gql_node *node, const char *template)
{
	struct gql_template_part part;

	while (gql_template_next(&template, &part))
	{
		const char *name;

		if (part.kind == GQL_TEMPLATE_TEXT)
		{
			sb_buffer_append(out, part.text, part.len);
			continue;
		}
		name = sb_arena_copy(&writer->plan->arena, part.text, part.name_len);
		if (part.kind == GQL_TEMPLATE_ARGUMENT && is_page_of_connection(node, name))
		{
			write_page_size(writer, out, node);
			continue;
		}
		if (part.kind == GQL_TEMPLATE_PARENT)
			gql_write_column(out, around, name);
		else
			gql_write_argument(writer, out, node,
							   gql_find_input(node->field->inputs, node->field->ninputs, name),
							   part.text + part.name_len, part.len - part.name_len);
	}
}

static void
write_clauses(struct gql_writer *writer, struct sb_buffer *out, struct gql_row_source *around,
			  const struct gql_node *node)
{
	const struct gql_source *source = &node->field->source;

	if (source->where)
	{
		sb_buffer_puts(out, " WHERE ");
		gql_write_template(writer, out, around, node, source->where);
	}
	if (source->order)
		sb_buffer_printf(out, " ORDER BY %s", source->order);
}

int
gql_add_cost(struct gql_writer *writer, const struct gql_node *node, int around)
{
	struct gql_plan *plan = writer->plan;
	const struct gql_source *source = &node->field->source;
	struct gql_rows_cost cost = {.around = around, .node = node, .size = 1};

	if (gql_is_list(node->field->type) || source->kind == GQL_CONNECTION)
	{
		cost.size = source->limit;
		if (source->page >= 0)
		{
			const struct gql_argument *given;

			cost.input = &node->field->inputs[source->page];
			cost.least = source->page_in_from || source->kind == GQL_CONNECTION;
			given = gql_find_argument(node->selection->arguments, cost.input->name);
			cost.page = given ? given->value : NULL;
		}
	}
	plan->costs = grow(&plan->arena, plan->costs, plan->ncosts, &writer->costs_size, sizeof(cost));
	plan->costs[plan->ncosts] = cost;
	return plan->ncosts++;
}

void
gql_add_limited(struct gql_writer *writer, const struct gql_node *node, int around)
{
	struct gql_plan *plan = writer->plan;
	const char *action = node->field->source.action;

	if (action == NULL)
		return;
	plan->limited = grow(&plan->arena, plan->limited, plan->nlimited, &writer->limited_size,
						 sizeof(*plan->limited));
	plan->limited[plan->nlimited++] =
		(struct gql_limited){.action = action, .step = plan->nsteps, .around = around};
}

/* FROM and what follows, for a list that is cut here: two limits around the needed columns. */
static void
write_page(struct gql_writer *writer, struct sb_buffer *out, struct gql_row_source *rows,
		   struct gql_row_source *around)
{
	const struct gql_node *node = rows->node;
	const struct gql_source *source = &node->field->source;
	int most = writer->limits->max_page_size;

	sb_buffer_printf(out, " FROM (SELECT %s FROM ", rows->list.len ? rows->list.data : "");
	gql_write_template(writer, out, around, node, source->from);
	sb_buffer_puts(out, " s");
	write_clauses(writer, out, around, node);
	sb_buffer_printf(out, " LIMIT %d) t%d", source->page < 0 ? source->limit : most, rows->alias);
	if (source->page >= 0)
	{
		sb_buffer_puts(out, " LIMIT ");
		gql_write_argument(writer, out, node, &node->field->inputs[source->page], NULL, 0);
	}
}

void
gql_write_constant(struct sb_buffer *out, const char *text, const char *sql_type)
{
	sb_buffer_putc(out, '\'');
	for (; *text; text++)
		sb_buffer_printf(out, *text == '\'' ? "''" : "%c", *text);
	sb_buffer_printf(out, "'::%s", sql_type);
}

/* The object of the row of a type's view that a column of the row at hand names; null when the
 * viewer may not see it. */
static void
write_found(struct gql_writer *writer, struct sb_buffer *out, struct gql_row_source *rows,
			const struct gql_type *type, const char *key, const struct gql_node *fields)
{
	struct gql_row_source found = {.alias = ++writer->aliases,
								   .cost = rows->cost,
								   .node = rows->node,
								   .around = rows,
								   .columns.arena = &writer->plan->arena};

	sb_buffer_printf(out, "(SELECT row_to_json(r$%d) FROM (SELECT ", found.alias);
	write_fields(writer, out, &found, fields);
	sb_buffer_printf(out, " FROM %s t%d WHERE t%d.\"%s\" = ", type->view, found.alias, found.alias,
					 key);
	gql_write_column(out, rows, key);
	sb_buffer_printf(out, ") r$%d)", found.alias);
	sb_buffer_free(&found.list);
}

/*
 * The object of a row of an interface or a union: which type it is, and where its row is, stand in
 * two columns. What the viewer may not see, and types that are none of the possible ones, are null.
 */
static void
write_variants(struct gql_writer *writer, struct sb_buffer *out, struct gql_row_source *rows,
			   const struct gql_node *node)
{
	const struct gql_type *type = node->field->target;

	sb_buffer_puts(out, "CASE ");
	gql_write_column(out, rows, type->variant_type);
	for (int i = 0; i < type->npossible; i++)
	{
		sb_buffer_puts(out, " WHEN ");
		gql_write_constant(out, type->possible[i]->name, "text");
		sb_buffer_puts(out, " THEN ");
		write_found(writer, out, rows, type->possible[i], type->variant_key, node->variants[i]);
	}
	sb_buffer_puts(out, " END");
}

bool
gql_is_found_elsewhere(const struct gql_node *node, const char *key)
{
	return node->variants || key;
}

void
gql_write_elsewhere(struct gql_writer *writer, struct sb_buffer *out, struct gql_row_source *rows,
					const struct gql_node *node, const char *key)
{
	if (node->variants)
		write_variants(writer, out, rows, node);
	else
		write_found(writer, out, rows, node->field->target, key, node->children);
}

static void write_sizes(struct gql_writer *writer, struct sb_buffer *out,
						const struct gql_node *node, int around);

/* Of what stands below a row whose cost that is. */
static void
write_sizes_below(struct gql_writer *writer, struct sb_buffer *out, const struct gql_node *node,
				  int cost)
{
	for (const struct gql_node *at = node->children; at; at = at->next)
	{
		if (at->field->source.kind == GQL_ROWS)
			write_sizes(writer, out, at, cost);
	}
}

/* The sizes of the lists of a document, in the order of its members, and what its rows cost. */
static void
write_sizes(struct gql_writer *writer, struct sb_buffer *out, const struct gql_node *node,
			int around)
{
	const struct gql_source *source = &node->field->source;
	int cost;

	writer->plan->slow |= source->slow;
	gql_add_limited(writer, node, around);
	cost = gql_add_cost(writer, node, around);
	if (gql_is_list(node->field->type))
	{
		if (out->len > 0)
			sb_buffer_puts(out, ", ");
		if (source->page >= 0)
			gql_write_argument(writer, out, node, &node->field->inputs[source->page], NULL, 0);
		else
			sb_buffer_printf(out, "%d", source->limit);
	}
	write_sizes_below(writer, out, node, cost);
}

/* Source, key, sizes and members: what social.document() and social.documents() begin with. */
static void
write_document_arguments(struct gql_writer *writer, struct sb_buffer *out,
						 struct gql_row_source *around, const struct gql_node *node,
						 const struct sb_buffer *sizes, const struct sb_buffer *members)
{
	const struct gql_source *source = &node->field->source;

	sb_buffer_printf(out, "'%s', ", source->document);
	if (source->of)
		gql_write_template(writer, out, around, node, source->of);
	else
		sb_buffer_puts(out, "NULL");
	sb_buffer_printf(out, ", ARRAY[%s]::integer[], '%s'", sizes->len ? sizes->data : "",
					 members->data);
}

/* Rows that social.document() makes. */
static void
write_document(struct gql_writer *writer, struct sb_buffer *out, struct gql_row_source *around,
			   const struct gql_node *node)
{
	int nsizes = gql_is_list(node->field->type);
	struct sb_buffer sizes = {0};
	struct sb_buffer members = {0};

	write_sizes(writer, &sizes, node, around ? around->cost : -1);
	gql_row_document_members(&members, node, &nsizes);
	sb_buffer_puts(out, "social.document(");
	write_document_arguments(writer, out, around, node, &sizes, &members);
	sb_buffer_putc(out, ')');
	sb_buffer_free(&sizes);
	sb_buffer_free(&members);
}

void
gql_write_document_page(struct gql_writer *writer, struct sb_buffer *out,
						const struct gql_row_source *rows, const struct gql_node *fields)
{
	struct sb_buffer sizes = {0};
	struct sb_buffer members = {0};
	int nsizes = 0;

	if (fields)
	{
		write_sizes_below(writer, &sizes, fields, rows->cost);
		gql_row_document_members(&members, fields, &nsizes);
	}
	else
		sb_buffer_puts(&members, "id=id");
	sb_buffer_puts(out, "social.documents(");
	write_document_arguments(writer, out, rows->around, rows->node, &sizes, &members);
	gql_write_template(writer, out, rows->around, rows->node,
					   ", first => {first}, after => {after}, before => {before})");
	sb_buffer_free(&sizes);
	sb_buffer_free(&members);
}

static void
write_rows(struct gql_writer *writer, struct sb_buffer *out, struct gql_row_source *around,
		   const struct gql_node *node)
{
	const struct gql_source *source = &node->field->source;
	bool list = gql_is_list(node->field->type);
	bool elsewhere = gql_is_found_elsewhere(node, source->key);
	struct gql_row_source rows = {.alias = ++writer->aliases, .node = node, .around = around};
	struct sb_buffer fields = {0};

	rows.columns.arena = &writer->plan->arena;
	writer->plan->slow |= source->slow;
	gql_add_limited(writer, node, around ? around->cost : -1);
	rows.cost = gql_add_cost(writer, node, around ? around->cost : -1);
	if (elsewhere)
	{
		gql_write_elsewhere(writer, &fields, &rows, node, source->key);
		sb_buffer_puts(&fields, " AS v");
	}
	else
		write_fields(writer, &fields, &rows, node->children);
	sb_buffer_printf(out, "(SELECT ");
	if (list && elsewhere)
	{
		/* What may not be seen is left out, unless entries may be null. */
		sb_buffer_printf(out, "coalesce(json_agg(r$%d.v)", rows.alias);
		if (gql_nullable(node->field->type)->of->kind == GQL_NON_NULL)
			sb_buffer_printf(out, " FILTER (WHERE r$%d.v IS NOT NULL)", rows.alias);
		sb_buffer_puts(out, ", '[]')");
	}
	else if (list)
		sb_buffer_printf(out, "coalesce(json_agg(row_to_json(r$%d)), '[]')", rows.alias);
	else
		sb_buffer_printf(out, elsewhere ? "r$%d.v" : "row_to_json(r$%d)", rows.alias);
	sb_buffer_printf(out, " FROM (SELECT %s", fields.len ? fields.data : "");
	if (list && !source->page_in_from)
		write_page(writer, out, &rows, around);
	else
	{
		sb_buffer_puts(out, " FROM ");
		gql_write_template(writer, out, around, node, source->from);
		sb_buffer_printf(out, " t%d", rows.alias);
		write_clauses(writer, out, around, node);
	}
	sb_buffer_printf(out, ") r$%d)", rows.alias);
	sb_buffer_free(&fields);
	sb_buffer_free(&rows.list);
}

static void
write_expression(struct gql_writer *writer, struct sb_buffer *out, struct gql_row_source *rows,
				 const struct gql_node *node)
{
	writer->plan->slow |= node->field->source.slow;
	sb_buffer_puts(out, node->field->target->kind == GQL_ENUM ? "upper(" : "(");
	gql_write_template(writer, out, rows, node, node->field->source.sql);
	sb_buffer_putc(out, ')');
	if (node->field->target->sql_text)
		sb_buffer_puts(out, "::text");
}

void
gql_write_same(struct gql_writer *writer, struct sb_buffer *out, struct gql_row_source *rows,
			   const struct gql_node *node)
{
	int alias = ++writer->aliases;

	sb_buffer_printf(out, "(SELECT row_to_json(r$%d) FROM (SELECT ", alias);
	write_fields(writer, out, rows, node->children);
	sb_buffer_printf(out, ") r$%d)", alias);
}

static void
write_field(struct gql_writer *writer, struct sb_buffer *out, struct gql_row_source *rows,
			const struct gql_node *node)
{
	const struct gql_source *source = &node->field->source;

	if (node->is_null)
	{
		sb_buffer_printf(out, "NULL AS \"%s\"", node->key);
		return;
	}
	switch (source->kind)
	{
		case GQL_COLUMN:
			if (node->field->target->kind == GQL_ENUM)
				sb_buffer_puts(out, "upper(");
			gql_write_column(out, rows, source->column);
			if (node->field->target->kind == GQL_ENUM)
				sb_buffer_putc(out, ')');
			if (node->field->target->sql_text)
				sb_buffer_puts(out, "::text");
			break;
		case GQL_CONSTANT:
			gql_write_constant(out, source->constant, node->field->target->sql_type);
			break;
		case GQL_EXPRESSION:
			write_expression(writer, out, rows, node);
			break;
		case GQL_TYPENAME:
			gql_write_constant(out, node->parent->name, "text");
			break;
		case GQL_SAME:
			gql_write_same(writer, out, rows, node);
			break;
		case GQL_ROWS:
			if (gql_row_document_fits(node, false))
				write_document(writer, out, rows, node);
			else
				write_rows(writer, out, rows, node);
			break;
		case GQL_CONNECTION:
			gql_write_connection(writer, out, rows, node);
			break;
		case GQL_META_SCHEMA:
		case GQL_META_TYPE:
			sb_buffer_printf(out, "$%d::json",
							 param_number(writer, (struct gql_param){.node = node}));
			break;
		default:
			sb_buffer_puts(out, "NULL");
	}
	gql_write_key(out, node);
}

static void
write_fields(struct gql_writer *writer, struct sb_buffer *out, struct gql_row_source *rows,
			 const struct gql_node *nodes)
{
	for (const struct gql_node *at = nodes; at; at = at->next)
	{
		if (at != nodes)
			sb_buffer_puts(out, ", ");
		write_field(writer, out, rows, at);
	}
}

/* Ends the current statement: its text, its name and its parameters. */
static struct gql_sql
finish(struct gql_writer *writer, struct sb_buffer *text)
{
	struct gql_plan *plan = writer->plan;
	struct gql_sql sql = {.text = sb_arena_copy(&plan->arena, text->data, text->len),
						  .id = gql_hash(text->data, text->len),
						  .params = writer->params,
						  .nparams = writer->nparams,
						  .first = plan->nvalues};

	plan->nvalues += writer->nparams;
	writer->params = NULL;
	writer->nparams = writer->params_size = writer->aliases = 0;
	sb_buffer_free(text);
	return sql;
}

/* An object of these fields, up to the one that ends them. */
static struct gql_sql
select_object(struct gql_writer *writer, const struct gql_node *nodes, const struct gql_node *end)
{
	struct sb_buffer text = {0};

	writer->lookups = true;
	sb_buffer_puts(&text, "SELECT row_to_json(r$0)::text FROM (SELECT ");
	for (const struct gql_node *at = nodes; at != end; at = at->next)
	{
		if (at != nodes)
			sb_buffer_puts(&text, ", ");
		write_field(writer, &text, NULL, at);
	}
	sb_buffer_puts(&text, ") r$0");
	return finish(writer, &text);
}

static struct gql_sql
call_function(struct gql_writer *writer, const struct gql_node *node)
{
	struct sb_buffer text = {0};
	const char *separator = "";

	writer->lookups = false;
	sb_buffer_printf(&text, "SELECT social.set_result_id(%s(", node->field->source.function);
	for (int i = 0; i < node->field->ninputs; i++)
	{
		const struct gql_input *input = &node->field->inputs[i];

		if (!gql_find_argument(node->selection->arguments, input->name) && !input->initial)
			continue;
		gql_input_call(&text, argument_parameter(writer, node, input), input, separator);
		separator = ", ";
	}
	sb_buffer_puts(&text, "))");
	return finish(writer, &text);
}

/*
 * A mutation that is the one row of a function: the payload, and the columns by which the row may
 * say that it refused.
 */
static struct gql_sql
select_row(struct gql_writer *writer, const struct gql_node *node)
{
	struct gql_row_source rows = {.alias = ++writer->aliases, .node = node, .cost = -1};
	struct sb_buffer text = {0};

	rows.columns.arena = &writer->plan->arena;
	writer->lookups = false;
	writer->plan->slow |= node->field->source.slow;
	sb_buffer_puts(&text, "SELECT (SELECT row_to_json(r$1)::text FROM (SELECT ");
	write_fields(writer, &text, &rows, node->children);
	sb_buffer_puts(&text, ") r$1), t1.error_code, t1.error_message, t1.error_detail, "
						  "to_jsonb(t1) ->> 'error_name' AS error_name FROM ");
	gql_write_template(writer, &text, NULL, node, node->field->source.from);
	sb_buffer_puts(&text, " t1");
	sb_buffer_free(&rows.list);
	return finish(writer, &text);
}

/* Plans a root field of a mutation that does something. */
static void
plan_change(struct gql_writer *writer, const struct gql_node *node)
{
	struct gql_plan_step step = {.node = node};

	gql_add_limited(writer, node, -1);
	if (node->field->source.kind == GQL_CALL)
	{
		step.call = call_function(writer, node);
		step.select = select_object(writer, node->children, NULL);
	}
	else
		step.select = select_row(writer, node);
	writer->plan->steps[writer->plan->nsteps++] = step;
}

/* Whether a root field needs the database. */
static bool
reads_rows(const struct gql_node *node)
{
	enum gql_source_kind kind = node->field->source.kind;

	return !node->is_null && (kind == GQL_ROWS || kind == GQL_CONNECTION || kind == GQL_EXPRESSION);
}

void
gql_plan_sql(struct gql_plan *plan, const struct sb_graphql_limits *limits, bool apart)
{
	struct gql_writer writer = {.plan = plan, .limits = limits};
	bool is_mutation = plan->operation->kind == GQL_MUTATION;

	plan->nsteps = plan->nparts = plan->nvalues = plan->ncosts = plan->nlimited = 0;
	plan->steps = sb_arena_new_array(&plan->arena, struct gql_plan_step, (size_t) plan->nnodes + 1);
	for (const struct gql_node *at = plan->nodes; at; at = at->next)
	{
		if (is_mutation &&
			(at->field->source.kind == GQL_CALL || at->field->source.kind == GQL_ROWS))
			plan_change(&writer, at);
		else if (reads_rows(at))
		{
			plan->nparts++;
			if (apart)
				plan->steps[plan->nsteps++] = (struct gql_plan_step){
					.node = at, .select = select_object(&writer, at, at->next)};
		}
	}
	if (plan->nparts > 0 && !apart)
	{
		plan->steps[plan->nsteps].select = select_object(&writer, plan->nodes, NULL);
		plan->nsteps++;
	}
}
