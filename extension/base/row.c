/*
 * row.c owns rows of tables that somebody else has added columns to (see row.h).
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "executor/executor.h"
#include "executor/nodeModifyTable.h"
#include "rewrite/rewriteHandler.h"
#include "utils/memutils.h"

#include "base/row.h"

/* The default of a column, which is null where it has none. */
static Datum
default_of(Relation table, int column, EState *estate, bool *isnull)
{
	Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(table), column - 1);
	Node *expression = NULL;

	*isnull = true;
	if (!attribute->attisdropped && attribute->attgenerated == '\0')
		expression = build_column_default(table, column);
	if (expression == NULL)
		return (Datum) 0;
	return ExecEvalExpr(ExecPrepareExpr((Expr *) expression, estate),
						GetPerTupleExprContext(estate), isnull);
}

void
social_row_store(Relation table, TupleTableSlot *slot, int ncolumns, const Datum *values,
				 const bool *isnull, EState *estate)
{
	int natts = RelationGetDescr(table)->natts;

	ExecClearTuple(slot);
	memcpy(slot->tts_values, values, ncolumns * sizeof(Datum));
	memcpy(slot->tts_isnull, isnull, ncolumns * sizeof(bool));
	for (int i = ncolumns; i < natts; i++)
		slot->tts_values[i] = default_of(table, i + 1, estate, &slot->tts_isnull[i]);
	ExecStoreVirtualTuple(slot);
	slot->tts_tableOid = RelationGetRelid(table);
}

void
social_row_generate(ResultRelInfo *target, TupleTableSlot *slot, EState *estate)
{
	const TupleConstr *constraints = RelationGetDescr(target->ri_RelationDesc)->constr;

	if (constraints != NULL && constraints->has_generated_stored)
		ExecComputeStoredGenerated(target, estate, slot, CMD_INSERT);
}

static void
refuse_nulls(Relation table, int ncolumns, TupleTableSlot *slot)
{
	TupleDesc columns = RelationGetDescr(table);

	for (int i = ncolumns; i < columns->natts; i++)
	{
		if (TupleDescAttr(columns, i)->attnotnull && slot->tts_isnull[i])
			ereport(ERROR, (errcode(ERRCODE_NOT_NULL_VIOLATION),
							errmsg("null value in column \"%s\" of relation \"%s\" violates "
								   "not-null constraint",
								   NameStr(TupleDescAttr(columns, i)->attname),
								   RelationGetRelationName(table))));
	}
}

/* The same of a row that has columns of somebody else's. */
static HeapTuple
form_longer(Relation table, int ncolumns, const Datum *values, const bool *isnull)
{
	EState *estate = CreateExecutorState();
	ResultRelInfo *target = makeNode(ResultRelInfo);
	TupleTableSlot *slot = MakeSingleTupleTableSlot(RelationGetDescr(table), &TTSOpsVirtual);
	HeapTuple tuple;

	target->ri_RelationDesc = table;
	social_row_store(table, slot, ncolumns, values, isnull, estate);
	social_row_generate(target, slot, estate);
	refuse_nulls(table, ncolumns, slot);
	tuple = ExecCopySlotHeapTuple(slot);
	ExecDropSingleTupleTableSlot(slot);
	FreeExecutorState(estate);
	return tuple;
}

HeapTuple
social_row_form(Relation table, int ncolumns, const Datum *values, const bool *isnull)
{
	TupleDesc columns = RelationGetDescr(table);

	if (columns->natts > ncolumns)
		return form_longer(table, ncolumns, values, isnull);
	return heap_form_tuple(columns, (Datum *) values, (bool *) isnull);
}
