/*
 * feed.c owns the home feed's page: who reads, from where to where, which way it is filled, and its
 * rows. What the feed is made of is said in feed.h, and proved against plain SQL in
 * test/pgtap/feed.sql. design D5, mission P-05.
 *
 * A row's cursor names its place and the newest place of the page that the reader began with. On
 * the pages that follow nothing newer exists: a post that is passed on meanwhile neither comes
 * twice nor goes missing.
 */
#include "postgres.h"

#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/parse_func.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "core/cursor.h"
#include "base/errors.h"
#include "feed/feed.h"
#include "base/init.h"
#include "base/page.h"
#include "content/document.h"
#include "content/post_row.h"
#include "account/user.h"
#include "viewer/viewer.h"

PG_FUNCTION_INFO_V1(social_home_feed);
PG_FUNCTION_INFO_V1(social_feed_documents);

#define CURSOR_KIND     "home_feed"
#define CURSOR_TOP_KIND "home_feed_top"

/* Readers of no more people than this have them read at once, not asked for one by one. */
#define FOLLOWS_AT_ONCE 3000

/* What things cost, in index entries that the walk passes: some ten nanoseconds each. */
#define COST_SCAN          300 /* to begin an index scan */
#define COST_PERSON        100 /* to read where a person was last active, */
#define COST_PERSON_MEMORY 10  /* from shared memory */

/* Entries that the walk passes to learn how dense the page is. */
#define BUDGET_FIRST 2048

static int walk_budget;

void
social_feed_init(void)
{
	DefineCustomIntVariable(
		"social.feed_walk_budget",
		"How many index entries a home feed passes in the order of all before it asks person by "
		"person.",
		"-1 means as many as cost less than asking would.", &walk_budget, -1, -1, INT_MAX,
		PGC_SUSET, 0, NULL, NULL, NULL);
}

/* ---- the page ------------------------------------------------------------------------------- */

static int
compare_items(const void *one, const void *other)
{
	const struct social_feed_item *a = one;
	const struct social_feed_item *b = other;

	return -social_feed_compare_places(a->position, a->post_id, b->position, b->post_id);
}

/*
 * Puts the items newest first, and leaves out what is beyond the page: the one that tells whether
 * more follow, and those that came because of one position. True when there were such.
 */
static bool
cut_items(struct social_feed *feed, int page_rows)
{
	struct social_feed_item *items = feed->items;
	int count = feed->nitems;

	qsort(items, count, sizeof(*items), compare_items);
	if (count <= page_rows)
		return false;
	if (!feed->newest_first)
		memmove(items, items + count - page_rows, page_rows * sizeof(*items));
	feed->nitems = page_rows;
	return true;
}

static int64
cost_of_people(int64 count)
{
	return count * (social_last_position_memory_is_ready() ? COST_PERSON_MEMORY : COST_PERSON);
}

/* Goes on walking if the page's end is expected within `cost` entries; true when it is complete. */
static bool
walk_on(struct social_feed *feed, int64 cost, int64 *reached)
{
	int64 missing = feed->wanted - feed->nitems + 1;
	int64 expected = feed->walked_entries * missing / Max(feed->nitems, 1);

	return walk_budget < 0 && expected < cost && social_feed_walk(feed, cost, reached);
}

/*
 * The walk comes first. Then it is known how dense the page is, and whatever costs less goes on. A
 * merge reads where everybody was last active, and looks up those who may stand at its start and
 * most of those who do on the page: few near the top, most people far below it.
 */
static void
fill(struct social_feed *feed)
{
	int64 nfollowed = social_listing_followed_estimate(feed->listing);
	int64 reached = social_feed_first_position(feed);
	int64 rows_cost = feed->wanted * COST_SCAN;
	struct social_feed_people people;
	int64 scans;

	if (nfollowed <= FOLLOWS_AT_ONCE)
		(void) social_listing_followed(feed->listing, &(int){0});
	if (social_feed_walk(feed, walk_budget >= 0 ? walk_budget : BUDGET_FIRST, &reached) ||
		walk_on(feed, cost_of_people(nfollowed) + rows_cost, &reached))
		return;
	social_feed_people_read(feed, &people);
	scans = social_feed_merge_scans(feed, &people, reached);
	if (!walk_on(feed, scans * COST_SCAN + rows_cost, &reached))
		social_feed_merge(feed, &people, reached);
}

