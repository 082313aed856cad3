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

#include "graphql/plan.h"
#include "graphql/template.h"

struct writer
{
	struct gql_plan *plan;
	const struct sb_graphql_limits *limits;
	struct gql_param *params; /* of the current statement */
	int nparams;
	int params_size;
	int aliases;
	int costs_size;
	int limited_size;
	bool lookups; /* malformed identifiers find nothing */
};

/* A row source under way: what its sub-selects need of it. */
struct rows
{
	int alias;
	int cost; /* index of its cost item, or -1 */
	const struct gql_node *node;
	struct rows *around;
	struct gql_map columns; /* needed, so far */
	struct sb_buffer list;  /* the needed ones as SQL */
};

static void write_fields(struct writer *writer, struct sb_buffer *out, struct rows *rows,
						 const struct gql_node *nodes);
static void write_same(struct writer *writer, struct sb_buffer *out, struct rows *rows,
					   const struct gql_node *node);

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
param_number(struct writer *writer, struct gql_param param)
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
argument_parameter(struct writer *writer, const struct gql_node *node,
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

/* Writes an argument of a node, or what a path leads to inside of it. */
static void
write_argument(struct writer *writer, struct sb_buffer *out, const struct gql_node *node,
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

/* Ends what is selected with its response key. */
static void
put_key(struct sb_buffer *out, const struct gql_node *node)
{
	sb_buffer_puts(out, " AS ");
	put_name(out, node->key);
}

/* A column of a row source, remembered as needed. */
static void
write_column(struct sb_buffer *out, struct rows *rows, const char *column)
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
write_page_size(struct writer *writer, struct sb_buffer *out, const struct gql_node *node)
{
	const struct gql_source *source = &node->field->source;

	sb_buffer_puts(out, "coalesce(");
	write_argument(writer, out, node, &node->field->inputs[source->last], NULL, 0);
	sb_buffer_puts(out, ", ");
	write_argument(writer, out, node, &node->field->inputs[source->page], NULL, 0);
	sb_buffer_putc(out, ')');
}

static void
write_template(struct writer *writer, struct sb_buffer *out, struct rows *around,
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
			write_column(out, around, name);
		else
			write_argument(writer, out, node,
						   gql_find_input(node->field->inputs, node->field->ninputs, name),
						   part.text + part.name_len, part.len - part.name_len);
	}
}

static void
write_clauses(struct writer *writer, struct sb_buffer *out, struct rows *around,
			  const struct gql_node *node)
{
	const struct gql_source *source = &node->field->source;

	if (source->where)
	{
		sb_buffer_puts(out, " WHERE ");
		write_template(writer, out, around, node, source->where);
	}
	if (source->order)
		sb_buffer_printf(out, " ORDER BY %s", source->order);
}

static int
add_cost(struct writer *writer, const struct gql_node *node, int around)
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

/* Notes that a field has a limit of its own. */
static void
add_limited(struct writer *writer, const struct gql_node *node, int around)
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
write_page(struct writer *writer, struct sb_buffer *out, struct rows *rows, struct rows *around)
{
	const struct gql_node *node = rows->node;
	const struct gql_source *source = &node->field->source;
	int most = writer->limits->max_page_size;

	sb_buffer_printf(out, " FROM (SELECT %s FROM ", rows->list.len ? rows->list.data : "");
	write_template(writer, out, around, node, source->from);
	sb_buffer_puts(out, " s");
	write_clauses(writer, out, around, node);
	sb_buffer_printf(out, " LIMIT %d) t%d", source->page < 0 ? source->limit : most, rows->alias);
	if (source->page >= 0)
	{
		sb_buffer_puts(out, " LIMIT ");
		write_argument(writer, out, node, &node->field->inputs[source->page], NULL, 0);
	}
}

/* A constant of the schema file as an SQL literal. */
static void
write_constant(struct sb_buffer *out, const char *text, const char *sql_type)
{
	sb_buffer_putc(out, '\'');
	for (; *text; text++)
		sb_buffer_printf(out, *text == '\'' ? "''" : "%c", *text);
	sb_buffer_printf(out, "'::%s", sql_type);
}

/* The object of the row of a type's view that a column of the row at hand names; null when the
 * viewer may not see it. */
static void
write_found(struct writer *writer, struct sb_buffer *out, struct rows *rows,
			const struct gql_type *type, const char *key, const struct gql_node *fields)
{
	struct rows found = {.alias = ++writer->aliases,
						 .cost = rows->cost,
						 .node = rows->node,
						 .around = rows,
						 .columns.arena = &writer->plan->arena};

	sb_buffer_printf(out, "(SELECT row_to_json(r$%d) FROM (SELECT ", found.alias);
	write_fields(writer, out, &found, fields);
	sb_buffer_printf(out, " FROM %s t%d WHERE t%d.\"%s\" = ", type->view, found.alias, found.alias,
					 key);
	write_column(out, rows, key);
	sb_buffer_printf(out, ") r$%d)", found.alias);
	sb_buffer_free(&found.list);
}

/*
 * The object of a row of an interface or a union: which type it is, and where its row is, stand in
 * two columns. What the viewer may not see, and types that are none of the possible ones, are null.
 */
static void
write_variants(struct writer *writer, struct sb_buffer *out, struct rows *rows,
			   const struct gql_node *node)
{
	const struct gql_type *type = node->field->target;

	sb_buffer_puts(out, "CASE ");
	write_column(out, rows, type->variant_type);
	for (int i = 0; i < type->npossible; i++)
	{
		sb_buffer_puts(out, " WHEN ");
		write_constant(out, type->possible[i]->name, "text");
		sb_buffer_puts(out, " THEN ");
		write_found(writer, out, rows, type->possible[i], type->variant_key, node->variants[i]);
	}
	sb_buffer_puts(out, " END");
}

/* Does a row only name the rows that its object is made of? Then that object may be null. */
static bool
is_found_elsewhere(const struct gql_node *node, const char *key)
{
	return node->variants || key;
}

static void
write_elsewhere(struct writer *writer, struct sb_buffer *out, struct rows *rows,
				const struct gql_node *node, const char *key)
{
	if (node->variants)
		write_variants(writer, out, rows, node);
	else
		write_found(writer, out, rows, node->field->target, key, node->children);
}

/* The sizes of the lists of a document, in the order of its members, and what its rows cost. */
static void
write_sizes(struct writer *writer, struct sb_buffer *out, const struct gql_node *node, int around)
{
	const struct gql_source *source = &node->field->source;
	int cost;

	writer->plan->slow |= source->slow;
	add_limited(writer, node, around);
	cost = add_cost(writer, node, around);
	if (gql_is_list(node->field->type))
	{
		if (out->len > 0)
			sb_buffer_puts(out, ", ");
		if (source->page >= 0)
			write_argument(writer, out, node, &node->field->inputs[source->page], NULL, 0);
		else
			sb_buffer_printf(out, "%d", source->limit);
	}
	for (const struct gql_node *at = node->children; at; at = at->next)
	{
		if (at->field->source.kind == GQL_ROWS)
			write_sizes(writer, out, at, cost);
	}
}

/* Rows that social.document() makes. */
static void
write_document(struct writer *writer, struct sb_buffer *out, struct rows *around,
			   const struct gql_node *node)
{
	const struct gql_source *source = &node->field->source;
	int nsizes = gql_is_list(node->field->type);
	struct sb_buffer sizes = {0};

	write_sizes(writer, &sizes, node, around ? around->cost : -1);
	sb_buffer_printf(out, "social.document('%s', ", source->document);
	if (source->of)
		write_template(writer, out, around, node, source->of);
	else
		sb_buffer_puts(out, "NULL");
	sb_buffer_printf(out, ", ARRAY[%s]::integer[], '", sizes.len ? sizes.data : "");
	gql_row_document_members(out, node, &nsizes);
	sb_buffer_puts(out, "')");
	sb_buffer_free(&sizes);
}

static void
write_rows(struct writer *writer, struct sb_buffer *out, struct rows *around,
		   const struct gql_node *node)
{
	const struct gql_source *source = &node->field->source;
	bool list = gql_is_list(node->field->type);
	bool elsewhere = is_found_elsewhere(node, source->key);
	struct rows rows = {.alias = ++writer->aliases, .node = node, .around = around};
	struct sb_buffer fields = {0};

	rows.columns.arena = &writer->plan->arena;
	writer->plan->slow |= source->slow;
	add_limited(writer, node, around ? around->cost : -1);
	rows.cost = add_cost(writer, node, around ? around->cost : -1);
	if (elsewhere)
	{
		write_elsewhere(writer, &fields, &rows, node, source->key);
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
		write_template(writer, out, around, node, source->from);
		sb_buffer_printf(out, " t%d", rows.alias);
		write_clauses(writer, out, around, node);
	}
	sb_buffer_printf(out, ") r$%d)", rows.alias);
	sb_buffer_free(&fields);
	sb_buffer_free(&rows.list);
}

/* ---- connections ----------------------------------------------------------------------------- */

/* A member of an edge, which is a row t<n>. */
static void
write_edge_member(struct writer *writer, struct sb_buffer *out, struct rows *rows,
				  const struct gql_node *node)
{
	const struct gql_source *source = &node->field->source;

	if (node->is_null)
		sb_buffer_puts(out, "NULL");
	else if (source->kind == GQL_TYPENAME)
		write_constant(out, node->parent->name, "text");
	else if (source->part == GQL_CURSOR)
		write_column(out, rows, "cursor");
	else if (is_found_elsewhere(node, rows->node->field->source.key))
		write_elsewhere(writer, out, rows, node, rows->node->field->source.key);
	else
		write_same(writer, out, rows, node);
	put_key(out, node);
}

/* The edges of one selection of them, as a column of the row: "e$<number>". */
static void
write_edge(struct writer *writer, struct sb_buffer *out, struct rows *rows,
		   const struct gql_node *edges, int number)
{
	int alias = ++writer->aliases;

	sb_buffer_printf(out, "(SELECT row_to_json(r$%d) FROM (SELECT ", alias);
	for (const struct gql_node *at = edges->children; at; at = at->next)
	{
		if (at != edges->children)
			sb_buffer_puts(out, ", ");
		write_edge_member(writer, out, rows, at);
	}
	sb_buffer_printf(out, ") r$%d) AS \"e$%d\"", alias, number);
}

/*
 * What a page says of itself, from one row a$<n> about all of its rows. Reading goes one way:
 * beyond the page as has_more says; behind it there are the rows that the cursor was taken from.
 */
static void
write_page_info(struct writer *writer, struct sb_buffer *out, const struct rows *rows,
				const struct gql_node *info)
{
	static const struct
	{
		const char *without_cursor; /* nothing given, or after: the page was read forwards */
		const char *before;
	} members[GQL_NPARTS] = {
		[GQL_HAS_NEXT] = {"\"m$\"", "true"},
		[GQL_HAS_PREVIOUS] = {NULL, "\"m$\""},
		[GQL_START_CURSOR] = {"\"s$\"", "\"s$\""},
		[GQL_END_CURSOR] = {"\"l$\"", "\"l$\""},
	};
	const struct gql_field *field = rows->node->field;
	const struct gql_source *source = &field->source;
	const struct gql_input *after = gql_find_input(field->inputs, field->ninputs, "after");

	sb_buffer_puts(out, "(SELECT row_to_json(p$) FROM (SELECT ");
	for (const struct gql_node *at = info->children; at; at = at->next)
	{
		enum gql_part part = at->field->source.part;

		if (at != info->children)
			sb_buffer_puts(out, ", ");
		if (at->field->source.kind == GQL_TYPENAME)
			write_constant(out, at->parent->name, "text");
		else
		{
			sb_buffer_puts(out, "CASE WHEN ");
			if (source->before >= 0)
				write_argument(writer, out, rows->node, &field->inputs[source->before], NULL, 0);
			else
				sb_buffer_puts(out, "NULL");
			sb_buffer_printf(out, " IS NOT NULL THEN %s ELSE ", members[part].before);
			if (members[part].without_cursor)
				sb_buffer_puts(out, members[part].without_cursor);
			else
			{
				write_argument(writer, out, rows->node, after, NULL, 0);
				sb_buffer_puts(out, " IS NOT NULL");
			}
			sb_buffer_puts(out, " END");
		}
		put_key(out, at);
	}
	sb_buffer_puts(out, ") p$)");
}

/*
 * How many entries the list has: a count that is kept, or what is known from the page. It is all of
 * the list when it was read from the top and nothing follows.
 */
static void
write_total(struct writer *writer, struct sb_buffer *out, const struct rows *rows, bool at_least)
{
	const struct gql_field *field = rows->node->field;
	const char *total = field->source.total;

	if (at_least)
		sb_buffer_puts(out, "greatest(");
	if (total)
	{
		sb_buffer_putc(out, '(');
		write_template(writer, out, rows->around, rows->node, total);
		sb_buffer_puts(out, at_least ? ")::bigint, " : ")");
	}
	else if (field->source.counted)
		sb_buffer_puts(out, at_least ? "\"k$\", " : "CASE WHEN \"q$\" THEN \"k$\" ");
	else if (!at_least)
		sb_buffer_puts(out, "CASE ");
	if (at_least)
		sb_buffer_puts(out, "\"n$\" + \"m$\"::integer)");
	else if (!total)
	{
		sb_buffer_puts(out, "WHEN NOT \"m$\" AND ");
		write_argument(writer, out, rows->node,
					   gql_find_input(field->inputs, field->ninputs, "after"), NULL, 0);
		sb_buffer_puts(out, " IS NULL");
		if (field->source.before >= 0)
		{
			sb_buffer_puts(out, " AND ");
			write_argument(writer, out, rows->node, &field->inputs[field->source.before], NULL, 0);
			sb_buffer_puts(out, " IS NULL");
		}
		sb_buffer_puts(out, " THEN \"n$\" END");
	}
}

/* What a connection says beside its edges, from a row about all of the page. */
static void
write_about(struct writer *writer, struct sb_buffer *out, const struct rows *rows,
			const struct gql_node *node)
{
	if (node->field->source.kind == GQL_TYPENAME)
		write_constant(out, node->parent->name, "text");
	else if (node->field->source.part == GQL_PAGE_INFO)
		write_page_info(writer, out, rows, node);
	else
		write_total(writer, out, rows, node->field->source.part == GQL_TOTAL_AT_LEAST);
}

/* Is anything asked for that only the page can say? */
static bool
needs_page(const struct gql_node *connection)
{
	for (const struct gql_node *at = connection->children; at; at = at->next)
	{
		if (at->field->source.kind != GQL_TYPENAME &&
			(at->field->source.part != GQL_TOTAL || !connection->field->source.total))
			return true;
	}
	return false;
}

/*
 * A page of a list function (sql/README.md, "Pages") as a connection: the rows t<n> make edges, one
 * row a$<n> about all of them makes the rest.
 */
static void
write_connection(struct writer *writer, struct sb_buffer *out, struct rows *around,
				 const struct gql_node *node)
{
	const struct gql_source *source = &node->field->source;
	struct rows rows = {.alias = ++writer->aliases, .node = node, .around = around};
	struct sb_buffer about = {0};
	struct sb_buffer edges = {0};
	int n = 0;

	rows.columns.arena = &writer->plan->arena;
	writer->plan->slow |= source->slow;
	add_limited(writer, node, around ? around->cost : -1);
	rows.cost = add_cost(writer, node, around ? around->cost : -1);
	sb_buffer_printf(out, "(SELECT row_to_json(r$%d) FROM (SELECT ", rows.alias);
	for (const struct gql_node *at = node->children; at; at = at->next)
	{
		if (at != node->children)
			sb_buffer_puts(out, ", ");
		if (at->is_null)
			sb_buffer_puts(out, "NULL");
		else if (at->field->source.kind == GQL_PART && at->field->source.part == GQL_EDGES)
		{
			write_edge(writer, &edges, &rows, at, ++n);
			sb_buffer_puts(&edges, ", ");
			sb_buffer_printf(&about, "coalesce(json_agg(x$.\"e$%d\"), '[]') AS \"e$%d\", ", n, n);
			sb_buffer_printf(out, "\"e$%d\"", n);
		}
		else
			write_about(writer, out, &rows, at);
		put_key(out, at);
	}
	if (needs_page(node))
	{
		sb_buffer_printf(out, " FROM (SELECT %s", about.len ? about.data : "");
		if (source->counted)
			sb_buffer_puts(out, "(array_agg(x$.\"k$\"))[1] AS \"k$\", "
								"(array_agg(x$.\"q$\"))[1] AS \"q$\", ");
		sb_buffer_puts(out, "count(*) AS \"n$\", "
							"coalesce(bool_or(x$.\"m$\"), false) AS \"m$\", "
							"(array_agg(x$.\"c$\"))[1] AS \"s$\", "
							"(array_agg(x$.\"c$\"))[count(*)] AS \"l$\" FROM (SELECT ");
		if (source->counted)
			sb_buffer_printf(out, "t%d.\"total\" AS \"k$\", t%d.\"total_is_exact\" AS \"q$\", ",
							 rows.alias, rows.alias);
		sb_buffer_printf(out, "%st%d.\"cursor\" AS \"c$\", t%d.\"has_more\" AS \"m$\" FROM ",
						 edges.len ? edges.data : "", rows.alias, rows.alias);
		write_template(writer, out, around, node, source->from);
		sb_buffer_printf(out, " t%d) x$) a$", rows.alias);
	}
	sb_buffer_printf(out, ") r$%d)", rows.alias);
	sb_buffer_free(&about);
	sb_buffer_free(&edges);
	sb_buffer_free(&rows.list);
}

static void
write_expression(struct writer *writer, struct sb_buffer *out, struct rows *rows,
				 const struct gql_node *node)
{
	writer->plan->slow |= node->field->source.slow;
	sb_buffer_puts(out, node->field->target->kind == GQL_ENUM ? "upper(" : "(");
	write_template(writer, out, rows, node, node->field->source.sql);
	sb_buffer_putc(out, ')');
	if (node->field->target->sql_text)
		sb_buffer_puts(out, "::text");
}

/* An object of the fields of a row that is being written. */
static void
write_same(struct writer *writer, struct sb_buffer *out, struct rows *rows,
		   const struct gql_node *node)
{
	int alias = ++writer->aliases;

	sb_buffer_printf(out, "(SELECT row_to_json(r$%d) FROM (SELECT ", alias);
	write_fields(writer, out, rows, node->children);
	sb_buffer_printf(out, ") r$%d)", alias);
}

static void
write_field(struct writer *writer, struct sb_buffer *out, struct rows *rows,
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
			write_column(out, rows, source->column);
			if (node->field->target->kind == GQL_ENUM)
				sb_buffer_putc(out, ')');
			if (node->field->target->sql_text)
				sb_buffer_puts(out, "::text");
			break;
		case GQL_CONSTANT:
			write_constant(out, source->constant, node->field->target->sql_type);
			break;
		case GQL_EXPRESSION:
			write_expression(writer, out, rows, node);
			break;
		case GQL_TYPENAME:
			write_constant(out, node->parent->name, "text");
			break;
		case GQL_SAME:
			write_same(writer, out, rows, node);
			break;
		case GQL_ROWS:
			if (gql_row_document_fits(node, false))
				write_document(writer, out, rows, node);
			else
				write_rows(writer, out, rows, node);
			break;
		case GQL_CONNECTION:
			write_connection(writer, out, rows, node);
			break;
		case GQL_META_SCHEMA:
		case GQL_META_TYPE:
			sb_buffer_printf(out, "$%d::json",
							 param_number(writer, (struct gql_param){.node = node}));
			break;
		default:
			sb_buffer_puts(out, "NULL");
	}
	put_key(out, node);
}

