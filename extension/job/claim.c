/*
 * claim.c owns taking jobs: what is due of some kinds, by priority and then by time, becomes a
 * worker's.
 *
 * A statement would read what is due twice, to count it and to lock it, write each row twice, a
 * lock and the claim, and keep all of it in between. Here each kind's lane of a priority is walked
 * once, the lanes merged by time, and each row is written when it is met. Whoever has a job in his
 * hands keeps it, and nobody waits: what he leaves is found by a later look.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relscan.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/array.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/column.h"
#include "base/compat.h"
#include "base/place.h"
#include "base/query.h"
#include "base/table.h"
#include "job/bell.h"
#include "job/mark.h"

PG_FUNCTION_INFO_V1(social_take_jobs);

/* Arguments of take_jobs(). */
enum
{
	WORKER,
	KINDS,
	ROOMS,
	TIMEOUTS,
	BATCH,
	BEGAN
};

/* Its result. */
enum
{
	ID,
	KIND,
	ARGS,
	ATTEMPT,
	MAX_ATTEMPTS,
	PRIORITY,
	RUN_AT,
	CREATED_AT,
	USER_ID,
	TIMEOUT,
	NRESULTS
};

/* One kind at one priority, as far as it was walked. */
struct lane
{
	int kind; /* its place among the claim's */
	IndexScanDesc scan;
	TupleTableSlot *slot;          /* the job that comes next */
	struct social_job_place place; /* where it stands */
	struct social_job_place taken; /* the last one that was taken */
	bool has_taken;
};

struct claim
{
	Datum worker;
	TimestampTz began;
	int remaining; /* jobs that it may take yet */
	int nkinds;
	const Datum *kinds;
	const Datum *timeouts;
	int *rooms; /* for each kind the same */
	Relation jobs;
	Relation index;
	Snapshot snapshot;
	struct social_table_writer writer;
	bool by_statement; /* somebody else has a say about what is written */
	TupleTableSlot *locked;
	Datum *values; /* of the row that is written */
	bool *isnull;
	MemoryContext row;
	ReturnSetInfo *output;
	bool is_whole; /* from the beginning, not from the marks */
	int64 looked;  /* microseconds that finding jobs took */
};

static struct social_query take_row = {
	"UPDATE social.jobs SET worker_id = $1, leased_at = $2, attempts = attempts + 1 "
	"WHERE ctid = $3",
	3,
	{INT8OID, TIMESTAMPTZOID, TIDOID}};

/* ---- lanes ---------------------------------------------------------------------------------- */

/*
 * Was somebody changing this row when our snapshot was made, or has changed it since? The row is
 * pinned and not locked; who comes later is noticed when we write.
 */
static bool
is_held(TupleTableSlot *slot)
{
	HeapTuple tuple = ExecFetchSlotHeapTuple(slot, false, NULL);
	uint16 mask = tuple->t_data->t_infomask;

	return (mask & (HEAP_XMAX_INVALID | HEAP_XMAX_IS_MULTI)) == 0 &&
		   !HEAP_XMAX_IS_LOCKED_ONLY(mask);
}

/* Has somebody locked this row, we ourselves maybe? */
static bool
is_locked(TupleTableSlot *slot)
{
	HeapTuple tuple = ExecFetchSlotHeapTuple(slot, false, NULL);

	return (tuple->t_data->t_infomask & HEAP_XMAX_INVALID) == 0;
}

/* Goes to the next job of the lane that somebody may take; false at its end. */
static bool
advance(struct claim *claim, struct lane *lane)
{
	TimestampTz begin = GetCurrentTimestamp();
	bool found;
	bool isnull;

	do
	{
		CHECK_FOR_INTERRUPTS();
		found = index_getnext_slot(lane->scan, ForwardScanDirection, lane->slot);
	} while (found && is_held(lane->slot));
	claim->looked += GetCurrentTimestamp() - begin;
	if (found)
	{
		lane->place.run_at =
			DatumGetTimestampTz(slot_getattr(lane->slot, SOCIAL_JOBS_RUN_AT, &isnull));
		lane->place.id = DatumGetInt64(slot_getattr(lane->slot, SOCIAL_JOBS_ID, &isnull));
	}
	return found;
}

