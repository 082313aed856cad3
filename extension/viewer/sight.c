/*
 * sight.c owns what the visible_* and listed_* views ask of each row: whether the viewer sees it.
 *
 * One call for a row, and nothing to set up for a statement: what concerns the viewer alone (staff,
 * blocks, mutes) is read once and known until another viewer acts or the snapshot sees something
 * else. listing.c is the same predicate for C that reads below SQL; both change together, and
 * test/pgtap/visibility_matrix.sql holds them to one table of truth. mission 3.3, design D2.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "fmgr.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/column.h"
#include "base/moment.h"
#include "base/place.h"
#include "base/table.h"
#include "account/user.h"
#include "viewer/sight.h"
#include "viewer/viewer.h"
#include "viewer/visibility.h"

PG_FUNCTION_INFO_V1(social_viewer_sees_person);
PG_FUNCTION_INFO_V1(social_viewer_sees_post);
PG_FUNCTION_INFO_V1(social_viewer_sees_comment);
PG_FUNCTION_INFO_V1(social_viewer_lists_person);
PG_FUNCTION_INFO_V1(social_viewer_sees_stream);

/* ---- what a statement knows of its viewer --------------------------------------------------- */

/* What the rows of one statement ask again and again. It holds for one viewer and one moment. */
#define SEEN_POSTS  16 /* powers of two */
#define SEEN_PEOPLE 64

/* People, read when somebody asks about one: who likes a post asks about no mute. */
struct people
{
	bool is_read;
	int count;
	int64 *ids; /* in order */
};

static struct
{
	struct social_moment moment;
	int64 viewer;
	bool is_staff;
	bool has_filters;
	struct people blocked;
	struct people muted;
	bool has_asked; /* about a block */
	struct
	{
		int64 post_id;   /* 0: none */
		int64 author_id; /* 0: the viewer does not see the post */
	} posts[SEEN_POSTS];
	struct
	{
		int64 user_id; /* 0: none */
		HeapTuple row; /* NULL: the viewer does not see them */
	} people[SEEN_PEOPLE];
	MemoryContext rows; /* of those people */
} known;

static int
compare_ids(const void *one, const void *other)
{
	int64 a = *(const int64 *) one;
	int64 b = *(const int64 *) other;

	return (a > b) - (a < b);
}

/* Keeps the ids of a list, in order, until the next is kept in their stead. */
static void
keep_ids(const struct social_ids *list, struct people *people)
{
	people->count = 0;
	if (people->ids != NULL)
		pfree(people->ids);
	people->ids = NULL;
	if (list->count == 0)
		return;
	people->ids = MemoryContextAllocHuge(TopMemoryContext, list->count * sizeof(int64));
	for (int i = 0; i < list->count; i++)
		people->ids[i] = DatumGetInt64(list->ids[i]);
	qsort(people->ids, list->count, sizeof(int64), compare_ids);
	people->count = list->count;
}

static void
know_viewer(void)
{
	Snapshot snapshot = GetActiveSnapshot();
	struct social_account account = {0};

	if (known.viewer == social_viewer() && social_moment_lasts(&known.moment, snapshot))
		return;
	known.moment.transaction = InvalidLocalTransactionId;
	if (social_viewer() != 0)
		account = social_user_account(social_viewer(), snapshot);
	memset(known.posts, 0, sizeof(known.posts));
	memset(known.people, 0, sizeof(known.people));
	if (known.rows == NULL)
		known.rows = AllocSetContextCreate(TopMemoryContext, "social people", ALLOCSET_SMALL_SIZES);
	MemoryContextReset(known.rows);
	known.viewer = social_viewer();
	known.is_staff = account.is_staff;
	known.has_filters = account.has_filters;
	known.blocked.is_read = known.muted.is_read = known.has_asked = false;
	known.moment = social_moment_of(snapshot);
}

/* Is somebody among these people, whom `read` reads? Of the viewer that is known. */
static bool
is_among(struct people *people, struct social_ids (*read)(void), int64 id)
{
	if (!known.has_filters)
		return false;
	if (!people->is_read)
	{
		struct social_ids list = read();

		keep_ids(&list, people);
		people->is_read = true;
	}
	return people->count > 0 &&
		   bsearch(&id, people->ids, people->count, sizeof(int64), compare_ids) != NULL;
}

/*
 * Whoever acts on one post asks about one person, and who reads a list, about all in it: the lists
 * of blocks are read when a second one is asked about, or lists are what it is about.
 */
static bool
is_blocked(int64 user_id)
{
	bool is_first = !known.has_asked && !known.blocked.is_read && !known.muted.is_read;

	known.has_asked = true;
	if (is_first && known.has_filters)
		return social_blocked_between(known.viewer, user_id);
	return is_among(&known.blocked, social_blocked_people, user_id);
}

