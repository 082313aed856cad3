/*
 * search_like.c owns substring search: the newest posts with a text in their title or content.
 *
 * A walk over the newest posts comes first, under a budget; a text that many posts have is found
 * there. Then an index says which posts may have it: the trigrams, or for texts too short for one
 * in scripts without spaces the bigrams of the vectors. Where it names many, the walk goes on and
 * reads only those; where it names few, or the walk meets too few of them, their rows are read and
 * put in order. Either way the order is exact and the work bounded. Other texts without a trigram
 * (one or two letters, blanks, punctuation) are looked for by the walk alone, with a larger budget;
 * so is any text where an operator has dropped the index.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relscan.h"
#include "access/skey.h"
#include "access/tableam.h"
#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/tidbitmap.h"
#include "storage/bufmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "base/column.h"
#include "base/compat.h"
#include "base/limit.h"
#include "viewer/listing.h"
#include "base/page.h"
#include "content/search_vector.h"
#include "base/table.h"
#include "content/text.h"
#include "core/text_bigram.h"
#include "core/text_trigram.h"
#include "viewer/viewer.h"
#include "base/walk.h"

PG_FUNCTION_INFO_V1(social_posts_like);

/* Posts that the first walk reads; those that it reads where it is all there is. */
#define WALK_BUDGET       2000
#define WALK_ALONE_BUDGET 20000

/* Named rows from which on the walk goes on, and up to which they may be put in order. */
#define WALKED_MIN 1000
#define SORTED_MAX 10000

/* What the walk over named rows may pass, where they may still be put in order or not, and read. */
#define PASSED_BEFORE_SORT 50000
#define PASSED_MAX         500000
#define READ_MAX           5000

/* Trigrams asked of the index; more make it slower, and the rows are read in any case. */
#define TRIGRAMS_MAX 16

/* The operators @> in array_ops and @@ in tsvector_ops, both for GIN. */
#define CONTAINS_STRATEGY 2
#define MATCH_STRATEGY    1

#define BITMAP_BYTES (32 * 1024 * 1024)

/* A search, and what it has found: ids of posts, newest first. */
struct search
{
	struct social_listing *listing;
	struct social_walk walk;
	text *wanted; /* folded */
	MemoryContext row_context;
	int64 before;
	Datum *found;
	int nfound;
	int page_size;
};

/* ---- one row -------------------------------------------------------------------------------- */

static bool
contains(const text *folded, const text *wanted)
{
	return memmem(VARDATA_ANY(folded), VARSIZE_ANY_EXHDR(folded), VARDATA_ANY(wanted),
				  VARSIZE_ANY_EXHDR(wanted)) != NULL;
}

static bool
column_contains(TupleTableSlot *slot, int column, const text *wanted)
{
	bool isnull;
	Datum value = slot_getattr(slot, column, &isnull);
	text *bytes;

	if (isnull)
		return false;
	bytes = DatumGetTextPP(value);
	return contains(social_text_fold(VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes)), wanted);
}

/* Takes the post in `slot` when it has the text and belongs into the viewer's lists. */
static void
consider(struct search *search, TupleTableSlot *slot)
{
	MemoryContext before = MemoryContextSwitchTo(search->row_context);
	bool isnull;
	bool is_match = column_contains(slot, SOCIAL_POSTS_TITLE, search->wanted) ||
					column_contains(slot, SOCIAL_POSTS_CONTENT, search->wanted);

	MemoryContextSwitchTo(before);
	MemoryContextReset(search->row_context);
	if (is_match && social_listing_admits(search->listing, slot))
		search->found[search->nfound++] = slot_getattr(slot, SOCIAL_POSTS_ID, &isnull);
}

static bool
is_full(const struct search *search)
{
	return search->nfound >= search->page_size;
}

/*
 * Looks at posts from search->before on until the page is full, the budget used up (false) or no
 * post left, and moves search->before along.
 */
static bool
walk_posts(struct search *search, int64 budget)
{
	struct social_walk *walk = &search->walk;

	social_walk_start(walk, 0, NULL, true, search->before, budget);
	while (!is_full(search) && social_walk_next(walk))
	{
		search->before = social_walk_int64(walk, SOCIAL_POSTS_POSITION);
		consider(search, walk->slot);
	}
	return is_full(search) || walk->at_end;
}

/* ---- the index ------------------------------------------------------------------------------ */

/* The trigrams to ask for, at most TRIGRAMS_MAX, as int4[]; NULL for none. */
static ArrayType *
wanted_trigrams(const text *wanted)
{
	size_t len = VARSIZE_ANY_EXHDR(wanted);
	int32 *trigrams = palloc(len * sizeof(int32));
	size_t count = social_text_trigrams(VARDATA_ANY(wanted), len, trigrams);
	size_t step = (count + TRIGRAMS_MAX - 1) / TRIGRAMS_MAX;
	Datum values[TRIGRAMS_MAX];
	int nvalues = 0;

	if (count == 0)
		return NULL;
	for (size_t i = 0; i < count; i += step)
		values[nvalues++] = Int32GetDatum(trigrams[i]);
	return construct_array(values, nvalues, INT4OID, sizeof(int32), true, TYPALIGN_INT);
}