/* jobs_due_idx: kind, priority, run_at, id */
static void
open_lane(struct claim *claim, struct lane *lane, int kind, int priority)
{
	const struct social_job_place *mark = NULL;
	ScanKeyData keys[4];
	ScanKey members;
	int nkeys = 3;

	if (!claim->is_whole)
		mark = social_job_mark(DatumGetTextPP(claim->kinds[kind]), priority);
	ScanKeyEntryInitialize(&keys[0], 0, 1, BTEqualStrategyNumber, InvalidOid,
						   claim->index->rd_indcollation[0], F_TEXTEQ, claim->kinds[kind]);
	ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_INT2EQ, Int16GetDatum(priority));
	ScanKeyInit(&keys[2], 3, BTLessEqualStrategyNumber, F_TIMESTAMPTZ_LE,
				TimestampTzGetDatum(claim->began));
	if (mark != NULL)
	{
		members = palloc(2 * sizeof(*members)); /* of which the scan keeps no copy */
		ScanKeyEntryInitialize(&members[0], SK_ROW_MEMBER, 3, BTGreaterStrategyNumber, InvalidOid,
							   InvalidOid, F_TIMESTAMPTZ_CMP, TimestampTzGetDatum(mark->run_at));
		ScanKeyEntryInitialize(&members[1], SK_ROW_MEMBER | SK_ROW_END, 4, BTGreaterStrategyNumber,
							   InvalidOid, InvalidOid, F_BTINT8CMP, Int64GetDatum(mark->id));
		memset(&keys[3], 0, sizeof(keys[3]));
		keys[3].sk_flags = SK_ROW_HEADER;
		keys[3].sk_attno = 3;
		keys[3].sk_strategy = BTGreaterStrategyNumber;
		keys[3].sk_argument = PointerGetDatum(members);
		nkeys = 4;
	}
	lane->kind = kind;
	lane->has_taken = false;
	lane->slot = table_slot_create(claim->jobs, NULL);
	lane->scan = social_compat_beginscan(claim->jobs, claim->index, claim->snapshot, nkeys, 0);
	index_rescan(lane->scan, keys, nkeys, NULL, 0);
}

static void
close_lane(struct claim *claim, struct lane *lane, int priority)
{
	index_endscan(lane->scan);
	ExecDropSingleTupleTableSlot(lane->slot);
	if (lane->has_taken)
		social_job_pass(DatumGetTextPP(claim->kinds[lane->kind]), priority, &lane->taken);
}

static bool
is_before(const struct social_job_place *a, const struct social_job_place *b)
{
	return a->run_at < b->run_at || (a->run_at == b->run_at && a->id < b->id);
}

/* ---- taking --------------------------------------------------------------------------------- */

/* False when somebody else has it. */
static bool
lock(struct claim *claim, ItemPointer place)
{
	TM_FailureData failure;

	return table_tuple_lock(claim->jobs, place, claim->snapshot, claim->locked,
							GetCurrentCommandId(true), LockTupleNoKeyExclusive, LockWaitSkip, 0,
							&failure) == TM_Ok;
}

/* Where triggers of somebody's are to hear of it, or CHECKs to look at it. */
static bool
write_by_statement(struct claim *claim, ItemPointer place)
{
	Datum arguments[3] = {claim->worker, TimestampTzGetDatum(claim->began), PointerGetDatum(place)};

	return social_query_run_once(&take_row, claim->jobs, arguments, NULL) > 0;
}

