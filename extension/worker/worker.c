/*
 * worker.c owns the background worker: a launcher without a database, and the worker that it keeps
 * in social.database while the extension is there.
 *
 * Both exist only when the library is preloaded. The launcher makes sure that a missing database
 * or extension costs a silent look every few seconds, not a crash loop. The worker does a round
 * when a commit has left work (its latch is set), repeats it every ROUND_PAUSE while there is
 * some, and sleeps otherwise. It steps aside when somebody drops, renames or copies its database,
 * and leaves for another one when social.database names it.
 *
 * Whoever asks for a round sets `work` first and the latch then, once until the request is taken.
 * The latch alone says nothing: whatever a round waits for (locks, parallel workers) takes it down.
 * So a process looks at `work` after it has reset the latch and before it sleeps. `hurry` is the
 * same for the steps that are not to wait for the end of a rest.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "commands/dbcommands.h"
#include "commands/extension.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "portability/instr_time.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "storage/spin.h"
#include "tcop/tcopprot.h"
#include "tcop/utility.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/init.h"
#include "base/shared_memory.h"
#include "base/table.h"
#include "worker/worker.h"
#include "worker/worker_failure.h"
#include "worker/worker_figures.h"

extern PGDLLEXPORT void social_launcher_main(Datum argument);

PG_FUNCTION_INFO_V1(social_worker_is_running);

#define HURRY_PAUSE     10   /* ms between runs of the steps that are in a hurry, at least */
#define HURRY_SHARE     2    /* and so many times what the last run took */
#define ROUND_PAUSE     50   /* ms between rounds while there is work */
#define FOLLOW_TIME     250  /* ms after a request in which steps that have rested get their turn */
#define SETTLE_PAUSE    1000 /* ms between rounds after the last work, for steps that rest */
#define SETTLE_TIME     7000 /* ms that this goes on */
#define IDLE_PAUSE      10000 /* ms between looks when nothing wakes the worker */
#define LAUNCHER_PAUSE  5000  /* ms between looks for a database or extension that is not there */
#define STEP_ASIDE_TIME 10000 /* ms that the database stays free of us for a DROP or a copy */

/* What backends, launcher and worker share; all fields under the spinlock. */
struct worker_shared
{
	slock_t lock;
	Latch *latch;            /* whom to wake: the worker, else the launcher, else NULL */
	Oid database;            /* the worker's database; InvalidOid while there is no worker */
	bool work;               /* somebody has asked for a round since the last one began */
	bool hurry;              /* the same of its steps that are in a hurry */
	TimestampTz aside_until; /* nobody connects to the database before */
};

static struct worker_shared *shared; /* NULL unless preloaded */
char *social_worker_database;
static bool wake_at_commit;
static bool hurry_at_commit; /* only with wake_at_commit */
static volatile sig_atomic_t in_round;
static bool has_reloaded; /* since serves_its_database() looked */
static TimestampTz sleep_until = DT_NOEND;

/* ---- waking --------------------------------------------------------------------------------- */

void
social_worker_wake_at_commit(void)
{
	wake_at_commit = true;
}

void
social_worker_hurry_at_commit(void)
{
	wake_at_commit = hurry_at_commit = true;
}

/* Asks for a round, unless somebody has already, or the worker serves another database. */
static void
wake(bool hurry)
{
	Latch *latch = NULL;

	SpinLockAcquire(&shared->lock);
	if ((!shared->work || (hurry && !shared->hurry)) &&
		(shared->database == MyDatabaseId || !OidIsValid(shared->database)))
	{
		shared->work = true;
		shared->hurry |= hurry;
		latch = shared->latch;
	}
	SpinLockRelease(&shared->lock);
	if (latch != NULL)
		SetLatch(latch);
}