/*
 * The condition that an index can test for the text, and that index; InvalidOid when there is none.
 */
static Oid
index_for(const struct search *search, ScanKey key)
{
	const char *wanted = VARDATA_ANY(search->wanted);
	size_t len = VARSIZE_ANY_EXHDR(search->wanted);
	ArrayType *trigrams = wanted_trigrams(search->wanted);
	struct social_text_run run;
	size_t pos = 0;

	if (trigrams != NULL)
	{
		ScanKeyEntryInitialize(key, 0, 1, CONTAINS_STRATEGY, INT4ARRAYOID, InvalidOid,
							   F_ARRAYCONTAINS, PointerGetDatum(trigrams));
		return social_relation_find("posts_trigram_idx");
	}
	if (social_text_run_next(wanted, len, &pos, &run) && run.is_spaceless && run.end == len)
	{
		TSQuery bigrams = social_search_query_of(search->wanted, NULL);

		ScanKeyInit(key, 1, MATCH_STRATEGY, F_TS_MATCH_VQ, TSQueryGetDatum(bigrams));
		return social_relation_find("posts_search_idx");
	}
	return InvalidOid;
}

/* The places of the posts that an index names, and *count, how many they are at most. */
static TIDBitmap *
read_index(Oid oid, ScanKey key, int64 *count)
{
	Relation index = index_open(oid, AccessShareLock);
	IndexScanDesc scan = social_compat_beginscan_bitmap(index, GetActiveSnapshot(), 1);
	TIDBitmap *bitmap = tbm_create(BITMAP_BYTES, NULL);

	index_rescan(scan, key, 1, NULL, 0);
	*count = index_getbitmap(scan, bitmap);
	index_endscan(scan);
	index_close(index, AccessShareLock);
	return bitmap;
}

/* ---- few named rows: in order --------------------------------------------------------------- */

/* A row that may have the text. */
struct candidate
{
	int64 position;
	ItemPointerData place;
};

static int
compare_candidates(const void *left, const void *right)
{
	int64 a = ((const struct candidate *) left)->position;
	int64 b = ((const struct candidate *) right)->position;

	return a > b ? -1 : a < b;
}

/* Reads a place; keeps it when there is a post below search->before. */
static void
keep_candidate(struct search *search, IndexFetchTableData *fetch, ItemPointerData place,
			   struct candidate *candidates, int *count)
{
	TupleTableSlot *slot = search->walk.slot;
	ItemPointerData row = place;
	bool again = false;
	bool isnull;
	Datum position;

	CHECK_FOR_INTERRUPTS();
	if (!table_index_fetch_tuple(fetch, &row, GetActiveSnapshot(), slot, &again, NULL))
		return;
	position = slot_getattr(slot, SOCIAL_POSTS_POSITION, &isnull);
	if (!isnull && DatumGetInt64(position) < search->before)
		candidates[(*count)++] = (struct candidate){DatumGetInt64(position), place};
}

/* Finds the page among the rows that a bitmap names, which are at most SORTED_MAX. */
static void
sort_named(struct search *search, TIDBitmap *bitmap, int64 named)
{
	struct candidate *candidates = palloc(Max(named, 1) * sizeof(struct candidate));
	IndexFetchTableData *fetch = table_index_fetch_begin(search->walk.table);
	social_compat_bitmap pages = social_compat_bitmap_begin(bitmap);
	OffsetNumber offsets[MaxHeapTuplesPerPage];
	BlockNumber block;
	int nrows;
	int count = 0;

	/* So few fit into the bitmap one by one: no page is named as a whole. */
	while (social_compat_bitmap_next(pages, &block, &nrows, offsets))
	{
		for (int i = 0; i < nrows; i++)
		{
			ItemPointerData place;

			ItemPointerSet(&place, block, offsets[i]);
			keep_candidate(search, fetch, place, candidates, &count);
		}
	}
	social_compat_bitmap_end(pages);
	qsort(candidates, count, sizeof(struct candidate), compare_candidates);
	for (int i = 0; i < count && !is_full(search); i++)
	{
		bool again = false;

		if (table_index_fetch_tuple(fetch, &candidates[i].place, GetActiveSnapshot(),
									search->walk.slot, &again, NULL))
			consider(search, search->walk.slot);
	}
	table_index_fetch_end(fetch);
	ExecClearTuple(search->walk.slot);
}

/* ---- many named rows: the walk goes on ------------------------------------------------------ */

