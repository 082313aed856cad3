/* parse_value.c owns the small grammar: names, values, arguments, directives, type references. */
#include <string.h>

#include "graphql/parser.h"

void
gql_unexpected(struct gql_parser *parser, const char *wanted)
{
	const struct gql_token *token = parser->token;

	if (parser->failed)
		return;
	if (token->kind == GQL_END)
		gql_fail(parser->errors, GQL_PARSE_FAILED, token->start,
				 "Syntax Error: expected %s, found the end of the document", wanted);
	else
		gql_fail(parser->errors, GQL_PARSE_FAILED, token->start,
				 "Syntax Error: expected %s, found %.*s%s", wanted,
				 (int) (token->len > 60 ? 60 : token->len), parser->source + token->start,
				 token->len > 60 ? "..." : "");
	parser->failed = true;
	parser->token = parser->end;
}

bool
gql_accept(struct gql_parser *parser, int kind)
{
	if (!gql_at(parser, kind) || kind == GQL_END)
		return false;
	parser->token++;
	return true;
}

void
gql_expect(struct gql_parser *parser, int kind)
{
	char wanted[4] = {'"', (char) kind, '"', '\0'};

	if (!gql_accept(parser, kind))
		gql_unexpected(parser, kind == GQL_NAME ? "a name" : wanted);
}

bool
gql_at_keyword(const struct gql_parser *parser, const char *word)
{
	size_t len = strlen(word);

	return gql_at(parser, GQL_NAME) && parser->token->len == len &&
		   memcmp(parser->source + parser->token->start, word, len) == 0;
}

bool
gql_accept_keyword(struct gql_parser *parser, const char *word)
{
	if (!gql_at_keyword(parser, word))
		return false;
	parser->token++;
	return true;
}

static const char *
token_text(struct gql_parser *parser)
{
	return sb_arena_copy(parser->arena, parser->source + parser->token->start, parser->token->len);
}

const char *
gql_parse_name(struct gql_parser *parser)
{
	const char *name = "";

	if (gql_at(parser, GQL_NAME))
		name = token_text(parser);
	gql_expect(parser, GQL_NAME);
	return name;
}

/* Fails for more of something than a limit has. */
static void __attribute__((format(printf, 2, 0)))
exceed(struct gql_parser *parser, const char *format, int limit)
{
	if (!parser->failed)
		gql_fail(parser->errors, GQL_LIMIT_EXCEEDED, parser->token->start, format, limit);
	parser->failed = true;
	parser->token = parser->end;
}

bool
gql_enter(struct gql_parser *parser)
{
	if (parser->nesting++ < GQL_MAX_NESTING)
		return true;
	exceed(parser, "The document nests deeper than %d levels", GQL_MAX_NESTING);
	return false;
}

static void
parse_list(struct gql_parser *parser, struct gql_value *value, bool constant)
{
	struct gql_value **tail = &value->items;

	value->kind = GQL_VALUE_LIST;
	gql_expect(parser, '[');
	while (!gql_at(parser, ']') && !parser->failed)
	{
		*tail = gql_parse_value(parser, constant);
		tail = &(*tail)->next;
	}
	gql_expect(parser, ']');
}

/* The value after a colon: here a literal is lifted out of the document's shape. */
static struct gql_value *
parse_assigned(struct gql_parser *parser, bool constant)
{
	struct gql_value *value;
	int kind;

	gql_expect(parser, ':');
	kind = parser->token->kind;
	if (kind == GQL_INT || kind == GQL_FLOAT || gql_is_string(kind))
	{
		value = gql_parse_value(parser, constant);
		value->lift = parser->nlifted++;
		return value;
	}
	return gql_parse_value(parser, constant);
}

/* `name: value` up to the closing token: arguments, or the fields of an object. */
static struct gql_argument *
parse_pairs(struct gql_parser *parser, int close, bool constant)
{
	struct gql_argument *first = NULL;
	struct gql_argument **tail = &first;

	while (!gql_at(parser, close) && !parser->failed)
	{
		struct gql_argument *pair = sb_arena_new(parser->arena, struct gql_argument);

		pair->at = parser->token->start;
		pair->name = gql_parse_name(parser);
		pair->value = parse_assigned(parser, constant);
		*tail = pair;
		tail = &pair->next;
	}
	gql_expect(parser, close);
	return first;
}

