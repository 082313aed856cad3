/*
 * walk.h owns walking one of our tables through one of its indexes: rows with a fixed beginning of
 * the key, newest first or oldest first, from a start key, under a budget.
 *
 * It is what pages of posts have in common: a walk costs what it passes, so it is tried first
 * with a budget, and whoever runs out of it goes on with an index of its own. Reads with the
 * active snapshot, checks no permissions, and raises what table.h raises. design D5, D6.
 */
#ifndef SOCIAL_WALK_H
#define SOCIAL_WALK_H

#include "postgres.h"
#include "access/genam.h"
#include "access/relscan.h"
#include "access/skey.h"
#include "executor/tuptable.h"
#include "storage/buf.h"
#include "utils/rel.h"

#define SOCIAL_WALK_NO_BUDGET  PG_INT64_MAX
#define SOCIAL_WALK_NEWEST     PG_INT64_MAX
#define SOCIAL_WALK_OLDEST     PG_INT64_MIN
#define SOCIAL_WALK_PREFIX_MAX 2

/* An open table with an open index. `slot` holds the row of the last step. */
struct social_walk
{
	Relation table;
	Relation index;
	IndexScanDesc scan;
	TupleTableSlot *slot;
	IndexFetchTableData *fetch; /* NULL until the first fetch */
	ScanDirection direction;
	int64 budget; /* rows that may still be passed */
	bool at_end;  /* false when a walk ended because its budget was used up */
	ScanKeyData keys[SOCIAL_WALK_PREFIX_MAX + 2];
	ScanKeyData members[2]; /* of a key of two columns */
	int shape;              /* what the keys look like but for their values; 0: nothing yet */
	bool keys_only;
	Buffer map; /* of the visibility map, for keys_only */
};

/* Opens social.<table> and social.<index>; in the current memory context, until close. */
extern void social_walk_open(struct social_walk *walk, const char *table, const char *index);
/* The same for next_key() and next_entry(), which read the index and not the rows. */
extern void social_walk_open_keys(struct social_walk *walk, const char *table, const char *index);
extern void social_walk_close(struct social_walk *walk);

/*
 * Starts a walk over the rows whose first index columns equal prefix[0 .. nprefix), in order of the
 * next column (bigint): below `start` from high to low when `newest_first`, else above it from low
 * to high. Rows where that column is null are left out.
 */
extern void social_walk_start(struct social_walk *walk, int nprefix, const int64 *prefix,
							  bool newest_first, int64 start, int64 budget);

/* The same, not beyond `limit`: from start to limit, both left out. */
extern void social_walk_start_between(struct social_walk *walk, int nprefix, const int64 *prefix,
									  bool newest_first, int64 start, int64 limit, int64 budget);

/*
 * The same for an order by two columns (timestamptz, bigint), from the pair (at, id), which is left
 * out.
 */
extern void social_walk_start_pair(struct social_walk *walk, int64 prefix, bool newest_first,
								   int64 at, int64 id, int64 budget);

/* Starts a walk over the rows whose first index columns equal prefix[0 .. nprefix), in any order.
 */
extern void social_walk_start_equal(struct social_walk *walk, int nprefix, const int64 *prefix);

/* Puts the next row into `slot`; false at the end, or when the budget is used up. */
extern bool social_walk_next(struct social_walk *walk);

/*
 * A copy of the next row, read as social_place_read() does; NULL at the end, or when the budget is
 * used up. `slot` stays empty.
 */
extern HeapTuple social_walk_next_copy(struct social_walk *walk);

/* The next row's value of an index column (bigint); false at the end. `slot` may be empty. */
extern bool social_walk_next_key(struct social_walk *walk, int column, int64 *key);

/*
 * The next index entry's value of a column (bigint) and its row's place; false at the end. The row
 * may be one that the snapshot does not see.
 */
extern bool social_walk_next_entry(struct social_walk *walk, int column, int64 *key,
								   ItemPointer tid);

/* Puts the row of an entry into `slot`; false when the snapshot does not see it. */
extern bool social_walk_fetch(struct social_walk *walk, ItemPointer tid);

/* start_equal and next: is there such a row? It is in `slot`. */
extern bool social_walk_find(struct social_walk *walk, int nprefix, const int64 *prefix);

/* A bigint column of the row in `slot`; 0 when it is null. */
extern int64 social_walk_int64(const struct social_walk *walk, int column);

#endif /* SOCIAL_WALK_H */
