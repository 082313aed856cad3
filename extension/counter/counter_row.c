/*
 * counter_row.c owns the counter rows and delta rows: locking, changing, making and removing them.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

#include "counter/counter.h"
#include "base/column.h"
#include "base/place.h"
#include "base/table.h"
#include "worker/worker.h"

/* Locks the newest version of a row into the slot, unless somebody holds it. */
static enum social_counter_lock
try_lock(Relation table, HeapTuple row, Snapshot snapshot, TupleTableSlot *slot)
{
	TM_FailureData failure;
	TM_Result result = table_tuple_lock(table, &row->t_self, snapshot, slot,
										GetCurrentCommandId(true), LockTupleNoKeyExclusive,
										LockWaitSkip, TUPLE_LOCK_FLAG_FIND_LAST_VERSION, &failure);

	if (result == TM_Ok)
		return SOCIAL_COUNTER_LOCKED;
	return result == TM_Deleted ? SOCIAL_COUNTER_MISSING : SOCIAL_COUNTER_BUSY;
}

enum social_counter_lock
social_counter_try_lock(Relation table, int64 object_id, Snapshot snapshot, TupleTableSlot *slot)
{
	HeapTuple row = social_place_find(table, object_id, snapshot);
	enum social_counter_lock found = SOCIAL_COUNTER_MISSING;

	if (row != NULL)
	{
		found = try_lock(table, row, snapshot, slot);
		heap_freetuple(row);
	}
	return found;
}

/* The row with the changes added. */
static HeapTuple
changed(Relation table, HeapTuple row, int ncolumns, const int64 *changes)
{
	Datum values[SOCIAL_COUNTER_COLUMNS_MAX];
	bool isnull[SOCIAL_COUNTER_COLUMNS_MAX] = {false};
	int columns[SOCIAL_COUNTER_COLUMNS_MAX];
	TupleDesc descriptor = RelationGetDescr(table);
	bool ignored;

	/* Between a new library and ALTER EXTENSION UPDATE the table has fewer columns. */
	ncolumns = Min(ncolumns, descriptor->natts - 1);
	for (int i = 0; i < ncolumns; i++)
	{
		columns[i] = i + 2;
		values[i] = Int64GetDatum(DatumGetInt64(heap_getattr(row, i + 2, descriptor, &ignored)) +
								  changes[i]);
	}
	return heap_modify_tuple_by_cols(row, descriptor, ncolumns, columns, values, isnull);
}

void
social_counter_change(Relation table, TupleTableSlot *slot, int ncolumns, const int64 *changes)
{
	HeapTuple tuple = changed(table, ExecFetchSlotHeapTuple(slot, false, NULL), ncolumns, changes);

	social_table_update(table, &slot->tts_tid, tuple);
	heap_freetuple(tuple);
}

enum social_counter_lock
social_counter_try_change(Relation table, int64 object_id, Snapshot snapshot, TupleTableSlot *slot,
						  int ncolumns, const int64 *changes)
{
	HeapTuple row = social_place_find(table, object_id, snapshot);
	enum social_counter_lock found = SOCIAL_COUNTER_LOCKED;
	HeapTuple tuple;

	if (row == NULL)
		return SOCIAL_COUNTER_MISSING;
	/* Nearly always nobody holds it: then the update alone does, and writes half as much. */
	tuple = changed(table, row, ncolumns, changes);
	if (!social_table_try_update(table, &row->t_self, tuple))
	{
		found = try_lock(table, row, snapshot, slot);
		if (found == SOCIAL_COUNTER_LOCKED)
			social_counter_change(table, slot, ncolumns, changes);
	}
	heap_freetuple(tuple);
	heap_freetuple(row);
	return found;
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
	social_table_insert(deltas, values, isnull, counter->ncolumns + 1);
	social_worker_wake_at_commit();
}

void
social_counter_create(const struct social_counter *counter, Relation table, int64 object_id,
					  const int64 *counts)
{
	Datum values[SOCIAL_COUNTER_COLUMNS_MAX + 1];
	bool isnull[SOCIAL_COUNTER_COLUMNS_MAX + 1] = {false};

	values[0] = Int64GetDatum(object_id);
	for (int i = 0; i < counter->ncolumns; i++)
		values[i + 1] = Int64GetDatum(counts[i]);
	social_table_insert(table, values, isnull, counter->ncolumns + 1);
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

void
social_counter_remove(const struct social_counter *counter, Relation table, TupleTableSlot *slot,
					  int64 object_id)
{
	Relation index = social_table_primary_key(table, RowExclusiveLock);
	Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
	TM_FailureData failure;

	if (social_table_find(table, index, F_INT8EQ, Int64GetDatum(object_id), snapshot, slot) &&
		table_tuple_lock(table, &slot->tts_tid, snapshot, slot, GetCurrentCommandId(true),
						 LockTupleExclusive, LockWaitBlock, TUPLE_LOCK_FLAG_FIND_LAST_VERSION,
						 &failure) == TM_Ok)
		simple_heap_delete(table, &slot->tts_tid);
	UnregisterSnapshot(snapshot);
	index_close(index, NoLock);
	delete_deltas(counter, object_id);
}