/* Which rows a bitmap names, for looking up: a bit for each offset of each page. */
struct named
{
	BlockNumber nblocks;
	uint64 **pages; /* NULL: none; `every`: all */
	uint64 every[1];
};

#define NAMED_WORDS (MaxHeapTuplesPerPage / 64 + 1)

static struct named *
name_rows(Relation table, TIDBitmap *bitmap)
{
	struct named *named = palloc0(sizeof(*named));
	social_compat_bitmap pages = social_compat_bitmap_begin(bitmap);
	OffsetNumber offsets[MaxHeapTuplesPerPage];
	BlockNumber block;
	int nrows;

	named->nblocks = RelationGetNumberOfBlocks(table);
	named->pages =
		palloc_extended(named->nblocks * sizeof(uint64 *), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	while (social_compat_bitmap_next(pages, &block, &nrows, offsets))
	{
		if (block >= named->nblocks)
			continue;
		if (nrows < 0)
		{
			named->pages[block] = named->every;
			continue;
		}
		named->pages[block] = palloc0(NAMED_WORDS * sizeof(uint64));
		for (int i = 0; i < nrows; i++)
			named->pages[block][offsets[i] / 64] |= UINT64CONST(1) << offsets[i] % 64;
	}
	social_compat_bitmap_end(pages);
	return named;
}

static bool
is_named(const struct named *named, ItemPointer place)
{
	BlockNumber block = ItemPointerGetBlockNumber(place);
	OffsetNumber offset = ItemPointerGetOffsetNumber(place);
	const uint64 *page = block < named->nblocks ? named->pages[block] : NULL;

	if (page == NULL || page == named->every)
		return page != NULL;
	return page[offset / 64] >> offset % 64 & 1;
}

/*
 * Goes on with the walk, passing what the bitmap does not name, and moves search->before along;
 * false when the budget is used up.
 */
static bool
walk_named(struct search *search, TIDBitmap *bitmap, int64 budget)
{
	struct social_walk walk;
	struct named *named = name_rows(search->walk.table, bitmap);
	ItemPointerData place;
	int64 position;
	int read = 0;
	bool is_done;

	social_walk_open_keys(&walk, "posts", "posts_position_key");
	social_walk_start(&walk, 0, NULL, true, search->before, budget);
	while (!is_full(search) && read < READ_MAX &&
		   social_walk_next_entry(&walk, 1, &position, &place))
	{
		search->before = position;
		if (!is_named(named, &place))
			continue;
		read++;
		if (index_fetch_heap(walk.scan, walk.slot))
			consider(search, walk.slot);
	}
	is_done = is_full(search) || walk.at_end;
	social_walk_close(&walk);
	return is_done;
}

/* ---- SQL function --------------------------------------------------------------------------- */

static void
search_posts_like(struct search *search)
{
	ScanKeyData key;
	Oid index = index_for(search, &key);
	TIDBitmap *bitmap;
	int64 named;
	bool is_done = false;

	if (walk_posts(search, OidIsValid(index) ? WALK_BUDGET : WALK_ALONE_BUDGET) ||
		!OidIsValid(index))
		return;
	bitmap = read_index(index, &key, &named);
	if (named >= WALKED_MIN)
		is_done = walk_named(search, bitmap, named > SORTED_MAX ? PASSED_MAX : PASSED_BEFORE_SORT);
	if (!is_done && named <= SORTED_MAX)
		sort_named(search, bitmap, named);
	tbm_free(bitmap);
}

/*
 * posts_like(query text, before bigint, page_size integer) bigint[]: the posts of the viewer's
 * lists with the text, newest first, below a position (null: all). SM400 for an empty or over-long
 * query and a bad page size.
 */
Datum
social_posts_like(PG_FUNCTION_ARGS)
{
	struct search search = {0};
	text *query = PG_ARGISNULL(0) ? NULL : PG_GETARG_TEXT_PP(0);

	social_search_check_query(query);
	search.wanted = social_text_fold(VARDATA_ANY(query), VARSIZE_ANY_EXHDR(query));
	search.before = PG_ARGISNULL(1) ? PG_INT64_MAX : PG_GETARG_INT64(1);
	search.page_size = social_page_rows(fcinfo, 2) + 1;
	search.found = palloc(search.page_size * sizeof(Datum));
	search.listing = social_listing_begin(social_viewer());
	search.row_context =
		AllocSetContextCreate(CurrentMemoryContext, "social like row", ALLOCSET_DEFAULT_SIZES);
	/* A fold of characters that mean nothing (a lone joiner) is empty, and in every text. */
	if (VARSIZE_ANY_EXHDR(search.wanted) > 0)
	{
		social_walk_open(&search.walk, "posts", "posts_position_key");
		search_posts_like(&search);
		social_walk_close(&search.walk);
	}
	social_listing_end(search.listing);
	PG_RETURN_ARRAYTYPE_P(construct_array(search.found, search.nfound, INT8OID, sizeof(int64),
										  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}
