/*
 * worker_failure.c owns what the background worker's rounds failed at (see worker_failure.h).
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/lwlock.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/shared_memory.h"
#include "worker/worker_failure.h"

PG_FUNCTION_INFO_V1(social_worker_failures);

struct failure
{
	int64 times; /* in a row; 0: none */
	TimestampTz since;
	TimestampTz last;
	char step[NAMEDATALEN];
	char sqlstate[6];
	char message[512];
};

static struct
{
	LWLock *lock;
	Oid database;
	struct failure failures[SOCIAL_WORKER_STEPS_MAX];
} * shared; /* NULL unless preloaded */

static Size
shared_size(void)
{
	return sizeof(*shared);
}

static void
attach_shared_memory(void *memory, LWLockPadded *locks, bool is_new)
{
	shared = memory;
	if (is_new)
		shared->lock = &locks->lock;
}

static struct social_shared_memory shared_memory = {.name = "social worker failures",
													.size = shared_size,
													.nlocks = 1,
													.attach = attach_shared_memory};

void
social_worker_failure_init(void)
{
	social_shared_memory_want(&shared_memory);
}

void
social_worker_failed(int place, const char *step, const ErrorData *error)
{
	struct failure *failure;
	TimestampTz now = GetCurrentTimestamp();
	int len = pg_mbcliplen(error->message, (int) strlen(error->message),
						   (int) sizeof(failure->message) - 1);

	if (shared == NULL || place >= SOCIAL_WORKER_STEPS_MAX)
		return;
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	failure = &shared->failures[place];
	if (failure->times++ == 0)
		failure->since = now;
	failure->last = now;
	strlcpy(failure->step, step, sizeof(failure->step));
	strlcpy(failure->sqlstate, unpack_sql_state(error->sqlerrcode), sizeof(failure->sqlstate));
	memcpy(failure->message, error->message, len);
	failure->message[len] = '\0';
	LWLockRelease(shared->lock);
}

void
social_worker_succeeded(int place)
{
	/* Only the worker writes, so that it may look without the lock. */
	if (shared == NULL || place >= SOCIAL_WORKER_STEPS_MAX || shared->failures[place].times == 0)
		return;
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	shared->failures[place].times = 0;
	LWLockRelease(shared->lock);
}

void
social_worker_failure_forget(void)
{
	if (shared == NULL)
		return;
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	memset(shared->failures, 0, sizeof(shared->failures));
	shared->database = MyDatabaseId;
	LWLockRelease(shared->lock);
}

/* worker_failures() (step text, sqlstate text, message text, times bigint, since, last) */
Datum
social_worker_failures(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *output = (ReturnSetInfo *) fcinfo->resultinfo;
	struct failure failures[SOCIAL_WORKER_STEPS_MAX] = {0};

	InitMaterializedSRF(fcinfo, 0);
	if (shared != NULL)
	{
		LWLockAcquire(shared->lock, LW_SHARED);
		if (shared->database == MyDatabaseId)
			memcpy(failures, shared->failures, sizeof(failures));
		LWLockRelease(shared->lock);
	}
	for (int i = 0; i < SOCIAL_WORKER_STEPS_MAX; i++)
	{
		bool isnull[6] = {false};
		Datum values[6];

		if (failures[i].times == 0)
			continue;
		values[0] = CStringGetTextDatum(failures[i].step);
		values[1] = CStringGetTextDatum(failures[i].sqlstate);
		values[2] = CStringGetTextDatum(failures[i].message);
		values[3] = Int64GetDatum(failures[i].times);
		values[4] = TimestampTzGetDatum(failures[i].since);
		values[5] = TimestampTzGetDatum(failures[i].last);
		tuplestore_putvalues(output->setResult, output->setDesc, values, isnull);
	}
	return (Datum) 0;
}
