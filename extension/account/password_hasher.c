/*
 * password_hasher.c owns the processes that compute password hashes, and how a backend hands them
 * a task.
 *
 * Each process has a place in shared memory. A backend that has a turn (password_turn.h) puts its
 * task into one that is free, wakes the process, and waits. If it leaves early the task is
 * forsaken: it cannot be stopped, so the turn goes with it, and the process gives that back. If
 * the process leaves early, the backend does the task itself. All states change under one lock,
 * which is never held together with that of the turns; a password is wiped when its task is over.
 */
#include "postgres.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "storage/proc.h"

#include "base/init.h"
#include "base/shared_memory.h"
#include "account/password_hasher.h"
#include "account/password_turn.h"

extern PGDLLEXPORT void social_hasher_main(Datum argument);

/* Weighs half of an ordinary process: logins still come through where everybody wants a processor.
 */
#define NICENESS 3

#define RESTART_PAUSE  1   /* seconds */
#define PRIORITY_PAUSE 200 /* ms between tries to lower it */

enum state
{
	FREE = 0,
	GIVEN,    /* somebody waits for it */
	FORSAKEN, /* nobody does any more */
	DONE,
	LEFT /* the process has gone without doing it */
};

struct place
{
	Latch *hasher; /* NULL: no process is there */
	Latch *client; /* who waits */
	enum state state;
	struct social_password_task task;
};

struct hashers
{
	LWLock *lock;
	struct place places[FLEXIBLE_ARRAY_MEMBER];
};

static struct hashers *hashers; /* NULL unless preloaded */
static int places;

static void
compute(struct social_password_task *task)
{
	if (task->verifies)
	{
		char discarded[SOCIAL_PASSWORD_ENCODED_SIZE];
		int tries = task->pays_always ? social_password_tries(task->password, task->len) : 0;

		task->result = social_password_verify(task->password, task->len, task->encoded);
		if (task->result == SOCIAL_PASSWORD_UNKNOWN_FORM)
			for (int i = 0; i < tries; i++)
				(void) social_password_hash(task->password, task->len, &task->cost, discarded);
	}
	else
		task->result = social_password_hash(task->password, task->len, &task->cost, task->encoded);
}

static void
release(struct place *place)
{
	explicit_bzero(&place->task, sizeof(place->task));
	place->client = NULL;
	place->state = FREE;
}

/* ---- backends ---------------------------------------------------------------------------------
 */

/* Puts a task where a process is free; NULL where none is. */
static struct place *
hand_over(const struct social_password_task *task)
{
	struct place *place = NULL;

	if (hashers == NULL)
		return NULL;
	LWLockAcquire(hashers->lock, LW_EXCLUSIVE);
	for (int i = 0; i < places && place == NULL; i++)
		if (hashers->places[i].hasher != NULL && hashers->places[i].state == FREE)
			place = &hashers->places[i];
	if (place != NULL)
	{
		place->task = *task;
		place->client = MyLatch;
		place->state = GIVEN;
		SetLatch(place->hasher);
	}
	LWLockRelease(hashers->lock);
	return place;
}

static bool
is_given(struct place *place)
{
	bool given;

	LWLockAcquire(hashers->lock, LW_SHARED);
	given = place->state == GIVEN;
	LWLockRelease(hashers->lock);
	return given;
}

/* Leaves early: with the turn, unless the process still needs it. */
static void
forsake(int code, Datum argument)
{
	struct place *place = (struct place *) DatumGetPointer(argument);
	bool goes_on;

	LWLockAcquire(hashers->lock, LW_EXCLUSIVE);
	goes_on = place->state == GIVEN;
	if (goes_on)
		place->state = FORSAKEN;
	else
		release(place);
	LWLockRelease(hashers->lock);
	if (!goes_on)
		social_password_turn_give_back();
}

/* Takes what came of it; false when the process has left. */
static bool
collect(struct place *place, struct social_password_task *task)
{
	bool done;

	LWLockAcquire(hashers->lock, LW_EXCLUSIVE);
	done = place->state == DONE;
	if (done)
		*task = place->task;
	release(place);
	LWLockRelease(hashers->lock);
	return done;
}

static void
wait_for(struct place *place)
{
	PG_ENSURE_ERROR_CLEANUP(forsake, PointerGetDatum(place));
	{
		while (is_given(place))
		{
			(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_EXIT_ON_PM_DEATH, 0, PG_WAIT_EXTENSION);
			ResetLatch(MyLatch);
			CHECK_FOR_INTERRUPTS();
		}
	}
	PG_END_ENSURE_ERROR_CLEANUP(forsake, PointerGetDatum(place));
}

void
social_password_hasher_do(struct social_password_task *task)
{
	struct place *place;

	social_password_turn_take();
	place = hand_over(task);
	if (place != NULL)
		wait_for(place);
	if (place == NULL || !collect(place, task))
		compute(task);
	social_password_turn_give_back();
}

/* ---- processes --------------------------------------------------------------------------------
 */

/*
 * What sched_setattr(2) takes; C libraries have no name for it, or one that differs from the
 * kernel's header.
 */
