/*
 * search_order.c owns the order of search results (see search_order.h).
 */
#include "core/search_order.h"

#include <math.h>

/* A cursor's id holds the score above the position. */
#define POSITION_BITS 43
#define CURSOR_KIND   "search"

/* How gently age lowers the weight of the text: 0.86 of it after 1,000 posts, 0.37 after a million.
 */
#define AGE_UNIT  1000.0
#define AGE_STEPS 4.0

/* Posts that a walk looks at before it judges how many matches to expect. */
#define WALK_SAMPLE 256

/*
 * A row of a walk costs about ten entries of an index, so that a walk for 150 matches and the index
 * cost the same where it takes the square root of this times the number of posts.
 */
#define WALK_BALANCE  15.0
#define WALK_ROWS_MIN 500

uint32_t
social_search_score(enum social_search_tier tier, double text_rank, int64_t age)
{
	double decay = age > 0 ? 1 + log1p((double) age / AGE_UNIT) / AGE_STEPS : 1;
	double text = text_rank > 0 ? fmin(text_rank, 1) : 0;

	return (uint32_t) lround(((double) tier + text / decay) * SOCIAL_SEARCH_SCORE_UNIT);
}

bool
social_search_is_after(const struct social_search_place *place, uint32_t score, int64_t position)
{
	return score < place->score || (score == place->score && position < place->position);
}

void
social_search_cursor_encode(const struct social_search_place *place,
							char out[SOCIAL_CURSOR_LENGTH + 1])
{
	int64_t id =
		(int64_t) place->score << POSITION_BITS | (place->position & SOCIAL_SEARCH_POSITION_MAX);

	social_cursor_encode(CURSOR_KIND, place->newest, id, out);
}

bool
social_search_cursor_decode(const char *cursor, size_t len, struct social_search_place *place)
{
	int64_t newest;
	int64_t id;

	if (!social_cursor_decode(CURSOR_KIND, cursor, len, &newest, &id) || id < 0)
		return false;
	place->newest = newest;
	place->score = (uint32_t) (id >> POSITION_BITS);
	place->position = id & SOCIAL_SEARCH_POSITION_MAX;
	return true;
}

/* Will the matches have grown to those wanted in rows_max? A sample too small promises all. */
static bool
within_reach(const struct social_search_walk *walk)
{
	return walk->rows < WALK_SAMPLE ||
		   (int64_t) walk->matches * walk->rows_max >= (int64_t) walk->wanted * walk->rows;
}

bool
social_search_walk_pays(const struct social_search_walk *walk)
{
	return walk->rows < walk->rows_max && walk->matches < walk->full && within_reach(walk);
}

int
social_search_walk_rows(int64_t posts, int rows_max)
{
	double rows = posts > 0 ? sqrt(WALK_BALANCE * (double) posts) : 0;

	return (int) fmin(fmax(WALK_ROWS_MIN, rows), rows_max);
}