static bool
is_muted(int64 user_id)
{
	return is_among(&known.muted, social_muted_people, user_id);
}

/* ---- rows ----------------------------------------------------------------------------------- */

/* Is an account suspended at this moment? */
static bool
is_suspended(bool at_isnull, Datum until, bool until_isnull)
{
	return !at_isnull &&
		   (until_isnull || DatumGetTimestampTz(until) > GetCurrentTransactionStartTimestamp());
}

/*
 * viewer_sees_person(user_id bigint, suspended_at timestamptz, suspended_until timestamptz)
 * boolean: of an active account, what visible_users asks.
 */
Datum
social_viewer_sees_person(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	know_viewer();
	PG_RETURN_BOOL(known.is_staff ||
				   (!is_suspended(PG_ARGISNULL(1), PG_GETARG_DATUM(2), PG_ARGISNULL(2)) &&
					!is_blocked(PG_GETARG_INT64(0))));
}

/*
 * viewer_sees_post(post_id bigint, author_id bigint, visibility text, position bigint, deleted_at
 * timestamptz, hidden_at timestamptz) boolean: of a post by somebody whom the viewer sees, what
 * visible_posts asks.
 */
Datum
social_viewer_sees_post(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		PG_RETURN_NULL();
	know_viewer();
	if (known.is_staff)
		PG_RETURN_BOOL(true);
	if (!PG_ARGISNULL(4))
		PG_RETURN_BOOL(false);
	if (known.viewer != 0 && PG_GETARG_INT64(1) == known.viewer)
		PG_RETURN_BOOL(true);
	PG_RETURN_BOOL(
		!PG_ARGISNULL(3) && PG_ARGISNULL(5) &&
		social_in_audience(PG_GETARG_INT64(0), PG_GETARG_INT64(1), PG_GETARG_TEXT_PP(2)));
}

/* viewer_lists_person(user_id bigint) boolean: has the viewer not muted their posts? True for null.
 */
Datum
social_viewer_lists_person(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_BOOL(true);
	know_viewer();
	PG_RETURN_BOOL(!is_muted(PG_GETARG_INT64(0)));
}

/* ---- rows by their ids ---------------------------------------------------------------------- */

static HeapTuple
find_person(Relation users, int64 user_id)
{
	TupleDesc columns = RelationGetDescr(users);
	HeapTuple row = social_place_find(users, user_id, GetActiveSnapshot());
	bool sees = false;
	bool isnull;
	Datum until;

	if (row == NULL)
		return NULL;
	if (DatumGetBool(heap_getattr(row, SOCIAL_USERS_IS_ACTIVE, columns, &isnull)))
	{
		until = heap_getattr(row, SOCIAL_USERS_SUSPENDED_UNTIL, columns, &isnull);
		sees = known.is_staff ||
			   (!is_suspended(heap_attisnull(row, SOCIAL_USERS_SUSPENDED_AT, columns), until,
							  isnull) &&
				!is_blocked(user_id));
	}
	if (sees)
		return row;
	heap_freetuple(row);
	return NULL;
}

/* Whom a page shows is asked for twice and more: with what they wrote, and as its author. */
HeapTuple
social_sight_person(Relation users, int64 user_id)
{
	int place = (int) (user_id & (SEEN_PEOPLE - 1));
	HeapTuple row;
	MemoryContext before;

	know_viewer();
	if (user_id != 0 && known.people[place].user_id == user_id)
		return heap_copytuple(known.people[place].row);
	row = find_person(users, user_id);
	if (known.people[place].row != NULL)
		heap_freetuple(known.people[place].row);
	known.people[place].user_id = 0;
	known.people[place].row = NULL;
	before = MemoryContextSwitchTo(known.rows);
	known.people[place].row = heap_copytuple(row);
	MemoryContextSwitchTo(before);
	known.people[place].user_id = user_id;
	return row;
}

/* Does the viewer see this post, by somebody whom they see? */
static bool
sees_post(HeapTuple row, TupleDesc columns, int64 post_id)
{
	bool isnull;
	int64 author_id = DatumGetInt64(heap_getattr(row, SOCIAL_POSTS_AUTHOR_ID, columns, &isnull));

	if (known.is_staff)
		return true;
	if (!heap_attisnull(row, SOCIAL_POSTS_DELETED_AT, columns))
		return false;
	return author_id == known.viewer ||
		   (!heap_attisnull(row, SOCIAL_POSTS_POSITION, columns) &&
			heap_attisnull(row, SOCIAL_POSTS_HIDDEN_AT, columns) &&
			social_in_audience(
				post_id, author_id,
				DatumGetTextPP(heap_getattr(row, SOCIAL_POSTS_VISIBILITY, columns, &isnull))));
}

