/*
 * template.h owns the little language of SQL templates in the schema file: SQL text in which
 * {parent} stands for the row around, {argument} for the value of an argument, and
 * {argument.field} for what a path leads to inside of an input object.
 */
#ifndef SB_GRAPHQL_TEMPLATE_H
#define SB_GRAPHQL_TEMPLATE_H

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum gql_template_kind
{
	GQL_TEMPLATE_TEXT,     /* SQL as it is */
	GQL_TEMPLATE_PARENT,   /* {parent}.column: `text` is the column */
	GQL_TEMPLATE_ARGUMENT, /* {argument}: `text` is its name, and the path behind it */
	GQL_TEMPLATE_FAULT,    /* a brace that nobody closes, or {parent} without a column */
};

struct gql_template_part
{
	enum gql_template_kind kind;
	const char *text;
	size_t len;
	size_t name_len; /* of it, before the first dot */
};

/* Takes the next part off a template; false at the end. */
static inline bool
gql_template_next(const char **template, struct gql_template_part *part)
{
	const char *at = *template;
	const char *close;

	if (*at == '\0')
		return false;
	part->name_len = 0;
	if (*at != '{')
	{
		part->kind = GQL_TEMPLATE_TEXT;
		part->text = at;
		part->len = strcspn(at, "{");
		*template = at + part->len;
		return true;
	}
	close = strchr(at, '}');
	part->kind = close ? GQL_TEMPLATE_ARGUMENT : GQL_TEMPLATE_FAULT;
	part->text = at + 1;
	part->len = close ? (size_t) (close - at - 1) : strlen(at + 1);
	*template = close ? close + 1 : at + strlen(at);
	while (part->name_len < part->len && part->text[part->name_len] != '.')
		part->name_len++;
	if (close && part->len == 6 && memcmp(part->text, "parent", 6) == 0)
	{
		part->kind = close[1] == '.' ? GQL_TEMPLATE_PARENT : GQL_TEMPLATE_FAULT;
		if (close[1] != '.')
			return true;
		part->text = close + 2;
		part->len = 0;
		while (isalnum((unsigned char) part->text[part->len]) || part->text[part->len] == '_')
			part->len++;
		part->name_len = part->len;
		*template = part->text + part->len;
	}
	return true;
}

#endif /* SB_GRAPHQL_TEMPLATE_H */