/* ---- arguments ------------------------------------------------------------------------------ */

/* May the caller read as anybody: a role that may act as anybody, or staff? */
static bool
reads_for_others(void)
{
	Oid types[] = {INT8OID, BOOLOID};
	Oid act_as =
		LookupFuncName(list_make2(makeString("social"), makeString("act_as")), 2, types, true);
	struct social_listing *listing;
	bool is_staff;

	if (OidIsValid(act_as) && social_compat_may_execute(act_as))
		return true;
	listing = social_listing_begin(social_viewer());
	is_staff = social_listing_is_staff(listing);
	social_listing_end(listing);
	return is_staff;
}

/* Whose feed argument 0 asks for: the viewer's own when it is null. SM401, SM404. */
static int64
reader_of(FunctionCallInfo fcinfo)
{
	int64 reader;

	if (PG_ARGISNULL(0))
		return social_viewer_required();
	reader = PG_GETARG_INT64(0);
	if (reader != social_viewer() &&
		(!reads_for_others() || !social_user_is_active(reader, GetActiveSnapshot())))
		ereport(ERROR, (errcode(ERRCODE_SOCIAL_NOT_FOUND), errmsg("user not found"),
						errdetail("It does not exist, or the viewer may not read as this user."),
						errhint("Leave the viewer out to read one's own feed.")));
	return reader;
}

/* Reads a cursor: a place, and the top of the page that it began with where it says one. */
static void
read_cursor(struct social_feed *feed, text *cursor)
{
	int len = VARSIZE_ANY_EXHDR(cursor);
	int64 ignored;

	feed->has_start = true;
	if (len == SOCIAL_CURSOR_LENGTH)
	{
		social_page_cursor(CURSOR_KIND, cursor, &feed->start_position, &feed->start_id);
		return;
	}
	if (len != 2 * SOCIAL_CURSOR_LENGTH)
		social_page_refuse_cursor();
	social_page_cursor(CURSOR_KIND,
					   cstring_to_text_with_len(VARDATA_ANY(cursor), SOCIAL_CURSOR_LENGTH),
					   &feed->start_position, &feed->start_id);
	social_page_cursor(
		CURSOR_TOP_KIND,
		cstring_to_text_with_len(VARDATA_ANY(cursor) + SOCIAL_CURSOR_LENGTH, SOCIAL_CURSOR_LENGTH),
		&feed->top, &ignored);
}

/* Reads first, after and before, three arguments in a row. */
static void
read_arguments(struct social_feed *feed, FunctionCallInfo fcinfo, int first)
{
	text *cursor;

	/* One more than the page holds tells whether more follow. */
	feed->wanted = social_page_rows(fcinfo, first) + 1;
	feed->newest_first = PG_ARGISNULL(first + 2);
	feed->top = SOCIAL_WALK_NEWEST;
	cursor = social_page_one_cursor(fcinfo, first + 1, first + 2);
	if (cursor != NULL)
		read_cursor(feed, cursor);
	if (!feed->newest_first)
		feed->top = SOCIAL_WALK_NEWEST;
}

/* ---- rows ----------------------------------------------------------------------------------- */

/* The last columns of home_feed, after those of visible_posts. */
enum
{
	COLUMN_HAS_MORE = 1,
	COLUMN_CURSOR,
	COLUMN_REPOSTED_AT,
	COLUMN_REPOSTED_BY_ID
};

/* The cursor of an item on a page whose newest place is at `top`. */
static Datum
make_cursor(const struct social_feed_item *item, int64 top)
{
	char cursor[2 * SOCIAL_CURSOR_LENGTH + 1];

	social_cursor_encode(CURSOR_KIND, item->position, item->post_id, cursor);
	social_cursor_encode(CURSOR_TOP_KIND, top, 0, cursor + SOCIAL_CURSOR_LENGTH);
	return PointerGetDatum(cstring_to_text_with_len(cursor, 2 * SOCIAL_CURSOR_LENGTH));
}

