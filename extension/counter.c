/*
 * counter.c owns what counts where, and the triggers that change counts without waiting.
 *
 * Row triggers only note changes in memory; the statement trigger that follows them applies one
 * sum for each counted object. So a single like costs one narrow update, and a bulk load or a
 * cascade costs one update for each object instead of one for each row. The lock order is written
 * in counter.h.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "counter.h"
#include "guard.h"
#include "init.h"
#include "limit.h"
#include "table.h"
#include "worker.h"

PG_FUNCTION_INFO_V1(social_count_row);
PG_FUNCTION_INFO_V1(social_count_statement);

const struct social_counter social_counters[] = {
	[SOCIAL_USER_COUNTERS] = {"user_counters", "user_counter_deltas", "user_counter_deltas_idx", "user_id",
					   "users", 3, {"followers_count", "following_count", "posts_count"}},
	[SOCIAL_POST_COUNTERS] = {"post_counters", "post_counter_deltas", "post_counter_deltas_idx", "post_id",
					   "posts", 2, {"likes_count", "comments_count"}},
	[SOCIAL_COMMENT_COUNTERS] = {"comment_counters", "comment_counter_deltas",
						  "comment_counter_deltas_idx", "comment_id", "comments", 2,
						  {"likes_count", "replies_count"}},
	[SOCIAL_HASHTAG_COUNTERS] = {"hashtag_counters", "hashtag_counter_deltas",
						  "hashtag_counter_deltas_idx", "hashtag_id", "hashtags", 1,
						  {"posts_count"}},
};
const int social_ncounters = lengthof(social_counters);

const struct social_counted social_counted[] = {
	{"follows", "followed_id", SOCIAL_USER_COUNTERS, 0},
	{"follows", "follower_id", SOCIAL_USER_COUNTERS, 1},
	{"posts", "author_id", SOCIAL_USER_COUNTERS, 2, "position"},
	{"post_likes", "post_id", SOCIAL_POST_COUNTERS, 0},
	{"comments", "post_id", SOCIAL_POST_COUNTERS, 1},
	{"comment_likes", "comment_id", SOCIAL_COMMENT_COUNTERS, 0},
	{"comments", "parent_id", SOCIAL_COMMENT_COUNTERS, 1},
	{"post_hashtags", "hashtag_id", SOCIAL_HASHTAG_COUNTERS, 0},
};
const int social_ncounted = lengthof(social_counted);

/* ---- notes ---------------------------------------------------------------------------------- */

/* Notes belong to the subtransaction that made them, and are applied or forgotten with it. */
struct note_key
{
	int64 object_id;
	SubTransactionId subtransaction;
	int32 counter;
};

struct note
{
	struct note_key key;
	bool created; /* the object is new: make its counter row */
	bool removed; /* the object is gone: so is its counter row */
	int64 changes[SOCIAL_COUNTER_COLUMNS_MAX];
};

static HTAB *notes; /* lives in TopMemoryContext; empty between statements */

static struct note *
take_note(int counter, int64 object_id)
{
	struct note_key key = {object_id, GetCurrentSubTransactionId(), counter};
	struct note *note;
	bool found;

	if (notes == NULL)
	{
		HASHCTL control = {.keysize = sizeof(struct note_key), .entrysize = sizeof(struct note)};

		notes = hash_create("social counter notes", 64, &control, HASH_ELEM | HASH_BLOBS);
	}
	note = hash_search(notes, &key, HASH_ENTER, &found);
	if (!found)
		memset((char *) note + sizeof(key), 0, sizeof(*note) - sizeof(key));
	return note;
}

void
social_counter_add(int counter, int column, int64 object_id, int change)
{
	take_note(counter, object_id)->changes[column] += change;
}

/* Forgets the notes of one subtransaction, or all of them (InvalidSubTransactionId). */
static void
forget_notes(SubTransactionId subtransaction)
{
	HASH_SEQ_STATUS walk;
	struct note *note;

	if (notes == NULL || hash_get_num_entries(notes) == 0)
		return;
	hash_seq_init(&walk, notes);
	while ((note = hash_seq_search(&walk)) != NULL)
	{
		if (subtransaction == InvalidSubTransactionId || note->key.subtransaction == subtransaction)
			hash_search(notes, &note->key, HASH_REMOVE, NULL);
	}
}

/* ---- counter rows --------------------------------------------------------------------------- */

enum social_counter_lock
social_counter_try_lock(Relation table, Relation index, int64 object_id, TupleTableSlot *slot)
{
	Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
	TM_FailureData failure;
	TM_Result result = TM_Deleted;

	if (social_table_find(table, index, F_INT8EQ, Int64GetDatum(object_id), snapshot, slot))
		result = table_tuple_lock(table, &slot->tts_tid, snapshot, slot, GetCurrentCommandId(true),
								  LockTupleNoKeyExclusive, LockWaitSkip,
								  TUPLE_LOCK_FLAG_FIND_LAST_VERSION, &failure);
	UnregisterSnapshot(snapshot);
	if (result == TM_Ok)
		return SOCIAL_COUNTER_LOCKED;
	return result == TM_Deleted ? SOCIAL_COUNTER_MISSING : SOCIAL_COUNTER_BUSY;
}

