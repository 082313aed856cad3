/*
 * search_word.h owns where the words of a query stand in a text's vector.
 */
#ifndef SOCIAL_SEARCH_WORD_H
#define SOCIAL_SEARCH_WORD_H

#include "postgres.h"
#include "tsearch/ts_type.h"

#include "core/search_rank.h"

/*
 * The first lexeme of the vector that is the word of `operand`, or begins with it where that is a
 * prefix; NULL for none. `strings` are those of the operand's query.
 */
extern const WordEntry *social_search_word_find(TSVector vector, const char *strings,
												const QueryOperand *operand);

/* The same as the first places that the word has, for ranking. */
extern void social_search_word_places(TSVector vector, const char *strings,
									  const QueryOperand *operand, struct social_search_word *word);

#endif /* SOCIAL_SEARCH_WORD_H */
