/*
 * index_set.h owns what rows need to be entered into the indexes of a table: how each index makes
 * its entries, and the conditions and expressions of those that have some, ready to run. The
 * executor makes all of it anew for each statement; a session that writes rows one by one keeps it
 * until something about the table, its indexes or a function changes.
 */
#ifndef SOCIAL_INDEX_SET_H
#define SOCIAL_INDEX_SET_H

#include "postgres.h"
#include "nodes/execnodes.h"

struct social_index_set;

/*
 * Takes the set of a table, which speculative insertions tell that they may come, until
 * social_index_set_done(), which closes the indexes that were opened; where an error has been in
 * between, the set is not used again.
 */
extern struct social_index_set *social_index_set_take(ResultRelInfo *target, bool speculative);
extern void social_index_set_done(struct social_index_set *set);

/* Opens all indexes for inserting, as ExecOpenIndices() does. */
extern void social_index_set_open(struct social_index_set *set, ResultRelInfo *target);

/*
 * The same of those that want an entry for a row, beside those that are open: a table may have many
 * for few of its rows.
 */
extern void social_index_set_open_for(struct social_index_set *set, ResultRelInfo *target,
									  TupleTableSlot *row, EState *estate);

#endif /* SOCIAL_INDEX_SET_H */
