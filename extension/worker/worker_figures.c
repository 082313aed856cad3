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
#include "storage/lwlock.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/shared_memory.h"
#include "worker/worker_failure.h"
#include "worker/worker_figures.h"

PG_FUNCTION_INFO_V1(social_worker_steps);

struct figures
{
	pg_atomic_uint64 runs; /* 0: the rest is not set */
	pg_atomic_uint64 done;
	pg_atomic_uint64 last;  /* a TimestampTz */
	char step[NAMEDATALEN]; /* set before the first run is counted */
};

static struct figures *shared; /* SOCIAL_WORKER_STEPS_MAX of them; NULL unless preloaded */

static Size
shared_size(void)
{
	return SOCIAL_WORKER_STEPS_MAX * sizeof(struct figures);
}

static void
attach_shared_memory(void *memory, LWLockPadded *locks, bool is_new)
{
	shared = memory;
	for (int i = 0; is_new && i < SOCIAL_WORKER_STEPS_MAX; i++)
	{
		pg_atomic_init_u64(&shared[i].runs, 0);
		pg_atomic_init_u64(&shared[i].done, 0);
		pg_atomic_init_u64(&shared[i].last, 0);
	}
}

static struct social_shared_memory shared_memory = {
	.name = "social worker figures", .size = shared_size, .attach = attach_shared_memory};

void
social_worker_figures_init(void)
{
	social_shared_memory_want(&shared_memory);
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
