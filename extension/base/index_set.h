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
 * Opens the indexes of a table for inserting, as ExecOpenIndices() does, which speculative
 * insertions tell that they may come; ExecCloseIndices() closes them. Whoever has closed them says
 * so by social_index_set_done(); where an error has been in between, the set is not used again.
 */
extern struct social_index_set *social_index_set_open(ResultRelInfo *target, bool speculative);
extern void social_index_set_done(struct social_index_set *set);

#endif /* SOCIAL_INDEX_SET_H */
