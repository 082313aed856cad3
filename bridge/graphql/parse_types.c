/* parse_types.c owns type system definitions and extensions (specification section 3). */
#include <string.h>

#include "graphql/parse.h"

enum keyword
{
	SCHEMA,
	SCALAR,
	TYPE,
	INTERFACE,
	UNION,
	ENUM,
	INPUT,
	DIRECTIVE,
	NKEYWORDS,
};

static const char *const keywords[NKEYWORDS] = {"schema", "scalar", "type",  "interface",
												"union",  "enum",   "input", "directive"};

bool
gql_at_type_definition(const struct gql_parser *parser)
{
	for (int i = 0; i < NKEYWORDS; i++)
	{
		if (gql_at_keyword(parser, keywords[i]))
			return true;
	}
	return gql_at_keyword(parser, "extend");
}

/* Fields of a type, or `name: type = value` of arguments and inputs, up to the closing token. */
static struct gql_field_definition *
parse_fields(struct gql_parser *parser, int open, int close, bool inputs)
{
	struct gql_field_definition *first = NULL;
	struct gql_field_definition **tail = &first;

	if (!gql_accept(parser, open))
		return NULL;
	do
	{
		struct gql_field_definition *field = gql_new(parser->arena, struct gql_field_definition);

		field->description = gql_parse_description(parser);
		field->at = parser->token->start;
		field->name = gql_parse_name(parser);
		if (!inputs)
			field->arguments = parse_fields(parser, '(', ')', true);
		gql_expect(parser, ':');
		field->type = gql_parse_type(parser);
		if (inputs && gql_accept(parser, '='))
			field->initial = gql_parse_value(parser, true);
		field->directives = gql_parse_directives(parser, true);
		*tail = field;
		tail = &field->next;
	} while (!gql_at(parser, close) && !parser->failed);
	gql_expect(parser, close);
	return first;
}

/* Names with a separator, which may also lead: interfaces, union members, directive locations. */
static struct gql_enum_value *
parse_names(struct gql_parser *parser, int separator)
{
	struct gql_enum_value *first = NULL;
	struct gql_enum_value **tail = &first;

	gql_accept(parser, separator);
	do
	{
		struct gql_enum_value *value = gql_new(parser->arena, struct gql_enum_value);

		value->at = parser->token->start;
		value->name = gql_parse_name(parser);
		*tail = value;
		tail = &value->next;
	} while (gql_accept(parser, separator));
	return first;
}

/* The braces of an enum, or of a schema (`query: Query`). */
static struct gql_enum_value *
parse_values(struct gql_parser *parser, bool with_type)
{
	struct gql_enum_value *first = NULL;
	struct gql_enum_value **tail = &first;

	if (!gql_accept(parser, '{'))
		return NULL;
	do
	{
		struct gql_enum_value *value = gql_new(parser->arena, struct gql_enum_value);

		value->description = gql_parse_description(parser);
		value->at = parser->token->start;
		value->name = gql_parse_name(parser);
		if (with_type)
		{
			gql_expect(parser, ':');
			value->type = gql_parse_name(parser);
		}
		value->directives = gql_parse_directives(parser, true);
		*tail = value;
		tail = &value->next;
	} while (!gql_at(parser, '}') && !parser->failed);
	gql_expect(parser, '}');
	return first;
}

static void
parse_directive_definition(struct gql_parser *parser, struct gql_type_definition *definition)
{
	gql_expect(parser, '@');
	definition->name = gql_parse_name(parser);
	definition->fields = parse_fields(parser, '(', ')', true);
	definition->repeatable = gql_accept_keyword(parser, "repeatable");
	if (!gql_accept_keyword(parser, "on"))
		gql_unexpected(parser, "\"on\"");
	definition->values = parse_names(parser, '|');
}

/* What follows the keyword; extensions may leave the braces out. */
static void
parse_body(struct gql_parser *parser, struct gql_type_definition *definition, enum keyword keyword)
{
	if (keyword != SCHEMA)
		definition->name = gql_parse_name(parser);
	if ((keyword == TYPE || keyword == INTERFACE) && gql_accept_keyword(parser, "implements"))
		definition->members = parse_names(parser, '&');
	definition->directives = gql_parse_directives(parser, true);
	switch (keyword)
	{
		case TYPE:
		case INTERFACE:
			definition->fields = parse_fields(parser, '{', '}', false);
			break;
		case INPUT:
			definition->fields = parse_fields(parser, '{', '}', true);
			break;
		case UNION:
			if (gql_accept(parser, '='))
				definition->members = parse_names(parser, '|');
			break;
		case ENUM:
		case SCHEMA:
			definition->values = parse_values(parser, keyword == SCHEMA);
			break;
		default:
			break;
	}
}

struct gql_type_definition *
gql_parse_type_definition(struct gql_parser *parser, const char *description)
{
	struct gql_type_definition *definition = gql_new(parser->arena, struct gql_type_definition);
	int keyword = 0;

	definition->at = parser->token->start;
	definition->description = description;
	if (gql_at_keyword(parser, "extend") && description)
		gql_unexpected(parser, "a definition that takes a description");
	definition->extend = gql_accept_keyword(parser, "extend");
	while (keyword < NKEYWORDS && !gql_accept_keyword(parser, keywords[keyword]))
		keyword++;
	if (keyword == NKEYWORDS)
	{
		gql_unexpected(parser, "a type system definition");
		return definition;
	}
	definition->keyword = keywords[keyword];
	if (keyword == DIRECTIVE)
		parse_directive_definition(parser, definition);
	else
		parse_body(parser, definition, (enum keyword) keyword);
	return definition;
}
