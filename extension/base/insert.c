/*
 * insert.c owns inserting a row with its triggers, without a statement (see insert.h).
 */
#include "postgres.h"

#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "base/index_probe.h"
#include "base/index_set.h"
#include "base/insert.h"
#include "base/query.h"
#include "base/row.h"
#include "base/table.h"

/* What one insertion needs. */
struct work
{
	const struct social_insert *insert;
	EState *estate;
	ResultRelInfo *target;
	struct social_index_set *indexes;
	TupleTableSlot *slot;
	List *keys;      /* the index of the primary key */
	List *recheck;   /* indexes whose deferred constraints look at the row again */
	bool is_vouched; /* nobody but us has had a say about the row */
};

/* ---- what need not be looked at ------------------------------------------------------------- */

/* Could somebody else change the row before it is written, or has it columns of theirs? */
static bool
others_have_a_say(const struct social_insert *insert)
{
	const TriggerDesc *triggers = insert->table->trigdesc;

	if (RelationGetDescr(insert->table)->natts > insert->ncolumns)
		return true;
	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		if (TRIGGER_TYPE_MATCHES(triggers->triggers[i].tgtype, TRIGGER_TYPE_ROW,
								 TRIGGER_TYPE_BEFORE, TRIGGER_TYPE_INSERT) &&
			!triggers->triggers[i].tgisinternal &&
			!social_trigger_is_ours(insert->table, &triggers->triggers[i]))
			return true;
	}
	return false;
}

/* Has a column of ours no value that was made to want one? */
static bool
lacks_a_value(const struct social_insert *insert)
{
	TupleDesc columns = RelationGetDescr(insert->table);

	for (int i = 0; i < insert->ncolumns; i++)
	{
		if (insert->isnull[i] && TupleDescAttr(columns, i)->attnotnull)
			return true;
	}
	return false;
}

/* Takes ours out of a copy of a table's triggers. */
static void
leave_ours_out(TriggerDesc *triggers, Relation table)
{
	int kept = 0;

	for (int i = 0; i < triggers->numtriggers; i++)
	{
		if (triggers->triggers[i].tgisinternal ||
			!social_trigger_is_ours(table, &triggers->triggers[i]))
			triggers->triggers[kept++] = triggers->triggers[i];
	}
	triggers->numtriggers = kept;
}

/* Takes the foreign keys to tables of our schema out of a copy of a table's triggers. */
static void
leave_references_out(TriggerDesc *triggers, Oid schema)
{
	int kept = 0;

	for (int i = 0; i < triggers->numtriggers; i++)
	{
		const Trigger *trigger = &triggers->triggers[i];

		if (!(RI_FKey_trigger_type(trigger->tgfoid) == RI_TRIGGER_FK &&
			  get_rel_namespace(trigger->tgconstrrelid) == schema))
			triggers->triggers[kept++] = *trigger;
	}
	triggers->numtriggers = kept;
}

/* Does a trigger look at what was inserted, and when it was? */
static bool
fires_after(const Trigger *trigger)
{
	return TRIGGER_FOR_INSERT(trigger->tgtype) && TRIGGER_FOR_AFTER(trigger->tgtype);
}

/*
 * May the triggers after the row be called as soon as it is there? They need not be queued when all
 * of them are functions of ours, as they are created, in a session that is no subscriber's.
 */
static bool
can_call_triggers(const struct work *work)
{
	const TriggerDesc *triggers = work->target->ri_TrigDesc;

	if (SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA ||
		(triggers != NULL && triggers->trig_insert_before_statement))
		return false;
	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		const Trigger *trigger = &triggers->triggers[i];

		if (fires_after(trigger) &&
			(trigger->tgisinternal || !social_trigger_is_ours(work->insert->table, trigger) ||
			 trigger->tgqual != NULL || trigger->tgdeferrable || trigger->tgoldtable != NULL ||
			 trigger->tgnewtable != NULL || trigger->tgenabled != TRIGGER_FIRES_ON_ORIGIN))
			return false;
	}
	return true;
}