void
social_counter_change(Relation table, TupleTableSlot *slot, int ncolumns, const int64 *changes)
{
	Datum values[SOCIAL_COUNTER_COLUMNS_MAX];
	bool isnull[SOCIAL_COUNTER_COLUMNS_MAX] = {false};
	int columns[SOCIAL_COUNTER_COLUMNS_MAX];
	bool ignored;
	HeapTuple old = ExecFetchSlotHeapTuple(slot, false, NULL);
	HeapTuple tuple;

	for (int i = 0; i < ncolumns; i++)
	{
		columns[i] = i + 2;
		values[i] = Int64GetDatum(DatumGetInt64(slot_getattr(slot, i + 2, &ignored)) + changes[i]);
	}
	tuple = heap_modify_tuple_by_cols(old, RelationGetDescr(table), ncolumns, columns, values,
									  isnull);
	social_table_update(table, &slot->tts_tid, tuple);
	heap_freetuple(tuple);
}

void
social_counter_append_delta(const struct social_counter *counter, Relation deltas, int64 object_id,
							const int64 *changes)
{
	Datum values[SOCIAL_COUNTER_COLUMNS_MAX + 1];
	bool isnull[SOCIAL_COUNTER_COLUMNS_MAX + 1] = {false};

	values[0] = Int64GetDatum(object_id);
	for (int i = 0; i < counter->ncolumns; i++)
		values[i + 1] = Int32GetDatum((int32) changes[i]);
	social_table_insert(deltas, values, isnull);
	social_worker_wake_at_commit();
}

/* Makes the counter row of a new object. */
static void
create_counter(const struct social_counter *counter, Relation table, const struct note *note)
{
	Datum values[SOCIAL_COUNTER_COLUMNS_MAX + 1];
	bool isnull[SOCIAL_COUNTER_COLUMNS_MAX + 1] = {false};

	values[0] = Int64GetDatum(note->key.object_id);
	for (int i = 0; i < counter->ncolumns; i++)
		values[i + 1] = Int64GetDatum(note->changes[i]);
	social_table_insert(table, values, isnull);
}

/* Deletes the object's delta rows that we see; those that a fold takes meanwhile are its own. */
static void
delete_deltas(const struct social_counter *counter, int64 object_id)
{
	Relation deltas = social_table_open(counter->deltas, RowExclusiveLock);
	Relation index = index_open(social_relation_oid(counter->deltas_index), RowExclusiveLock);
	TupleTableSlot *slot = table_slot_create(deltas, NULL);
	Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
	TM_FailureData failure;

	while (social_table_find(deltas, index, F_INT8EQ, Int64GetDatum(object_id), snapshot, slot))
	{
		if (table_tuple_delete(deltas, &slot->tts_tid, GetCurrentCommandId(true), snapshot,
							   InvalidSnapshot, true, &failure, false) != TM_Ok)
			break;
		CommandCounterIncrement();
		UnregisterSnapshot(snapshot);
		snapshot = RegisterSnapshot(GetLatestSnapshot());
	}
	UnregisterSnapshot(snapshot);
	ExecDropSingleTupleTableSlot(slot);
	index_close(index, NoLock);
	table_close(deltas, NoLock);
}

/* Removes the counter row and the deltas of an object that is gone. */
static void
remove_counter(const struct social_counter *counter, Relation table, Relation index,
			   TupleTableSlot *slot, int64 object_id)
{
	Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
	TM_FailureData failure;

	if (social_table_find(table, index, F_INT8EQ, Int64GetDatum(object_id), snapshot, slot) &&
		table_tuple_lock(table, &slot->tts_tid, snapshot, slot, GetCurrentCommandId(true),
						 LockTupleExclusive, LockWaitBlock, TUPLE_LOCK_FLAG_FIND_LAST_VERSION,
						 &failure) == TM_Ok)
		simple_heap_delete(table, &slot->tts_tid);
	UnregisterSnapshot(snapshot);
	delete_deltas(counter, object_id);
}

static void
change_counter(const struct social_counter *counter, Relation table, Relation index,
			   TupleTableSlot *slot, const struct note *note)
{
	Relation deltas;

	if (social_counter_try_lock(table, index, note->key.object_id, slot) == SOCIAL_COUNTER_LOCKED)
	{
		social_counter_change(table, slot, counter->ncolumns, note->changes);
		return;
	}
	deltas = social_table_open(counter->deltas, RowExclusiveLock);
	social_counter_append_delta(counter, deltas, note->key.object_id, note->changes);
	table_close(deltas, NoLock);
}

static bool
changes_something(const struct social_counter *counter, const struct note *note)
{
	for (int i = 0; i < counter->ncolumns; i++)
	{
		if (note->changes[i] != 0)
			return true;
	}
	return false;
}