HeapTuple
social_sight_post(Relation posts, int64 post_id)
{
	HeapTuple row = social_place_find(posts, post_id, GetActiveSnapshot());

	know_viewer();
	if (row == NULL || sees_post(row, RelationGetDescr(posts), post_id))
		return row;
	heap_freetuple(row);
	return NULL;
}

/* ---- posts that comments stand under -------------------------------------------------------- */

/* The author of a post, 0 when the viewer does not see it. */
static int64
read_seen_post(int64 post_id)
{
	Relation posts = social_table_open("posts", AccessShareLock);
	Relation users = social_table_open("users", AccessShareLock);
	HeapTuple post = social_sight_post(posts, post_id);
	HeapTuple author = NULL;
	int64 author_id = 0;
	bool isnull;

	if (post != NULL)
	{
		author_id = DatumGetInt64(
			heap_getattr(post, SOCIAL_POSTS_AUTHOR_ID, RelationGetDescr(posts), &isnull));
		author = social_sight_person(users, author_id);
		heap_freetuple(post);
	}
	if (author != NULL)
		heap_freetuple(author);
	table_close(users, NoLock);
	table_close(posts, NoLock);
	return author == NULL ? 0 : author_id;
}

static int64
author_of_seen_post(int64 post_id)
{
	int place = (int) (post_id & (SEEN_POSTS - 1));

	if (known.posts[place].post_id != post_id)
	{
		int64 author_id = read_seen_post(post_id);

		known.posts[place].post_id = post_id;
		known.posts[place].author_id = author_id;
	}
	return known.posts[place].author_id;
}

/* Does the viewer see a comment of an active account that looks like this? */
static bool
sees_comment(int64 post_id, int64 author_id, bool author_is_suspended, bool is_hidden)
{
	int64 post_author;

	know_viewer();
	post_author = author_of_seen_post(post_id);
	if (post_author == 0 || known.is_staff)
		return post_author != 0;
	return !author_is_suspended && (!is_blocked(author_id) || post_author == known.viewer) &&
		   (!is_hidden || author_id == known.viewer);
}

/*
 * viewer_sees_comment(post_id bigint, author_id bigint, suspended_at timestamptz, suspended_until
 * timestamptz, hidden_at timestamptz) boolean: of a comment by an active account, what
 * visible_comments asks, its post included; that is looked up once for all of its comments.
 */
Datum
social_viewer_sees_comment(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	PG_RETURN_BOOL(sees_comment(PG_GETARG_INT64(0), PG_GETARG_INT64(1),
								is_suspended(PG_ARGISNULL(2), PG_GETARG_DATUM(3), PG_ARGISNULL(3)),
								!PG_ARGISNULL(4)));
}

/* ---- anything, by its id -------------------------------------------------------------------- */

bool
social_sight_sees_person(int64 user_id)
{
	int place = (int) (user_id & (SEEN_PEOPLE - 1));
	Relation users;
	HeapTuple row;

	know_viewer();
	if (user_id != 0 && known.people[place].user_id == user_id)
		return known.people[place].row != NULL;
	users = social_table_open("users", AccessShareLock);
	row = social_sight_person(users, user_id);
	table_close(users, NoLock);
	if (row != NULL)
		heap_freetuple(row);
	return row != NULL;
}

bool
social_sight_lists_person(int64 user_id)
{
	know_viewer();
	return !is_muted(user_id);
}

bool
social_sight_sees_post(int64 post_id)
{
	know_viewer();
	return author_of_seen_post(post_id) != 0;
}

/* Is its author active, and does the viewer see it? */
static bool
sees_comment_row(HeapTuple comment, TupleDesc columns)
{
	Relation users = social_table_open("users", AccessShareLock);
	TupleDesc person = RelationGetDescr(users);
	bool isnull;
	int64 author_id =
		DatumGetInt64(heap_getattr(comment, SOCIAL_COMMENTS_AUTHOR_ID, columns, &isnull));
	int64 post_id = DatumGetInt64(heap_getattr(comment, SOCIAL_COMMENTS_POST_ID, columns, &isnull));
	HeapTuple author = social_place_find(users, author_id, GetActiveSnapshot());
	bool sees = false;
	Datum until;

	if (author != NULL &&
		DatumGetBool(heap_getattr(author, SOCIAL_USERS_IS_ACTIVE, person, &isnull)))
	{
		until = heap_getattr(author, SOCIAL_USERS_SUSPENDED_UNTIL, person, &isnull);
		sees = sees_comment(
			post_id, author_id,
			is_suspended(heap_attisnull(author, SOCIAL_USERS_SUSPENDED_AT, person), until, isnull),
			!heap_attisnull(comment, SOCIAL_COMMENTS_HIDDEN_AT, columns));
	}
	table_close(users, NoLock);
	return sees;
}

