/*
 * search.c owns a page of a search: where it starts, and its rows as the answer's columns.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "base/column.h"
#include "base/page.h"
#include "search/search_find.h"
#include "content/search_vector.h"
#include "viewer/viewer.h"

PG_FUNCTION_INFO_V1(social_search_ranking);

/* The newest position of all, 0 without posts. */
static int64
newest_position(struct social_walk *walk)
{
	social_walk_start(walk, 0, NULL, true, SOCIAL_WALK_NEWEST, 1);
	return social_walk_next(walk) ? social_walk_int64(walk, SOCIAL_POSTS_POSITION) : 0;
}

/* The place that a page starts after: its cursor's, or before all results. */
static struct social_search_place
start_place(FunctionCallInfo fcinfo, int argument, struct social_walk *walk)
{
	struct social_search_place place = {.score = PG_UINT32_MAX, .position = PG_INT64_MAX};
	text *cursor = PG_ARGISNULL(argument) ? NULL : PG_GETARG_TEXT_PP(argument);

	if (cursor == NULL)
		place.newest = newest_position(walk);
	else if (!social_search_cursor_decode(VARDATA_ANY(cursor), VARSIZE_ANY_EXHDR(cursor), &place))
		social_page_refuse_cursor();
	return place;
}

/* The page's part of the results, as columns of the answer. */
struct page
{
	Datum *ids;
	Datum *ranks;
	Datum *cursors;
	int count;
	bool has_more;
};

static void
cut_page(const struct social_search *search, struct social_search_place place, int size,
		 struct page *page)
{
	page->ids = palloc(size * sizeof(Datum));
	page->ranks = palloc(size * sizeof(Datum));
	page->cursors = palloc(size * sizeof(Datum));
	page->count = 0;
	page->has_more = false;
	for (int i = 0; i < search->nresults; i++)
	{
		const struct social_search_result *result = &search->results[i];
		struct social_search_place end = {place.newest, result->score, result->position};
		char cursor[SOCIAL_CURSOR_LENGTH + 1];

		if (!social_search_is_after(&place, result->score, result->position))
			continue;
		page->has_more = page->count == size;
		if (page->has_more)
			return;
		social_search_cursor_encode(&end, cursor);
		page->ids[page->count] = Int64GetDatum(result->id);
		page->ranks[page->count] =
			Float4GetDatum((float4) result->score / SOCIAL_SEARCH_SCORE_UNIT);
		page->cursors[page->count++] = CStringGetTextDatum(cursor);
	}
}

static Datum
answer(FunctionCallInfo fcinfo, const struct social_search *search, const struct page *page)
{
	TupleDesc tupdesc;
	Datum values[7];
	bool nulls[7] = {false};

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "search_ranking must return a row");
	values[0] = PointerGetDatum(construct_array(page->ids, page->count, INT8OID, sizeof(int64),
												FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	values[1] = PointerGetDatum(
		construct_array(page->ranks, page->count, FLOAT4OID, sizeof(float4), true, TYPALIGN_INT));
	values[2] = PointerGetDatum(
		construct_array(page->cursors, page->count, TEXTOID, -1, false, TYPALIGN_INT));
	values[3] = BoolGetDatum(page->has_more);
	values[4] = Int64GetDatum(search->nresults);
	values[5] = BoolGetDatum(search->is_complete);
	values[6] = BoolGetDatum(!search->is_complete);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls));
}

/*
 * search_ranking(wanted tsquery, query text, first integer, after text) -> ids bigint[], ranks
 * real[], cursors text[], has_more boolean, total bigint, total_is_exact boolean, is_bounded
 * boolean. `wanted` is what `query` means. SM400 for an empty or over-long query, a bad page size
 * or cursor.
 */
Datum
social_search_ranking(PG_FUNCTION_ARGS)
{
	struct social_search search = {.room = 64};
	struct social_search_place place;
	struct page page;
	TSQuery query = PG_ARGISNULL(0) ? NULL : PG_GETARG_TSQUERY(0);
	text *typed = PG_ARGISNULL(1) ? NULL : PG_GETARG_TEXT_PP(1);
	int rows = social_page_rows(fcinfo, 2);

	social_search_check_query(query == NULL ? NULL : typed);
	social_walk_open(&search.walk, "posts", "posts_position_key");
	place = start_place(fcinfo, 3, &search.walk);
	search.results = palloc(search.room * sizeof(struct social_search_result));
	search.listing = social_listing_begin(social_viewer());
	search.match = social_search_match_begin(query, typed, place.newest, search.listing);
	search.is_complete = true;
	if (query->size > 0)
		social_search_find(&search, &place, rows);
	cut_page(&search, place, rows, &page);
	social_listing_end(search.listing);
	social_walk_close(&search.walk);
	return answer(fcinfo, &search, &page);
}