/* Applies the notes of this subtransaction that belong to one counter table. */
static void
apply_to_counter(int which)
{
	const struct social_counter *counter = &social_counters[which];
	Relation table = NULL;
	Relation index = NULL;
	TupleTableSlot *slot = NULL;
	HASH_SEQ_STATUS walk;
	struct note *entry;

	hash_seq_init(&walk, notes);
	while ((entry = hash_seq_search(&walk)) != NULL)
	{
		struct note note = *entry;

		if (note.key.counter != which || note.key.subtransaction != GetCurrentSubTransactionId())
			continue;
		hash_search(notes, &note.key, HASH_REMOVE, NULL);
		if (table == NULL)
		{
			table = social_table_open(counter->table, RowExclusiveLock);
			index = social_table_primary_key(table, RowExclusiveLock);
			slot = table_slot_create(table, NULL);
		}
		if (note.removed)
			remove_counter(counter, table, index, slot, note.key.object_id);
		else if (note.created)
			create_counter(counter, table, &note);
		else if (changes_something(counter, &note))
			change_counter(counter, table, index, slot, &note);
		ExecClearTuple(slot);
		CommandCounterIncrement();
	}
	if (table == NULL)
		return;
	ExecDropSingleTupleTableSlot(slot);
	index_close(index, NoLock);
	table_close(table, NoLock);
}

static void
apply_notes(void)
{
	for (int i = 0; i < social_ncounters; i++)
	{
		if (hash_get_num_entries(notes) == 0)
			break;
		apply_to_counter(i);
	}
}

/* ---- triggers ------------------------------------------------------------------------------- */

/* The object that a row counts for; false when it counts for none. */
static bool
counted_object(const struct social_counted *counted, TupleDesc columns, HeapTuple row,
			   int64 *object_id)
{
	bool isnull;
	Datum value;

	if (counted->when_set != NULL)
	{
		(void) heap_getattr(row, SPI_fnumber(columns, counted->when_set), columns, &isnull);
		if (isnull)
			return false;
	}
	value = heap_getattr(row, SPI_fnumber(columns, counted->key), columns, &isnull);
	*object_id = isnull ? 0 : DatumGetInt64(value);
	return !isnull;
}

/* Notes what the old and the new version of a row (either may be NULL) mean for one count. */
static void
note_counted(const struct social_counted *counted, TupleDesc columns, HeapTuple before,
			 HeapTuple after)
{
	int64 old_object;
	int64 new_object;
	bool was = before != NULL && counted_object(counted, columns, before, &old_object);
	bool is = after != NULL && counted_object(counted, columns, after, &new_object);

	if (was && is && old_object == new_object)
		return;
	if (was)
		social_counter_add(counted->counter, counted->column, old_object, -1);
	if (is)
		social_counter_add(counted->counter, counted->column, new_object, 1);
}

/* Notes that an object (a row whose first column is its id) has come or gone. */
static void
note_object(int counter, TupleDesc columns, HeapTuple before, HeapTuple after)
{
	bool isnull;
	Datum id;

	if (before != NULL && after != NULL)
		return;
	id = heap_getattr(after != NULL ? after : before, 1, columns, &isnull);
	if (after != NULL)
		take_note(counter, DatumGetInt64(id))->created = true;
	else
		take_note(counter, DatumGetInt64(id))->removed = true;
}

Datum
social_count_row(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = social_row_trigger(fcinfo);
	const char *source = RelationGetRelationName(trigger->tg_relation);
	TupleDesc columns = RelationGetDescr(trigger->tg_relation);
	HeapTuple before = TRIGGER_FIRED_BY_INSERT(trigger->tg_event) ? NULL : trigger->tg_trigtuple;
	HeapTuple after = TRIGGER_FIRED_BY_INSERT(trigger->tg_event)   ? trigger->tg_trigtuple
					  : TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple
																   : NULL;

	if (social_restoring())
		return PointerGetDatum(NULL);
	for (int i = 0; i < social_ncounted; i++)
	{
		if (strcmp(social_counted[i].source, source) == 0)
			note_counted(&social_counted[i], columns, before, after);
	}
	for (int i = 0; i < social_ncounters; i++)
	{
		if (strcmp(social_counters[i].objects, source) == 0)
			note_object(i, columns, before, after);
	}
	return PointerGetDatum(NULL);
}

Datum
social_count_statement(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
						errmsg("not called as a trigger")));
	if (notes != NULL)
		apply_notes();
	return PointerGetDatum(NULL);
}

/* ---- ends of transactions ------------------------------------------------------------------- */

/*
 * Normally there is nothing to do: statement triggers have applied every note. They are missing
 * where only row triggers fire (a logical replication worker).
 */
static void
on_transaction(XactEvent event, void *arg)
{
	if (notes == NULL || hash_get_num_entries(notes) == 0)
		return;
	if (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE)
		apply_notes();
	else if (event == XACT_EVENT_ABORT)
		forget_notes(InvalidSubTransactionId);
}

static void
on_subtransaction(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	if (notes == NULL || hash_get_num_entries(notes) == 0)
		return;
	if (event == SUBXACT_EVENT_PRE_COMMIT_SUB)
		apply_notes();
	else if (event == SUBXACT_EVENT_ABORT_SUB)
		forget_notes(mine);
}

void
social_counter_init(void)
{
	RegisterXactCallback(on_transaction, NULL);
	RegisterSubXactCallback(on_subtransaction, NULL);
}
