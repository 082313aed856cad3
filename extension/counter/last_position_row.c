/*
 * last_position_row.c owns the rows of social.last_positions: writing without waiting, reading, and
 * making those that are missing (see last_position.h).
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "common/pg_prng.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/column.h"
#include "counter/last_position_row.h"
#include "base/table.h"

PG_FUNCTION_INFO_V1(social_fill_last_positions);
PG_FUNCTION_INFO_V1(social_last_positions_changed);

/* Rows of one person that one write looks at; more wait for the next. */
#define ROWS_MAX 16

/* ms between two passes over everybody to find people without a row. */
#define FILL_REST 3600000

static const struct social_last_position nothing = {SOCIAL_LAST_POSITION_NONE,
													SOCIAL_LAST_POSITION_NONE};

static void
raise_to(struct social_last_position *last, const struct social_last_position *other)
{
	last->post = Max(last->post, other->post);
	last->repost = Max(last->repost, other->repost);
}

static bool
is_at_least(const struct social_last_position *last, const struct social_last_position *other)
{
	return last->post >= other->post && last->repost >= other->repost;
}

/* ---- writing -------------------------------------------------------------------------------- */

void
social_last_position_keeper_begin(struct social_last_position_keeper *keeper)
{
	CommandCounterIncrement();
	PushActiveSnapshot(GetLatestSnapshot());
	keeper->table = social_table_open("last_positions", RowExclusiveLock);
	social_walk_open(&keeper->rows, "last_positions", "last_positions_pkey");
	keeper->kept = table_slot_create(keeper->table, NULL);
	keeper->other = table_slot_create(keeper->table, NULL);
}

void
social_last_position_keeper_end(struct social_last_position_keeper *keeper)
{
	ExecDropSingleTupleTableSlot(keeper->kept);
	ExecDropSingleTupleTableSlot(keeper->other);
	social_walk_close(&keeper->rows);
	table_close(keeper->table, NoLock);
	PopActiveSnapshot();
	CommandCounterIncrement();
}

static int64
slot_column(TupleTableSlot *slot, int column)
{
	bool isnull;
	Datum value = slot_getattr(slot, column, &isnull);

	return isnull ? SOCIAL_LAST_POSITION_NONE : DatumGetInt64(value);
}

static struct social_last_position
slot_last(TupleTableSlot *slot)
{
	return (struct social_last_position){slot_column(slot, SOCIAL_LAST_POSITIONS_POST_POSITION),
										 slot_column(slot, SOCIAL_LAST_POSITIONS_REPOST_POSITION)};
}

static int64
row_column(HeapTuple row, int column, TupleDesc columns)
{
	bool isnull;
	Datum value = heap_getattr(row, column, columns, &isnull);

	return isnull ? SOCIAL_LAST_POSITION_NONE : DatumGetInt64(value);
}

static struct social_last_position
row_last(HeapTuple row, TupleDesc columns)
{
	return (struct social_last_position){
		row_column(row, SOCIAL_LAST_POSITIONS_POST_POSITION, columns),
		row_column(row, SOCIAL_LAST_POSITIONS_REPOST_POSITION, columns)};
}

/* The key of the first entry of this person in an index that begins with the person. */
static int64
first_key(const char *table, const char *index, int64 user_id)
{
	struct social_walk walk;
	int64 key = SOCIAL_LAST_POSITION_NONE;

	social_walk_open_keys(&walk, table, index);
	social_walk_start(&walk, 1, &user_id, true, SOCIAL_WALK_NEWEST, SOCIAL_WALK_NO_BUDGET);
	(void) social_walk_next_key(&walk, 2, &key);
	social_walk_close(&walk);
	return key;
}

/* What the posts and reposts themselves say, for somebody of whom nothing is stored. */
static struct social_last_position
look_up(int64 user_id)
{
	return (struct social_last_position){
		first_key("posts", "posts_author_position_idx", user_id),
		first_key("reposts", "reposts_user_position_idx", user_id)};
}