/* ---- writing -------------------------------------------------------------------------------- */

/* False when somebody has entered a key of the row meanwhile. */
static bool
write_speculatively(struct work *work)
{
	uint32 token = SpeculativeInsertionLockAcquire(GetCurrentTransactionId());
	Relation table = work->insert->table;
	bool conflict;

	table_tuple_insert_speculative(table, work->slot, work->estate->es_output_cid, 0, NULL, token);
	work->recheck = social_compat_insert_speculative(work->target, work->slot, work->estate,
													 work->keys, &conflict);
	table_tuple_complete_speculative(table, work->slot, token, !conflict);
	SpeculativeInsertionLockRelease(GetCurrentTransactionId());
	return !conflict;
}

static bool
key_is_free(struct work *work)
{
	return social_compat_key_is_free(work->target, work->slot, work->estate, work->keys);
}

/* Has the index of the primary key no entry like this row's, dead ones included? */
static bool
key_is_unknown(const struct work *work, Relation index)
{
	Datum values[INDEX_MAX_KEYS];
	int nkeys = IndexRelationGetNumberOfKeyAttributes(index);

	for (int i = 0; i < nkeys; i++)
		values[i] = work->insert->values[index->rd_index->indkey.values[i] - 1];
	return social_index_lacks(work->insert->table, index, nkeys, values, NULL);
}

/* The same as key_is_free() at less cost for most keys; who enters one meanwhile is noticed later.
 */
static bool
key_is_new(struct work *work)
{
	for (int i = 0; i < work->target->ri_NumIndices; i++)
	{
		Relation index = work->target->ri_IndexRelationDescs[i];

		if (RelationGetRelid(index) == linitial_oid(work->keys) && key_is_unknown(work, index))
			return true;
	}
	return key_is_free(work);
}

/* Somebody has looked whether the key is free; meanwhile it may have been taken, and given back. */
static bool
write_if_new(struct work *work)
{
	do
	{
		CHECK_FOR_INTERRUPTS();
		if (write_speculatively(work))
			return true;
	} while (key_is_free(work));
	return false;
}

static enum social_inserted
put(struct work *work)
{
	const TupleConstr *constraints = RelationGetDescr(work->insert->table)->constr;
	const TriggerDesc *triggers = work->target->ri_TrigDesc;

	if (triggers != NULL && triggers->trig_insert_before_row &&
		!ExecBRInsertTriggers(work->estate, work->target, work->slot))
		return SOCIAL_LEFT_OUT;
	social_row_generate(work->target, work->slot, work->estate);
	if (constraints != NULL &&
		!(work->is_vouched && constraints->num_check == work->insert->nchecks &&
		  !lacks_a_value(work->insert)))
		ExecConstraints(work->target, work->slot, work->estate);
	if (work->insert->if_new)
		return write_if_new(work) ? SOCIAL_INSERTED : SOCIAL_NOT_NEW;
	table_tuple_insert(work->insert->table, work->slot, work->estate->es_output_cid, 0, NULL);
	work->recheck = social_compat_insert_index_tuples(work->target, work->slot, work->estate,
													  SOCIAL_INDEX_ENTRIES_ALL);
	return SOCIAL_INSERTED;
}

/*
 * Before the triggers that follow: what those open takes the backend's own slots for locks, of
 * which there are few, and they may insert into this table again.
 */
static void
close_indexes(struct work *work)
{
	work->target->ri_NumIndices = 0;
	social_index_set_done(work->indexes);
}

