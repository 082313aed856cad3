/*
 * visibility.c owns what the views and policies ask about the viewer: whom a block parts them from,
 * whom they have muted, whether they are staff, and whether they belong to a post's audience.
 *
 * In C because these run in every read: they check no permissions (a role that may read a view
 * need not read blocks) and cost an index probe each. mission 3.3, design D2.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/column.h"
#include "base/index_probe.h"
#include "base/table.h"
#include "base/walk.h"
#include "account/user.h"
#include "viewer/viewer.h"
#include "viewer/visibility.h"

PG_FUNCTION_INFO_V1(social_viewer_is_staff);
PG_FUNCTION_INFO_V1(social_blocked_ids);
PG_FUNCTION_INFO_V1(social_muted_ids);
PG_FUNCTION_INFO_V1(social_viewer_in_audience);

/* Columns that C reads by number; an upgrade only ever appends columns. */

/* ---- rows of pairs of ids ------------------------------------------------------------------ */

/* A scan of one of our tables by one id, or by two, through one of its indexes. */
struct pair_scan
{
	Relation table;
	SysScanDesc scan;
};

/* `first` and `second` are columns of the table in the order of the index; second is 0 for none. */
static void
pair_scan_begin(struct pair_scan *pairs, const char *table, const char *index, AttrNumber first,
				int64 first_id, AttrNumber second, int64 second_id)
{
	ScanKeyData keys[2];

	pairs->table = social_table_open(table, AccessShareLock);
	ScanKeyInit(&keys[0], first, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(first_id));
	ScanKeyInit(&keys[1], second, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(second_id));
	pairs->scan = systable_beginscan(pairs->table, social_relation_oid(index), true,
									 GetActiveSnapshot(), second == 0 ? 1 : 2, keys);
}

static void
pair_scan_end(struct pair_scan *pairs)
{
	systable_endscan(pairs->scan);
	table_close(pairs->table, AccessShareLock);
}

static bool
pair_exists(const char *table, const char *index, AttrNumber first, int64 first_id,
			AttrNumber second, int64 second_id)
{
	struct pair_scan pairs;
	bool found;

	pair_scan_begin(&pairs, table, index, first, first_id, second, second_id);
	found = HeapTupleIsValid(systable_getnext(pairs.scan));
	pair_scan_end(&pairs);
	return found;
}

static bool
has_blocked(Relation blocks, Relation key, int64 blocker, int64 blocked)
{
	Datum ids[] = {Int64GetDatum(blocker), Int64GetDatum(blocked)};

	return !social_index_lacks(blocks, key, 2, ids, GetActiveSnapshot()) &&
		   pair_exists("blocks", "blocks_pkey", SOCIAL_BLOCKS_BLOCKER_ID, blocker,
					   SOCIAL_BLOCKS_BLOCKED_ID, blocked);
}

bool
social_blocked_between(int64 one, int64 other)
{
	Relation blocks = social_table_open("blocks", AccessShareLock);
	Relation key = index_open(social_relation_oid("blocks_pkey"), AccessShareLock);
	bool found = has_blocked(blocks, key, one, other) || has_blocked(blocks, key, other, one);

	index_close(key, AccessShareLock);
	table_close(blocks, AccessShareLock);
	return found;
}

bool
social_follows(int64 follower, int64 followed)
{
	return pair_exists("follows", "follows_pkey", SOCIAL_FOLLOWS_FOLLOWER_ID, follower,
					   SOCIAL_FOLLOWS_FOLLOWED_ID, followed);
}

bool
social_follows_subject(int64 user_id, int64 subject_id)
{
	return pair_exists("sport_follows", "sport_follows_pkey", SOCIAL_SPORT_FOLLOWS_USER_ID, user_id,
					   SOCIAL_SPORT_FOLLOWS_SUBJECT_ID, subject_id);
}

static int
subjects_of(const char *table, const char *index, int column, int64 id, int64 *subjects, int max)
{
	struct social_walk walk;
	int count = 0;

	social_walk_open_keys(&walk, table, index);
	social_walk_start_equal(&walk, 1, &id);
	while (count < max && social_walk_next_key(&walk, column, &subjects[count]))
		count++;
	social_walk_close(&walk);
	return count;
}

int
social_subjects_of_post(int64 post_id, int64 *subjects, int max)
{
	return subjects_of("post_subjects", "post_subjects_pkey", SOCIAL_POST_SUBJECTS_SUBJECT_ID,
					   post_id, subjects, max);
}

int
social_subjects_of_stream(int64 stream_id, int64 *subjects, int max)
{
	return subjects_of("stream_subjects", "stream_subjects_pkey", SOCIAL_STREAM_SUBJECTS_SUBJECT_ID,
					   stream_id, subjects, max);
}

bool
social_mentioned(int64 post_id, int64 user_id)
{
	return pair_exists("mentions", "mentions_post_user_key", SOCIAL_MENTIONS_POST_ID, post_id,
					   SOCIAL_MENTIONS_MENTIONED_USER_ID, user_id);
}

bool
social_invited(int64 stream_id, int64 user_id)
{
	return pair_exists("stream_invitations", "stream_invitations_pkey",
					   SOCIAL_STREAM_INVITATIONS_STREAM_ID, stream_id,
					   SOCIAL_STREAM_INVITATIONS_USER_ID, user_id);
}

