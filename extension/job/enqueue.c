/*
 * enqueue.c owns asking for a job without a statement (base/insert.h): it is part of what people
 * send, and has to cost no more than its row. What is asked of few jobs, a key that is theirs alone
 * or a person that they are about, a statement does (social.put_job).
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/jsonb.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/column.h"
#include "base/errors.h"
#include "base/insert.h"
#include "base/query.h"
#include "base/table.h"
#include "job/bell.h"
#include "job/mark.h"

PG_FUNCTION_INFO_V1(social_enqueue_job);

#define ARGS_MAX 65536 /* bytes, as in the CHECK of jobs */

enum
{
	KIND,
	ARGS,
	RUN_AT,
	PRIORITY,
	UNIQUE_KEY,
	ON_CONFLICT,
	MAX_ATTEMPTS,
	USER_ID
};

struct kind
{
	int32 priority;
	int32 max_attempts;
};

static struct social_query put_job = {
	"SELECT social.put_job($1, $2, $3, $4, $5, $6, $7, $8)",
	8,
	{TEXTOID, JSONBOID, TIMESTAMPTZOID, INT4OID, TEXTOID, TEXTOID, INT4OID, INT8OID}};

static void
refuse(int code, const char *message, const char *detail)
{
	ereport(ERROR, (errcode(code), errmsg("%s", message), errdetail("%s", detail)));
}

/* What the kind says; SM404 when there is none of this name. */
static struct kind
find_kind(Datum name)
{
	Relation table = social_table_open("job_kinds", AccessShareLock);
	Relation index = social_table_primary_key(table, AccessShareLock);
	TupleTableSlot *slot = table_slot_create(table, NULL);
	struct kind kind = {0};
	bool isnull;

	if (social_table_find(table, index, F_TEXTEQ, name, GetActiveSnapshot(), slot))
	{
		kind.priority = DatumGetInt16(slot_getattr(slot, SOCIAL_JOB_KINDS_PRIORITY, &isnull));
		kind.max_attempts =
			DatumGetInt32(slot_getattr(slot, SOCIAL_JOB_KINDS_MAX_ATTEMPTS, &isnull));
	}
	ExecDropSingleTupleTableSlot(slot);
	index_close(index, AccessShareLock);
	table_close(table, AccessShareLock);
	if (kind.max_attempts == 0)
		refuse(ERRCODE_SOCIAL_NOT_FOUND, "job kind not found",
			   "SELECT social.set_job_kind(kind) makes one.");
	return kind;
}

/* What the table's CHECKs ask, for which we answer. */
static void
check(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(KIND))
		refuse(ERRCODE_SOCIAL_BAD_REQUEST, "kind is required", "It is the name of a job kind.");
	if (!PG_ARGISNULL(ARGS) && VARSIZE(PG_GETARG_JSONB_P(ARGS)) > ARGS_MAX)
		refuse(ERRCODE_SOCIAL_BAD_REQUEST, "args are too long",
			   "They take 65536 bytes at most; what is larger belongs into a table of its own.");
	if (!PG_ARGISNULL(PRIORITY) &&
		(PG_GETARG_INT32(PRIORITY) < 1 || PG_GETARG_INT32(PRIORITY) > SOCIAL_JOB_PRIORITY_MAX))
		refuse(ERRCODE_SOCIAL_BAD_REQUEST, "invalid priority", "It is 1, which goes first, to 4.");
	if (!PG_ARGISNULL(MAX_ATTEMPTS) &&
		(PG_GETARG_INT32(MAX_ATTEMPTS) < 1 || PG_GETARG_INT32(MAX_ATTEMPTS) > 1000))
		refuse(ERRCODE_SOCIAL_BAD_REQUEST, "invalid max_attempts", "It is 1 to 1000.");
	if (!PG_ARGISNULL(RUN_AT) && TIMESTAMP_NOT_FINITE(PG_GETARG_TIMESTAMPTZ(RUN_AT)))
		refuse(ERRCODE_SOCIAL_BAD_REQUEST, "invalid run_at", "It is a time, or null for now.");
}

