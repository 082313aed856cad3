/*
 * post_list.c owns newest-first pages of posts that one index holds in order: everybody's, as
 * documents, a person's, a tag's, and where a person is mentioned. Each walks its index from the
 * cursor on, and asks of every post whether it is in the viewer's lists (listing.h). Mission P-04.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/column.h"
#include "base/errors.h"
#include "core/cursor.h"
#include "viewer/listing.h"
#include "viewer/sight.h"
#include "base/page.h"
#include "content/document.h"
#include "content/post_row.h"
#include "base/table.h"
#include "viewer/viewer.h"
#include "base/walk.h"

extern Datum social_hashtag_key(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(social_post_documents);
PG_FUNCTION_INFO_V1(social_user_posts);
PG_FUNCTION_INFO_V1(social_hashtag_posts);
PG_FUNCTION_INFO_V1(social_user_mentions);

/* Times that a cursor of ours can hold: the years 1000 to 3000, in microseconds since 1970. */
#define CURSOR_TIME_MIN INT64CONST(-30610224000000000)
#define CURSOR_TIME_MAX INT64CONST(32503680000000000)
#define UNIX_EPOCH_DISTANCE                                                                        \
	((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY * USECS_PER_SEC)

/* A row of the page that is being filled: of posts, or of mentions. */
struct kept
{
	HeapTuple row;
	int64 key; /* of its cursor */
	int64 id;
};

/*
 * A page: who reads it, how many rows it may hold, and those that were found, in the order in which
 * the walk came to them. One more than the page holds tells whether more follow.
 */
struct page
{
	const char *kind;
	struct social_listing *listing;
	int wanted;
	bool newest_first; /* false: the page before a cursor */
	text *cursor;      /* NULL: from the newest */
	int count;
	struct kept *kept;
	ReturnSetInfo *result;
};

/* Reads first, after and before, three arguments in a row. */
static void
page_begin(struct page *page, FunctionCallInfo fcinfo, int first, const char *kind)
{
	page->kind = kind;
	page->wanted = social_page_rows(fcinfo, first);
	page->cursor = social_page_one_cursor(fcinfo, first + 1, first + 2);
	page->newest_first = PG_ARGISNULL(first + 2);
	page->count = 0;
	page->kept = palloc((page->wanted + 1) * sizeof(*page->kept));
	InitMaterializedSRF(fcinfo, 0);
	page->result = (ReturnSetInfo *) fcinfo->resultinfo;
}

/* Raises SM404 unless the viewer sees the person whom argument 0 names. */
static int64
visible_person(const struct page *page, FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0) || !social_listing_sees_person(page->listing, PG_GETARG_INT64(0)))
		ereport(ERROR, (errcode(ERRCODE_SOCIAL_NOT_FOUND), errmsg("user not found"),
						errdetail("It does not exist, or the viewer may not see it."),
						errhint("SELECT id, username FROM social.visible_users lists them.")));
	return PG_GETARG_INT64(0);
}

/* The position beyond which the page begins. */
static int64
page_start(const struct page *page)
{
	int64 position = SOCIAL_WALK_NEWEST;
	int64 id;

	if (page->cursor != NULL)
		social_page_cursor(page->kind, page->cursor, &position, &id);
	return position;
}

/* Keeps the row in `slot`; false when there is one more than the page holds, and that is enough. */
static bool
keep_row(struct page *page, TupleTableSlot *slot, int64 key, int64 id)
{
	struct kept *kept = &page->kept[page->count++];

	if (page->count > page->wanted)
		return false;
	*kept = (struct kept){ExecCopySlotHeapTuple(slot), key, id};
	return true;
}

/* Returns the rows that were kept, newest first; `fill` makes all columns but the last two. */
static void
put_rows(struct page *page, void (*fill)(void *state, HeapTuple row, Datum *values, bool *isnull),
		 void *state)
{
	int ncolumns = page->result->setDesc->natts;
	Datum *values = palloc(ncolumns * sizeof(*values));
	bool *isnull = palloc(ncolumns * sizeof(*isnull));
	int count = Min(page->count, page->wanted);
	char cursor[SOCIAL_CURSOR_LENGTH + 1];

	for (int i = 0; i < count; i++)
	{
		const struct kept *kept = &page->kept[page->newest_first ? i : count - 1 - i];

		fill(state, kept->row, values, isnull);
		social_cursor_encode(page->kind, kept->key, kept->id, cursor);
		values[ncolumns - 2] = CStringGetTextDatum(cursor);
		values[ncolumns - 1] = BoolGetDatum(page->count > page->wanted);
		isnull[ncolumns - 2] = isnull[ncolumns - 1] = false;
		tuplestore_putvalues(page->result->setResult, page->result->setDesc, values, isnull);
	}
}

