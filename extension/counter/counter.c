/*
 * counter.c owns the counters, and noting and applying changes of counts without waiting.
 *
 * Row triggers only note changes in memory; the statement trigger that follows them applies one
 * sum for each counted object. So a single like costs one narrow update, and a bulk load or a
 * cascade costs one update for each object instead of one for each row. The lock order is written
 * in counter.h.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

#include "base/column.h"
#include "counter/counter.h"
#include "base/init.h"
#include "base/note.h"
#include "base/sequence.h"
#include "base/table.h"

#define COLUMN(name, column) column,
const struct social_counter social_counters[] = {
	[SOCIAL_USER_COUNTERS] = {"user_counters",
							  "user_counter_deltas",
							  "user_counter_deltas_idx",
							  "user_id",
							  "users",
							  SOCIAL_EVENT_PROFILE_COUNTS,
							  SOCIAL_USER_NCOUNTS,
							  {SOCIAL_USER_COUNTS(COLUMN)}},
	[SOCIAL_POST_COUNTERS] = {"post_counters",
							  "post_counter_deltas",
							  "post_counter_deltas_idx",
							  "post_id",
							  "posts",
							  SOCIAL_EVENT_POST_COUNTS,
							  SOCIAL_POST_NCOUNTS,
							  {SOCIAL_POST_COUNTS(COLUMN)}},
	[SOCIAL_COMMENT_COUNTERS] = {"comment_counters",
								 "comment_counter_deltas",
								 "comment_counter_deltas_idx",
								 "comment_id",
								 "comments",
								 SOCIAL_EVENT_COMMENT_COUNTS,
								 SOCIAL_COMMENT_NCOUNTS,
								 {SOCIAL_COMMENT_COUNTS(COLUMN)}},
	[SOCIAL_HASHTAG_COUNTERS] = {"hashtag_counters",
								 "hashtag_counter_deltas",
								 "hashtag_counter_deltas_idx",
								 "hashtag_id",
								 "hashtags",
								 SOCIAL_EVENT_NONE,
								 SOCIAL_HASHTAG_NCOUNTS,
								 {SOCIAL_HASHTAG_COUNTS(COLUMN)}},
	[SOCIAL_SUBJECT_COUNTERS] = {"subject_counters",
								 "subject_counter_deltas",
								 "subject_counter_deltas_idx",
								 "subject_id",
								 "sport_subjects",
								 SOCIAL_EVENT_NONE,
								 SOCIAL_SUBJECT_NCOUNTS,
								 {SOCIAL_SUBJECT_COUNTS(COLUMN)}},
};
#undef COLUMN
const int social_ncounters = lengthof(social_counters);

/* ---- notes ---------------------------------------------------------------------------------- */

struct note
{
	struct social_note_key key; /* of an object; the kind is the index of its counter */
	bool created;               /* the object is new: make its counter row */
	bool removed;               /* the object is gone: so is its counter row */
	int64 changes[SOCIAL_COUNTER_COLUMNS_MAX];
};

static struct social_notes notes = {"social counter notes", sizeof(struct note),
									social_counter_apply};

static struct note *
take_note(int counter, int64 object_id)
{
	return social_notes_take(&notes, object_id, counter, NULL);
}

void
social_counter_add(int counter, int count, int64 object_id, int change)
{
	take_note(counter, object_id)->changes[count] += change;
}

/* ---- applying them -------------------------------------------------------------------------- */

/* Whether the counted object is there: a cascade removes it before the rows that counted for it. */
static bool
object_exists(const struct social_counter *counter, int64 object_id, Snapshot snapshot)
{
	Relation objects = social_table_open(counter->objects, AccessShareLock);
	Relation index = social_table_primary_key(objects, AccessShareLock);
	TupleTableSlot *slot = table_slot_create(objects, NULL);
	bool exists =
		social_table_find(objects, index, F_INT8EQ, Int64GetDatum(object_id), snapshot, slot);

	ExecDropSingleTupleTableSlot(slot);
	index_close(index, NoLock);
	table_close(objects, NoLock);
	return exists;
}

