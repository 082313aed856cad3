/* parse_types.c owns type system definitions and extensions (specification section 3). */
#include <string.h>

#include "graphql/parser.h"

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

static const char *const operation_types[] = {"query", "mutation", "subscription", NULL};

/* Where a directive may stand (section 3.13): executable, then type system locations. */
static const char *const locations[] = {"QUERY",
										"MUTATION",
										"SUBSCRIPTION",
										"FIELD",
										"FRAGMENT_DEFINITION",
										"FRAGMENT_SPREAD",
										"INLINE_FRAGMENT",
										"VARIABLE_DEFINITION",
										"SCHEMA",
										"SCALAR",
										"OBJECT",
										"FIELD_DEFINITION",
										"ARGUMENT_DEFINITION",
										"INTERFACE",
										"UNION",
										"ENUM",
										"ENUM_VALUE",
										"INPUT_OBJECT",
										"INPUT_FIELD_DEFINITION",
										NULL};

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
		struct gql_field_definition *field =
			sb_arena_new(parser->arena, struct gql_field_definition);

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

/* A name that is one of the words; the others are no part of the grammar here. */
static const char *
parse_one_of(struct gql_parser *parser, const char *const *words, const char *wanted)
{
	while (*words && !gql_at_keyword(parser, *words))
		words++;
	if (!*words)
		gql_unexpected(parser, wanted);
	return gql_parse_name(parser);
}

/*
 * Names with a separator, which may also lead: interfaces, union members, and the locations of a
 * directive, which are fixed words.
 */
static struct gql_enum_value *
parse_names(struct gql_parser *parser, int separator, const char *const *words)
{
	struct gql_enum_value *first = NULL;
	struct gql_enum_value **tail = &first;

	gql_accept(parser, separator);
	do
	{
		struct gql_enum_value *value = sb_arena_new(parser->arena, struct gql_enum_value);

		value->at = parser->token->start;
		value->name = words ? parse_one_of(parser, words, "the place of a directive")
							: gql_parse_name(parser);
		*tail = value;
		tail = &value->next;
	} while (gql_accept(parser, separator));
	return first;
}

/* A name but for the three words that are values of their own (EnumValue, section 2.9.6). */
static const char *
parse_enum_name(struct gql_parser *parser)
{
	if (gql_at_keyword(parser, "true") || gql_at_keyword(parser, "false") ||
		gql_at_keyword(parser, "null"))
		gql_unexpected(parser, "an enum value");
	return gql_parse_name(parser);
}

/* `query: Query`: no description and no directives here (section 3.3). */
static void
parse_root_operation(struct gql_parser *parser, struct gql_enum_value *value)
{
	value->at = parser->token->start;
	value->name = parse_one_of(parser, operation_types, "an operation type");
	gql_expect(parser, ':');
	value->type = gql_parse_name(parser);
}

static void
parse_enum_value(struct gql_parser *parser, struct gql_enum_value *value)
{
	value->description = gql_parse_description(parser);
	value->at = parser->token->start;
	value->name = parse_enum_name(parser);
	value->directives = gql_parse_directives(parser, true);
}

/* The braces of an enum, or of a schema. */
static struct gql_enum_value *
parse_values(struct gql_parser *parser,
			 void (*parse_one)(struct gql_parser *, struct gql_enum_value *))
{
	struct gql_enum_value *first = NULL;
	struct gql_enum_value **tail = &first;

	if (!gql_accept(parser, '{'))
		return NULL;
	do
	{
		struct gql_enum_value *value = sb_arena_new(parser->arena, struct gql_enum_value);

		parse_one(parser, value);
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
	definition->values = parse_names(parser, '|', locations);
}

/* What follows the keyword. An extension may leave out any part, but not all of them. */
static void
parse_body(struct gql_parser *parser, struct gql_type_definition *definition, enum keyword keyword)
{
	if (keyword != SCHEMA)
		definition->name = gql_parse_name(parser);
	if ((keyword == TYPE || keyword == INTERFACE) && gql_accept_keyword(parser, "implements"))
		definition->members = parse_names(parser, '&', NULL);
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
				definition->members = parse_names(parser, '|', NULL);
			break;
		case ENUM:
			definition->values = parse_values(parser, parse_enum_value);
			break;
		case SCHEMA:
			definition->values = parse_values(parser, parse_root_operation);
			if (!definition->extend && !definition->values)
				gql_unexpected(parser, "\"{\"");
			break;
		default:
			break;
	}
	if (definition->extend && !definition->members && !definition->directives &&
		!definition->fields && !definition->values)
		gql_unexpected(parser, "what the extension adds");
}

struct gql_type_definition *
gql_parse_type_definition(struct gql_parser *parser, const char *description)
{
	struct gql_type_definition *definition =
		sb_arena_new(parser->arena, struct gql_type_definition);
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
	if (keyword == DIRECTIVE && definition->extend)
		gql_unexpected(parser, "a type or \"schema\"");
	if (keyword == DIRECTIVE)
		parse_directive_definition(parser, definition);
	else
		parse_body(parser, definition, (enum keyword) keyword);
	return definition;
}
