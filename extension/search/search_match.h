/*
 * search_match.h owns the question whether a post is a result of a search, and with which score.
 */
#ifndef SOCIAL_SEARCH_MATCH_H
#define SOCIAL_SEARCH_MATCH_H

#include "postgres.h"
#include "executor/tuptable.h"
#include "tsearch/ts_type.h"

#include "viewer/listing.h"
#include "core/search_order.h"

struct social_search_match;

struct social_search_result
{
	int64 id;
	int64 position;
	int64 author_id;
	uint32 score;
	enum social_search_tier tier;
};

/*
 * A search for `query`, whose words as they were typed are `typed`, in what the listing admits.
 * Posts above position `newest` are left out. In the current memory context.
 */
extern struct social_search_match *social_search_match_begin(TSQuery query, const text *typed,
															 int64 newest,
															 struct social_listing *listing);

/*
 * Is the post in `slot` (a row of social.posts) a result, if its author is one whose posts the
 * listing admits? Fills *result when it is. Authors are asked about apart: that costs more than all
 * the rest, and few results are ever shown.
 */
extern bool social_search_match_row(struct social_search_match *match, TupleTableSlot *slot,
									struct social_search_result *result);

/* The query, and the one that asks for every word in the title. */
extern TSQuery social_search_match_query(const struct social_search_match *match);
extern TSQuery social_search_match_titles(const struct social_search_match *match);

/* The key of titles that are the query itself; false when it has no words. */
extern bool social_search_match_key(const struct social_search_match *match, int64 *key);

#endif /* SOCIAL_SEARCH_MATCH_H */
