/* library.c owns the life of the library object and its side doors: SDL, sources, figures. */
#include "graphql/graphql.h"

#include <stdlib.h>
#include <string.h>

#include "graphql/plan.h"
#include "graphql/template.h"

const struct sb_graphql_limits sb_graphql_limits_default = {
	.max_bytes = 64 * 1024,
	.max_tokens = 5000,
	.max_depth = 12,
	.max_aliases = 50,
	.max_cost = 50000,
	.quick_cost = 3000,
	.max_page_size = 100,
	.max_directives = 50,
	.cache_entries = 512,
};

struct sb_graphql *
sb_graphql_new(const char *sdl, size_t len, const struct sb_graphql_limits *limits, char **error)
{
	struct sb_graphql *graphql = calloc(1, sizeof(*graphql));
	struct gql_errors errors = {.source = sdl, .source_len = len};

	if (!graphql)
		abort();
	*error = NULL;
	errors.arena = &graphql->arena;
	graphql->limits = limits ? *limits : sb_graphql_limits_default;
	gql_cache_init(&graphql->cache, graphql->limits.cache_entries);
	gql_texts_init(&graphql->texts);
	graphql->schema = gql_schema_compile(&graphql->arena, sdl, len, &errors);
	if (graphql->schema && gql_schema_bind(graphql->schema, &errors))
	{
		gql_schema_drop_unused(graphql->schema);
		gql_schema_bind_introspection(graphql->schema);
		return graphql;
	}
	if (errors.items[0].at[0] != GQL_NOWHERE)
	{
		int line;
		int column;

		gql_locate(sdl, len, errors.items[0].at[0], &line, &column);
		*error = strdup(sb_arena_printf(&graphql->arena, "line %d, column %d: %s", line, column,
										errors.items[0].message));
	}
	else
		*error = strdup(errors.items[0].message);
	sb_graphql_free(graphql);
	return NULL;
}

void
sb_graphql_free(struct sb_graphql *graphql)
{
	if (!graphql)
		return;
	gql_cache_free(&graphql->cache);
	gql_documents_free(&graphql->documents);
	gql_texts_free(&graphql->texts);
	gql_tokens_free(&graphql->tokens);
	sb_buffer_free(&graphql->key);
	free(graphql->lifted.items);
	sb_arena_free(&graphql->arena);
	free(graphql);
}

void
sb_graphql_get_stats(const struct sb_graphql *graphql, struct sb_graphql_stats *stats)
{
	*stats = graphql->cache.stats;
	stats->entries = graphql->cache.entries;
}

static char *
take(struct sb_buffer *buf, size_t *len)
{
	*len = buf->len;
	return buf->data;
}

char *
sb_graphql_sdl(const struct sb_graphql *graphql, size_t *len)
{
	struct sb_buffer out = {0};

	gql_schema_print(&out, graphql->schema);
	return take(&out, len);
}

/* ---- sources -------------------------------------------------------------------------------- */

/* A template with typed nulls for arguments and `p$` for the row around. */
static void
expand(struct sb_buffer *out, const struct gql_field *field, const char *template)
{
	struct gql_template_part part;

	while (gql_template_next(&template, &part))
	{
		if (part.kind == GQL_TEMPLATE_TEXT)
			sb_buffer_append(out, part.text, part.len);
		else if (part.kind == GQL_TEMPLATE_PARENT)
			sb_buffer_printf(out, "p$.\"%.*s\"", (int) part.len, part.text);
		else
		{
			for (int i = 0; i < field->ninputs; i++)
			{
				if (strlen(field->inputs[i].name) == part.name_len &&
					memcmp(field->inputs[i].name, part.text, part.name_len) == 0)
					gql_input_sql(out, "NULL", &field->inputs[i], part.text + part.name_len,
								  part.len - part.name_len);
			}
		}
	}
}

/* The columns that a type reads of its rows. */
static void
describe_columns(struct sb_buffer *sql, const struct gql_type *type)
{
	const char *separator = "";

	for (int i = 0; i < type->nfields; i++)
	{
		if (type->fields[i].source.kind != GQL_COLUMN)
			continue;
		sb_buffer_printf(sql, "%s\"%s\"", separator, type->fields[i].source.column);
		separator = ", ";
	}
}

static void
describe_rows(struct sb_buffer *sql, const struct gql_type *parent, const struct gql_field *field)
{
	const struct gql_type *target =
		field->source.kind == GQL_CONNECTION ? gql_node_type(field->target) : field->target;

	sb_buffer_puts(sql, "SELECT r.*");
	if (field->source.total)
	{
		sb_buffer_puts(sql, ", (");
		expand(sql, field, field->source.total);
		sb_buffer_puts(sql, ")::bigint");
	}
	sb_buffer_puts(sql, " FROM ");
	if (parent->view)
		sb_buffer_printf(sql, "%s p$, ", parent->view);
	sb_buffer_puts(sql, "LATERAL (SELECT ");
	if (field->source.key)
		sb_buffer_printf(sql, "\"%s\"", field->source.key);
	else if (target->variant_type)
		sb_buffer_printf(sql, "\"%s\", \"%s\"", target->variant_type, target->variant_key);
	else
		describe_columns(sql, target);
	if (field->source.kind == GQL_CONNECTION)
		sb_buffer_puts(sql, ", \"cursor\", \"has_more\"");
	if (field->source.counted)
		sb_buffer_puts(sql, ", \"total\", \"total_is_exact\"");
	sb_buffer_puts(sql, " FROM ");
	expand(sql, field, field->source.from);
	sb_buffer_puts(sql, " s");
	if (field->source.where)
	{
		sb_buffer_puts(sql, " WHERE ");
		expand(sql, field, field->source.where);
	}
	if (field->source.order)
		sb_buffer_printf(sql, " ORDER BY %s", field->source.order);
	sb_buffer_puts(sql, " LIMIT 1) r");
}