static void
on_transaction(XactEvent event, void *arg)
{
	if (!wake_at_commit)
		return;
	switch (event)
	{
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_PREPARE:
			if (shared != NULL)
				wake(hurry_at_commit);
			wake_at_commit = hurry_at_commit = false;
			break;
		case XACT_EVENT_ABORT:
			wake_at_commit = hurry_at_commit = false;
			break;
		default:
			break;
	}
}

/* ---- processes ------------------------------------------------------------------------------ */

/* A transaction of ours may be interrupted at once; between them we leave quietly. */
static void
on_sigterm(SIGNAL_ARGS)
{
	if (in_round)
		die(postgres_signal_arg);
	else
		SignalHandlerForShutdownRequest(postgres_signal_arg);
}

static void
take_signals(void)
{
	pqsignal(SIGTERM, on_sigterm);
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	BackgroundWorkerUnblockSignals();
}

/* Makes this process the one that gets woken. */
static void
attach(Oid database)
{
	SpinLockAcquire(&shared->lock);
	shared->latch = MyLatch;
	shared->database = database;
	SpinLockRelease(&shared->lock);
}

static void
detach(int code, Datum argument)
{
	SpinLockAcquire(&shared->lock);
	if (shared->latch == MyLatch)
	{
		shared->latch = NULL;
		shared->database = InvalidOid;
	}
	SpinLockRelease(&shared->lock);
}

/* worker_is_running() boolean: is a worker attached to this database? */
Datum
social_worker_is_running(PG_FUNCTION_ARGS)
{
	bool running = false;

	if (shared != NULL)
	{
		SpinLockAcquire(&shared->lock);
		running = shared->database == MyDatabaseId;
		SpinLockRelease(&shared->lock);
	}
	PG_RETURN_BOOL(running);
}

/* Forgets the request for a round, because one begins; true when there was one. */
static bool
take_request(void)
{
	bool work;

	SpinLockAcquire(&shared->lock);
	work = shared->work;
	shared->work = shared->hurry = false;
	SpinLockRelease(&shared->lock);
	return work;
}

/* The same of the steps that are in a hurry. */
static bool
take_hurry(void)
{
	bool hurry;

	SpinLockAcquire(&shared->lock);
	hurry = shared->hurry;
	shared->hurry = false;
	SpinLockRelease(&shared->lock);
	return hurry;
}

static bool
is_asked(void)
{
	bool work;

	SpinLockAcquire(&shared->lock);
	work = shared->work;
	SpinLockRelease(&shared->lock);
	return work;
}

/* How long nobody may connect to the database yet, in ms; a clock that is set back adds nothing. */
static long
time_aside(void)
{
	TimestampTz until;

	SpinLockAcquire(&shared->lock);
	until = shared->aside_until;
	SpinLockRelease(&shared->lock);
	return Min(TimestampDifferenceMilliseconds(GetCurrentTimestamp(), until), STEP_ASIDE_TIME);
}

/* Sleeps until woken or the time is over, and obeys a reload. */
static void
pause_for(long milliseconds)
{
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, milliseconds,
					 PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
	if (ConfigReloadPending)
	{
		ConfigReloadPending = false;
		ProcessConfigFile(PGC_SIGHUP);
		has_reloaded = true;
	}
}

/* A time on a clock that nobody sets back, in ms. */
static int64
clock_ms(void)
{
	instr_time now;

	INSTR_TIME_SET_CURRENT(now);
	return (int64) INSTR_TIME_GET_MILLISEC(now);
}

/* Runs the steps that are in a hurry; false when the extension is not there. */
static bool
hurry(void)
{
	int64 done;

	in_round = true;
	done = social_worker_hurry();
	in_round = false;
	CHECK_FOR_INTERRUPTS();
	return done >= 0;
}

/*
 * Rests between busy rounds. A request for a round does not cut it short: under load there is one
 * after every commit, and a round costs as much for one delta as for a hundred. What is in a hurry
 * has shorter rests of its own, within this one; the longer, the more there is to number and the
 * more listen, for each bell wakes them all.
 */
