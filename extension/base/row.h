/*
 * row.h owns rows of tables that somebody else has added columns to: what a caller who knows ours
 * writes is the beginning of such a row, and the rest is as INSERT makes it.
 */
#ifndef SOCIAL_ROW_H
#define SOCIAL_ROW_H

#include "postgres.h"
#include "access/htup.h"
#include "executor/tuptable.h"
#include "nodes/execnodes.h"
#include "utils/rel.h"

/*
 * Makes `slot`, of the table, the row that begins with `ncolumns` values; columns behind them have
 * their defaults. What is generated waits for social_row_generate().
 */
extern void social_row_store(Relation table, TupleTableSlot *slot, int ncolumns,
							 const Datum *values, const bool *isnull, EState *estate);

/* Computes what is generated of the others. */
extern void social_row_generate(ResultRelInfo *target, TupleTableSlot *slot, EState *estate);

/* The whole row as a tuple. Raises where one of those columns may not be null, and is. */
extern HeapTuple social_row_form(Relation table, int ncolumns, const Datum *values,
								 const bool *isnull);

#endif /* SOCIAL_ROW_H */
