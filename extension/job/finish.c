/*
 * finish.c owns ending jobs that are done: their rows go, and what is to be remembered of them is
 * entered into job_history. A statement would join, keep and look at each row four times; here each
 * is found by its id, and written.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/column.h"
#include "base/compat.h"
#include "base/insert.h"
#include "base/place.h"
#include "base/query.h"
#include "base/table.h"
#include "job/bell.h"

PG_FUNCTION_INFO_V1(social_end_jobs);

/* Arguments of end_jobs(). */
enum
{
	WORKER,
	IDS,
	ATTEMPTS,
	FORGOTTEN,
	LIMITED
};

struct names
{
	Datum *items;
	int count;
};

struct ending
{
	int64 worker;
	TimestampTz now;
	struct names forgotten; /* kinds without a history */
	struct names limited;   /* kinds of which so many may run: an end makes room for another */
	Relation jobs;
	Relation index;
	Relation history;
	Snapshot snapshot;
	IndexScanDesc scan;
	TupleTableSlot *slot;
	HeapTuple job; /* that was found, and its columns */
	Datum *columns;
	bool *are_null;
	struct social_table_writer writer;
	bool deletes_by_statement; /* somebody else has a say about what goes */
	bool inserts_with_triggers;
	bool makes_room;
	MemoryContext memory; /* of all of it */
	MemoryContext row;    /* of one job */
};

static struct social_query delete_row = {"DELETE FROM social.jobs WHERE id = $1 AND attempts = $2 "
										 "AND worker_id = $3",
										 3,
										 {INT8OID, INT4OID, INT8OID}};

/* ---- what a kind says ----------------------------------------------------------------------- */

static struct names
read_names(Datum array)
{
	struct names names;
	bool *isnull;

	deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT, &names.items,
					  &isnull, &names.count);
	return names;
}

static bool
is_among(const struct names *names, Datum name)
{
	const text *wanted = names->count == 0 ? NULL : DatumGetTextPP(name);

	for (int i = 0; i < names->count; i++)
	{
		const text *item = DatumGetTextPP(names->items[i]);

		if (VARSIZE_ANY_EXHDR(item) == VARSIZE_ANY_EXHDR(wanted) &&
			memcmp(VARDATA_ANY(item), VARDATA_ANY(wanted), VARSIZE_ANY_EXHDR(item)) == 0)
			return true;
	}
	return false;
}

/* ---- rows ----------------------------------------------------------------------------------- */

static Datum
column(const struct ending *ending, int number)
{
	return ending->columns[number - 1];
}

/* The row of a job, where this session has put it or else by the index. */
static HeapTuple
find_row(struct ending *ending, int64 id)
{
	HeapTuple row = social_place_recall(ending->jobs, id, ending->snapshot);
	MemoryContext caller;
	ScanKeyData key;
	bool found;

	if (row != NULL)
		return row;
	caller = MemoryContextSwitchTo(ending->memory);
	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(id));
	index_rescan(ending->scan, &key, 1, NULL, 0);
	found = index_getnext_slot(ending->scan, ForwardScanDirection, ending->slot);
	MemoryContextSwitchTo(caller);
	return found ? ExecCopySlotHeapTuple(ending->slot) : NULL;
}

/* Finds the job of this id in this attempt of ours. */
static bool
find(struct ending *ending, int64 id, int32 attempt)
{
	ending->job = find_row(ending, id);
	if (ending->job == NULL)
		return false;
	heap_deform_tuple(ending->job, RelationGetDescr(ending->jobs), ending->columns,
					  ending->are_null);
	return DatumGetInt32(column(ending, SOCIAL_JOBS_ATTEMPTS)) == attempt &&
		   !ending->are_null[SOCIAL_JOBS_WORKER_ID - 1] &&
		   DatumGetInt64(column(ending, SOCIAL_JOBS_WORKER_ID)) == ending->worker;
}

static bool
delete_by_statement(struct ending *ending)
{
	Datum arguments[3] = {column(ending, SOCIAL_JOBS_ID), column(ending, SOCIAL_JOBS_ATTEMPTS),
						  Int64GetDatum(ending->worker)};

	return social_query_run_once(&delete_row, ending->jobs, arguments, NULL) > 0;
}

/* Deletes the job that was found; waits for whoever is changing it. */
static TM_Result
delete_found(struct ending *ending)
{
	TM_FailureData failure;
	TM_Result result;

	if (ending->deletes_by_statement)
		return delete_by_statement(ending) ? TM_Ok : TM_Deleted;
	result = table_tuple_delete(ending->jobs, &ending->job->t_self, GetCurrentCommandId(true),
								ending->snapshot, InvalidSnapshot, true, &failure, false);
	if ((result == TM_Updated || result == TM_Deleted) && IsolationUsesXactSnapshot())
		ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
						errmsg("could not serialize access due to concurrent update")));
	return result;
}

static void
begin_scan(struct ending *ending)
{
	MemoryContext caller = MemoryContextSwitchTo(ending->memory);

	PushActiveSnapshot(GetTransactionSnapshot());
	ending->snapshot = GetActiveSnapshot();
	ending->scan = social_compat_beginscan(ending->jobs, ending->index, ending->snapshot, 1, 0);
	MemoryContextSwitchTo(caller);
}

static void
end_scan(struct ending *ending)
{
	index_endscan(ending->scan);
	ExecClearTuple(ending->slot);
	PopActiveSnapshot();
}

/* Takes the job away; false when it is not the worker's any more. */
static bool
take_away(struct ending *ending, int64 id, int32 attempt)
{
	while (find(ending, id, attempt))
	{
		switch (delete_found(ending))
		{
			case TM_Ok:
				return true;
			case TM_Updated:
				/* What it is now, a new snapshot tells. */
				end_scan(ending);
				begin_scan(ending);
				break;
			default:
				return false;
		}
	}
	return false;
}