static void
set_columns(const struct social_last_position *last, int64 user_id, Datum *values, bool *isnull)
{
	values[SOCIAL_LAST_POSITIONS_USER_ID - 1] = Int64GetDatum(user_id);
	values[SOCIAL_LAST_POSITIONS_POST_POSITION - 1] = Int64GetDatum(last->post);
	values[SOCIAL_LAST_POSITIONS_REPOST_POSITION - 1] = Int64GetDatum(last->repost);
	isnull[SOCIAL_LAST_POSITIONS_USER_ID - 1] = false;
	isnull[SOCIAL_LAST_POSITIONS_POST_POSITION - 1] = last->post == SOCIAL_LAST_POSITION_NONE;
	isnull[SOCIAL_LAST_POSITIONS_REPOST_POSITION - 1] = last->repost == SOCIAL_LAST_POSITION_NONE;
}

static void
insert_row(struct social_last_position_keeper *keeper, int64 user_id,
		   const struct social_last_position *last)
{
	Datum values[SOCIAL_LAST_POSITIONS_NCOLUMNS];
	bool isnull[SOCIAL_LAST_POSITIONS_NCOLUMNS];

	set_columns(last, user_id, values, isnull);
	values[SOCIAL_LAST_POSITIONS_PART - 1] =
		Int64GetDatum((int64) pg_prng_uint64(&pg_global_prng_state));
	isnull[SOCIAL_LAST_POSITIONS_PART - 1] = false;
	social_table_insert(keeper->table, values, isnull, lengthof(values));
}

static void
update_row(struct social_last_position_keeper *keeper, int64 user_id,
		   const struct social_last_position *last)
{
	Datum values[SOCIAL_LAST_POSITIONS_NCOLUMNS];
	bool isnull[SOCIAL_LAST_POSITIONS_NCOLUMNS];
	int columns[] = {SOCIAL_LAST_POSITIONS_POST_POSITION, SOCIAL_LAST_POSITIONS_REPOST_POSITION};
	Datum positions[lengthof(columns)];
	bool are_null[lengthof(columns)];
	HeapTuple old = ExecFetchSlotHeapTuple(keeper->kept, false, NULL);
	HeapTuple tuple;

	set_columns(last, user_id, values, isnull);
	for (int i = 0; i < (int) lengthof(columns); i++)
	{
		positions[i] = values[columns[i] - 1];
		are_null[i] = isnull[columns[i] - 1];
	}
	tuple = heap_modify_tuple_by_cols(old, RelationGetDescr(keeper->table), lengthof(columns),
									  columns, positions, are_null);
	social_table_update(keeper->table, &keeper->kept->tts_tid, tuple);
	heap_freetuple(tuple);
}

/* Puts the newest version of the row at `tid` into `slot` and locks it, if nobody holds it. */
static bool
try_lock(struct social_last_position_keeper *keeper, ItemPointer tid, TupleTableSlot *slot)
{
	TM_FailureData failure;

	return table_tuple_lock(keeper->table, tid, GetActiveSnapshot(), slot,
							GetCurrentCommandId(true), LockTupleNoKeyExclusive, LockWaitSkip,
							TUPLE_LOCK_FLAG_FIND_LAST_VERSION, &failure) == TM_Ok;
}

/*
 * Locks one of these rows into `kept`, and takes away the others that nobody holds. Raises *last to
 * what they say. False when every row is held.
 */
static bool
merge_rows(struct social_last_position_keeper *keeper, ItemPointerData *tids, int ntids,
		   struct social_last_position *last)
{
	bool has_kept = false;

	for (int i = 0; i < ntids; i++)
	{
		TupleTableSlot *slot = has_kept ? keeper->other : keeper->kept;
		struct social_last_position found;

		if (!try_lock(keeper, &tids[i], slot))
			continue;
		found = slot_last(slot);
		raise_to(last, &found);
		if (has_kept)
			simple_heap_delete(keeper->table, &slot->tts_tid);
		has_kept = true;
	}
	return has_kept;
}

void
social_last_position_keep(struct social_last_position_keeper *keeper, int64 user_id,
						  struct social_last_position last, bool created)
{
	const struct social_last_position wanted = last;
	struct social_last_position found = nothing;
	ItemPointerData tids[ROWS_MAX];
	HeapTuple row;
	int ntids = 0;

