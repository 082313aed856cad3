/*
 * sql_connection.c owns the SQL of connections: a page of a list function as edges, what the page
 * says of itself, and how many entries the list has.
 */
#include "graphql/sql.h"

/* A member of an edge, which is a row t<n>. */
static void
write_edge_member(struct gql_writer *writer, struct sb_buffer *out, struct gql_row_source *rows,
				  const struct gql_node *node)
{
	const struct gql_source *source = &node->field->source;

	if (node->is_null)
		sb_buffer_puts(out, "NULL");
	else if (source->kind == GQL_TYPENAME)
		gql_write_constant(out, node->parent->name, "text");
	else if (source->part == GQL_CURSOR)
		gql_write_column(out, rows, "cursor");
	else if (rows->documents)
		gql_write_column(out, rows, "document");
	else if (gql_is_found_elsewhere(node, rows->node->field->source.key))
		gql_write_elsewhere(writer, out, rows, node, rows->node->field->source.key);
	else
		gql_write_same(writer, out, rows, node);
	gql_write_key(out, node);
}

/* The edges of one selection of them, as a column of the row: "e$<number>". */
static void
write_edge(struct gql_writer *writer, struct sb_buffer *out, struct gql_row_source *rows,
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
write_page_info(struct gql_writer *writer, struct sb_buffer *out, const struct gql_row_source *rows,
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
			gql_write_constant(out, at->parent->name, "text");
		else
		{
			sb_buffer_puts(out, "CASE WHEN ");
			if (source->before >= 0)
				gql_write_argument(writer, out, rows->node, &field->inputs[source->before], NULL,
								   0);
			else
				sb_buffer_puts(out, "NULL");
			sb_buffer_printf(out, " IS NOT NULL THEN %s ELSE ", members[part].before);
			if (members[part].without_cursor)
				sb_buffer_puts(out, members[part].without_cursor);
			else
			{
				gql_write_argument(writer, out, rows->node, after, NULL, 0);
				sb_buffer_puts(out, " IS NOT NULL");
			}
			sb_buffer_puts(out, " END");
		}
		gql_write_key(out, at);
	}
	sb_buffer_puts(out, ") p$)");
}

/*
 * How many entries the list has: a count that is kept, or what is known from the page. It is all of
 * the list when it was read from the top and nothing follows.
 */
static void
write_total(struct gql_writer *writer, struct sb_buffer *out, const struct gql_row_source *rows,
			bool at_least)
{
	const struct gql_field *field = rows->node->field;
	const char *total = field->source.total;

	if (at_least)
		sb_buffer_puts(out, "greatest(");
	if (total)
	{
		sb_buffer_putc(out, '(');
		gql_write_template(writer, out, rows->around, rows->node, total);
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
		gql_write_argument(writer, out, rows->node,
						   gql_find_input(field->inputs, field->ninputs, "after"), NULL, 0);
		sb_buffer_puts(out, " IS NULL");
		if (field->source.before >= 0)
		{
			sb_buffer_puts(out, " AND ");
			gql_write_argument(writer, out, rows->node, &field->inputs[field->source.before], NULL,
							   0);
			sb_buffer_puts(out, " IS NULL");
		}
		sb_buffer_puts(out, " THEN \"n$\" END");
	}
}

/* What a connection says beside its edges, from a row about all of the page. */
static void
write_about(struct gql_writer *writer, struct sb_buffer *out, const struct gql_row_source *rows,
			const struct gql_node *node)
{
	if (node->field->source.kind == GQL_TYPENAME)
		gql_write_constant(out, node->parent->name, "text");
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

static bool
is_part(const struct gql_node *node, enum gql_part part)
{
	return node->field->source.kind == GQL_PART && node->field->source.part == part &&
		   !node->is_null;
}

/*
 * Can its rows be documents? Those hold one selection of nodes, which is put down in `nodes`, or
 * NULL without one.
 */
static bool
fits_documents(const struct gql_node *connection, const struct gql_node **nodes)
{
	*nodes = NULL;
	for (const struct gql_node *edges = connection->children; edges; edges = edges->next)
	{
		if (!is_part(edges, GQL_EDGES))
			continue;
		for (const struct gql_node *at = edges->children; at; at = at->next)
		{
			if (!is_part(at, GQL_NODE))
				continue;
			if (*nodes)
				return false;
			*nodes = at;
		}
	}
	return connection->field->source.document &&
		   (*nodes == NULL || gql_row_document_fields_fit(*nodes));
}

void
gql_write_connection(struct gql_writer *writer, struct sb_buffer *out,
					 struct gql_row_source *around, const struct gql_node *node)
{
	const struct gql_source *source = &node->field->source;
	struct gql_row_source rows = {.alias = ++writer->aliases, .node = node, .around = around};
	struct sb_buffer about = {0};
	struct sb_buffer edges = {0};
	const struct gql_node *nodes;
	int n = 0;

	rows.documents = fits_documents(node, &nodes);
	rows.columns.arena = &writer->plan->arena;
	writer->plan->slow |= source->slow;
	gql_add_limited(writer, node, around ? around->cost : -1);
	rows.cost = gql_add_cost(writer, node, around ? around->cost : -1);
	sb_buffer_printf(out, "(SELECT row_to_json(r$%d) FROM (SELECT ", rows.alias);
	for (const struct gql_node *at = node->children; at; at = at->next)
	{
		if (at != node->children)
			sb_buffer_puts(out, ", ");
		if (at->is_null)
			sb_buffer_puts(out, "NULL");
		else if (is_part(at, GQL_EDGES))
		{
			write_edge(writer, &edges, &rows, at, ++n);
			sb_buffer_puts(&edges, ", ");
			sb_buffer_printf(&about, "coalesce(json_agg(x$.\"e$%d\"), '[]') AS \"e$%d\", ", n, n);
			sb_buffer_printf(out, "\"e$%d\"", n);
		}
		else
			write_about(writer, out, &rows, at);
		gql_write_key(out, at);
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
		if (rows.documents)
			gql_write_document_page(writer, out, &rows, nodes);
		else
			gql_write_template(writer, out, around, node, source->from);
		sb_buffer_printf(out, " t%d) x$) a$", rows.alias);
	}
	sb_buffer_printf(out, ") r$%d)", rows.alias);
	sb_buffer_free(&about);
	sb_buffer_free(&edges);
	sb_buffer_free(&rows.list);
}
