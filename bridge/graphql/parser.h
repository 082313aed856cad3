/* parser.h owns what the parser's own files share: where it stands, and its steps. */
#ifndef SB_GRAPHQL_PARSER_H
#define SB_GRAPHQL_PARSER_H

#include "graphql/ast.h"

/* A failed parser stands on the end token and stays silent, so callers need not check each step. */
struct gql_parser
{
	struct sb_arena *arena;
	const char *source;
	const struct gql_token *token; /* the current one */
	const struct gql_token *end;   /* the end token */
	struct gql_errors *errors;
	bool failed;
	int nesting;
	int nlifted;
	int ndirectives;
	int max_directives;
};

/* True when the current token has this kind. */
static inline bool
gql_at(const struct gql_parser *parser, int kind)
{
	return parser->token->kind == kind;
}

void gql_unexpected(struct gql_parser *parser, const char *wanted);
/* Steps over a token of this kind if it is the current one. */
bool gql_accept(struct gql_parser *parser, int kind);
/* Steps over a token of this kind or fails. */
void gql_expect(struct gql_parser *parser, int kind);
bool gql_at_keyword(const struct gql_parser *parser, const char *word);
bool gql_accept_keyword(struct gql_parser *parser, const char *word);
/* The current name, copied; "" after a failure. */
const char *gql_parse_name(struct gql_parser *parser);
/* Counts a level of nesting; false (and failed) past GQL_MAX_NESTING. Undo with parser->nesting--.
 */
bool gql_enter(struct gql_parser *parser);

struct gql_value *gql_parse_value(struct gql_parser *parser, bool constant);
struct gql_argument *gql_parse_arguments(struct gql_parser *parser, bool constant);
struct gql_directive *gql_parse_directives(struct gql_parser *parser, bool constant);
struct gql_type_ref *gql_parse_type(struct gql_parser *parser);
/* An optional string before a definition; NULL when there is none. */
const char *gql_parse_description(struct gql_parser *parser);
bool gql_at_type_definition(const struct gql_parser *parser);
struct gql_type_definition *gql_parse_type_definition(struct gql_parser *parser,
													  const char *description);

#endif /* SB_GRAPHQL_PARSER_H */