struct scheduling
{
	uint32 size;
	uint32 policy;
	uint64 flags;
	int32 nice;
	uint32 priority;
	uint64 runtime; /* ns; of a process that is not real-time: its slice, from Linux 6.12 on */
	uint64 deadline;
	uint64 period;
};

/*
 * For good. Being nice decides how much of a processor we get; the longest slice there is (100 ms)
 * decides when: whoever wakes up with a shorter one, as all others do, need not wait until ours is
 * over, which is what the slowest reads did.
 *
 * Where the kernel groups processes by session (sched_autogroup_enabled) it weighs each server
 * process as a group, and nice tells only within one, so the group is lowered too; it takes few
 * such wishes a second. True when there is nothing more to lower.
 */
static bool
lower_priority(void)
{
	struct scheduling wanted = {
		.size = sizeof(wanted),
		.policy = SCHED_OTHER,
		.nice = NICENESS,
		.runtime = 100 * 1000 * 1000,
	};
	char text[12];
	int len = snprintf(text, sizeof(text), "%d", NICENESS);
	int group = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);
	bool busy = false;

	(void) setpriority(PRIO_PROCESS, 0, NICENESS);
	(void) syscall(SYS_sched_setattr, 0, &wanted, 0);
	if (group >= 0)
	{
		busy = write(group, text, len) < 0 && (errno == EAGAIN || errno == EINTR);
		(void) close(group);
	}
	return !busy;
}

static void
attach(struct place *place)
{
	LWLockAcquire(hashers->lock, LW_EXCLUSIVE);
	place->hasher = MyLatch;
	LWLockRelease(hashers->lock);
}

static void
detach(int code, Datum argument)
{
	struct place *place = (struct place *) DatumGetPointer(argument);
	bool has_turn;

	LWLockAcquire(hashers->lock, LW_EXCLUSIVE);
	place->hasher = NULL;
	has_turn = place->state == FORSAKEN;
	if (has_turn)
		release(place);
	else if (place->state == GIVEN)
	{
		place->state = LEFT;
		SetLatch(place->client);
	}
	LWLockRelease(hashers->lock);
	if (has_turn)
		social_password_turn_give_back();
}

static bool
has_task(struct place *place)
{
	bool has;

	LWLockAcquire(hashers->lock, LW_SHARED);
	has = place->state == GIVEN || place->state == FORSAKEN;
	LWLockRelease(hashers->lock);
	return has;
}

static void
finish(struct place *place)
{
	bool has_turn;

	LWLockAcquire(hashers->lock, LW_EXCLUSIVE);
	has_turn = place->state == FORSAKEN;
	if (has_turn)
		release(place);
	else
	{
		place->state = DONE;
		SetLatch(place->client);
	}
	LWLockRelease(hashers->lock);
	if (has_turn)
		social_password_turn_give_back();
}

void
social_hasher_main(Datum argument)
{
	struct place *place = &hashers->places[DatumGetInt32(argument)];
	bool is_low = false;

	pqsignal(SIGTERM, SignalHandlerForShutdownRequest);
	BackgroundWorkerUnblockSignals();
	before_shmem_exit(detach, PointerGetDatum(place));
	attach(place);
	while (!ShutdownRequestPending)
	{
		is_low = is_low || lower_priority();
		if (has_task(place))
		{
			compute(&place->task);
			finish(place);
			continue;
		}
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_EXIT_ON_PM_DEATH | (is_low ? 0 : WL_TIMEOUT),
						 PRIORITY_PAUSE, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
	}
	proc_exit(1); /* so that another one is started, if the server goes on */
}

/* ---- start ------------------------------------------------------------------------------------
 */

static Size
shared_size(void)
{
	return add_size(offsetof(struct hashers, places), mul_size(places, sizeof(struct place)));
}

static void
attach_shared_memory(void *memory, LWLockPadded *locks, bool is_new)
{
	hashers = memory;
	if (is_new)
		hashers->lock = &locks->lock;
}

static struct social_shared_memory shared_memory = {.name = "social password hashers",
													.size = shared_size,
													.nlocks = 1,
													.attach = attach_shared_memory};

/*
 * As many as may hash at once when the server starts, but no more than a quarter of its worker
 * slots: queries and others want them too.
 */
void
social_password_hasher_init(void)
{
	if (!process_shared_preload_libraries_in_progress || IsBinaryUpgrade)
		return;
	places = Min(social_password_turns_allowed(), max_worker_processes / 4);
	social_shared_memory_want(&shared_memory);
	for (int i = 0; i < places; i++)
	{
		BackgroundWorker worker = {
			.bgw_flags = BGWORKER_SHMEM_ACCESS,
			.bgw_start_time = BgWorkerStart_RecoveryFinished,
			.bgw_restart_time = RESTART_PAUSE,
			.bgw_main_arg = Int32GetDatum(i),
		};

		strlcpy(worker.bgw_name, "social password hasher", BGW_MAXLEN);
		strlcpy(worker.bgw_type, "social password hasher", BGW_MAXLEN);
		strlcpy(worker.bgw_library_name, "social", BGW_MAXLEN);
		strlcpy(worker.bgw_function_name, "social_hasher_main", BGW_MAXLEN);
		RegisterBackgroundWorker(&worker);
	}
}
