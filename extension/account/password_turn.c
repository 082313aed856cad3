/*
 * password_turn.c owns the turns to hash: in shared memory, how many are under way, and the queue
 * of backends that wait for one.
 *
 * Everything shared is under one lock. Whoever comes stands in the queue; turns that are free go to
 * its head, given by whoever comes or gives one back, so that nobody is overtaken. A backend that
 * waits finds itself out of the queue when it was given its turn; one that leaves early (its
 * statement was cancelled, or it ends) leaves the queue, or gives back what it was given meanwhile.
 */
#include "postgres.h"

#include <unistd.h>

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "utils/guc.h"

#include "base/init.h"
#include "base/shared_memory.h"
#include "account/password_turn.h"

PG_FUNCTION_INFO_V1(social_password_turns);

struct turns
{
	LWLock *lock;
	int running;                          /* turns that somebody has */
	int waiting;                          /* how long the queue is */
	PGPROC *queue[FLEXIBLE_ARRAY_MEMBER]; /* each backend at most once */
};

static struct turns *turns; /* NULL unless preloaded */
static int concurrency;

int
social_password_turns_allowed(void)
{
	static long processors = 0;

	if (processors == 0)
		processors = sysconf(_SC_NPROCESSORS_ONLN);
	return concurrency > 0 ? concurrency : Max(1, (int) (processors / 2));
}

/* ---- under the lock -------------------------------------------------------------------------- */

static int
place_in_queue(PGPROC *backend)
{
	for (int i = 0; i < turns->waiting; i++)
		if (turns->queue[i] == backend)
			return i;
	return -1;
}

static void
remove_from_queue(int place)
{
	turns->waiting--;
	memmove(&turns->queue[place], &turns->queue[place + 1],
			(turns->waiting - place) * sizeof(turns->queue[0]));
}

/* Gives the turns that are free to those who have waited longest. */
static void
hand_out(void)
{
	while (turns->waiting > 0 && turns->running < social_password_turns_allowed())
	{
		PGPROC *first = turns->queue[0];

		remove_from_queue(0);
		turns->running++;
		SetLatch(&first->procLatch);
	}
}

/* ---- interface ------------------------------------------------------------------------------- */

static bool
is_waiting(void)
{
	bool waits;

	LWLockAcquire(turns->lock, LW_SHARED);
	waits = place_in_queue(MyProc) >= 0;
	LWLockRelease(turns->lock);
	return waits;
}

/* Out of the queue, or of the turn that was given since the last look. */
static void
leave(int code, Datum unused)
{
	int place;

	LWLockAcquire(turns->lock, LW_EXCLUSIVE);
	place = place_in_queue(MyProc);
	if (place >= 0)
		remove_from_queue(place);
	else
		turns->running--;
	hand_out();
	LWLockRelease(turns->lock);
}

void
social_password_turn_take(void)
{
	if (turns == NULL)
		return;
	LWLockAcquire(turns->lock, LW_EXCLUSIVE);
	turns->queue[turns->waiting++] = MyProc;
	hand_out();
	LWLockRelease(turns->lock);

	PG_ENSURE_ERROR_CLEANUP(leave, (Datum) 0);
	{
		while (is_waiting())
		{
			(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_EXIT_ON_PM_DEATH, 0, PG_WAIT_EXTENSION);
			ResetLatch(MyLatch);
			CHECK_FOR_INTERRUPTS();
		}
	}
	PG_END_ENSURE_ERROR_CLEANUP(leave, (Datum) 0);
}

void
social_password_turn_give_back(void)
{
	if (turns == NULL)
		return;
	LWLockAcquire(turns->lock, LW_EXCLUSIVE);
	turns->running--;
	hand_out();
	LWLockRelease(turns->lock);
}

/*
 * password_turns() record: how many may hash at once (0: no matter how many, nothing is preloaded),
 * how many do, and how many wait.
 */
Datum
social_password_turns(PG_FUNCTION_ARGS)
{
	Datum values[3] = {0};
	bool nulls[3] = {false};
	TupleDesc columns;

	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("a row type is expected")));
	if (turns != NULL)
	{
		LWLockAcquire(turns->lock, LW_SHARED);
		values[0] = Int32GetDatum(social_password_turns_allowed());
		values[1] = Int32GetDatum(turns->running);
		values[2] = Int32GetDatum(turns->waiting);
		LWLockRelease(turns->lock);
	}
	return HeapTupleGetDatum(heap_form_tuple(columns, values, nulls));
}

/* ---- start ----------------------------------------------------------------------------------- */

/* Room for every backend. */
static Size
shared_size(void)
{
	return add_size(offsetof(struct turns, queue), mul_size(MaxBackends, sizeof(PGPROC *)));
}

static void
attach_shared_memory(void *memory, LWLockPadded *locks, bool is_new)
{
	turns = memory;
	if (is_new)
		turns->lock = &locks->lock;
}

static struct social_shared_memory shared_memory = {.name = "social password turns",
													.size = shared_size,
													.nlocks = 1,
													.attach = attach_shared_memory};

void
social_password_turn_init(void)
{
	DefineCustomIntVariable("social.password_concurrency",
							"How many backends compute a password hash at once; 0 means half of "
							"the processors.",
							"Others wait for their turn. Needs the library preloaded.",
							&concurrency, 0, 0, 10000, PGC_SIGHUP, 0, NULL, NULL, NULL);
	if (!process_shared_preload_libraries_in_progress)
		return;
	social_shared_memory_want(&shared_memory);
}
