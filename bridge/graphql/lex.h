/*
 * lex.h owns the tokens of a GraphQL document (specification section 2.1). A token is a kind and a
 * stretch of the source; strings are checked here and decoded only when somebody wants the value.
 */
#ifndef SB_GRAPHQL_LEX_H
#define SB_GRAPHQL_LEX_H

#include "graphql/error.h"

/* Punctuators are their own character; the spread is a dot. */
enum gql_token_kind
{
	GQL_END = 0,
	GQL_SPREAD = '.',
	GQL_NAME = 'n',
	GQL_INT = 'i',
	GQL_FLOAT = 'f',
	GQL_STRING = 's',
	GQL_BLOCK_STRING = 'b',
};

struct gql_token
{
	uint32_t start; /* offset of the first byte */
	uint32_t len;   /* bytes, quotes included */
	uint8_t kind;
};

/* A reusable token list on the heap; the last token is GQL_END. */
struct gql_tokens
{
	struct gql_token *items;
	uint32_t n; /* without the end token */
	uint32_t size;
};

/*
 * Splits `source` into tokens; linear, no allocation once `tokens` has grown. False with one error
 * in `errors`: a lexical error, or more than `max_tokens`.
 */
bool gql_lex(struct gql_tokens *tokens, const char *source, size_t len, uint32_t max_tokens,
			 struct gql_errors *errors);
void gql_tokens_free(struct gql_tokens *tokens);

static inline bool
gql_is_string(int kind)
{
	return kind == GQL_STRING || kind == GQL_BLOCK_STRING;
}

/*
 * The value of a string token: escapes resolved, block strings without their indentation
 * (section 2.9.4). `len` gets the length, since a value may contain U+0000. In the arena.
 */
char *gql_string_value(struct sb_arena *arena, const char *source, const struct gql_token *token,
					   uint32_t *len);

#endif /* SB_GRAPHQL_LEX_H */
