/*
 * pair_index.h owns reading the leaves of B-trees whose entries are two bigints and nothing else:
 * the form of an entry, the descent to a leaf, and the probe, which asks one index about many pairs
 * with the same first part. An index scan takes most of a microsecond to begin; a probe that has
 * the leaf already takes a tenth of it.
 */
#ifndef SOCIAL_PAIR_INDEX_H
#define SOCIAL_PAIR_INDEX_H

#include "postgres.h"
#include "access/nbtree.h"
#include "storage/bufmgr.h"

#include "base/walk.h"

/* The form of every entry: two bigints, no nulls, one row. */
#define SOCIAL_PAIR_ENTRY_SIZE (MAXALIGN(sizeof(IndexTupleData)) + 2 * sizeof(int64))

/*
 * Is this a valid B-tree of all rows on two bigints in rising order, of which `nkeys` are keys and
 * the others included?
 */
extern bool social_pair_index_has_shape(Relation index, int nkeys);

/* The key of a descent, whose values (sk_argument of scankeys) are set by each; in this memory. */
extern BTScanInsert social_pair_index_key(Relation index);

/* The tuple of an item on a leaf; NULL where it cannot stand there. */
static inline IndexTuple
social_pair_index_tuple(Page page, ItemId item)
{
	if (ItemIdGetOffset(item) % MAXIMUM_ALIGNOF != 0 ||
		ItemIdGetOffset(item) + sizeof(IndexTupleData) > ((PageHeader) page)->pd_special)
		return NULL;
	return (IndexTuple) ((char *) page + ItemIdGetOffset(item));
}

/* The two bigints of an entry of just that form; NULL for any other (of several rows, with nulls).
 */
static inline const int64 *
social_pair_index_columns(Page page, IndexTuple tuple)
{
	char *end = (char *) page + ((PageHeader) page)->pd_special;

	if (tuple->t_info != SOCIAL_PAIR_ENTRY_SIZE || (char *) tuple + SOCIAL_PAIR_ENTRY_SIZE > end)
		return NULL;
	return (const int64 *) ((char *) tuple + MAXALIGN(sizeof(*tuple)));
}

#define SOCIAL_PAIR_LEAVES 64

/* A leaf that is pinned, and what it covered when it was found. */
struct social_pair_leaf
{
	int64 low;
	int64 high;
	Buffer buffer;
};

struct social_pair_probe
{
	struct social_walk walk; /* for what a leaf alone does not answer */
	int64 first;
	BTScanInsert key; /* NULL: only the walk answers */
	struct social_pair_leaf leaves[SOCIAL_PAIR_LEAVES];
	int nleaves;
	int next; /* which gives way to another */
};

/* Opens social.<table> and its social.<index>, for pairs that begin with `first`; until close. */
extern void social_pair_probe_open(struct social_pair_probe *probe, const char *table,
								   const char *index, int64 first);
extern void social_pair_probe_close(struct social_pair_probe *probe);

/* Does the active snapshot see a row with the pair (first, second)? */
extern bool social_pair_probe_find(struct social_pair_probe *probe, int64 second);

#endif /* SOCIAL_PAIR_INDEX_H */