/* All that a document of rows of this type may have: its columns, and what else leads on from it.
 */
static void
describe_members(struct sb_buffer *sql, const struct gql_type *type, bool leading)
{
	const char *separator = "";

	for (int i = 0; i < type->nfields; i++)
	{
		const struct gql_field *field = &type->fields[i];
		struct gql_template_part part;
		const char *of = field->source.of;

		if ((field->source.kind == GQL_COLUMN || field->source.kind == GQL_EXPRESSION) &&
			gql_row_document_has(type, field))
			sb_buffer_printf(sql, "%s%s=%s", separator, field->name, field->source.column);
		else if (leading && field->source.kind == GQL_ROWS && field->source.document && of &&
				 gql_template_next(&of, &part) && part.kind == GQL_TEMPLATE_PARENT)
		{
			sb_buffer_printf(sql, "%s%s=%s.%.*s%s(", separator, field->name, field->source.document,
							 (int) part.len, part.text, gql_is_list(field->type) ? "[1]" : "");
			describe_members(sql, field->target, false);
			sb_buffer_putc(sql, ')');
		}
		else
			continue;
		separator = ",";
	}
}

/* A document of nothing, which must know all of that. */
static void
describe_document(struct sb_buffer *out, const struct gql_type *type, const struct gql_field *field)
{
	bool pages = field->source.kind == GQL_CONNECTION;
	struct sb_buffer sql = {0};

	sb_buffer_printf(&sql, "SELECT %s('%s', -1, ARRAY[0], '",
					 pages ? "count(*) FROM social.documents" : "social.document",
					 field->source.document);
	describe_members(&sql, pages ? gql_node_type(field->target) : field->target, true);
	sb_buffer_puts(&sql, "')");
	sb_buffer_printf(out, ",\n{\"field\":\"%s.%s as a document\",\"sql\":", type->name,
					 field->name);
	sb_buffer_put_json(out, sql.data, sql.len);
	sb_buffer_puts(out, ",\"type\":null}");
	sb_buffer_free(&sql);
}

static void
describe_call(struct sb_buffer *sql, const struct gql_field *field)
{
	sb_buffer_printf(sql, "SELECT social.set_result_id(%s(", field->source.function);
	for (int i = 0; i < field->ninputs; i++)
		gql_input_call(sql, "NULL", &field->inputs[i], i > 0 ? ", " : "");
	sb_buffer_puts(sql, "))");
}

static void
describe_expression(struct sb_buffer *sql, const struct gql_type *type,
					const struct gql_field *field)
{
	sb_buffer_puts(sql, "SELECT (");
	expand(sql, field, field->source.sql);
	sb_buffer_putc(sql, ')');
	if (type->view)
		sb_buffer_printf(sql, " FROM %s p$", type->view);
}

static void
describe_field(struct sb_buffer *out, const struct gql_type *type, const struct gql_field *field)
{
	struct sb_buffer sql = {0};

	if (field->source.kind == GQL_COLUMN)
		sb_buffer_printf(&sql, "SELECT t.\"%s\" FROM %s t", field->source.column, type->view);
	else if (field->source.kind == GQL_SAME)
	{
		sb_buffer_puts(&sql, "SELECT ");
		describe_columns(&sql, field->target);
		sb_buffer_printf(&sql, " FROM %s t", type->view);
	}
	else if (field->source.kind == GQL_ROWS || field->source.kind == GQL_CONNECTION)
		describe_rows(&sql, type, field);
	else if (field->source.kind == GQL_EXPRESSION)
		describe_expression(&sql, type, field);
	else if (field->source.kind == GQL_CALL)
		describe_call(&sql, field);
	else
		return;
	sb_buffer_printf(out, "%s{\"field\":\"%s.%s\",\"sql\":", out->len > 1 ? ",\n" : "", type->name,
					 field->name);
	sb_buffer_put_json(out, sql.data, sql.len);
	if (field->source.kind == GQL_COLUMN || field->source.kind == GQL_EXPRESSION)
		sb_buffer_printf(out, ",\"type\":\"%s%s\"}", field->target->name,
						 gql_is_list(field->type) ? "[]" : "");
	else
		sb_buffer_puts(out, ",\"type\":null}");
	sb_buffer_free(&sql);
	if (field->source.document && !field->source.inner)
		describe_document(out, type, field);
}

char *
sb_graphql_describe_sources(const struct sb_graphql *graphql, size_t *len)
{
	struct sb_buffer out = {0};

	sb_buffer_putc(&out, '[');
	for (int i = 0; i < graphql->schema->ntypes; i++)
	{
		const struct gql_type *type = &graphql->schema->types[i];

		for (int j = 0; j < type->nfields && type->kind == GQL_OBJECT && !type->builtin; j++)
			describe_field(&out, type, &type->fields[j]);
	}
	sb_buffer_putc(&out, ']');
	return take(&out, len);
}
