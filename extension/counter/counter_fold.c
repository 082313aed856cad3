/*
 * counter_fold.c owns folding deltas into their counters.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "tcop/utility.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "base/column.h"
#include "base/compat.h"
#include "counter/counter.h"
#include "base/table.h"
#include "worker/worker.h"

PG_FUNCTION_INFO_V1(social_fold_counters);

struct delta
{
	int64 object_id;
	ItemPointerData tid;
	int32 changes[SOCIAL_COUNTER_COLUMNS_MAX];
};

/* Everything that folding one counter table needs open. */
struct fold
{
	const struct social_counter *counter;
	int batch; /* deltas that one round takes at most */
	Relation table;
	Relation deltas;
	TupleTableSlot *slot; /* of table */
	Snapshot snapshot;    /* what the deltas were read with */
};

/*
 * Reads up to a batch of deltas, sorted by object; palloc'd. It walks the index and not the heap:
 * there, entries of deltas that earlier rounds took are dropped on the way, so that a round costs
 * what is new and not what has been since the last VACUUM.
 */
static struct delta *
read_deltas(const struct fold *fold, int *count)
{
	TupleTableSlot *slot = table_slot_create(fold->deltas, NULL);
	Relation index = index_open(social_relation_oid(fold->counter->deltas_index), RowExclusiveLock);
	IndexScanDesc scan = social_compat_beginscan(fold->deltas, index, fold->snapshot, 0, 0);
	int capacity = 64;
	struct delta *deltas = palloc(capacity * sizeof(*deltas));

	index_rescan(scan, NULL, 0, NULL, 0);
	*count = 0;
	while (*count < fold->batch && index_getnext_slot(scan, ForwardScanDirection, slot))
	{
		struct delta *delta;
		bool isnull;

		if (*count == capacity)
			deltas = repalloc(deltas, (capacity *= 2) * sizeof(*deltas));
		delta = &deltas[(*count)++];
		delta->tid = slot->tts_tid;
		delta->object_id = DatumGetInt64(slot_getattr(slot, SOCIAL_COLUMN_ID, &isnull));
		memset(delta->changes, 0, sizeof(delta->changes));
		for (int i = 0; i < Min(fold->counter->ncolumns, slot->tts_tupleDescriptor->natts - 1); i++)
			delta->changes[i] = DatumGetInt32(slot_getattr(slot, i + 2, &isnull));
	}
	index_endscan(scan);
	index_close(index, NoLock);
	ExecDropSingleTupleTableSlot(slot);
	return deltas;
}

/* Deletes these deltas, but for those somebody else deletes, and adds them up; returns how many. */
static int
take_deltas(const struct fold *fold, struct delta *deltas, int count, int64 *sum)
{
	int taken = 0;

	for (int i = 0; i < count; i++)
	{
		TM_FailureData failure;

		if (table_tuple_delete(fold->deltas, &deltas[i].tid, GetCurrentCommandId(true),
							   fold->snapshot, InvalidSnapshot, false, &failure, false) != TM_Ok)
			continue;
		taken++;
		for (int column = 0; column < fold->counter->ncolumns; column++)
			sum[column] += deltas[i].changes[column];
	}
	return taken;
}

/*
 * Folds the deltas of one object. When its counter row is busy, many deltas become one, so that
 * reading stays cheap however long a hot object stays hot. Deltas whose counter row is missing
 * stay: in a restore the row may be yet to come.
 */
static int
fold_object(const struct fold *fold, struct delta *deltas, int count)
{
	int64 sum[SOCIAL_COUNTER_COLUMNS_MAX] = {0};
	int taken = 0;

	switch (social_counter_try_lock(fold->table, deltas[0].object_id, fold->snapshot, fold->slot))
	{
		case SOCIAL_COUNTER_LOCKED:
			taken = take_deltas(fold, deltas, count, sum);
			if (taken > 0)
				social_counter_change(fold->table, fold->slot, fold->counter->ncolumns, sum);
			break;
		case SOCIAL_COUNTER_BUSY:
			if (count > 1 && (taken = take_deltas(fold, deltas, count, sum)) > 0)
				social_counter_append_delta(fold->counter, fold->deltas, deltas[0].object_id, sum);
			social_worker_wake_at_commit();
			break;
		case SOCIAL_COUNTER_MISSING:
			break;
	}
	/* What waits is counted by who reads; a delta that was folded, or met others, is news. */
	if (taken > 0)
		social_event_counts(fold->counter->event, deltas[0].object_id);
	ExecClearTuple(fold->slot);
	CommandCounterIncrement();
	return taken;
}

static int64
fold_table(const struct social_counter *counter, int batch)
{
	struct fold fold = {.counter = counter, .batch = batch};
	Oid deltas_oid = social_relation_oid(counter->deltas);
	struct delta *deltas;
	int count;
	int64 taken = 0;

	if (!ConditionalLockRelationOid(deltas_oid, ShareUpdateExclusiveLock))
	{
		/* VACUUM tells nobody when it is done; another fold may have looked before the last commit.
		 */
		social_worker_wake_at_commit();
		return 0;
	}
	fold.deltas = table_open(deltas_oid, RowExclusiveLock);
	fold.snapshot = RegisterSnapshot(GetLatestSnapshot());
	deltas = read_deltas(&fold, &count);
	if (count > 0)
	{
		fold.table = social_table_open(counter->table, RowExclusiveLock);
		fold.slot = table_slot_create(fold.table, NULL);
		for (int first = 0, end; first < count; first = end)
		{
			for (end = first + 1; end < count && deltas[end].object_id == deltas[first].object_id;)
				end++;
			taken += fold_object(&fold, &deltas[first], end - first);
		}
		ExecDropSingleTupleTableSlot(fold.slot);
		table_close(fold.table, NoLock);
	}
	if (count == fold.batch)
		social_worker_wake_at_commit();
	UnregisterSnapshot(fold.snapshot);
	table_close(fold.deltas, NoLock);
	return taken;
}

/*
 * fold_counters(batch integer) bigint: one round over all delta tables, `batch` deltas of each. The
 * SQL of an earlier version calls it without an argument.
 */
Datum
social_fold_counters(PG_FUNCTION_ARGS)
{
	int batch = PG_NARGS() > 0 ? PG_GETARG_INT32(0) : 10000;
	MemoryContext round;
	MemoryContext caller;
	int64 taken = 0;

	PreventCommandIfReadOnly("social.fold_counters()");
	if (batch < 1)
		PG_RETURN_INT64(0);
	round =
		AllocSetContextCreate(CurrentMemoryContext, "social counter fold", ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(round);
	for (int i = 0; i < social_ncounters; i++)
		taken += fold_table(&social_counters[i], batch);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(round);
	PG_RETURN_INT64(taken);
}
