/*
 * worker_figures.c owns what the background worker has done (see worker_figures.h).
 *
 * Only the worker writes, and there is one: its figures need no lock, only to be whole. A reader
 * may see a run whose things are not counted yet.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "worker/worker_failure.h"
#include "worker/worker_figures.h"

PG_FUNCTION_INFO_V1(social_worker_steps);

#define NAME "social worker figures"

struct figures
{
	pg_atomic_uint64 runs; /* 0: the rest is not set */
	pg_atomic_uint64 done;
	pg_atomic_uint64 last;  /* a TimestampTz */
	char step[NAMEDATALEN]; /* set before the first run is counted */
};

static struct figures *shared; /* SOCIAL_WORKER_STEPS_MAX of them; NULL unless preloaded */

static shmem_request_hook_type previous_shmem_request;
static shmem_startup_hook_type previous_shmem_startup;

static Size
shared_size(void)
{
	return SOCIAL_WORKER_STEPS_MAX * sizeof(struct figures);
}

static void
request_shared_memory(void)
{
	if (previous_shmem_request != NULL)
		previous_shmem_request();
	RequestAddinShmemSpace(MAXALIGN(shared_size()));
}

static void
attach_shared_memory(void)
{
	bool found;

	if (previous_shmem_startup != NULL)
		previous_shmem_startup();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	shared = ShmemInitStruct(NAME, shared_size(), &found);
	for (int i = 0; !found && i < SOCIAL_WORKER_STEPS_MAX; i++)
	{
		memset(&shared[i], 0, sizeof(shared[i]));
		pg_atomic_init_u64(&shared[i].runs, 0);
		pg_atomic_init_u64(&shared[i].done, 0);
		pg_atomic_init_u64(&shared[i].last, 0);
	}
	LWLockRelease(AddinShmemInitLock);
}

void
social_worker_figures_init(void)
{
	previous_shmem_request = shmem_request_hook;
	shmem_request_hook = request_shared_memory;
	previous_shmem_startup = shmem_startup_hook;
	shmem_startup_hook = attach_shared_memory;
}

void
social_worker_count(int place, const char *step, int64 done)
{
	struct figures *figures = shared ? &shared[place] : NULL;

	if (figures == NULL || place >= SOCIAL_WORKER_STEPS_MAX)
		return;
	if (figures->step[0] == '\0')
	{
		strlcpy(figures->step, step, sizeof(figures->step));
		pg_write_barrier();
	}
	pg_atomic_fetch_add_u64(&figures->done, (uint64) Max(done, 0));
	pg_atomic_write_u64(&figures->last, (uint64) GetCurrentTimestamp());
	pg_atomic_fetch_add_u64(&figures->runs, 1);
}

/* worker_steps() (step text, runs bigint, done bigint, last timestamptz) */
Datum
social_worker_steps(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *output = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; shared != NULL && i < SOCIAL_WORKER_STEPS_MAX; i++)
	{
		bool isnull[4] = {false};
		Datum values[4];
		uint64 runs = pg_atomic_read_u64(&shared[i].runs);

		if (runs == 0)
			continue;
		pg_read_barrier();
		values[0] = CStringGetTextDatum(shared[i].step);
		values[1] = Int64GetDatum((int64) runs);
		values[2] = Int64GetDatum((int64) pg_atomic_read_u64(&shared[i].done));
		values[3] = TimestampTzGetDatum((TimestampTz) pg_atomic_read_u64(&shared[i].last));
		tuplestore_putvalues(output->setResult, output->setDesc, values, isnull);
	}
	return (Datum) 0;
}
