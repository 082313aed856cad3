/*
 * worker_round.c owns what a round of the background worker does: a table of steps, each a
 * function of its own that other domains bring along.
 *
 * In the worker each step that is due runs in a short transaction of its own; social.tick() runs
 * them all in the caller's, each in a savepoint. An error in one step stops no other: it is
 * logged when it is new, and the step is tried again when it is due again. A step whose function
 * is not there (between a new library and ALTER EXTENSION UPDATE) is left out, and so are all where
 * our tables are a subscriber's copy: their work arrives from the publisher. A step that takes
 * long rests the longer, so that none takes more than a twentieth of a core.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/value.h"
#include "parser/parse_func.h"
#include "pgstat.h"
#include "storage/lmgr.h"
#include "tcop/utility.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/subscriber.h"
#include "base/table.h"
#include "base/version.h"
#include "worker/worker.h"
#include "worker/worker_failure.h"
#include "worker/worker_figures.h"

PG_FUNCTION_INFO_V1(social_tick);

#define REST_FACTOR 20

/* A step calls social.<function>(batch integer) bigint. */
struct step
{
	const char *function;
	int batch;
	int interval; /* ms from one run to the next, at least; 0: in each round, without rest */
	bool in_every_tick;
	bool in_a_hurry; /* also in the rests between rounds */
	/*
	 * A step that has done something takes this one along in its transaction, when it is due, so
	 * that whoever hears of the commit hears of both at once; for such company it waits so many ms.
	 */
	const char *rides_on;
	int patience;

	TimestampTz due;
	char complaint[256]; /* the last error, until the step succeeds again */
};

static struct step steps[] = {
	{"number_events", .batch = 10000, .in_every_tick = true, .in_a_hurry = true},
	{"queue_webhooks", .batch = 2000, .in_every_tick = true, .in_a_hurry = true},
	{"ring_jobs", .batch = 1, .in_every_tick = true, .in_a_hurry = true},
	{"fold_counters", .batch = 10000, .in_every_tick = true},
	{"number_counts", .batch = 10000, .interval = 100, .in_every_tick = true,
	 .rides_on = "number_events", .patience = 60},
	{"recount", .batch = 5000, .interval = 1000, .in_every_tick = true},
	{"fold_trends", .batch = 10000, .interval = 5000, .in_every_tick = true},
	{"publish_due_posts", .batch = 100, .interval = 1000, .in_every_tick = true},
	{"fill_last_positions", .batch = 1000, .interval = 1000},
	{"settle_blocks", .batch = 1000, .interval = 1000, .in_every_tick = true},
	{"tend_jobs", .batch = 1000, .interval = 1000, .in_every_tick = true},
	{"count_stream_viewers", .batch = 10000, .interval = 1000, .in_every_tick = true},
	{"tend_streams", .batch = 1000, .interval = 1000, .in_every_tick = true},
	{"tell_stream_followers", .batch = 1000, .in_every_tick = true},
	{"erase_accounts", .batch = 1000, .interval = 250, .in_every_tick = true},
	{"expire_mutes", .batch = 1000, .interval = 60000, .in_every_tick = true},
	{"rotate_due_jwt_keys", .batch = 1, .interval = 60000, .in_every_tick = true},
	{"prune_events", .batch = 10000, .interval = 1000},
	{"retention_round", .batch = 1000, .interval = 60000},
	{"reindex_posts", .batch = 1000, .interval = 1000},
};

StaticAssertDecl(lengthof(steps) <= SOCIAL_WORKER_STEPS_MAX, "a failure of each step is kept");

/* social.<name>(integer) when it is there and returns bigint. */
static Oid
step_function(const char *name)
{
	Oid type = INT4OID;
	List *names = list_make2(makeString(pstrdup("social")), makeString(pstrdup(name)));
	Oid function;

	if (!OidIsValid(get_namespace_oid("social", true)))
		return InvalidOid;
	function = LookupFuncName(names, 1, &type, true);
	return OidIsValid(function) && get_func_rettype(function) == INT8OID ? function : InvalidOid;
}

/* Runs a step in the current transaction; returns how many things it did. */
static int64
run(const struct step *step)
{
	Oid function;
	int64 done;

	function = step_function(step->function);
	if (!OidIsValid(function))
		return 0;
	done = DatumGetInt64(OidFunctionCall1(function, Int32GetDatum(step->batch)));
	CommandCounterIncrement();
	return done;
}

/* Sets when a step that began at a time is due again; `done` tells whether more may wait. */
static void
set_due(struct step *step, TimestampTz begin)
{
	long took = TimestampDifferenceMilliseconds(begin, GetCurrentTimestamp());
	int rest = step->interval == 0 ? 0 : Max(step->interval, (int) Min(took * REST_FACTOR, 600000));

	step->due = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), rest);
}

/* Takes the current error out of the way; logs it unless the step's last run said the same. */
static void
complain(struct step *step, int level)
{
	ErrorData *error = CopyErrorData();
	bool is_new = strncmp(step->complaint, error->message, sizeof(step->complaint) - 1) != 0;

	FlushErrorState();
	if (level == LOG)
		social_worker_failed((int) (step - steps), step->function, error);
	strlcpy(step->complaint, error->message, sizeof(step->complaint));
	if (is_new)
		ereport(level, (errcode(error->sqlerrcode),
						errmsg("social: step %s of the worker's round failed: %s", step->function,
							   error->message),
						error->detail ? errdetail_internal("%s", error->detail) : 0,
						error->context ? errcontext("%s", error->context) : 0));
	FreeErrorData(error);
}

/* ---- in a transaction of somebody's --------------------------------------------------------- */

