/*
 * recount.h owns that what suspended and inactive people did does not count, and counts again when
 * they are back.
 *
 * Each row that counts for somebody else's object says so itself, in a flag that is null while the
 * person behind it is not shown (social_recounted). So counters, their deltas and reconcile() need
 * to know nothing of accounts, and a row that goes is taken off exactly if it counted.
 *
 * The flags follow the account by and by: a change of the account, and a row that somebody writes
 * in the name of one that is not shown, append to social.recounts; the worker goes through the
 * person's rows in batches (sql/api/recount.sql). What is written at the moment of the change is
 * missed by nobody: either its trigger sees the change, or its transaction was under way when the
 * worker began to look, which then looks again.
 */
#ifndef SOCIAL_RECOUNT_H
#define SOCIAL_RECOUNT_H

#include "postgres.h"
#include "access/htup.h"
#include "access/tupdesc.h"

/*
 * A row counts while its `flag` is not null, which follows the account of `person`. An index leads
 * from the person through their rows in the order of `place`. Columns by number.
 */
struct social_recounted
{
	int flag;
	int person;
	int place;
};

/* Notes the person behind a new row. */
extern void social_recount_row(const struct social_recounted *source, TupleDesc columns,
							   HeapTuple before, HeapTuple after);

/* Appends those of them who are not shown; called when a statement ends. */
extern void social_recount_apply(void);

/* Is what this person does to count, as of now? */
extern bool social_user_counts(int64 user_id);

#endif /* SOCIAL_RECOUNT_H */
