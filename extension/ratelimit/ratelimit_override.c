/*
 * ratelimit_override.c owns a session's copy of the policies in force.
 *
 * As with content rules, a trigger on social.rate_limit_overrides sends a relation-cache
 * invalidation, which every session meets at the latest when its next transaction begins.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "commands/trigger.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/snapmgr.h"

#include "base/column.h"
#include "ratelimit/ratelimit.h"
#include "base/table.h"

PG_FUNCTION_INFO_V1(social_rate_limits_changed);

static struct social_limit_set policies;
static bool is_loaded;
static bool is_stale; /* an invalidation came while they were being read */
static Oid overrides_table;
static bool callback_registered;

static void
forget_policies(Datum argument, Oid relation)
{
	if (relation != InvalidOid && relation != overrides_table)
		return;
	is_loaded = false;
	is_stale = true;
}

/* AFTER a statement on rate_limit_overrides: every session reads them again when this commits. */
Datum
social_rate_limits_changed(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
						errmsg("not called as a trigger")));
	CacheInvalidateRelcache(((TriggerData *) fcinfo->context)->tg_relation);
	return PointerGetDatum(NULL);
}

static char *
text_column(TupleTableSlot *slot, int column)
{
	bool isnull;

	return text_to_cstring(DatumGetTextPP(slot_getattr(slot, column, &isnull)));
}

static void
apply_row(TupleTableSlot *slot)
{
	char *subject_name = text_column(slot, SOCIAL_RATE_LIMIT_OVERRIDES_SUBJECT);
	char *rates = text_column(slot, SOCIAL_RATE_LIMIT_OVERRIDES_RATES);
	enum social_limit_subject subject;

	if (!social_limit_subject_named(subject_name, &subject) ||
		!social_limit_set_override(
			&policies, text_column(slot, SOCIAL_RATE_LIMIT_OVERRIDES_SURFACE),
			text_column(slot, SOCIAL_RATE_LIMIT_OVERRIDES_ACTION), subject, rates))
		ereport(WARNING,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("a row of social.rate_limit_overrides is no policy, and does not hold"),
				 errdetail("Its rates are \"%s\", for each \"%s\".", rates, subject_name),
				 errhint("Use social.set_rate_limit().")));
}

/* Reads the table under the newest snapshot, whatever the transaction's own is. */
static void
load_policies(void)
{
	Relation table;
	TableScanDesc scan;
	TupleTableSlot *slot;
	Snapshot snapshot;

	if (!callback_registered)
	{
		CacheRegisterRelcacheCallback(forget_policies, (Datum) 0);
		callback_registered = true;
	}
	table = social_table_open("rate_limit_overrides", AccessShareLock);
	overrides_table = RelationGetRelid(table);
	social_limit_set_init(&policies);
	is_stale = false;
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	slot = table_slot_create(table, NULL);
	scan = table_beginscan(table, snapshot, 0, NULL);
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
		apply_row(slot);
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	UnregisterSnapshot(snapshot);
	table_close(table, AccessShareLock);
	is_loaded = !is_stale;
}

const struct social_limit_set *
social_limit_policies(void)
{
	if (!is_loaded)
		load_policies();
	return &policies;
}