/* The newest place of the page that the reader began with. */
static int64
top_of(const struct social_feed *feed)
{
	bool continues = feed->newest_first && feed->has_start && feed->top != SOCIAL_WALK_NEWEST;

	return continues || feed->nitems == 0 ? feed->top : feed->items[0].position;
}

static void
put_items(const struct social_feed *feed, bool has_more, ReturnSetInfo *result)
{
	int ncolumns = result->setDesc->natts;
	Datum *values = palloc(ncolumns * sizeof(*values));
	bool *isnull = palloc(ncolumns * sizeof(*isnull));
	int64 top = top_of(feed);
	struct social_post_rows rows;

	social_post_rows_begin(&rows, result->setDesc, feed->posts.table);
	for (int i = 0; i < feed->nitems; i++)
	{
		const struct social_feed_item *item = &feed->items[i];

		social_post_rows_make(&rows, item->post, values, isnull);
		values[ncolumns - COLUMN_CURSOR] = make_cursor(item, top);
		values[ncolumns - COLUMN_REPOSTED_AT] = TimestampTzGetDatum(item->reposted_at);
		values[ncolumns - COLUMN_REPOSTED_BY_ID] = Int64GetDatum(item->reposter);
		values[ncolumns - COLUMN_HAS_MORE] = BoolGetDatum(has_more);
		isnull[ncolumns - COLUMN_HAS_MORE] = false;
		isnull[ncolumns - COLUMN_CURSOR] = false;
		isnull[ncolumns - COLUMN_REPOSTED_AT] = item->reposter == 0;
		isnull[ncolumns - COLUMN_REPOSTED_BY_ID] = item->reposter == 0;
		tuplestore_putvalues(result->setResult, result->setDesc, values, isnull);
	}
	social_post_rows_end(&rows);
}

/* The same as documents: document, cursor, has_more. */
static void
put_documents(const struct social_feed *feed, bool has_more, ReturnSetInfo *result)
{
	int64 top = top_of(feed);
	struct social_documents documents;
	struct social_document_rows *rows = social_document_begin_rest(&documents, "posts");

	for (int i = 0; i < feed->nitems; i++)
	{
		const struct social_feed_item *item = &feed->items[i];
		Datum values[3];
		bool isnull[3] = {false, false, false};

		resetStringInfo(&documents.out);
		social_document_add_shared(&documents, rows, item->post, item->reposter, item->reposted_at);
		values[0] =
			PointerGetDatum(cstring_to_text_with_len(documents.out.data, documents.out.len));
		values[1] = make_cursor(item, top);
		values[2] = BoolGetDatum(has_more);
		tuplestore_putvalues(result->setResult, result->setDesc, values, isnull);
	}
	social_document_end(&documents, rows);
}

/* Returns the page that this person reads, from argument `first` on. */
static Datum
read_feed(FunctionCallInfo fcinfo, int64 reader, int first,
		  void (*put)(const struct social_feed *feed, bool has_more, ReturnSetInfo *result))
{
	struct social_feed feed = {0};
	bool has_more;

	feed.listing = social_listing_begin(reader);
	(void) social_listing_subjects(feed.listing, &feed.nsubjects);
	read_arguments(&feed, fcinfo, first);
	feed.items = palloc(feed.wanted * sizeof(*feed.items));
	social_walk_open(&feed.posts, "posts", "posts_pkey");
	social_walk_open(&feed.shares, "reposts", "reposts_post_position_idx");
	InitMaterializedSRF(fcinfo, 0);
	fill(&feed);
	has_more = cut_items(&feed, feed.wanted - 1);
	put(&feed, has_more, (ReturnSetInfo *) fcinfo->resultinfo);
	social_walk_close(&feed.posts);
	social_walk_close(&feed.shares);
	social_listing_end(feed.listing);
	return (Datum) 0;
}

/* home_feed(viewer bigint, first integer, after text, before text): see sql/api/feed.sql. */
Datum
social_home_feed(PG_FUNCTION_ARGS)
{
	return read_feed(fcinfo, reader_of(fcinfo), 1, put_items);
}

/* feed_documents(first integer, after text, before text): see sql/api/feed.sql. */
Datum
social_feed_documents(PG_FUNCTION_ARGS)
{
	return read_feed(fcinfo, social_viewer_required(), 0, put_documents);
}
