/*
 * ratelimit_table.c owns the limiter's store in the table social.rate_limit_state, for servers that
 * do not preload the library.
 *
 * One row for each window. Who takes from it holds a lock on the window's key until its transaction
 * ends, so the row itself is never waited for; the keys are locked in ascending order. A lock that
 * is not free within LOCK_PATIENCE makes the store busy: somebody keeps a transaction open, and
 * nobody else shall stand behind it.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/column.h"
#include "ratelimit/ratelimit.h"
#include "base/table.h"

#define LOCK_PATIENCE 200 /* ms */
#define LOCK_PAUSE    500 /* microseconds between two tries */
#define EPOCH_SHIFT   ((POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY * USECS_PER_SEC)

struct state_table
{
	Relation table;
	Relation index;
	TupleTableSlot *slots[SOCIAL_LIMIT_WINDOWS_MAX]; /* the row of each window, empty: none */
};

static Datum
key_datum(const struct social_limit_window *window)
{
	return PointerGetDatum(cstring_to_text_with_len(window->key, window->key_len));
}

/* ---- locks ----------------------------------------------------------------------------------- */

/* Whether to go on trying; pauses. */
static bool
may_try_again(TimestampTz deadline)
{
	if (GetCurrentTimestamp() > deadline)
		return false;
	CHECK_FOR_INTERRUPTS();
	pg_usleep(LOCK_PAUSE);
	return true;
}

/* Locks the table itself as a writer does; somebody may be rewriting or emptying it. */
static bool
lock_table_in_time(TimestampTz deadline)
{
	Oid table = social_relation_oid("rate_limit_state");

	while (!ConditionalLockRelationOid(table, RowExclusiveLock))
		if (!may_try_again(deadline))
			return false;
	return true;
}

static uint32
lock_number(const struct social_limit_window *window)
{
	return hash_bytes((const unsigned char *) window->key, window->key_len);
}

static bool
lock_number_in_time(Relation table, uint32 number, TimestampTz deadline)
{
	LOCKTAG tag;

	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, RelationGetRelid(table), number, 0);
	while (LockAcquire(&tag, ExclusiveLock, false, true) == LOCKACQUIRE_NOT_AVAIL)
		if (!may_try_again(deadline))
			return false;
	return true;
}

/* Locks every window's key, in ascending order of their numbers. False when one is not to be had.
 */
static bool
lock_windows(Relation table, const struct social_limit_windows *windows, TimestampTz deadline)
{
	uint32 numbers[SOCIAL_LIMIT_WINDOWS_MAX];

	for (int i = 0; i < windows->count; i++)
	{
		uint32 number = lock_number(&windows->list[i]);
		int at = i;

		for (; at > 0 && numbers[at - 1] > number; at--)
			numbers[at] = numbers[at - 1];
		numbers[at] = number;
	}
	for (int i = 0; i < windows->count; i++)
		if (!lock_number_in_time(table, numbers[i], deadline))
			return false;
	return true;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static void
open_state(struct state_table *state, LOCKMODE lockmode)
{
	state->table = social_table_open("rate_limit_state", lockmode);
	state->index = social_table_primary_key(state->table, lockmode);
	memset(state->slots, 0, sizeof(state->slots));
}

static void
close_state(struct state_table *state)
{
	for (int i = 0; i < SOCIAL_LIMIT_WINDOWS_MAX; i++)
		if (state->slots[i] != NULL)
			ExecDropSingleTupleTableSlot(state->slots[i]);
	index_close(state->index, NoLock);
	table_close(state->table, NoLock);
}

/* Finds the windows' rows; a missing one leaves its slot empty and its timestamp 0. */
static void
read_rows(struct state_table *state, const struct social_limit_windows *windows, int64 *timestamps)
{
	Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
	bool isnull;

	for (int i = 0; i < windows->count; i++)
	{
		TupleTableSlot *slot = table_slot_create(state->table, NULL);

		state->slots[i] = slot;
		timestamps[i] = 0;
		if (social_table_find(state->table, state->index, F_TEXTEQ, key_datum(&windows->list[i]),
							  snapshot, slot))
			timestamps[i] =
				DatumGetTimestampTz(slot_getattr(slot, SOCIAL_RATE_LIMIT_STATE_FULL_AT, &isnull)) +
				EPOCH_SHIFT;
		else
			ExecClearTuple(slot);
	}
	UnregisterSnapshot(snapshot);
}

static void
write_row(struct state_table *state, const struct social_limit_window *window, TupleTableSlot *slot,
		  int64 timestamp)
{
	Datum values[SOCIAL_RATE_LIMIT_STATE_NCOLUMNS] = {key_datum(window),
													  TimestampTzGetDatum(timestamp - EPOCH_SHIFT)};
	bool isnull[SOCIAL_RATE_LIMIT_STATE_NCOLUMNS] = {false, false};
	int column = SOCIAL_RATE_LIMIT_STATE_FULL_AT;
	HeapTuple tuple;

	if (TTS_EMPTY(slot))
	{
		social_table_insert(state->table, values, isnull, lengthof(values));
		return;
	}
	tuple = heap_modify_tuple_by_cols(
		ExecFetchSlotHeapTuple(slot, false, NULL), RelationGetDescr(state->table), 1, &column,
		&values[SOCIAL_RATE_LIMIT_STATE_FULL_AT - 1], &isnull[SOCIAL_RATE_LIMIT_STATE_FULL_AT - 1]);
	social_table_update(state->table, &slot->tts_tid, tuple);
	heap_freetuple(tuple);
}

/* ---- the store ------------------------------------------------------------------------------- */

enum social_limit_outcome
social_limit_table_take(const struct social_limit_windows *windows, int64 now,
						struct social_rate_figures *figures)
{
	struct social_rate_draw draws[SOCIAL_LIMIT_WINDOWS_MAX];
	int64 timestamps[SOCIAL_LIMIT_WINDOWS_MAX];
	enum social_limit_outcome outcome = SOCIAL_LIMIT_BUSY;
	TimestampTz deadline = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), LOCK_PATIENCE);
	struct state_table state;

	PreventCommandIfReadOnly("take_rate_limit()");
	if (!lock_table_in_time(deadline))
		return SOCIAL_LIMIT_BUSY;
	open_state(&state, RowExclusiveLock);
	if (lock_windows(state.table, windows, deadline))
	{
		read_rows(&state, windows, timestamps);
		for (int i = 0; i < windows->count; i++)
			draws[i] = windows->list[i].draw;
		outcome = social_gcra_take(draws, windows->count, now, timestamps, figures)
					  ? SOCIAL_LIMIT_TAKEN
					  : SOCIAL_LIMIT_REFUSED;
	}
	for (int i = 0; outcome == SOCIAL_LIMIT_TAKEN && i < windows->count; i++)
		write_row(&state, &windows->list[i], state.slots[i], timestamps[i]);
	close_state(&state);
	if (outcome == SOCIAL_LIMIT_TAKEN)
		CommandCounterIncrement(); /* a second request of this statement must see the rows */
	return outcome;
}

void
social_limit_table_read(const struct social_limit_windows *windows, int64 *timestamps)
{
	struct state_table state;

	open_state(&state, AccessShareLock);
	read_rows(&state, windows, timestamps);
	close_state(&state);
}
