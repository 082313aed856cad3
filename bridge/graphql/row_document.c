/*
 * row_document.c owns which fields social.document() makes in C, and how it is asked for them
 * (extension/content/document_shape.h has the language).
 */
#include <string.h>

#include "graphql/plan.h"
#include "graphql/template.h"

bool
gql_row_document_has(const struct gql_type *type, const struct gql_field *column)
{
	const char *word = column->source.column;
	size_t len = strlen(word);

	for (const char *at = type->columns; at && (at = strstr(at, word)) != NULL; at += len)
	{
		if ((at == type->columns || at[-1] == ' ') && (at[len] == '\0' || at[len] == ' '))
			return true;
	}
	return false;
}

/* The column of the row around that leads to a field's rows; false where it is not that. */
static bool
leading_column(const struct gql_source *source, struct gql_template_part *part)
{
	const char *rest = source->of;

	return rest && gql_template_next(&rest, part) && part->kind == GQL_TEMPLATE_PARENT &&
		   *rest == '\0';
}

static bool
member_fits(const struct gql_node *node, const struct gql_type *type)
{
	if (node->is_null)
		return false;
	switch (node->field->source.kind)
	{
		case GQL_TYPENAME:
			return true;
		case GQL_COLUMN:
		case GQL_EXPRESSION:
			return gql_row_document_has(type, node->field);
		case GQL_ROWS:
			return gql_row_document_fits(node, true);
		default:
			return false;
	}
}

bool
gql_row_document_fits(const struct gql_node *node, bool within)
{
	const struct gql_source *source = &node->field->source;
	struct gql_template_part part;

	return source->document && (within ? leading_column(source, &part) : !source->inner) &&
		   gql_row_document_fields_fit(node);
}

bool
gql_row_document_fields_fit(const struct gql_node *node)
{
	if (!node->field->target->columns || node->variants || !node->children)
		return false;
	for (const struct gql_node *at = node->children; at; at = at->next)
	{
		if (!member_fits(at, node->field->target))
			return false;
	}
	return true;
}

static void
write_member(struct sb_buffer *out, const struct gql_node *node, int *nsizes)
{
	const struct gql_source *source = &node->field->source;
	const struct gql_type *target = node->field->target;
	struct gql_template_part part;

	sb_buffer_printf(out, "%s=", node->key);
	if (source->kind == GQL_TYPENAME)
		sb_buffer_printf(out, "\"%s\"", node->parent->name);
	else if (source->kind == GQL_COLUMN || source->kind == GQL_EXPRESSION)
		sb_buffer_printf(out, "%s%s", source->column,
						 target->sql_text           ? ".text"
						 : target->kind == GQL_ENUM ? ".upper"
													: "");
	else if (leading_column(source, &part))
	{
		sb_buffer_printf(out, "%s.%.*s", source->document, (int) part.len, part.text);
		if (gql_is_list(node->field->type))
			sb_buffer_printf(out, "[%d]", ++*nsizes);
		sb_buffer_putc(out, '(');
		gql_row_document_members(out, node, nsizes);
		sb_buffer_putc(out, ')');
	}
}

void
gql_row_document_members(struct sb_buffer *out, const struct gql_node *node, int *nsizes)
{
	for (const struct gql_node *at = node->children; at; at = at->next)
	{
		if (at != node->children)
			sb_buffer_putc(out, ',');
		write_member(out, at, nsizes);
	}
}