/* ---- lists of ids -------------------------------------------------------------------------- */

static void
append_id(struct social_ids *list, Datum id)
{
	if (list->count == list->capacity)
	{
		list->capacity = list->capacity == 0 ? 16 : list->capacity * 2;
		list->ids = list->ids == NULL ? palloc(list->capacity * sizeof(Datum))
									  : repalloc(list->ids, list->capacity * sizeof(Datum));
	}
	list->ids[list->count++] = id;
}

static ArrayType *
id_array(const struct social_ids *list)
{
	if (list->count == 0)
		return construct_empty_array(INT8OID);
	return construct_array(list->ids, list->count, INT8OID, sizeof(int64), FLOAT8PASSBYVAL,
						   TYPALIGN_DOUBLE);
}

/* Could blocks or mutes keep anything from the viewer? */
static bool
may_miss_something(void)
{
	int64 viewer = social_viewer();

	return viewer != 0 && social_user_account(viewer, GetActiveSnapshot()).has_filters;
}

/* Appends column `wanted` of every block whose column `key` is the viewer. */
static void
append_blocks(struct social_ids *list, const char *index, AttrNumber key, AttrNumber wanted)
{
	struct pair_scan pairs;
	HeapTuple row;
	bool isnull;

	pair_scan_begin(&pairs, "blocks", index, key, social_viewer(), 0, 0);
	while (HeapTupleIsValid(row = systable_getnext(pairs.scan)))
		append_id(list, heap_getattr(row, wanted, RelationGetDescr(pairs.table), &isnull));
	pair_scan_end(&pairs);
}

struct social_ids
social_blocked_people(void)
{
	struct social_ids list = {0};

	append_blocks(&list, "blocks_pkey", SOCIAL_BLOCKS_BLOCKER_ID, SOCIAL_BLOCKS_BLOCKED_ID);
	append_blocks(&list, "blocks_blocked_idx", SOCIAL_BLOCKS_BLOCKED_ID, SOCIAL_BLOCKS_BLOCKER_ID);
	return list;
}

struct social_ids
social_muted_people(void)
{
	struct social_ids list = {0};
	struct pair_scan pairs;
	HeapTuple row;

	pair_scan_begin(&pairs, "mutes", "mutes_pkey", SOCIAL_MUTES_MUTER_ID, social_viewer(), 0, 0);
	while (HeapTupleIsValid(row = systable_getnext(pairs.scan)))
	{
		TupleDesc columns = RelationGetDescr(pairs.table);
		bool isnull;
		Datum expires_at = heap_getattr(row, SOCIAL_MUTES_EXPIRES_AT, columns, &isnull);

		if (!isnull && DatumGetTimestampTz(expires_at) <= GetCurrentTransactionStartTimestamp())
			continue;
		if (DatumGetBool(heap_getattr(row, SOCIAL_MUTES_POSTS, columns, &isnull)))
			append_id(&list, heap_getattr(row, SOCIAL_MUTES_MUTED_ID, columns, &isnull));
	}
	pair_scan_end(&pairs);
	return list;
}

/* blocked_ids() bigint[]: whom the viewer blocks and who blocks the viewer; empty for nobody. */
Datum
social_blocked_ids(PG_FUNCTION_ARGS)
{
	struct social_ids list = {0};

	if (may_miss_something())
		list = social_blocked_people();
	PG_RETURN_ARRAYTYPE_P(id_array(&list));
}

/* muted_ids() bigint[]: whose posts the viewer has muted, for good or still; empty for nobody. */
Datum
social_muted_ids(PG_FUNCTION_ARGS)
{
	struct social_ids list = {0};

	if (may_miss_something())
		list = social_muted_people();
	PG_RETURN_ARRAYTYPE_P(id_array(&list));
}

/* ---- one viewer, one post ------------------------------------------------------------------ */

/* viewer_is_staff() boolean: is the acting user staff or a superuser? False for nobody. */
Datum
social_viewer_is_staff(PG_FUNCTION_ARGS)
{
	int64 viewer = social_viewer();

	PG_RETURN_BOOL(viewer != 0 && social_user_account(viewer, GetActiveSnapshot()).is_staff);
}

bool
social_in_audience(int64 post_id, int64 author_id, const text *visibility)
{
	const char *name = VARDATA_ANY(visibility);
	int len = VARSIZE_ANY_EXHDR(visibility);
	bool followers = len == 9 && memcmp(name, "followers", 9) == 0;

	if (len == 6 && memcmp(name, "public", 6) == 0)
		return true;
	if (social_viewer() == 0 || !(followers || (len == 9 && memcmp(name, "mentioned", 9) == 0)))
		return false;
	return (followers && social_follows(social_viewer(), author_id)) ||
		   social_mentioned(post_id, social_viewer());
}

/*
 * viewer_in_audience(post_id bigint, author_id bigint, visibility text) boolean: is a published
 * post of this visibility also for the viewer? Those whom a post names may read it even when it is
 * for followers. Blocks and the author's own right are the caller's part.
 */
Datum
social_viewer_in_audience(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(
		social_in_audience(PG_GETARG_INT64(0), PG_GETARG_INT64(1), PG_GETARG_TEXT_PP(2)));
}
