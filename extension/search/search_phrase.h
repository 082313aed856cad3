/*
 * search_phrase.h owns the question whether a text can hold the phrases of a query.
 *
 * The server's answer is exact and dear; a phrase of common words asks it about thousands of texts
 * that have the words far apart. This one asks for two neighbours of a phrase at a time whether
 * they stand at their distance anywhere, and so rules out nearly all of them.
 */
#ifndef SOCIAL_SEARCH_PHRASE_H
#define SOCIAL_SEARCH_PHRASE_H

#include "postgres.h"
#include "tsearch/ts_type.h"

/* Neighbours beyond these are left to the server. */
#define SOCIAL_SEARCH_PHRASE_PAIRS 8

/* Two plain words, the second so many places after the first. */
struct social_search_pair
{
	const QueryOperand *first;
	const QueryOperand *second;
	int distance;
};

struct social_search_phrases
{
	const char *strings; /* of the query */
	struct social_search_pair pairs[SOCIAL_SEARCH_PHRASE_PAIRS];
	int count;
};

/* Notes neighbours that stand in every text that matches the query, which must outlive *phrases. */
extern void social_search_phrases_begin(struct social_search_phrases *phrases, TSQuery query);

/* False only for a vector that does not match the query. */
extern bool social_search_phrases_may_match(const struct social_search_phrases *phrases,
											TSVector vector);

#endif /* SOCIAL_SEARCH_PHRASE_H */
