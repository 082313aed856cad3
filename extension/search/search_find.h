/*
 * search_find.h owns a search in progress: its posts, as far as its bounds go, best first.
 */
#ifndef SOCIAL_SEARCH_FIND_H
#define SOCIAL_SEARCH_FIND_H

#include "postgres.h"

#include "viewer/listing.h"
#include "search/search_match.h"
#include "core/search_order.h"
#include "base/walk.h"

struct social_search
{
	struct social_walk walk; /* posts by position */
	struct social_search_match *match;
	struct social_listing *listing;
	struct social_search_result *results;
	int nresults;
	int room;
	bool is_complete; /* everything that matches has been looked at */
	bool is_strict;   /* only results whose authors are admitted are taken */
};

/* Fills search->results (palloc, room for at least one) with what the page at `place` needs. */
extern void social_search_find(struct social_search *search,
							   const struct social_search_place *place, int size);

#endif /* SOCIAL_SEARCH_FIND_H */