static void
write_fields(struct writer *writer, struct sb_buffer *out, struct rows *rows,
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
finish(struct writer *writer, struct sb_buffer *text)
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
select_object(struct writer *writer, const struct gql_node *nodes, const struct gql_node *end)
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
call_function(struct writer *writer, const struct gql_node *node)
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
select_row(struct writer *writer, const struct gql_node *node)
{
	struct rows rows = {.alias = ++writer->aliases, .node = node, .cost = -1};
	struct sb_buffer text = {0};

	rows.columns.arena = &writer->plan->arena;
	writer->lookups = false;
	writer->plan->slow |= node->field->source.slow;
	sb_buffer_puts(&text, "SELECT (SELECT row_to_json(r$1)::text FROM (SELECT ");
	write_fields(writer, &text, &rows, node->children);
	sb_buffer_puts(&text, ") r$1), t1.error_code, t1.error_message, t1.error_detail, "
						  "to_jsonb(t1) ->> 'error_name' AS error_name FROM ");
	write_template(writer, &text, NULL, node, node->field->source.from);
	sb_buffer_puts(&text, " t1");
	sb_buffer_free(&rows.list);
	return finish(writer, &text);
}

/* Plans a root field of a mutation that does something. */
static void
plan_change(struct writer *writer, const struct gql_node *node)
{
	struct gql_plan_step step = {.node = node};

	add_limited(writer, node, -1);
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
	struct writer writer = {.plan = plan, .limits = limits};
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