static int64
run_in_savepoint(struct step *step)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile int64 done = 0;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		done = run(step);
		ReleaseCurrentSubTransaction();
		step->complaint[0] = '\0';
	}
	PG_CATCH();
	{
		/* Somebody who cancels the call means all of it. */
		if (geterrcode() == ERRCODE_QUERY_CANCELED || geterrcode() == ERRCODE_ADMIN_SHUTDOWN)
			PG_RE_THROW();
		MemoryContextSwitchTo(context);
		RollbackAndReleaseCurrentSubTransaction();
		CurrentResourceOwner = owner;
		step->complaint[0] = '\0';
		complain(step, WARNING);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return done;
}

/* tick() bigint: one round in the caller's transaction. */
Datum
social_tick(PG_FUNCTION_ARGS)
{
	int64 done = 0;

	PreventCommandIfReadOnly("social.tick()");
	if (social_is_subscriber())
		PG_RETURN_INT64(0);
	for (int i = 0; i < lengthof(steps); i++)
	{
		TimestampTz begin = GetCurrentTimestamp();

		if (!steps[i].in_every_tick && begin < steps[i].due)
			continue;
		done += run_in_savepoint(&steps[i]);
		set_due(&steps[i], begin);
	}
	PG_RETURN_INT64(done);
}

/* ---- in the worker -------------------------------------------------------------------------- */

/*
 * Keeps the extension until the transaction ends; false when it is not there. DROP EXTENSION locks
 * it before our tables: one waits for the other with nothing in hand, and there is no deadlock.
 */
static bool
hold_extension(void)
{
	Oid extension = get_extension_oid("social", true);

	if (!OidIsValid(extension))
		return false;
	LockDatabaseObject(ExtensionRelationId, extension, 0, AccessShareLock);
	return get_extension_oid("social", true) == extension;
}

/* Is the step due, once it has waited for so many ms? */
static bool
is_due(const struct step *step, TimestampTz now, int patience)
{
	/* What is always due is so on a clock that was set back, too. */
	return step->interval == 0 || now >= TimestampTzPlusMilliseconds(step->due, patience);
}

static void
has_run(struct step *step, int64 done)
{
	step->complaint[0] = '\0';
	social_worker_succeeded((int) (step - steps));
	social_worker_count((int) (step - steps), step->function, done);
}

/* The steps that are due and ride on one, in its transaction; `running` is the one that runs. */
static int64
run_riders(const char *function, struct step *volatile *running)
{
	int64 sum = 0;

	for (int i = 0; i < lengthof(steps); i++)
	{
		TimestampTz begin = GetCurrentTimestamp();
		int64 done;

		if (steps[i].rides_on == NULL || strcmp(steps[i].rides_on, function) != 0 ||
			!is_due(&steps[i], begin, 0))
			continue;
		*running = &steps[i];
		done = run(&steps[i]);
		has_run(&steps[i], done);
		set_due(&steps[i], begin);
		sum += done;
	}
	return sum;
}

/*
 * A step in a transaction, with those that ride on it unless it goes alone; what it did goes to
 * *own. Returns what all did, -1 when the extension is not there.
 */
static int64
run_in_transaction(struct step *step, bool alone, struct step *volatile *running,
				   volatile int64 *own)
{
	int64 done = -1;

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	pgstat_report_activity(STATE_RUNNING, step->function);
	if (hold_extension())
	{
		PushActiveSnapshot(GetTransactionSnapshot());
		if (OidIsValid(social_relation_find("user_counters")) && social_version_matches())
			done = *own = social_is_subscriber() ? 0 : run(step);
		if (done > 0 && !alone)
			done += run_riders(step->function, running);
		PopActiveSnapshot();
	}
	CommitTransactionCommand();
	return done;
}

/* The same; an error is logged as that of whichever step it was in. */
static int64
try_in_transaction(struct step *step, bool alone)
{
	MemoryContext context = CurrentMemoryContext;
	struct step *volatile running = step;
	volatile int64 done = 0;
	volatile int64 own = 0;

	PG_TRY();
	{
		done = run_in_transaction(step, alone, &running, &own);
		has_run(step, own);
		running = step;
	}
	PG_CATCH();
	{
		HOLD_INTERRUPTS();
		MemoryContextSwitchTo(context);
		complain(running, LOG);
		AbortOutOfAnyTransaction();
		RESUME_INTERRUPTS();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	if (running == step)
		return done;
	/* A rider that fails takes nobody down with it, and has a rest, however long the step takes. */
	set_due(running, GetCurrentTimestamp());
	return try_in_transaction(step, true);
}

/* Runs the steps that are due; -1 when the extension is not there. */
static int64
run_due(bool in_a_hurry)
{
	MemoryContext context =
		AllocSetContextCreate(TopMemoryContext, "social round", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	int64 sum = 0;

	for (int i = 0; i < lengthof(steps) && sum >= 0; i++)
	{
		TimestampTz begin = GetCurrentTimestamp();
		int64 done;

		if (in_a_hurry ? !steps[i].in_a_hurry : !is_due(&steps[i], begin, steps[i].patience))
			continue;
		done = try_in_transaction(&steps[i], false);
		sum = done < 0 ? -1 : sum + done;
		set_due(&steps[i], begin);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return sum;
}

int64
social_worker_round(void)
{
	int64 done = run_due(false);

	pgstat_report_stat(true);
	pgstat_report_activity(STATE_IDLE, NULL);
	return done;
}

int64
social_worker_hurry(void)
{
	int64 done = run_due(true);

	pgstat_report_activity(STATE_IDLE, NULL);
	return done;
}
