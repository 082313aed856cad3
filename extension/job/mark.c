/*
 * mark.c owns where a session that claims jobs begins to look.
 *
 * The due jobs of a kind and priority (a lane) stand in jobs_due_idx in order. Each job that was
 * claimed leaves an entry there until a vacuum; while somebody holds a snapshot, hundreds of
 * thousands of them stand before the first one that waits. So each session remembers, lane by lane,
 * the last job that it took, and begins behind it. That may miss jobs: a transaction that commits
 * late, a job that was put back. They are found by looking from the beginning, which is done
 * whenever it is cheap, and else rests for twenty times what it took. Nothing is wrong with a mark
 * that is wrong: jobs are only found a little later.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(social_job_lanes);
PG_FUNCTION_INFO_V1(social_pass_job);
PG_FUNCTION_INFO_V1(social_job_scan_due);
PG_FUNCTION_INFO_V1(social_note_job_scan);

#define PRIORITIES  4
#define REST_FACTOR 20
#define CHEAP       2000 /* microseconds that a look from the beginning may take each time */
#define LANES_MAX   4096

struct lane
{
	char kind[NAMEDATALEN]; /* the CHECK of job_kinds has no longer ones */
	int32 priority;
};

struct mark
{
	struct lane lane;
	TimestampTz run_at;
	int64 id;
};

static HTAB *marks;
static TimestampTz scan_due; /* when to look from the beginning again */

static struct mark *
find_mark(const text *kind, int32 priority, HASHACTION action)
{
	struct lane lane;
	bool found;
	struct mark *mark;

	if (marks == NULL)
	{
		HASHCTL control = {.keysize = sizeof(struct lane),
						   .entrysize = sizeof(struct mark),
						   .hcxt = TopMemoryContext};

		marks =
			hash_create("social job marks", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	/* Kinds that come and go must not fill the session's memory. */
	if (action == HASH_ENTER && hash_get_num_entries(marks) >= LANES_MAX)
		action = HASH_FIND;
	memset(&lane, 0, sizeof(lane));
	text_to_cstring_buffer(kind, lane.kind, sizeof(lane.kind));
	lane.priority = priority;
	mark = hash_search(marks, &lane, action, &found);
	if (mark != NULL && !found)
	{
		mark->run_at = DT_NOBEGIN;
		mark->id = 0;
	}
	return mark;
}

/* job_lanes(kind text, is_whole boolean) (priority smallint, run_at timestamptz, id bigint) */
Datum
social_job_lanes(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *output = (ReturnSetInfo *) fcinfo->resultinfo;
	const text *kind = PG_GETARG_TEXT_PP(0);
	bool is_whole = PG_GETARG_BOOL(1);

	InitMaterializedSRF(fcinfo, 0);
	for (int priority = 1; priority <= PRIORITIES; priority++)
	{
		const struct mark *mark = is_whole ? NULL : find_mark(kind, priority, HASH_FIND);
		bool isnull[3] = {false};
		Datum values[3] = {Int16GetDatum(priority),
						   TimestampTzGetDatum(mark ? mark->run_at : DT_NOBEGIN),
						   Int64GetDatum(mark ? mark->id : 0)};

		tuplestore_putvalues(output->setResult, output->setDesc, values, isnull);
	}
	return (Datum) 0;
}

/* pass_job(kind text, priority smallint, run_at timestamptz, id bigint) boolean: true */
Datum
social_pass_job(PG_FUNCTION_ARGS)
{
	struct mark *mark = find_mark(PG_GETARG_TEXT_PP(0), PG_GETARG_INT16(1), HASH_ENTER);
	TimestampTz run_at = PG_GETARG_TIMESTAMPTZ(2);
	int64 id = PG_GETARG_INT64(3);

	if (mark != NULL && (run_at > mark->run_at || (run_at == mark->run_at && id > mark->id)))
	{
		mark->run_at = run_at;
		mark->id = id;
	}
	PG_RETURN_BOOL(true);
}

/* job_scan_due() timestamptz: when to look from the beginning again; now or earlier: at once. */
Datum
social_job_scan_due(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(scan_due);
}

/* note_job_scan(began timestamptz): a look from the beginning that began then has ended. */
Datum
social_note_job_scan(PG_FUNCTION_ARGS)
{
	TimestampTz now = GetCurrentTimestamp();
	int64 took = now - PG_GETARG_TIMESTAMPTZ(0);

	scan_due = took <= CHEAP ? now : now + took * REST_FACTOR;
	PG_RETURN_VOID();
}