/* Makes the job the worker's; false when somebody else has it. */
static bool
write_row(struct claim *claim, TupleTableSlot *slot)
{
	TupleDesc columns = RelationGetDescr(claim->jobs);
	ItemPointerData place = slot->tts_tid;
	HeapTuple tuple;
	int32 attempts;
	bool is_written;

	slot_getallattrs(slot);
	memcpy(claim->values, slot->tts_values, columns->natts * sizeof(Datum));
	memcpy(claim->isnull, slot->tts_isnull, columns->natts * sizeof(bool));
	attempts = DatumGetInt32(claim->values[SOCIAL_JOBS_ATTEMPTS - 1]);
#define set(column, value)                                                                         \
	(claim->values[(column) -1] = (value), claim->isnull[(column) -1] = false)
	set(SOCIAL_JOBS_WORKER_ID, claim->worker);
	set(SOCIAL_JOBS_LEASED_AT, TimestampTzGetDatum(claim->began));
	set(SOCIAL_JOBS_ATTEMPTS, Int32GetDatum(attempts + 1));
#undef set
	if (claim->by_statement)
		return lock(claim, &place) && write_by_statement(claim, &place);
	tuple = heap_form_tuple(columns, claim->values, claim->isnull);
	/* A row that was not even locked when it was read is written without a lock. */
	if (is_locked(slot))
		is_written = lock(claim, &place) && social_table_rewrite(&claim->writer, &place, tuple);
	else
		is_written = social_table_try_rewrite(&claim->writer, &place, tuple);
	if (!is_written)
		return false;
	/* Its end will mostly be told to this session. */
	social_place_note(claim->jobs, DatumGetInt64(claim->values[SOCIAL_JOBS_ID - 1]),
					  &tuple->t_self);
	return true;
}

/* Tells the caller of the job that was written last. */
static void
tell(struct claim *claim, const struct lane *lane)
{
	static const int columns[] = {[ID] = SOCIAL_JOBS_ID,
								  [KIND] = SOCIAL_JOBS_KIND,
								  [ARGS] = SOCIAL_JOBS_ARGS,
								  [ATTEMPT] = SOCIAL_JOBS_ATTEMPTS,
								  [MAX_ATTEMPTS] = SOCIAL_JOBS_MAX_ATTEMPTS,
								  [PRIORITY] = SOCIAL_JOBS_PRIORITY,
								  [RUN_AT] = SOCIAL_JOBS_RUN_AT,
								  [CREATED_AT] = SOCIAL_JOBS_CREATED_AT,
								  [USER_ID] = SOCIAL_JOBS_USER_ID};
	Datum values[NRESULTS];
	bool isnull[NRESULTS];

	for (int i = 0; i < (int) lengthof(columns); i++)
	{
		values[i] = claim->values[columns[i] - 1];
		isnull[i] = claim->isnull[columns[i] - 1];
	}
	values[TIMEOUT] = claim->timeouts[lane->kind];
	isnull[TIMEOUT] = false;
	tuplestore_putvalues(claim->output->setResult, claim->output->setDesc, values, isnull);
}

/* Takes the lane's next job, if it is still to be had. */
static void
take(struct claim *claim, struct lane *lane)
{
	MemoryContext caller = MemoryContextSwitchTo(claim->row);

	if (write_row(claim, lane->slot))
	{
		tell(claim, lane);
		lane->taken = lane->place;
		lane->has_taken = true;
		claim->rooms[lane->kind]--;
		claim->remaining--;
	}
	MemoryContextSwitchTo(caller);
	MemoryContextReset(claim->row);
}

/* What is due at one priority, by time over all kinds. */
static void
take_priority(struct claim *claim, int priority)
{
	struct lane *lanes = palloc(claim->nkinds * sizeof(*lanes));
	int count = 0;

	for (int kind = 0; kind < claim->nkinds; kind++)
	{
		if (claim->rooms[kind] <= 0)
			continue;
		open_lane(claim, &lanes[count], kind, priority);
		if (advance(claim, &lanes[count]))
			count++;
		else
			close_lane(claim, &lanes[count], priority);
	}
	while (count > 0)
	{
		int first = 0;

		for (int i = 1; i < count; i++)
		{
			if (is_before(&lanes[i].place, &lanes[first].place))
				first = i;
		}
		if (claim->remaining > 0)
			take(claim, &lanes[first]);
		if (claim->remaining <= 0 || claim->rooms[lanes[first].kind] <= 0 ||
			!advance(claim, &lanes[first]))
		{
			close_lane(claim, &lanes[first], priority);
			lanes[first] = lanes[--count];
		}
	}
	pfree(lanes);
}