/* Calls the triggers that look at the row, or at the end of what would be its statement. */
static void
call_triggers(struct work *work, HeapTuple row, TriggerEvent level)
{
	const TriggerDesc *triggers = work->target->ri_TrigDesc;
	TriggerData data = {.type = T_TriggerData,
						.tg_event = TRIGGER_EVENT_INSERT | TRIGGER_EVENT_AFTER | level,
						.tg_relation = work->insert->table,
						.tg_trigtuple = row,
						.tg_trigslot = row == NULL ? NULL : work->slot};

	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		LOCAL_FCINFO(fcinfo, 0);
		FmgrInfo function;

		if (!fires_after(&triggers->triggers[i]) ||
			TRIGGER_FOR_ROW(triggers->triggers[i].tgtype) != (row != NULL))
			continue;
		data.tg_trigger = &triggers->triggers[i];
		fmgr_info(triggers->triggers[i].tgfoid, &function);
		InitFunctionCallInfoData(*fcinfo, &function, 0, InvalidOid, (Node *) &data, NULL);
		(void) FunctionCallInvoke(fcinfo);
	}
}

/* The same as below, without a queue between the row and what looks at it. */
static enum social_inserted
put_and_call_triggers(struct work *work)
{
	enum social_inserted result = put(work);

	close_indexes(work);
	if (result == SOCIAL_INSERTED)
		call_triggers(work, ExecFetchSlotHeapTuple(work->slot, false, NULL), TRIGGER_EVENT_ROW);
	call_triggers(work, NULL, 0);
	return result;
}

static enum social_inserted
put_with_triggers(struct work *work)
{
	TransitionCaptureState *capture;
	enum social_inserted result;

	AfterTriggerBeginQuery();
	capture = MakeTransitionCaptureState(work->target->ri_TrigDesc,
										 RelationGetRelid(work->insert->table), CMD_INSERT);
	ExecBSInsertTriggers(work->estate, work->target);
	result = put(work);
	close_indexes(work);
	if (result == SOCIAL_INSERTED)
		ExecARInsertTriggers(work->estate, work->target, work->slot, work->recheck, capture);
	ExecASInsertTriggers(work->estate, work->target, capture);
	AfterTriggerEndQuery(work->estate);
	return result;
}

static void
begin(struct work *work)
{
	Relation table = work->insert->table;
	TupleDesc columns = RelationGetDescr(table);

	work->estate = CreateExecutorState();
	work->target = makeNode(ResultRelInfo);
	/* No part of a range table: what is said of a row that is refused names no columns. */
	InitResultRelInfo(work->target, table, 0, NULL, 0);
	work->is_vouched = !others_have_a_say(work->insert);
	if (work->target->ri_TrigDesc != NULL && work->insert->is_quiet)
		leave_ours_out(work->target->ri_TrigDesc, table);
	if (work->target->ri_TrigDesc != NULL && work->is_vouched)
		leave_references_out(work->target->ri_TrigDesc, RelationGetNamespace(table));
	work->estate->es_opened_result_relations = list_make1(work->target);
	work->estate->es_output_cid = GetCurrentCommandId(true);
	work->indexes = social_index_set_take(work->target, work->insert->if_new);
	social_index_set_open(work->indexes, work->target);
	work->keys = list_make1_oid(social_compat_primary_key(table));
	work->slot = ExecInitExtraTupleSlot(work->estate, columns, table_slot_callbacks(table));
	social_row_store(table, work->slot, work->insert->ncolumns, work->insert->values,
					 work->insert->isnull, work->estate);
}

static void
end(struct work *work)
{
	ExecResetTupleTable(work->estate->es_tupleTable, false);
	ExecCloseResultRelations(work->estate);
	FreeExecutorState(work->estate);
}

enum social_inserted
social_insert(const struct social_insert *insert)
{
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "social insert", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	struct work work = {.insert = insert};
	struct social_query_scope scope;
	enum social_inserted result = SOCIAL_NOT_NEW;

	social_query_act_as_owner(&scope, insert->table);
	begin(&work);
	/* No trigger hears of a row that is there already: the caller's next step may tell them. */
	if (!insert->if_new || key_is_new(&work))
		result = can_call_triggers(&work) ? put_and_call_triggers(&work) : put_with_triggers(&work);
	else
		close_indexes(&work);
	end(&work);
	social_query_act_as_before(&scope);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return result;
}