bool
social_sight_sees_comment(int64 comment_id)
{
	Relation comments = social_table_open("comments", AccessShareLock);
	HeapTuple row = social_place_find(comments, comment_id, GetActiveSnapshot());
	bool sees = row != NULL && sees_comment_row(row, RelationGetDescr(comments));

	table_close(comments, NoLock);
	return sees;
}

/* ---- rows that were found through an index --------------------------------------------------- */

bool
social_sight_shows_post(HeapTuple row, TupleDesc columns, bool in_lists)
{
	bool isnull;
	int64 post_id = DatumGetInt64(heap_getattr(row, SOCIAL_POSTS_ID, columns, &isnull));
	int64 author_id = DatumGetInt64(heap_getattr(row, SOCIAL_POSTS_AUTHOR_ID, columns, &isnull));

	know_viewer();
	if (in_lists && (heap_attisnull(row, SOCIAL_POSTS_POSITION, columns) ||
					 !heap_attisnull(row, SOCIAL_POSTS_DELETED_AT, columns) || is_muted(author_id)))
		return false;
	return social_sight_sees_person(author_id) && sees_post(row, columns, post_id);
}

/* Does any comment stand below this one, seen or not? */
static bool
has_replies(int64 comment_id)
{
	Relation comments = social_table_open("comments", AccessShareLock);
	SysScanDesc scan;
	ScanKeyData key;
	bool found;

	ScanKeyInit(&key, SOCIAL_COMMENTS_PARENT_ID, BTEqualStrategyNumber, F_INT8EQ,
				Int64GetDatum(comment_id));
	scan = systable_beginscan(comments, social_relation_oid("comments_parent_idx"), true,
							  GetActiveSnapshot(), 1, &key);
	found = HeapTupleIsValid(systable_getnext(scan));
	systable_endscan(scan);
	table_close(comments, NoLock);
	return found;
}

bool
social_sight_shows_comment(HeapTuple row, TupleDesc columns, bool in_lists)
{
	bool isnull;
	bool is_deleted = !heap_attisnull(row, SOCIAL_COMMENTS_DELETED_AT, columns);
	int64 author_id = DatumGetInt64(heap_getattr(row, SOCIAL_COMMENTS_AUTHOR_ID, columns, &isnull));

	know_viewer();
	if (in_lists && !is_deleted && is_muted(author_id))
		return false;
	return sees_comment_row(row, columns) &&
		   (!is_deleted ||
			has_replies(DatumGetInt64(heap_getattr(row, SOCIAL_COMMENTS_ID, columns, &isnull))));
}

/* ---- streams --------------------------------------------------------------------------------- */

/* Does the viewer see a stream that looks like this, by somebody whom they see? */
static bool
sees_stream(int64 stream_id, int64 host_id, bool is_private, bool is_open, bool is_hidden)
{
	know_viewer();
	if (known.is_staff || (known.viewer != 0 && host_id == known.viewer))
		return true;
	if (is_hidden)
		return false;
	if (is_private)
		return known.viewer != 0 && social_invited(stream_id, known.viewer);
	return known.viewer != 0 || is_open;
}

/*
 * viewer_sees_stream(stream_id bigint, host_id bigint, is_private boolean, is_open boolean,
 * hidden_at timestamptz) boolean: of a stream by somebody whom the viewer sees, what
 * visible_streams asks.
 */
Datum
social_viewer_sees_stream(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3))
		PG_RETURN_NULL();
	PG_RETURN_BOOL(sees_stream(PG_GETARG_INT64(0), PG_GETARG_INT64(1), PG_GETARG_BOOL(2),
							   PG_GETARG_BOOL(3), !PG_ARGISNULL(4)));
}

bool
social_sight_shows_stream(HeapTuple row, TupleDesc columns)
{
	bool isnull;
	int64 host_id = DatumGetInt64(heap_getattr(row, SOCIAL_STREAMS_HOST_ID, columns, &isnull));

	return social_sight_sees_person(host_id) &&
		   sees_stream(DatumGetInt64(heap_getattr(row, SOCIAL_STREAMS_ID, columns, &isnull)),
					   host_id,
					   DatumGetBool(heap_getattr(row, SOCIAL_STREAMS_IS_PRIVATE, columns, &isnull)),
					   DatumGetBool(heap_getattr(row, SOCIAL_STREAMS_IS_OPEN, columns, &isnull)),
					   !heap_attisnull(row, SOCIAL_STREAMS_HIDDEN_AT, columns));
}

bool
social_sight_sees_stream(int64 stream_id)
{
	Relation streams = social_table_open("streams", AccessShareLock);
	HeapTuple row = social_place_find(streams, stream_id, GetActiveSnapshot());
	bool sees = row != NULL && social_sight_shows_stream(row, RelationGetDescr(streams));

	table_close(streams, NoLock);
	return sees;
}