	social_walk_start_equal(&keeper->rows, 1, &user_id);
	while (!created && ntids < ROWS_MAX && (row = social_walk_next_copy(&keeper->rows)) != NULL)
	{
		struct social_last_position said = row_last(row, RelationGetDescr(keeper->table));

		tids[ntids++] = row->t_self;
		raise_to(&found, &said);
		heap_freetuple(row);
	}
	if (ntids == 0 && !created)
		found = look_up(user_id);
	raise_to(&last, &found);
	if (ntids != 1 || !is_at_least(&found, &wanted))
	{
		if (merge_rows(keeper, tids, ntids, &last))
			update_row(keeper, user_id, &last);
		else
			insert_row(keeper, user_id, &last);
	}
	social_last_position_memory_raise(user_id, &last);
}

/* ---- reading -------------------------------------------------------------------------------- */

static void
read_table(const int64 *user_ids, int count, struct social_last_position *last)
{
	const struct social_last_position unknown = {SOCIAL_LAST_POSITION_UNKNOWN,
												 SOCIAL_LAST_POSITION_UNKNOWN};
	struct social_walk rows;

	social_walk_open(&rows, "last_positions", "last_positions_pkey");
	for (int i = 0; i < count; i++)
	{
		bool found = false;

		social_walk_start_equal(&rows, 1, &user_ids[i]);
		for (last[i] = nothing; social_walk_next(&rows); found = true)
		{
			struct social_last_position row = slot_last(rows.slot);

			raise_to(&last[i], &row);
		}
		if (!found)
			last[i] = unknown;
	}
	social_walk_close(&rows);
}

void
social_last_positions_read(const int64 *user_ids, int count, struct social_last_position *last)
{
	if (!social_last_position_memory_read(user_ids, count, last))
		read_table(user_ids, count, last);
}

/* ---- keeping the table whole ---------------------------------------------------------------- */

/*
 * fill_last_positions(batch integer) bigint: rows for the next people who have none, after an
 * upgrade or the restore of an older dump. A session that has passed over everybody loads memory,
 * and begins anew after FILL_REST. Returns how many people it passed.
 */
Datum
social_fill_last_positions(PG_FUNCTION_ARGS)
{
	static int64 passed = SOCIAL_WALK_OLDEST; /* the last person looked at */
	static TimestampTz rest_until;
	int64 count = 0;
	struct social_last_position_keeper keeper;
	struct social_walk users;
	TM_FailureData failure;

	PreventCommandIfReadOnly("social.fill_last_positions()");
	if (GetCurrentTimestamp() < rest_until)
		PG_RETURN_INT64(0);
	social_last_position_keeper_begin(&keeper);
	social_walk_open(&users, "users", "users_pkey");
	social_walk_start(&users, 0, NULL, false, passed, PG_GETARG_INT32(0));
	while (social_walk_next(&users))
	{
		count++;
		passed = social_walk_int64(&users, SOCIAL_USERS_ID);
		if (!social_walk_find(&keeper.rows, 1, &passed) &&
			table_tuple_lock(users.table, &users.slot->tts_tid, GetActiveSnapshot(), users.slot,
							 GetCurrentCommandId(true), LockTupleNoKeyExclusive, LockWaitSkip,
							 TUPLE_LOCK_FLAG_FIND_LAST_VERSION, &failure) == TM_Ok)
			social_last_position_keep(&keeper, passed, nothing, false);
	}
	if (users.at_end)
	{
		passed = SOCIAL_WALK_OLDEST;
		rest_until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), FILL_REST);
		social_last_position_memory_load();
	}
	social_walk_close(&users);
	social_last_position_keeper_end(&keeper);
	PG_RETURN_INT64(count);
}

/*
 * Trigger on last_positions itself. Of a statement, after INSERT, UPDATE and TRUNCATE in SQL: a
 * restore or rebuild_last_positions() has written past memory; also while restoring. Of a row that
 * logical replication has written: raises it in memory, as the writer there did in his.
 */
Datum
social_last_positions_changed(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	TupleDesc columns;
	HeapTuple row;
	struct social_last_position last;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
						errmsg("not called as a trigger")));
	if (!TRIGGER_FIRED_FOR_ROW(trigger->tg_event))
	{
		social_last_position_memory_reset();
		return PointerGetDatum(NULL);
	}
	columns = RelationGetDescr(trigger->tg_relation);
	row = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple : trigger->tg_trigtuple;
	last = row_last(row, columns);
	social_last_position_memory_raise(row_column(row, SOCIAL_LAST_POSITIONS_USER_ID, columns),
									  &last);
	return PointerGetDatum(NULL);
}
