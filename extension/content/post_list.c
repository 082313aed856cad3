/*
 * post_list.c owns newest-first pages of posts that one index holds in order: a person's, a tag's,
 * and where a person is mentioned. Each walks its index from the cursor on, and asks of every post
 * whether it is in the viewer's lists (listing.h). Mission P-04.
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
#include "viewer/listing.h"
#include "base/page.h"
#include "content/post_row.h"
#include "base/table.h"
#include "viewer/viewer.h"
#include "base/walk.h"

extern Datum social_hashtag_key(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(social_user_posts);
PG_FUNCTION_INFO_V1(social_hashtag_posts);
PG_FUNCTION_INFO_V1(social_user_mentions);

/* Times that a cursor of ours can hold: the years 1000 to 3000, in microseconds since 1970. */
#define CURSOR_TIME_MIN INT64CONST(-30610224000000000)
#define CURSOR_TIME_MAX INT64CONST(32503680000000000)
#define UNIX_EPOCH_DISTANCE                                                                        \
	((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY * USECS_PER_SEC)

/* Raises SM404 unless the viewer sees the person whom argument 0 names. */
static int64
visible_person(struct social_listing *listing, FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0) || !social_listing_sees_person(listing, PG_GETARG_INT64(0)))
		ereport(ERROR, (errcode(ERRCODE_SOCIAL_NOT_FOUND), errmsg("user not found"),
						errdetail("It does not exist, or the viewer may not see it."),
						errhint("SELECT id, username FROM social.visible_users lists them.")));
	return PG_GETARG_INT64(0);
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
put_posts(struct social_page *page, struct social_listing *listing, struct social_walk *walk,
		  int post_id, int position)
{
	struct social_walk posts;
	struct social_post_rows rows;

	social_walk_open(&posts, "posts", "posts_pkey");
	while (social_walk_next(walk))
	{
		int64 id = social_walk_int64(walk, post_id == 0 ? SOCIAL_POSTS_ID : post_id);
		TupleTableSlot *slot = post_id == 0 ? walk->slot : posts.slot;

		if ((post_id != 0 && !social_walk_find(&posts, 1, &id)) ||
			!social_listing_admits(listing, slot))
			continue;
		if (!social_page_keep(page, slot, social_walk_int64(walk, position), id))
			break;
	}
	social_post_rows_begin(&rows, page->result->setDesc, posts.table);
	social_page_put(page, fill_post, &rows);
	social_post_rows_end(&rows);
	social_walk_close(&posts);
}

/* user_posts(user_id bigint, first integer, after text, before text): see sql/api/post.sql. */
Datum
social_user_posts(PG_FUNCTION_ARGS)
{
	struct social_page page;
	struct social_listing *listing;
	struct social_walk walk;
	int64 start;
	int64 user_id;

	social_page_begin(&page, fcinfo, 1, "user_posts");
	listing = social_listing_begin(social_viewer());
	start = social_page_start(&page, SOCIAL_WALK_NEWEST);
	user_id = visible_person(listing, fcinfo);
	if (social_listing_admits_person(listing, user_id))
	{
		social_walk_open(&walk, "posts", "posts_author_position_idx");
		social_walk_start(&walk, 1, &user_id, !page.backwards, start, SOCIAL_WALK_NO_BUDGET);
		put_posts(&page, listing, &walk, 0, SOCIAL_POSTS_POSITION);
		social_walk_close(&walk);
	}
	social_listing_end(listing);
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
	struct social_page page;
	struct social_listing *listing;
	struct social_walk walk;
	int64 start;
	int64 hashtag_id;

	social_page_begin(&page, fcinfo, 1, "hashtag_posts");
	listing = social_listing_begin(social_viewer());
	start = social_page_start(&page, SOCIAL_WALK_NEWEST);
	hashtag_id = PG_ARGISNULL(0) ? 0 : hashtag_named(PG_GETARG_TEXT_PP(0));
	if (hashtag_id != 0)
	{
		social_walk_open(&walk, "post_hashtags", "post_hashtags_page_idx");
		social_walk_start(&walk, 1, &hashtag_id, !page.backwards, start, SOCIAL_WALK_NO_BUDGET);
		put_posts(&page, listing, &walk, SOCIAL_POST_HASHTAGS_POST_ID,
				  SOCIAL_POST_HASHTAGS_POSITION);
		social_walk_close(&walk);
	}
	social_listing_end(listing);
	return (Datum) 0;
}

/* Starts a walk over a person's mentions where the page begins. */
static void
start_mentions(const struct social_page *page, struct social_walk *walk, int64 user_id)
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
	social_walk_start_pair(walk, user_id, !page->backwards, time - UNIX_EPOCH_DISTANCE, id,
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
	struct social_page page;
	struct social_listing *listing;
	struct social_walk mentions;
	struct social_walk posts;
	int64 user_id;

	social_page_begin(&page, fcinfo, 1, "user_mentions");
	listing = social_listing_begin(social_viewer());
	user_id = visible_person(listing, fcinfo);
	start_mentions(&page, &mentions, user_id);
	social_walk_open(&posts, "posts", "posts_pkey");
	while (social_walk_next(&mentions))
	{
		int64 post_id = social_walk_int64(&mentions, SOCIAL_MENTIONS_POST_ID);

		if (social_walk_find(&posts, 1, &post_id) && social_listing_admits(listing, posts.slot) &&
			!social_page_keep(&page, mentions.slot,
							  social_walk_int64(&mentions, SOCIAL_MENTIONS_CREATED_AT) +
								  UNIX_EPOCH_DISTANCE,
							  social_walk_int64(&mentions, SOCIAL_MENTIONS_ID)))
			break;
	}
	social_page_put(&page, fill_mention, RelationGetDescr(mentions.table));
	social_walk_close(&posts);
	social_walk_close(&mentions);
	social_listing_end(listing);
	return (Datum) 0;
}
