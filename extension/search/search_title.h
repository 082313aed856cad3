/*
 * search_title.h owns what search asks of titles.
 */
#ifndef SOCIAL_SEARCH_TITLE_H
#define SOCIAL_SEARCH_TITLE_H

#include "postgres.h"
#include "tsearch/ts_type.h"

/*
 * A hash of the words of a text in their order: the same whatever the case, the compatibility forms
 * (NFKC) and what stands between the words. False when there is no word.
 */
extern bool social_title_key(const text *title, int64 *key);

/* A copy of the query that asks for every word in the title (weight A). */
extern TSQuery social_title_query_of(TSQuery query);

#endif /* SOCIAL_SEARCH_TITLE_H */
