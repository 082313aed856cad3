/*
 * cache.c owns the version of what everybody may read: a number in shared memory that rises
 * whenever a transaction commits that has written what strangers are shown. A bridge that keeps
 * answers keeps the version with them (bridge/cache/).
 *
 * - It rises after the commit can be seen and before the client hears of it. Who reads the version
 *   first and the content afterwards never takes older content for newer.
 * - What a transaction has written the server's own statistics tell (track_counts), whoever wrote
 * it and however: statements, C that fires no triggers, COPY, a restore with triggers disabled, a
 *   logical replication worker, TRUNCATE. Without them every write counts.
 * - Every table of ours counts but those of the list below: a version that rises in vain costs a
 *   query, one that stands still shows what is no more.
 * - The number begins anew with each start of the server, under another epoch. Readers of a standby
 *   get none: there nothing commits.
 * - COMMIT PREPARED always counts: the session that runs it does not know what was written.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/namespace.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "port/atomics.h"
#include "storage/lwlock.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/pgstat_internal.h"

#include "base/compat.h"
#include "base/init.h"
#include "base/shared_memory.h"

PG_FUNCTION_INFO_V1(social_content_version);
PG_FUNCTION_INFO_V1(social_touch_content);
PG_FUNCTION_INFO_V1(social_is_content);

/* Tables of which strangers are shown nothing; test/pgtap/cache.sql has all others. */
static const char *const unseen[] = {
	"account_deletions",
	"account_tokens",
	"api_keys",
	"audit_log",
	"blocks",
	"bookmarks",
	"consent_documents",
	"consents",
	"django_ids",
	"django_imports",
	"django_notes",
	"event_counts",
	"event_histories",
	"event_outbox",
	"events",
	"exports",
	"follow_requests",
	"graphql_documents",
	"idempotency_keys",
	"imported_posts",
	"job_history",
	"job_kinds",
	"job_pauses",
	"job_schedules",
	"job_workers",
	"jobs",
	"jwt_issuers",
	"jwt_key",
	"last_positions",
	"leaked_passwords",
	"login_attempts",
	"mail_outbox",
	"media_store",
	"media_sweeps",
	"mutes",
	"mux_account",
	"notification_preferences",
	"notifications",
	"post_revisions",
	"rate_limit_overrides",
	"rate_limit_state",
	"recounts",
	"recovery_codes",
	"refresh_tokens",
	"reports",
	"retention",
	"sport_follows",
	"stream_audiences",
	"stream_bans",
	"stream_chatters",
	"stream_events",
	"stream_invitations",
	"stream_keys",
	"stream_minutes",
	"stream_moderators",
	"stream_views",
	"token_blacklist",
	"tombstones",
	"trend_events",
	"user_sessions",
	"user_totp",
	"webhook_attempts",
	"webhook_deliveries",
	"webhook_delivery_attempts",
	"webhook_events",
	"webhook_log",
	"webhook_secrets",
	"webhooks",
};

struct shared
{
	uint64 epoch;
	pg_atomic_uint64 number;
};

/* What this session knows of a table; forgotten when the table changes. */
struct verdict
{
	Oid table;
	bool is_content;
};

static struct shared *shared; /* NULL unless preloaded */
static HTAB *verdicts;        /* in TopMemoryContext; NULL until the first */
static bool is_touched;       /* this transaction counts whatever it writes */

static ProcessUtility_hook_type previous_utility;

/* ---- tables --------------------------------------------------------------------------------- */

static bool
is_content(Oid table)
{
	const char *name;

	if (get_rel_namespace(table) != get_namespace_oid("social", true))
		return false;
	name = get_rel_name(table);
	for (int i = 0; name != NULL && i < lengthof(unseen); i++)
	{
		if (strcmp(name, unseen[i]) == 0)
			return false;
	}
	return name != NULL;
}

/* What is known of a table; NULL: nothing. Raises nothing. */
static struct verdict *
known(Oid table)
{
	return verdicts == NULL ? NULL : hash_search(verdicts, &table, HASH_FIND, NULL);
}

static void
learn(Oid table)
{
	bool counts = is_content(table);
	struct verdict *verdict;

	if (verdicts == NULL)
	{
		HASHCTL control = {.keysize = sizeof(Oid), .entrysize = sizeof(*verdict)};

		verdicts =
			hash_create("social tables that are content", 64, &control, HASH_ELEM | HASH_BLOBS);
	}
	verdict = hash_search(verdicts, &table, HASH_ENTER, NULL);
	verdict->is_content = counts;
}