static void
change_counter(const struct social_counter *counter, Relation table, Snapshot snapshot,
			   TupleTableSlot *slot, const struct note *note)
{
	int64 object_id = note->key.object_id;
	enum social_counter_lock found = social_counter_try_change(table, object_id, snapshot, slot,
															   counter->ncolumns, note->changes);
	Relation deltas;

	if (found == SOCIAL_COUNTER_LOCKED)
	{
		social_event_counts(counter->event, object_id);
		return;
	}
	if (found == SOCIAL_COUNTER_MISSING && !object_exists(counter, object_id, snapshot))
		return;
	deltas = social_table_open(counter->deltas, RowExclusiveLock);
	social_counter_append_delta(counter, deltas, object_id, note->changes);
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

/*
 * Applies the notes of this subtransaction that belong to one counter table. Each object has one
 * note, so that one snapshot does for all.
 */
static void
apply_to_counter(int which, Snapshot snapshot)
{
	const struct social_counter *counter = &social_counters[which];
	Relation table = NULL;
	TupleTableSlot *slot = NULL;
	HASH_SEQ_STATUS walk;
	struct note note;

	hash_seq_init(&walk, notes.table);
	while (social_notes_next(&notes, &walk, which, &note))
	{
		if (table == NULL)
		{
			table = social_table_open(counter->table, RowExclusiveLock);
			slot = table_slot_create(table, NULL);
		}
		if (note.removed)
			social_counter_remove(counter, table, slot, note.key.object_id);
		else if (note.created)
			social_counter_create(counter, table, note.key.object_id, note.changes);
		else if (changes_something(counter, &note))
			change_counter(counter, table, snapshot, slot, &note);
		ExecClearTuple(slot);
	}
	if (table == NULL)
		return;
	ExecDropSingleTupleTableSlot(slot);
	table_close(table, NoLock);
}

void
social_counter_apply(void)
{
	Snapshot snapshot;

	if (social_notes_are_empty(&notes))
		return;
	CommandCounterIncrement();
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	for (int i = 0; i < social_ncounters && !social_notes_are_empty(&notes); i++)
		apply_to_counter(i, snapshot);
	UnregisterSnapshot(snapshot);
	CommandCounterIncrement();
}

/* ---- what rows mean ------------------------------------------------------------------------- */

/* The object that a row counts for; false when it counts for none. */
static bool
counted_object(const struct social_counted *counted, TupleDesc columns, HeapTuple row,
			   int64 *object_id)
{
	bool isnull;
	Datum value;

	/* A column that the installed version does not have yet sets no condition. */
	if (counted->when != 0 && counted->when <= columns->natts &&
		heap_attisnull(row, counted->when, columns))
		return false;
	value = heap_getattr(row, counted->object, columns, &isnull);
	*object_id = isnull ? 0 : DatumGetInt64(value);
	return !isnull;
}

void
social_counted_row(const struct social_counted *counted, TupleDesc columns, HeapTuple before,
				   HeapTuple after)
{
	int64 old_object;
	int64 new_object;
	bool was = before != NULL && counted_object(counted, columns, before, &old_object);
	bool is = after != NULL && counted_object(counted, columns, after, &new_object);

	if (was && is && old_object == new_object)
		return;
	if (was)
		social_counter_add(counted->counter, counted->count, old_object, -1);
	if (is)
		social_counter_add(counted->counter, counted->count, new_object, 1);
}

void
social_counter_object_row(const struct social_counter *counter, TupleDesc columns, HeapTuple before,
						  HeapTuple after)
{
	int which = counter - social_counters;
	bool isnull;
	Datum id;

	if (before != NULL && after != NULL)
		return;
	id = heap_getattr(after != NULL ? after : before, SOCIAL_COLUMN_ID, columns, &isnull);
	if (after != NULL)
	{
		take_note(which, DatumGetInt64(id))->created = true;
		social_sequence_pass(counter->objects, DatumGetInt64(id));
	}
	else
		take_note(which, DatumGetInt64(id))->removed = true;
}

void
social_counter_init(void)
{
	social_notes_init(&notes);
}
