/*
 * search_find.c owns where the results of a search are looked for, and within which bounds (see
 * search_find.h).
 *
 * Ranking every post that matches would take seconds for a common word, so that a bounded set is
 * ranked (mission P-06, design D6):
 * - the newest posts are walked while that promises enough matches: the way for common words;
 * - else the index of all words is read from the end of the table, where new posts are;
 * - posts whose title is the query, and posts with its words in the title, are looked for apart, so
 *   that an old one is found among any number of newer matches; where they fill the first page,
 *   half as much content is looked at in the index.
 * Where a bound was met, the answer says so. Whatever the query, the rows looked at and the work in
 * an index are bounded. That new posts stand at the table's end is true of most; where one does
 * not, because space was reused or a draft was published late, it is found by the walk or the
 * title, or has a place among fewer matches.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "tsearch/ts_utils.h"

#include "base/init.h"
#include "base/limit.h"
#include "search/search_find.h"
#include "search/search_postings.h"

/* Matches with which a walk is accepted, and title matches that fill a first page. */
#define WALK_WANTED   50
#define TITLES_WANTED 20

/* Titles that are the query itself: as many as a page shows by default. */
#define SAME_TITLES_MAX 20

/* How far results are counted where there are more than can be looked at. */
#define COUNTED 100

/* Without a word to start an index from, the walk is all there is. */
#define LONG_WALK_ROWS 10000

/* Work in an index for each row that may be looked at (search_postings.h). */
#define BUDGET_PER_ROW 100

/* Queries of more items than this look at fewer rows, because each row takes them longer. */
#define PLAIN_ITEMS 20

static int candidates_max;
static int rows_max;
static int walk_max;

void
social_search_init(void)
{
	social_limit_define("social.search_candidates_max",
						"The most matches that a search ranks, and title matches besides.",
						&candidates_max, 300);
	social_limit_define("social.search_rows_max",
						"The most posts that a search looks at through each index.", &rows_max,
						2000);
	social_limit_define(
		"social.search_walk_max",
		"The most of the newest posts that a search looks at before it asks an index.", &walk_max,
		2500);
}

static void
add_result(struct social_search *search, const struct social_search_result *result)
{
	if (search->nresults == search->room)
	{
		search->room *= 2;
		search->results =
			repalloc(search->results, search->room * sizeof(struct social_search_result));
	}
	search->results[search->nresults++] = *result;
}

/* How many of so many rows a query of this length may look at. */
static int
rows_for(const struct social_search *search, int rows)
{
	int items = social_search_match_query(search->match)->size;

	return items <= PLAIN_ITEMS ? rows : (int) ((int64) rows * PLAIN_ITEMS / items);
}

static bool
admits_author(const struct social_search *search, const struct social_search_result *result)
{
	return social_listing_admits_person(search->listing, result->author_id);
}

/* Is the post in the slot a result? */
static bool
is_result(const struct social_search *search, TupleTableSlot *slot,
		  struct social_search_result *result)
{
	return social_search_match_row(search->match, slot, result) &&
		   (!search->is_strict || admits_author(search, result));
}

/* ---- where results are looked for ------------------------------------------------------------ */

/* Walks the newest posts; returns how many match. */
static int
walk_newest(struct social_search *search, int64 newest, bool has_word)
{
	struct social_search_walk progress = {
		.rows_max = social_search_walk_rows(newest, rows_for(search, walk_max)),
		.wanted = WALK_WANTED,
		.full = candidates_max};
	struct social_search_result result;

	if (!has_word)
	{
		progress.rows_max = rows_for(search, LONG_WALK_ROWS);
		progress.wanted = 0;
	}
	social_walk_start(&search->walk, 0, NULL, true, newest == PG_INT64_MAX ? newest : newest + 1,
					  SOCIAL_WALK_NO_BUDGET);
	while (social_search_walk_pays(&progress) && social_walk_next(&search->walk))
	{
		progress.rows++;
		if (!is_result(search, search->walk.slot, &result))
			continue;
		progress.matches++;
		add_result(search, &result);
	}
	search->is_complete = search->walk.at_end;
	return progress.matches;
}

/* Looks at the newest posts whose title is the query itself. */
static void
probe_same_title(struct social_search *search, int64 newest)
{
	struct social_walk walk;
	struct social_search_result result;
	int64 key;
	int found = 0;

	if (!social_search_match_key(search->match, &key))
		return;
	social_walk_open(&walk, "posts", "posts_title_key_idx");
	social_walk_start(&walk, 1, &key, true, newest == PG_INT64_MAX ? newest : newest + 1, rows_max);
	while (found < SAME_TITLES_MAX && social_walk_next(&walk))
	{
		if (!is_result(search, walk.slot, &result))
			continue;
		add_result(search, &result);
		found++;
	}
	social_walk_close(&walk);
}

