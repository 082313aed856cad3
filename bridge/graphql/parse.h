/*
 * parse.h owns the way from tokens to the syntax tree (specification sections 2 and 3, appendix C):
 * one parser for executable documents and for the schema file.
 */
#ifndef SB_GRAPHQL_PARSE_H
#define SB_GRAPHQL_PARSE_H

#include "graphql/ast.h"

/*
 * The tree of a token list, or NULL with one error added. The tree copies what it needs from
 * `source` into the arena. Literals that stand directly after a colon get a `lift` number, counted
 * in document order just as gql_shape counts them.
 */
struct gql_document *gql_parse(struct sb_arena *arena, const char *source,
							   const struct gql_tokens *tokens, int max_directives,
							   struct gql_errors *errors);
/* The tree of a text that is the schema's, of any size; NULL with errors added. */
struct gql_document *gql_parse_sdl(struct sb_arena *arena, const char *sdl, size_t len,
								   struct gql_errors *errors);

#endif /* SB_GRAPHQL_PARSE_H */