static void
parse_word(struct gql_parser *parser, struct gql_value *value)
{
	if (gql_at_keyword(parser, "true") || gql_at_keyword(parser, "false"))
		value->kind = GQL_VALUE_BOOLEAN;
	else
		value->kind = gql_at_keyword(parser, "null") ? GQL_VALUE_NULL : GQL_VALUE_ENUM;
	value->text = token_text(parser);
	value->len = parser->token->len;
	parser->token++;
}

struct gql_value *
gql_parse_value(struct gql_parser *parser, bool constant)
{
	struct gql_value *value = sb_arena_new(parser->arena, struct gql_value);
	const struct gql_token *token = parser->token;

	value->at = token->start;
	value->lift = -1;
	value->text = "";
	if (!gql_enter(parser))
		return value;
	if (token->kind == GQL_INT || token->kind == GQL_FLOAT)
	{
		value->kind = token->kind == GQL_INT ? GQL_VALUE_INT : GQL_VALUE_FLOAT;
		value->text = token_text(parser);
		value->len = token->len;
		parser->token++;
	}
	else if (gql_is_string(token->kind))
	{
		value->kind = GQL_VALUE_STRING;
		value->text = gql_string_value(parser->arena, parser->source, token, &value->len);
		parser->token++;
	}
	else if (token->kind == GQL_NAME)
		parse_word(parser, value);
	else if (token->kind == '$' && !constant)
	{
		parser->token++;
		value->kind = GQL_VALUE_VARIABLE;
		value->text = gql_parse_name(parser);
	}
	else if (token->kind == '[')
		parse_list(parser, value, constant);
	else if (gql_accept(parser, '{'))
	{
		value->kind = GQL_VALUE_OBJECT;
		value->fields = parse_pairs(parser, '}', constant);
	}
	else
		gql_unexpected(parser, constant ? "a constant value" : "a value");
	parser->nesting--;
	return value;
}

struct gql_argument *
gql_parse_arguments(struct gql_parser *parser, bool constant)
{
	if (!gql_accept(parser, '('))
		return NULL;
	if (gql_at(parser, ')'))
		gql_unexpected(parser, "an argument");
	return parse_pairs(parser, ')', constant);
}

struct gql_directive *
gql_parse_directives(struct gql_parser *parser, bool constant)
{
	struct gql_directive *first = NULL;
	struct gql_directive **tail = &first;

	while (gql_at(parser, '@'))
	{
		struct gql_directive *directive = sb_arena_new(parser->arena, struct gql_directive);

		directive->at = parser->token->start;
		if (++parser->ndirectives > parser->max_directives)
			exceed(parser, "The document has more than %d directives", parser->max_directives);
		gql_expect(parser, '@');
		directive->name = gql_parse_name(parser);
		directive->arguments = gql_parse_arguments(parser, constant);
		*tail = directive;
		tail = &directive->next;
	}
	return first;
}

struct gql_type_ref *
gql_parse_type(struct gql_parser *parser)
{
	struct gql_type_ref *type = sb_arena_new(parser->arena, struct gql_type_ref);
	uint32_t at = parser->token->start;

	type->at = at;
	if (!gql_enter(parser))
		return type;
	if (gql_accept(parser, '['))
	{
		type->kind = GQL_LIST;
		type->of = gql_parse_type(parser);
		gql_expect(parser, ']');
	}
	else
		type->name = gql_parse_name(parser);
	parser->nesting--;
	if (gql_accept(parser, '!'))
	{
		struct gql_type_ref *outer = sb_arena_new(parser->arena, struct gql_type_ref);

		outer->kind = GQL_NON_NULL;
		outer->at = at;
		outer->of = type;
		return outer;
	}
	return type;
}

const char *
gql_parse_description(struct gql_parser *parser)
{
	const char *text;
	uint32_t len;

	if (!gql_is_string(parser->token->kind))
		return NULL;
	text = gql_string_value(parser->arena, parser->source, parser->token, &len);
	parser->token++;
	return text;
}
