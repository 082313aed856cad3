/*
 * place.h owns finding a row by its id where this session found it before: for the rows that every
 * request looks up, where opening and searching the index costs several times the row.
 *
 * What is remembered is only a hint, and the row itself is read each time: one that the snapshot
 * does not see there, or that is not of this id, is looked up by the index.
 */
#ifndef SOCIAL_PLACE_H
#define SOCIAL_PLACE_H

#include "postgres.h"
#include "access/htup.h"
#include "storage/itemptr.h"
#include "utils/rel.h"
#include "utils/snapshot.h"

/*
 * A copy of the row whose column 1, the primary key, is `id`, as the snapshot sees it; NULL when
 * there is none. The table must be open. The snapshot must be registered or active.
 */
extern HeapTuple social_place_find(Relation table, int64 id, Snapshot snapshot);

/* The same where this session remembers it; NULL when it does not, or the row is not there. */
extern HeapTuple social_place_recall(Relation table, int64 id, Snapshot snapshot);

/*
 * The same of the row at a line that an index entry names. Dead versions stay on its page until
 * that is nearly full: for rows that are changed each time they are read.
 */
extern HeapTuple social_place_read(Relation table, const ItemPointerData *line, Snapshot snapshot);

/* Notes where a row stands that this transaction has just inserted, or moved there. */
extern void social_place_note(Relation table, int64 id, const ItemPointerData *line);

#endif /* SOCIAL_PLACE_H */