static void
fill_post(void *rows, HeapTuple post, Datum *values, bool *isnull)
{
	social_post_rows_make(rows, post, values, isnull);
}

/*
 * Returns the listed posts that the walk comes to. Its rows are posts, or, where post_id is a
 * column, rows that name a post; `position` is their column of that name.
 */
static void
put_posts(struct page *page, struct social_walk *walk, int post_id, int position)
{
	struct social_walk posts;
	struct social_post_rows rows;

	social_walk_open(&posts, "posts", "posts_pkey");
	while (social_walk_next(walk))
	{
		int64 id = social_walk_int64(walk, post_id == 0 ? SOCIAL_POSTS_ID : post_id);
		TupleTableSlot *slot = post_id == 0 ? walk->slot : posts.slot;

		if ((post_id != 0 && !social_walk_find(&posts, 1, &id)) ||
			!social_listing_admits(page->listing, slot))
			continue;
		if (!keep_row(page, slot, social_walk_int64(walk, position), id))
			break;
	}
	social_post_rows_begin(&rows, page->result->setDesc, posts.table);
	put_rows(page, fill_post, &rows);
	social_post_rows_end(&rows);
	social_walk_close(&posts);
}

/* What put_documents() makes of each post. */
struct documents
{
	TupleDesc posts;
	struct social_documents made;
	struct social_document_rows *shape;
};

static void
fill_document(void *state, HeapTuple post, Datum *values, bool *isnull)
{
	struct documents *documents = state;
	StringInfo out = &documents->made.out;

	resetStringInfo(out);
	social_document_add(&documents->made, documents->shape, post);
	values[0] = heap_getattr(post, SOCIAL_POSTS_ID, documents->posts, &isnull[0]);
	values[1] = PointerGetDatum(cstring_to_text_with_len(out->data, out->len));
	isnull[1] = false;
}

/* post_documents(first integer, after text, before text): see sql/api/post.sql. */
Datum
social_post_documents(PG_FUNCTION_ARGS)
{
	struct page page;
	struct social_walk walk;
	struct documents documents;

	page_begin(&page, fcinfo, 0, "posts");
	social_walk_open(&walk, "posts", "posts_position_key");
	social_walk_start(&walk, 0, NULL, page.newest_first, page_start(&page), SOCIAL_WALK_NO_BUDGET);
	documents.posts = RelationGetDescr(walk.table);
	while (social_walk_next(&walk))
	{
		bool is_copy;
		HeapTuple post = ExecFetchSlotHeapTuple(walk.slot, false, &is_copy);
		bool goes_on = !social_sight_shows_post(post, documents.posts, true) ||
					   keep_row(&page, walk.slot, social_walk_int64(&walk, SOCIAL_POSTS_POSITION),
								social_walk_int64(&walk, SOCIAL_POSTS_ID));

		if (is_copy)
			heap_freetuple(post);
		if (!goes_on)
			break;
	}
	documents.shape = social_document_rest_post();
	social_documents_begin(&documents.made);
	put_rows(&page, fill_document, &documents);
	social_documents_end(&documents.made);
	social_walk_close(&walk);
	return (Datum) 0;
}

/* user_posts(user_id bigint, first integer, after text, before text): see sql/api/post.sql. */
Datum
social_user_posts(PG_FUNCTION_ARGS)
{
	struct page page;
	struct social_walk walk;
	int64 start;
	int64 user_id;

	page_begin(&page, fcinfo, 1, "user_posts");
	page.listing = social_listing_begin(social_viewer());
	start = page_start(&page);
	user_id = visible_person(&page, fcinfo);
	if (social_listing_admits_person(page.listing, user_id))
	{
		social_walk_open(&walk, "posts", "posts_author_position_idx");
		social_walk_start(&walk, 1, &user_id, page.newest_first, start, SOCIAL_WALK_NO_BUDGET);
		put_posts(&page, &walk, 0, SOCIAL_POSTS_POSITION);
		social_walk_close(&walk);
	}
	social_listing_end(page.listing);
	return (Datum) 0;
}