static void
rest_for(long milliseconds)
{
	int64 end = clock_ms() + milliseconds;
	int64 hurried = clock_ms();
	int64 pause = HURRY_PAUSE;
	int64 now;

	while ((now = clock_ms()) < end && !ShutdownRequestPending && time_aside() <= 0)
	{
		int64 next = hurried + pause;

		if (now < next)
			pause_for(Min(next, end) - now);
		else if (!take_hurry())
			pause_for(end - now);
		else if (hurry())
		{
			hurried = clock_ms();
			pause = Max(HURRY_PAUSE, HURRY_SHARE * (hurried - now));
		}
		else
			return;
	}
}

/* Is the worker where social.database says? Looks once, and again after each reload. */
static bool
serves_its_database(void)
{
	static bool answer;
	char *name;

	if (!has_reloaded)
		return answer;
	has_reloaded = false;
	StartTransactionCommand();
	name = get_database_name(MyDatabaseId);
	answer = name != NULL && strcmp(name, social_worker_database) == 0;
	CommitTransactionCommand();
	return answer;
}

void
social_worker_sleep_until(TimestampTz time)
{
	sleep_until = Min(sleep_until, time);
}

/* So many ms, or fewer where a step has something to do before. */
static long
until_alarm(long milliseconds)
{
	return Min(milliseconds, TimestampDifferenceMilliseconds(GetCurrentTimestamp(), sleep_until));
}

/* The worker: one database, rounds until the extension goes or the database is wanted. */
void
social_worker_main(Datum argument)
{
	int64 done = 0;
	TimestampTz busy_until = 0;
	TimestampTz follow_until = 0;

	take_signals();
	BackgroundWorkerInitializeConnectionByOid(DatumGetObjectId(argument), InvalidOid, 0);
	SetConfigOption("synchronous_commit", "off", PGC_USERSET, PGC_S_OVERRIDE);
	before_shmem_exit(detach, (Datum) 0);
	attach(MyDatabaseId);
	social_worker_failure_forget();
	has_reloaded = true;

	while (!ShutdownRequestPending && time_aside() <= 0 && serves_its_database())
	{
		bool asked = take_request();
		TimestampTz now = GetCurrentTimestamp();

		sleep_until = DT_NOEND;
		in_round = true;
		done = social_worker_round();
		in_round = false;
		CHECK_FOR_INTERRUPTS();
		if (done < 0)
			break;
		if (done > 0 || asked)
		{
			busy_until = TimestampTzPlusMilliseconds(now, SETTLE_TIME);
			follow_until = TimestampTzPlusMilliseconds(now, FOLLOW_TIME);
		}
		if (now < follow_until)
			rest_for(ROUND_PAUSE);
		else if (!is_asked())
			pause_for(until_alarm(now < busy_until ? SETTLE_PAUSE : IDLE_PAUSE));
	}
	proc_exit(0);
}

/*
 * The database to serve, or InvalidOid when there is none of this name. A sequential scan, because
 * a process without a database can read no index's catalog rows.
 */
static Oid
find_database(void)
{
	Oid database = InvalidOid;
	Relation catalog;
	TableScanDesc scan;
	HeapTuple tuple;

	StartTransactionCommand();
	(void) GetTransactionSnapshot();
	catalog = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(catalog, 0, NULL);
	while (HeapTupleIsValid(tuple = heap_getnext(scan, ForwardScanDirection)))
	{
		Form_pg_database row = (Form_pg_database) GETSTRUCT(tuple);

		if (strcmp(NameStr(row->datname), social_worker_database) == 0 && row->datallowconn)
			database = row->oid;
	}
	table_endscan(scan);
	table_close(catalog, AccessShareLock);
	CommitTransactionCommand();
	return database;
}

