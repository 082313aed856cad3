/* parse.c owns executable documents: operations, fragments, selections. */
#include "graphql/parse.h"
#include "graphql/parser.h"

#include <limits.h>
#include <string.h>

static struct gql_selection *parse_selections(struct gql_parser *parser);

static void
parse_field(struct gql_parser *parser, struct gql_selection *field)
{
	field->kind = GQL_FIELD;
	field->name = field->key = gql_parse_name(parser);
	if (gql_accept(parser, ':'))
		field->name = gql_parse_name(parser);
	field->arguments = gql_parse_arguments(parser, false);
	field->directives = gql_parse_directives(parser, false);
	if (gql_at(parser, '{'))
		field->selections = parse_selections(parser);
}

static struct gql_type_ref *
parse_condition(struct gql_parser *parser)
{
	struct gql_type_ref *type = sb_arena_new(parser->arena, struct gql_type_ref);

	type->at = parser->token->start;
	type->name = gql_parse_name(parser);
	return type;
}

static void
parse_spread(struct gql_parser *parser, struct gql_selection *selection)
{
	gql_expect(parser, GQL_SPREAD);
	if (gql_at(parser, GQL_NAME) && !gql_at_keyword(parser, "on"))
	{
		selection->kind = GQL_FRAGMENT_SPREAD;
		selection->name = gql_parse_name(parser);
		selection->directives = gql_parse_directives(parser, false);
		return;
	}
	selection->kind = GQL_INLINE_FRAGMENT;
	if (gql_accept_keyword(parser, "on"))
		selection->condition = parse_condition(parser);
	selection->directives = gql_parse_directives(parser, false);
	selection->selections = parse_selections(parser);
}

static struct gql_selection *
parse_selections(struct gql_parser *parser)
{
	struct gql_selection *first = NULL;
	struct gql_selection **tail = &first;

	if (!gql_enter(parser))
		return NULL;
	gql_expect(parser, '{');
	do
	{
		struct gql_selection *selection = sb_arena_new(parser->arena, struct gql_selection);

		selection->at = parser->token->start;
		if (gql_at(parser, GQL_SPREAD))
			parse_spread(parser, selection);
		else
			parse_field(parser, selection);
		*tail = selection;
		tail = &selection->next;
	} while (!gql_at(parser, '}') && !parser->failed);
	gql_expect(parser, '}');
	parser->nesting--;
	return first;
}

static void
parse_variables(struct gql_parser *parser, struct gql_operation *operation)
{
	struct gql_variable **tail = &operation->variables;

	if (!gql_accept(parser, '('))
		return;
	do
	{
		struct gql_variable *variable = sb_arena_new(parser->arena, struct gql_variable);

		gql_parse_description(parser);
		variable->at = parser->token->start;
		variable->index = operation->nvariables++;
		gql_expect(parser, '$');
		variable->name = gql_parse_name(parser);
		gql_expect(parser, ':');
		variable->type = gql_parse_type(parser);
		if (gql_accept(parser, '='))
			variable->initial = gql_parse_value(parser, true);
		variable->directives = gql_parse_directives(parser, true);
		*tail = variable;
		tail = &variable->next;
	} while (!gql_at(parser, ')') && !parser->failed);
	gql_expect(parser, ')');
}

static bool
parse_operation_kind(struct gql_parser *parser, enum gql_operation_kind *kind)
{
	static const char *const words[] = {"query", "mutation", "subscription"};

	for (int i = 0; i < 3; i++)
	{
		if (gql_accept_keyword(parser, words[i]))
		{
			*kind = (enum gql_operation_kind) i;
			return true;
		}
	}
	return false;
}

static struct gql_operation *
parse_operation(struct gql_parser *parser)
{
	struct gql_operation *operation = sb_arena_new(parser->arena, struct gql_operation);

	operation->at = parser->token->start;
	if (parse_operation_kind(parser, &operation->kind))
	{
		if (gql_at(parser, GQL_NAME))
			operation->name = gql_parse_name(parser);
		parse_variables(parser, operation);
		operation->directives = gql_parse_directives(parser, false);
	}
	operation->body.selections = parse_selections(parser);
	return operation;
}

static struct gql_fragment *
parse_fragment(struct gql_parser *parser)
{
	struct gql_fragment *fragment = sb_arena_new(parser->arena, struct gql_fragment);

	fragment->at = parser->token->start;
	gql_accept_keyword(parser, "fragment");
	if (gql_at_keyword(parser, "on"))
		gql_unexpected(parser, "a fragment name other than \"on\"");
	fragment->name = gql_parse_name(parser);
	if (!gql_accept_keyword(parser, "on"))
		gql_unexpected(parser, "\"on\"");
	fragment->condition = parse_condition(parser);
	fragment->directives = gql_parse_directives(parser, false);
	fragment->body.selections = parse_selections(parser);
	return fragment;
}

static bool
at_operation(const struct gql_parser *parser)
{
	return gql_at_keyword(parser, "query") || gql_at_keyword(parser, "mutation") ||
		   gql_at_keyword(parser, "subscription");
}

/* Where the next definition of each sort is linked in. */
struct tails
{
	struct gql_operation **operation;
	struct gql_fragment **fragment;
	struct gql_type_definition **type;
};

/* One definition; the shorthand form `{...}` takes no description. */
static void
parse_definition(struct gql_parser *parser, struct gql_document *document, struct tails *tails)
{
	const char *description = gql_parse_description(parser);

	if (at_operation(parser) || (gql_at(parser, '{') && !description))
	{
		*tails->operation = parse_operation(parser);
		tails->operation = &(*tails->operation)->next;
		document->noperations++;
	}
	else if (gql_at_keyword(parser, "fragment"))
	{
		*tails->fragment = parse_fragment(parser);
		tails->fragment = &(*tails->fragment)->next;
	}
	else if (gql_at_type_definition(parser))
	{
		*tails->type = gql_parse_type_definition(parser, description);
		tails->type = &(*tails->type)->next;
	}
	else
		gql_unexpected(parser, "a definition");
}

struct gql_document *
gql_parse(struct sb_arena *arena, const char *source, const struct gql_tokens *tokens,
		  int max_directives, struct gql_errors *errors)
{
	struct gql_document *document = sb_arena_new(arena, struct gql_document);
	struct gql_parser parser = {.arena = arena,
								.max_directives = max_directives,
								.source = source,
								.token = tokens->items,
								.end = tokens->items + tokens->n,
								.errors = errors};
	struct tails tails = {&document->operations, &document->fragments, &document->types};

	do
		parse_definition(&parser, document, &tails);
	while (!gql_at(&parser, GQL_END));
	document->nlifted = parser.nlifted;
	return parser.failed ? NULL : document;
}

struct gql_document *
gql_parse_sdl(struct sb_arena *arena, const char *sdl, size_t len, struct gql_errors *errors)
{
	struct gql_tokens tokens = {0};
	struct gql_document *document = NULL;

	if (gql_lex(&tokens, sdl, len, UINT32_MAX, errors))
		document = gql_parse(arena, sdl, &tokens, INT_MAX, errors);
	gql_tokens_free(&tokens);
	return document;
}