/* The id of the hashtag that a text names, in any spelling; 0 when there is none. */
static int64
hashtag_named(text *name)
{
	Relation hashtags = social_table_open("hashtags", AccessShareLock);
	Relation index = index_open(social_relation_oid("hashtags_tag_key"), AccessShareLock);
	TupleTableSlot *slot = table_slot_create(hashtags, NULL);
	Datum key = DirectFunctionCall1(social_hashtag_key, PointerGetDatum(name));
	int64 id = 0;
	bool isnull;

	if (social_table_find(hashtags, index, F_TEXTEQ, key, GetActiveSnapshot(), slot))
		id = DatumGetInt64(slot_getattr(slot, SOCIAL_HASHTAGS_ID, &isnull));
	ExecDropSingleTupleTableSlot(slot);
	index_close(index, AccessShareLock);
	table_close(hashtags, AccessShareLock);
	return id;
}

/* hashtag_posts(tag text, first integer, after text, before text): see sql/api/search.sql. */
Datum
social_hashtag_posts(PG_FUNCTION_ARGS)
{
	struct page page;
	struct social_walk walk;
	int64 start;
	int64 hashtag_id;

	page_begin(&page, fcinfo, 1, "hashtag_posts");
	page.listing = social_listing_begin(social_viewer());
	start = page_start(&page);
	hashtag_id = PG_ARGISNULL(0) ? 0 : hashtag_named(PG_GETARG_TEXT_PP(0));
	if (hashtag_id != 0)
	{
		social_walk_open(&walk, "post_hashtags", "post_hashtags_page_idx");
		social_walk_start(&walk, 1, &hashtag_id, page.newest_first, start, SOCIAL_WALK_NO_BUDGET);
		put_posts(&page, &walk, SOCIAL_POST_HASHTAGS_POST_ID, SOCIAL_POST_HASHTAGS_POSITION);
		social_walk_close(&walk);
	}
	social_listing_end(page.listing);
	return (Datum) 0;
}

/* Starts a walk over a person's mentions where the page begins. */
static void
start_mentions(const struct page *page, struct social_walk *walk, int64 user_id)
{
	int64 time;
	int64 id;

	social_walk_open(walk, "mentions", "mentions_user_created_idx");
	if (page->cursor == NULL)
	{
		social_walk_start_pair(walk, user_id, true, DT_NOEND, PG_INT64_MAX, SOCIAL_WALK_NO_BUDGET);
		return;
	}
	social_page_cursor(page->kind, page->cursor, &time, &id);
	if (time < CURSOR_TIME_MIN || time > CURSOR_TIME_MAX)
		social_page_refuse_cursor();
	social_walk_start_pair(walk, user_id, page->newest_first, time - UNIX_EPOCH_DISTANCE, id,
						   SOCIAL_WALK_NO_BUDGET);
}

static void
fill_mention(void *columns, HeapTuple mention, Datum *values, bool *isnull)
{
	for (int i = 0; i < SOCIAL_MENTIONS_NCOLUMNS; i++)
		values[i] = heap_getattr(mention, i + 1, columns, &isnull[i]);
}

/* user_mentions(user_id bigint, first integer, after text, before text): see sql/api/mention.sql.
 */
Datum
social_user_mentions(PG_FUNCTION_ARGS)
{
	struct page page;
	struct social_walk mentions;
	struct social_walk posts;
	int64 user_id;

	page_begin(&page, fcinfo, 1, "user_mentions");
	page.listing = social_listing_begin(social_viewer());
	user_id = visible_person(&page, fcinfo);
	start_mentions(&page, &mentions, user_id);
	social_walk_open(&posts, "posts", "posts_pkey");
	while (social_walk_next(&mentions))
	{
		int64 post_id = social_walk_int64(&mentions, SOCIAL_MENTIONS_POST_ID);

		if (social_walk_find(&posts, 1, &post_id) &&
			social_listing_admits(page.listing, posts.slot) &&
			!keep_row(&page, mentions.slot,
					  social_walk_int64(&mentions, SOCIAL_MENTIONS_CREATED_AT) +
						  UNIX_EPOCH_DISTANCE,
					  social_walk_int64(&mentions, SOCIAL_MENTIONS_ID)))
			break;
	}
	put_rows(&page, fill_mention, RelationGetDescr(mentions.table));
	social_walk_close(&posts);
	social_walk_close(&mentions);
	social_listing_end(page.listing);
	return (Datum) 0;
}