/* Runs a worker until it ends. */
static void
run_worker(Oid database)
{
	BackgroundWorker worker = {
		.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION,
		.bgw_start_time = BgWorkerStart_RecoveryFinished,
		.bgw_restart_time = BGW_NEVER_RESTART,
		.bgw_notify_pid = MyProcPid,
		.bgw_main_arg = ObjectIdGetDatum(database),
	};
	BackgroundWorkerHandle *handle;

	strlcpy(worker.bgw_name, "social worker", BGW_MAXLEN);
	strlcpy(worker.bgw_type, "social worker", BGW_MAXLEN);
	strlcpy(worker.bgw_library_name, "social", BGW_MAXLEN);
	strlcpy(worker.bgw_function_name, "social_worker_main", BGW_MAXLEN);
	if (!RegisterDynamicBackgroundWorker(&worker, &handle))
		return; /* no free slot now: the next look tries again */
	while (!ShutdownRequestPending)
	{
		pid_t pid;
		BgwHandleStatus status = GetBackgroundWorkerPid(handle, &pid);

		if (status == BGWH_STOPPED || status == BGWH_POSTMASTER_DIED)
			break;
		pause_for(IDLE_PAUSE);
	}
	if (ShutdownRequestPending)
		TerminateBackgroundWorker(handle);
	pfree(handle);
}

/* The launcher: looks for the database, and keeps a worker in it. */
void
social_launcher_main(Datum argument)
{
	take_signals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	before_shmem_exit(detach, (Datum) 0);

	attach(InvalidOid);
	while (!ShutdownRequestPending)
	{
		TimestampTz begin = GetCurrentTimestamp();
		Oid database;

		(void) take_request();
		database = time_aside() > 0 ? InvalidOid : find_database();
		if (OidIsValid(database))
			run_worker(database);
		attach(InvalidOid);
		/* A worker that has lived for a while may have left for another database. */
		if (!ShutdownRequestPending && !is_asked() &&
			!TimestampDifferenceExceeds(begin, GetCurrentTimestamp(), LAUNCHER_PAUSE))
			pause_for(LAUNCHER_PAUSE);
		CHECK_FOR_INTERRUPTS();
	}
	proc_exit(0);
}

void
social_worker_step_aside(void)
{
	Latch *latch;

	SpinLockAcquire(&shared->lock);
	shared->aside_until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), STEP_ASIDE_TIME);
	latch = shared->latch;
	SpinLockRelease(&shared->lock);
	if (latch != NULL)
		SetLatch(latch);
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
	if (is_new)
		SpinLockInit(&shared->lock);
}

static struct social_shared_memory shared_memory = {
	.name = "social worker", .size = shared_size, .attach = attach_shared_memory};

static void
register_launcher(void)
{
	BackgroundWorker launcher = {
		.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION,
		.bgw_start_time = BgWorkerStart_RecoveryFinished,
		.bgw_restart_time = LAUNCHER_PAUSE / 1000,
	};

	strlcpy(launcher.bgw_name, "social launcher", BGW_MAXLEN);
	strlcpy(launcher.bgw_type, "social launcher", BGW_MAXLEN);
	strlcpy(launcher.bgw_library_name, "social", BGW_MAXLEN);
	strlcpy(launcher.bgw_function_name, "social_launcher_main", BGW_MAXLEN);
	RegisterBackgroundWorker(&launcher);
}

void
social_worker_init(void)
{
	DefineCustomStringVariable("social.database", "The database that the background worker serves.",
							   NULL, &social_worker_database, "social", PGC_SIGHUP, 0, NULL, NULL,
							   NULL);
	RegisterXactCallback(on_transaction, NULL);
	/* pg_upgrade wants nobody but itself in the cluster. */
	if (!process_shared_preload_libraries_in_progress || IsBinaryUpgrade)
		return;
	social_shared_memory_want(&shared_memory);
	social_worker_failure_init();
	social_worker_figures_init();
	social_worker_aside_init();
	register_launcher();
}
