/*
 * bell.c owns the doorbell of jobs (see bell.h).
 *
 * In shared memory stands whether the bell is to ring now, and when next. Commits set it before
 * they wake the worker: our callback is registered after the worker's and runs before it. The
 * worker's step ring_jobs takes it down and rings once for whatever has come together. What is
 * lost on the way (a step that fails, a prepared transaction, a restart) tend_jobs finds, which
 * looks into the table. Without shared memory each tick looks.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "commands/async.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/lwlock.h"
#include "storage/spin.h"
#include "utils/timestamp.h"

#include "base/init.h"
#include "base/query.h"
#include "base/shared_memory.h"
#include "base/table.h"
#include "job/bell.h"
#include "worker/worker.h"

PG_FUNCTION_INFO_V1(social_wake_jobs);
PG_FUNCTION_INFO_V1(social_set_job_alarm);
PG_FUNCTION_INFO_V1(social_ring_jobs);

#define CHANNEL "social_jobs"

struct bell
{
	slock_t lock;
	bool is_wanted;
	TimestampTz alarm; /* when it is to ring by itself; DT_NOEND: not known of any time */
};

static struct bell *shared; /* NULL unless preloaded */

static TimestampTz ring_at = DT_NOEND; /* the earliest time that this transaction asked for */

static struct social_query find_next = {
	"SELECT social.set_job_alarm(social.next_job_at($1))", 1, {TIMESTAMPTZOID}};
static struct social_query find_due = {"SELECT FROM (SELECT social.jobs_are_due()) d (a) WHERE a",
									   0};

void
social_job_ring_at(TimestampTz time)
{
	ring_at = Min(ring_at, time);
	social_worker_hurry_at_commit();
}

static void
set_alarm(TimestampTz time)
{
	SpinLockAcquire(&shared->lock);
	shared->alarm = Min(shared->alarm, time);
	SpinLockRelease(&shared->lock);
}

static void
ask(TimestampTz time)
{
	if (time > GetCurrentTimestamp())
	{
		set_alarm(time);
		return;
	}
	SpinLockAcquire(&shared->lock);
	shared->is_wanted = true;
	SpinLockRelease(&shared->lock);
}

static void
on_transaction(XactEvent event, void *arg)
{
	if (TIMESTAMP_IS_NOEND(ring_at))
		return;
	if (event == XACT_EVENT_COMMIT && shared != NULL)
		ask(ring_at);
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		ring_at = DT_NOEND;
}

/* wake_jobs(at timestamptz): see sql/api/job.sql */
Datum
social_wake_jobs(PG_FUNCTION_ARGS)
{
	social_job_ring_at(PG_GETARG_TIMESTAMPTZ(0));
	PG_RETURN_VOID();
}

/* set_job_alarm(at timestamptz): the same for the worker itself, at once and without a round. */
Datum
social_set_job_alarm(PG_FUNCTION_ARGS)
{
	if (shared != NULL)
		set_alarm(PG_GETARG_TIMESTAMPTZ(0));
	PG_RETURN_VOID();
}

/* Takes the wish to ring down; `is_time` tells whether the alarm went off, which is unset then. */
static bool
take_wish(TimestampTz now, bool *is_time)
{
	bool is_wanted;

	SpinLockAcquire(&shared->lock);
	*is_time = now >= shared->alarm;
	is_wanted = shared->is_wanted || *is_time;
	shared->is_wanted = false;
	if (*is_time)
		shared->alarm = DT_NOEND;
	SpinLockRelease(&shared->lock);
	return is_wanted;
}

static uint64
run(struct social_query *query, Datum *arguments)
{
	Relation table = social_table_open("jobs", AccessShareLock);
	uint64 rows = social_query_run_once(query, table, arguments, NULL);

	table_close(table, AccessShareLock);
	return rows;
}

/* ring_jobs(batch integer) bigint: the worker's step; 1 when the bell was rung. */
Datum
social_ring_jobs(PG_FUNCTION_ARGS)
{
	TimestampTz now = GetCurrentTimestamp();
	Datum argument = TimestampTzGetDatum(now);
	bool is_time = false;
	bool rings;

	if (shared != NULL)
	{
		rings = take_wish(now, &is_time);
		if (is_time)
			(void) run(&find_next, &argument);
		SpinLockAcquire(&shared->lock);
		now = shared->alarm;
		SpinLockRelease(&shared->lock);
		social_worker_sleep_until(now);
	}
	else
		rings = run(&find_due, NULL) > 0;
	if (rings)
		Async_Notify(CHANNEL, NULL);
	PG_RETURN_INT64(rings ? 1 : 0);
}

/* ---- start ---------------------------------------------------------------------------------- */

static Size
shared_size(void)
{
	return sizeof(*shared);
}

static void
attach_shared_memory(void *memory, LWLockPadded *locks, bool is_new)
{
	shared = memory;
	if (!is_new)
		return;
	SpinLockInit(&shared->lock);
	shared->alarm = DT_NOEND;
}

static struct social_shared_memory shared_memory = {
	.name = "social job bell", .size = shared_size, .attach = attach_shared_memory};

void
social_job_init(void)
{
	RegisterXactCallback(on_transaction, NULL);
	if (!process_shared_preload_libraries_in_progress || IsBinaryUpgrade)
		return;
	social_shared_memory_want(&shared_memory);
}