static int64
put_by_statement(FunctionCallInfo fcinfo, Relation jobs)
{
	struct social_query_scope scope;
	Datum arguments[USER_ID + 1];
	char nulls[USER_ID + 1];
	int64 id;

	for (int i = 0; i <= USER_ID; i++)
	{
		arguments[i] = fcinfo->args[i].value;
		nulls[i] = PG_ARGISNULL(i) ? 'n' : ' ';
	}
	social_query_begin(&scope, jobs);
	id = social_query_fetch_int64(&put_job, arguments, nulls);
	social_query_end(&scope);
	return id;
}

/* Zero when a trigger of somebody's left it out. */
static int64
put(FunctionCallInfo fcinfo, Relation jobs)
{
	struct kind kind = find_kind(PG_GETARG_DATUM(KIND));
	Datum values[SOCIAL_JOBS_NCOLUMNS];
	bool isnull[SOCIAL_JOBS_NCOLUMNS];
	struct social_insert insert = {.table = jobs,
								   .nchecks = SOCIAL_JOBS_NCHECKS,
								   .values = values,
								   .isnull = isnull,
								   .ncolumns = lengthof(values)};
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz run_at = PG_ARGISNULL(RUN_AT) ? now : PG_GETARG_TIMESTAMPTZ(RUN_AT);
	int64 id = nextval_internal(social_relation_oid("jobs_id_seq"), false);
	enum social_inserted inserted;

	memset(isnull, true, sizeof(isnull));
#define set(column, value) (values[(column) -1] = (value), isnull[(column) -1] = false)
	set(SOCIAL_JOBS_ID, Int64GetDatum(id));
	set(SOCIAL_JOBS_KIND, PG_GETARG_DATUM(KIND));
	set(SOCIAL_JOBS_ARGS, PG_ARGISNULL(ARGS) ? DirectFunctionCall1(jsonb_in, CStringGetDatum("{}"))
											 : JsonbPGetDatum(PG_GETARG_JSONB_P(ARGS)));
	set(SOCIAL_JOBS_PRIORITY,
		Int16GetDatum(PG_ARGISNULL(PRIORITY) ? kind.priority : PG_GETARG_INT32(PRIORITY)));
	set(SOCIAL_JOBS_RUN_AT, TimestampTzGetDatum(run_at));
	set(SOCIAL_JOBS_CREATED_AT, TimestampTzGetDatum(now));
	set(SOCIAL_JOBS_ATTEMPTS, Int32GetDatum(0));
	set(SOCIAL_JOBS_MAX_ATTEMPTS,
		Int32GetDatum(PG_ARGISNULL(MAX_ATTEMPTS) ? kind.max_attempts
												 : PG_GETARG_INT32(MAX_ATTEMPTS)));
	set(SOCIAL_JOBS_ERROR, PointerGetDatum(cstring_to_text("")));
#undef set
	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	inserted = social_insert(&insert);
	PopActiveSnapshot();
	social_job_ring_at(run_at);
	return inserted == SOCIAL_LEFT_OUT ? 0 : id;
}

/* enqueue_job(...) bigint: see sql/api/job.sql; null when a trigger of somebody's left it out. */
Datum
social_enqueue_job(PG_FUNCTION_ARGS)
{
	Relation jobs;
	int64 id;

	PreventCommandIfReadOnly("social.enqueue_job()");
	check(fcinfo);
	jobs = social_table_open("jobs", RowExclusiveLock);
	if (PG_ARGISNULL(UNIQUE_KEY) && PG_ARGISNULL(USER_ID))
		id = put(fcinfo, jobs);
	else
		id = put_by_statement(fcinfo, jobs);
	table_close(jobs, NoLock);
	if (id == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT64(id);
}