static void
on_table_changed(Datum unused, Oid table)
{
	HASH_SEQ_STATUS walk;
	struct verdict *verdict;

	if (verdicts == NULL)
		return;
	hash_seq_init(&walk, verdicts);
	while ((verdict = hash_seq_search(&walk)) != NULL)
	{
		if (!OidIsValid(table) || verdict->table == table)
			hash_search(verdicts, &verdict->table, HASH_REMOVE, NULL);
	}
}

/* ---- transactions --------------------------------------------------------------------------- */

static bool
has_written(const PgStat_TableXactStatus *table)
{
	return table->tuples_inserted + table->tuples_updated + table->tuples_deleted > 0 ||
		   table->truncdropped;
}

/* The tables that the transaction, whose subtransactions have ended, has something to do with. */
static PgStat_TableXactStatus *
first_table(void)
{
	return pgstat_get_xact_stack_level(GetCurrentTransactionNestLevel())->first;
}

/* While catalogs can still be read. */
static void
learn_tables(void)
{
	for (const PgStat_TableXactStatus *table = first_table(); table != NULL; table = table->next)
	{
		if (has_written(table) && known(social_compat_counted_table(table->parent)) == NULL)
			learn(social_compat_counted_table(table->parent));
	}
}

/* A table that was written to after learn_tables() is taken for content. */
static bool
wrote_content(void)
{
	if (is_touched || !pgstat_track_counts)
		return true;
	for (const PgStat_TableXactStatus *table = first_table(); table != NULL; table = table->next)
	{
		const struct verdict *verdict;

		if (!has_written(table))
			continue;
		verdict = known(social_compat_counted_table(table->parent));
		if (verdict == NULL || verdict->is_content)
			return true;
	}
	return false;
}

static void
on_transaction(XactEvent event, void *unused)
{
	bool writes = is_touched || TransactionIdIsValid(GetTopTransactionIdIfAny());

	if (shared != NULL && writes && event == XACT_EVENT_PRE_COMMIT)
		learn_tables();
	if (shared != NULL && writes && event == XACT_EVENT_COMMIT && wrote_content())
		pg_atomic_fetch_add_u64(&shared->number, 1);
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		is_touched = false;
}

static void
on_utility(PlannedStmt *statement, const char *text, bool read_only_tree,
		   ProcessUtilityContext context, ParamListInfo parameters, QueryEnvironment *environment,
		   DestReceiver *destination, QueryCompletion *completion)
{
	bool commits = IsA(statement->utilityStmt, TransactionStmt) &&
				   ((TransactionStmt *) statement->utilityStmt)->kind == TRANS_STMT_COMMIT_PREPARED;

	if (previous_utility != NULL)
		previous_utility(statement, text, read_only_tree, context, parameters, environment,
						 destination, completion);
	else
		standard_ProcessUtility(statement, text, read_only_tree, context, parameters, environment,
								destination, completion);
	if (commits && shared != NULL)
		pg_atomic_fetch_add_u64(&shared->number, 1);
}

/* ---- what SQL reads ------------------------------------------------------------------------- */

/* content_version() -> text, "EPOCH:NUMBER"; null where there is none. */
Datum
social_content_version(PG_FUNCTION_ARGS)
{
	if (shared == NULL || RecoveryInProgress())
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(psprintf(UINT64_FORMAT ".%u:" UINT64_FORMAT, shared->epoch,
											  MyDatabaseId, pg_atomic_read_u64(&shared->number))));
}

/* touch_content(): the transaction counts as one that has written content. */
Datum
social_touch_content(PG_FUNCTION_ARGS)
{
	is_touched = true;
	PG_RETURN_VOID();
}

/* is_content(table regclass) -> boolean */
Datum
social_is_content(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(is_content(PG_GETARG_OID(0)));
}

/* ---- life ----------------------------------------------------------------------------------- */

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
	if (!pg_strong_random(&shared->epoch, sizeof(shared->epoch)))
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not make a random number")));
	pg_atomic_init_u64(&shared->number, 1);
}

static struct social_shared_memory shared_memory = {
	.name = "social content version", .size = shared_size, .attach = attach_shared_memory};

/* Before the other features': then it is the last that hears of a transaction's end. */
void
social_cache_init(void)
{
	RegisterXactCallback(on_transaction, NULL);
	if (!process_shared_preload_libraries_in_progress)
		return;
	CacheRegisterRelcacheCallback(on_table_changed, (Datum) 0);
	social_shared_memory_want(&shared_memory);
	previous_utility = ProcessUtility_hook;
	ProcessUtility_hook = on_utility;
}