/* Reading an index from the end of the table, which may pause and go on. */
struct probe
{
	struct social_search_postings *postings;
	bool titles_only;
	int found;
	int rows;
	bool is_all; /* nothing is left out */
};

static void
probe_begin(struct social_search *search, struct probe *probe, const char *index, bool titles_only)
{
	memset(probe, 0, sizeof(*probe));
	probe->postings = social_search_postings_begin(index, social_search_match_query(search->match),
												   (int64) rows_max * BUDGET_PER_ROW);
	probe->titles_only = titles_only;
}

static void
probe_end(struct probe *probe)
{
	social_search_postings_end(probe->postings);
}

/* Looks at the row in a place that an index has named. */
static void
probe_row(struct social_search *search, struct probe *probe, ItemPointer place)
{
	struct social_search_result result;

	if (!social_walk_fetch(&search->walk, place) ||
		!is_result(search, search->walk.slot, &result) ||
		(probe->titles_only && result.tier == SOCIAL_SEARCH_IN_CONTENT))
		return;
	add_result(search, &result);
	probe->found++;
}

/* Goes on until it has 1 / `part` of the results, or of the rows, that are enough. */
static void
probe_run(struct social_search *search, struct probe *probe, int part)
{
	int found_max = Max(candidates_max / part, 1);
	int most = Max(rows_for(search, rows_max) / part, 1);
	ItemPointerData place;

	while (probe->found < found_max && probe->rows < most)
	{
		CHECK_FOR_INTERRUPTS();
		if (!social_search_postings_next(probe->postings, &place))
		{
			probe->is_all = social_search_postings_are_all(probe->postings);
			return;
		}
		probe->rows++;
		probe_row(search, probe, &place);
	}
}

/* Best first, then newest first. */
static int
compare_results(const void *a, const void *b)
{
	const struct social_search_result *one = a;
	const struct social_search_result *other = b;

	if (one->score != other->score)
		return one->score > other->score ? -1 : 1;
	return one->position > other->position ? -1 : one->position < other->position;
}

/* A post may have been found in several ways, each time with the same score. */
static void
sort_results(struct social_search *search)
{
	int kept = 0;

	qsort(search->results, search->nresults, sizeof(struct social_search_result), compare_results);
	for (int i = 0; i < search->nresults; i++)
		if (kept == 0 || search->results[i].position != search->results[kept - 1].position)
			search->results[kept++] = search->results[i];
	search->nresults = kept;
}

/* Looks for titles; true when they fill the first page. */
static bool
find_titles(struct social_search *search, int64 newest)
{
	struct probe probe;

	probe_same_title(search, newest);
	probe_begin(search, &probe, "posts_title_idx", true);
	probe_run(search, &probe, 1);
	probe_end(&probe);
	return probe.found >= TITLES_WANTED;
}

/*
 * Looks through the index of all words, and for titles where that leaves any out. Titles rank above
 * content: where they fill the first page, half as much content is enough for those that follow.
 */
static void
find_in_index(struct social_search *search, int64 newest)
{
	struct probe probe;

	probe_begin(search, &probe, "posts_search_idx", false);
	probe_run(search, &probe, 2);
	if (!probe.is_all && !find_titles(search, newest))
		probe_run(search, &probe, 1);
	search->is_complete = probe.is_all;
	probe_end(&probe);
}

/* Fills search->results, sorted. */
static void
find_results(struct social_search *search, int64 newest)
{
	TSQuery query = social_search_match_query(search->match);
	bool has_word = tsquery_requires_match(GETQUERY(query));
	int found = walk_newest(search, newest, has_word);

	if (!search->is_complete && has_word)
	{
		if (found < WALK_WANTED)
			find_in_index(search, newest);
		else
			(void) find_titles(search, newest);
	}
	sort_results(search);
}

/*
 * Leaves out whose authors are not admitted. Where not everything that matches was looked at, only
 * as many are asked about as the page and a total of COUNTED take.
 */
static void
keep_admitted(struct social_search *search, const struct social_search_place *place, int size)
{
	int kept = 0;
	int after = 0;

	for (int i = 0; i < search->nresults; i++)
	{
		const struct social_search_result *result = &search->results[i];

		if (!search->is_complete && kept >= COUNTED && after > size)
			break;
		if (!search->is_strict && !admits_author(search, result))
			continue;
		after += social_search_is_after(place, result->score, result->position);
		search->results[kept++] = *result;
	}
	search->nresults = kept;
}

void
social_search_find(struct social_search *search, const struct social_search_place *place, int size)
{
	int found;

	find_results(search, place->newest);
	found = search->nresults;
	keep_admitted(search, place, size);
	if (search->is_complete || search->nresults >= WALK_WANTED || search->nresults == found)
		return;
	/* Most of the bounded set was for others' eyes: look for as many that the viewer may see. */
	search->is_strict = true;
	search->nresults = 0;
	find_results(search, place->newest);
}