/* Remembers the job that was found. */
static void
remember(struct ending *ending)
{
	Datum values[SOCIAL_JOB_HISTORY_NCOLUMNS];
	bool isnull[SOCIAL_JOB_HISTORY_NCOLUMNS] = {false};
	struct social_insert insert = {.table = ending->history,
								   .nchecks = SOCIAL_JOB_HISTORY_NCHECKS,
								   .values = values,
								   .isnull = isnull,
								   .ncolumns = lengthof(values)};

	values[SOCIAL_JOB_HISTORY_ID - 1] = column(ending, SOCIAL_JOBS_ID);
	values[SOCIAL_JOB_HISTORY_KIND - 1] = column(ending, SOCIAL_JOBS_KIND);
	values[SOCIAL_JOB_HISTORY_OUTCOME - 1] = PointerGetDatum(cstring_to_text("done"));
	values[SOCIAL_JOB_HISTORY_ATTEMPTS - 1] = column(ending, SOCIAL_JOBS_ATTEMPTS);
	values[SOCIAL_JOB_HISTORY_CREATED_AT - 1] = column(ending, SOCIAL_JOBS_CREATED_AT);
	values[SOCIAL_JOB_HISTORY_RUN_AT - 1] = column(ending, SOCIAL_JOBS_RUN_AT);
	values[SOCIAL_JOB_HISTORY_LEASED_AT - 1] = column(ending, SOCIAL_JOBS_LEASED_AT);
	isnull[SOCIAL_JOB_HISTORY_LEASED_AT - 1] = ending->are_null[SOCIAL_JOBS_LEASED_AT - 1];
	values[SOCIAL_JOB_HISTORY_FINISHED_AT - 1] = TimestampTzGetDatum(ending->now);
	if (ending->inserts_with_triggers)
		(void) social_insert(&insert);
	else
		(void) social_table_write(&ending->writer, values, isnull, lengthof(values));
}

/* True when the job was the worker's. */
static bool
end_job(struct ending *ending, int64 id, int32 attempt)
{
	MemoryContext caller = MemoryContextSwitchTo(ending->row);
	bool was_ours = take_away(ending, id, attempt);

	if (was_ours)
	{
		Datum kind = column(ending, SOCIAL_JOBS_KIND);

		if (!is_among(&ending->forgotten, kind))
			remember(ending);
		ending->makes_room = ending->makes_room || is_among(&ending->limited, kind);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextReset(ending->row);
	return was_ours;
}

/* ---- the function --------------------------------------------------------------------------- */

static void
begin(struct ending *ending)
{
	ending->jobs = social_table_open("jobs", RowExclusiveLock);
	ending->index = social_table_primary_key(ending->jobs, RowExclusiveLock);
	ending->history = social_table_open("job_history", RowExclusiveLock);
	ending->deletes_by_statement = social_table_is_watched(ending->jobs, SOCIAL_JOBS_NCHECKS);
	ending->inserts_with_triggers =
		social_table_is_watched(ending->history, SOCIAL_JOB_HISTORY_NCHECKS);
	ending->slot = table_slot_create(ending->jobs, NULL);
	ending->columns = palloc(RelationGetNumberOfAttributes(ending->jobs) * sizeof(Datum));
	ending->are_null = palloc(RelationGetNumberOfAttributes(ending->jobs) * sizeof(bool));
	ending->memory = CurrentMemoryContext;
	ending->row =
		AllocSetContextCreate(CurrentMemoryContext, "social job end", ALLOCSET_DEFAULT_SIZES);
	social_table_writer_begin(&ending->writer, ending->history);
	CommandCounterIncrement();
	begin_scan(ending);
}

static void
end(struct ending *ending)
{
	end_scan(ending);
	social_table_writer_end(&ending->writer);
	MemoryContextDelete(ending->row);
	ExecDropSingleTupleTableSlot(ending->slot);
	table_close(ending->history, NoLock);
	index_close(ending->index, NoLock);
	table_close(ending->jobs, NoLock);
}

/* end_jobs(worker, ids, attempts, forgotten, limited) bigint[]: see sql/api/job.sql */
Datum
social_end_jobs(PG_FUNCTION_ARGS)
{
	struct ending ending = {.worker = PG_GETARG_INT64(WORKER),
							.now = GetCurrentTimestamp(),
							.forgotten = read_names(PG_GETARG_DATUM(FORGOTTEN)),
							.limited = read_names(PG_GETARG_DATUM(LIMITED))};
	Datum *ids;
	Datum *attempts;
	bool *no_id;
	bool *no_attempt;
	int nids;
	int nattempts;
	int nended = 0;

	PreventCommandIfReadOnly("social.end_jobs()");
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(IDS), INT8OID, sizeof(int64), FLOAT8PASSBYVAL,
					  TYPALIGN_DOUBLE, &ids, &no_id, &nids);
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(ATTEMPTS), INT4OID, sizeof(int32), true, TYPALIGN_INT,
					  &attempts, &no_attempt, &nattempts);
	begin(&ending);
	for (int i = 0; i < Min(nids, nattempts); i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!no_id[i] && !no_attempt[i] &&
			end_job(&ending, DatumGetInt64(ids[i]), DatumGetInt32(attempts[i])))
			ids[nended++] = ids[i];
	}
	end(&ending);
	if (ending.makes_room)
		social_job_ring_at(ending.now);
	PG_RETURN_ARRAYTYPE_P(
		construct_array(ids, nended, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}