/* One look, by a snapshot that sees what an earlier one has taken. */
static void
look(struct claim *claim, bool is_whole)
{
	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	claim->snapshot = GetActiveSnapshot();
	claim->is_whole = is_whole;
	claim->looked = 0;
	for (int priority = 1; priority <= SOCIAL_JOB_PRIORITY_MAX && claim->remaining > 0; priority++)
		take_priority(claim, priority);
	PopActiveSnapshot();
	if (is_whole)
		social_job_scan_took(claim->looked);
}

static void
look_as_due(struct claim *claim)
{
	bool is_whole = social_job_scan_due() <= GetCurrentTimestamp();

	look(claim, is_whole);
	if (is_whole || claim->remaining <= 0)
		return;
	/* There may be some before the place where this session goes on: now, or it is told later. */
	if (social_job_scan_due() > GetCurrentTimestamp())
		social_job_ring_at(social_job_scan_due());
	else
		look(claim, true);
}

/* ---- the function --------------------------------------------------------------------------- */

/* The elements of an array, one for each kind. */
static Datum *
elements(Datum array, Oid type, int *count)
{
	Datum *values;
	bool *isnull;
	int16 length;
	bool by_value;
	char alignment;

	get_typlenbyvalalign(type, &length, &by_value, &alignment);
	deconstruct_array(DatumGetArrayTypeP(array), type, length, by_value, alignment, &values,
					  &isnull, count);
	return values;
}

static void
read_kinds(struct claim *claim, FunctionCallInfo fcinfo)
{
	int nrooms;
	int ntimeouts;
	const Datum *rooms = elements(PG_GETARG_DATUM(ROOMS), INT4OID, &nrooms);

	claim->kinds = elements(PG_GETARG_DATUM(KINDS), TEXTOID, &claim->nkinds);
	claim->timeouts = elements(PG_GETARG_DATUM(TIMEOUTS), INTERVALOID, &ntimeouts);
	if (nrooms != claim->nkinds || ntimeouts != claim->nkinds)
		ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
						errmsg_internal("kinds, rooms and timeouts do not match")));
	claim->rooms = palloc(nrooms * sizeof(int));
	for (int i = 0; i < nrooms; i++)
		claim->rooms[i] = DatumGetInt32(rooms[i]);
}

/* take_jobs(worker, kinds, rooms, timeouts, batch, began): see sql/api/job.sql */
Datum
social_take_jobs(PG_FUNCTION_ARGS)
{
	struct claim claim = {.worker = PG_GETARG_DATUM(WORKER),
						  .began = PG_GETARG_TIMESTAMPTZ(BEGAN),
						  .remaining = PG_GETARG_INT32(BATCH),
						  .output = (ReturnSetInfo *) fcinfo->resultinfo};
	int ncolumns;

	PreventCommandIfReadOnly("social.take_jobs()");
	InitMaterializedSRF(fcinfo, 0);
	read_kinds(&claim, fcinfo);
	claim.jobs = social_table_open("jobs", RowExclusiveLock);
	claim.index = index_open(social_relation_oid("jobs_due_idx"), RowExclusiveLock);
	claim.by_statement = social_table_is_watched(claim.jobs, SOCIAL_JOBS_NCHECKS);
	claim.locked = table_slot_create(claim.jobs, NULL);
	claim.row =
		AllocSetContextCreate(CurrentMemoryContext, "social job claim", ALLOCSET_DEFAULT_SIZES);
	ncolumns = RelationGetNumberOfAttributes(claim.jobs);
	claim.values = palloc(ncolumns * sizeof(Datum));
	claim.isnull = palloc(ncolumns * sizeof(bool));
	social_table_writer_begin(&claim.writer, claim.jobs);
	look_as_due(&claim);
	social_table_writer_end(&claim.writer);
	MemoryContextDelete(claim.row);
	ExecDropSingleTupleTableSlot(claim.locked);
	index_close(claim.index, NoLock);
	table_close(claim.jobs, NoLock);
	return (Datum) 0;
}
