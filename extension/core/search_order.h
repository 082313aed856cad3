/*
 * search_order.h owns the order of search results: how a score comes about, the cursor that names a
 * place in the order, and when walking the newest posts pays. Pure: no server headers.
 */
#ifndef SOCIAL_SEARCH_ORDER_H
#define SOCIAL_SEARCH_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/cursor.h"

/* Where a query matches; each kind ranks above all of the kinds before it. */
enum social_search_tier
{
	SOCIAL_SEARCH_IN_CONTENT,
	SOCIAL_SEARCH_IN_TITLE,
	SOCIAL_SEARCH_IS_TITLE
};

/* A score of 1.0 in the units that results are ordered by; cursors have room for scores below 4. */
#define SOCIAL_SEARCH_SCORE_UNIT (1 << 18)

/*
 * The score of a post: its tier, then how well its text matches (text_rank, 0 to 1; what lies
 * outside is cut), lowered by its age, the number of posts published since. Age is counted from
 * the first page of a search, so that a post scores the same on every page.
 */
extern uint32_t social_search_score(enum social_search_tier tier, double text_rank, int64_t age);

/* A place in the results: best score first, then newest position first. */
struct social_search_place
{
	int64_t newest; /* the newest position when the first page was made; later posts are left out */
	uint32_t score;
	int64_t position;
};

/* Does a result at (score, position) come after the place? */
extern bool social_search_is_after(const struct social_search_place *place, uint32_t score,
								   int64_t position);

/* Positions up to this one fit into a cursor: 8.8e12. */
#define SOCIAL_SEARCH_POSITION_MAX (((int64_t) 1 << 43) - 1)

extern void social_search_cursor_encode(const struct social_search_place *place,
										char out[SOCIAL_CURSOR_LENGTH + 1]);

/* False for anything that social_search_cursor_encode did not make. */
extern bool social_search_cursor_decode(const char *cursor, size_t len,
										struct social_search_place *place);

/* How far a walk over the newest posts has come, and what it is to bring. */
struct social_search_walk
{
	int rows_max; /* posts that it may look at */
	int wanted;   /* matches with which it is accepted */
	int full;     /* matches that are enough */
	int rows;
	int matches;
};

/*
 * Is the next post worth a look? Not when enough is found, and not when, by what the walk has met
 * so far, too few matches will turn up within rows_max.
 */
extern bool social_search_walk_pays(const struct social_search_walk *walk);

/*
 * How many posts a walk may look at where there are `posts`, before an index is the cheaper way; at
 * most rows_max.
 */
extern int social_search_walk_rows(int64_t posts, int rows_max);

#endif /* SOCIAL_SEARCH_ORDER_H */
