/*
 * walk.c owns walking one of our tables through one of its indexes (see walk.h).
 */
#include "postgres.h"

#include "access/skey.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/visibilitymap.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/place.h"
#include "base/table.h"
#include "base/walk.h"

void
social_walk_open(struct social_walk *walk, const char *table, const char *index)
{
	memset(walk, 0, sizeof(*walk));
	walk->table = social_table_open(table, AccessShareLock);
	walk->index = index_open(social_relation_oid(index), AccessShareLock);
	walk->slot = table_slot_create(walk->table, NULL);
}

void
social_walk_open_keys(struct social_walk *walk, const char *table, const char *index)
{
	social_walk_open(walk, table, index);
	walk->keys_only = true;
}

void
social_walk_close(struct social_walk *walk)
{
	if (BufferIsValid(walk->map))
		ReleaseBuffer(walk->map);
	if (walk->fetch != NULL)
		table_index_fetch_end(walk->fetch);
	if (walk->scan != NULL)
		index_endscan(walk->scan);
	ExecDropSingleTupleTableSlot(walk->slot);
	index_close(walk->index, AccessShareLock);
	table_close(walk->table, AccessShareLock);
}

/* (Re)starts the scan with these keys. */
static void
start(struct social_walk *walk, ScanKey keys, int nkeys, ScanDirection direction, int64 budget)
{
	ExecClearTuple(walk->slot);
	if (walk->scan != NULL && walk->scan->numberOfKeys != nkeys)
	{
		index_endscan(walk->scan);
		walk->scan = NULL;
	}
	if (walk->scan == NULL)
	{
		walk->scan =
			social_compat_beginscan(walk->table, walk->index, GetActiveSnapshot(), nkeys, 0);
		walk->scan->xs_want_itup = walk->keys_only;
	}
	index_rescan(walk->scan, keys, nkeys, NULL, 0);
	walk->direction = direction;
	walk->budget = budget;
	walk->at_end = false;
}

/*
 * Sets the keys of a walk: equality of the prefix, then `nbounds` of the next column. Looking up
 * the operators is a good part of starting a scan, so keys of the same shape keep theirs.
 */
static void
set_keys(struct social_walk *walk, int nprefix, const int64 *prefix, int nbounds, bool newest_first)
{
	int shape = 1 + nprefix * 6 + nbounds * 2 + newest_first;

	Assert(nprefix <= SOCIAL_WALK_PREFIX_MAX && nbounds <= 2);
	if (walk->shape != shape)
	{
		for (int i = 0; i < nprefix; i++)
			ScanKeyInit(&walk->keys[i], i + 1, BTEqualStrategyNumber, F_INT8EQ, (Datum) 0);
		for (int i = 0; i < nbounds; i++)
		{
			bool older = newest_first == (i == 0);

			ScanKeyInit(&walk->keys[nprefix + i], nprefix + 1,
						older ? BTLessStrategyNumber : BTGreaterStrategyNumber,
						older ? F_INT8LT : F_INT8GT, (Datum) 0);
		}
		walk->shape = shape;
	}
	for (int i = 0; i < nprefix; i++)
		walk->keys[i].sk_argument = Int64GetDatum(prefix[i]);
}

/* The direction in which the values of an index column fall, or rise. */
static ScanDirection
direction_of(const struct social_walk *walk, int column, bool falling)
{
	bool is_desc = (walk->index->rd_indoption[column - 1] & INDOPTION_DESC) != 0;

	return falling == is_desc ? ForwardScanDirection : BackwardScanDirection;
}

void
social_walk_start(struct social_walk *walk, int nprefix, const int64 *prefix, bool newest_first,
				  int64 from, int64 budget)
{
	set_keys(walk, nprefix, prefix, 1, newest_first);
	walk->keys[nprefix].sk_argument = Int64GetDatum(from);
	start(walk, walk->keys, nprefix + 1, direction_of(walk, nprefix + 1, newest_first), budget);
}

void
social_walk_start_between(struct social_walk *walk, int nprefix, const int64 *prefix,
						  bool newest_first, int64 from, int64 limit, int64 budget)
{
	set_keys(walk, nprefix, prefix, 2, newest_first);
	walk->keys[nprefix].sk_argument = Int64GetDatum(from);
	walk->keys[nprefix + 1].sk_argument = Int64GetDatum(limit);
	start(walk, walk->keys, nprefix + 2, direction_of(walk, nprefix + 1, newest_first), budget);
}

void
social_walk_start_pair(struct social_walk *walk, int64 prefix, bool newest_first, int64 at,
					   int64 id, int64 budget)
{
	StrategyNumber strategy = newest_first ? BTLessStrategyNumber : BTGreaterStrategyNumber;
	ScanKey keys = walk->keys;

	walk->shape = 0;
	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(prefix));
	ScanKeyEntryInitialize(&walk->members[0], SK_ROW_MEMBER, 2, strategy, InvalidOid, InvalidOid,
						   F_TIMESTAMPTZ_CMP, TimestampTzGetDatum(at));
	ScanKeyEntryInitialize(&walk->members[1], SK_ROW_MEMBER | SK_ROW_END, 3, strategy, InvalidOid,
						   InvalidOid, F_BTINT8CMP, Int64GetDatum(id));
	memset(&keys[1], 0, sizeof(keys[1]));
	keys[1].sk_flags = SK_ROW_HEADER;
	keys[1].sk_attno = 2;
	keys[1].sk_strategy = strategy;
	keys[1].sk_argument = PointerGetDatum(walk->members);
	start(walk, keys, 2, direction_of(walk, 2, newest_first), budget);
}

void
social_walk_start_equal(struct social_walk *walk, int nprefix, const int64 *prefix)
{
	set_keys(walk, nprefix, prefix, 0, false);
	start(walk, walk->keys, nprefix, ForwardScanDirection, SOCIAL_WALK_NO_BUDGET);
}

bool
social_walk_next(struct social_walk *walk)
{
	CHECK_FOR_INTERRUPTS();
	if (walk->at_end || walk->budget-- <= 0)
		return false;
	if (index_getnext_slot(walk->scan, walk->direction, walk->slot))
		return true;
	walk->at_end = true;
	return false;
}

/* Puts the next index entry into scan->xs_itup; NULL at the end. */
static ItemPointer
next_entry(struct social_walk *walk)
{
	ItemPointer tid;

	CHECK_FOR_INTERRUPTS();
	if (walk->at_end || walk->budget-- <= 0)
		return NULL;
	tid = index_getnext_tid(walk->scan, walk->direction);
	walk->at_end = tid == NULL;
	return tid;
}

static int64
entry_key(const struct social_walk *walk, int column)
{
	bool isnull;

	return DatumGetInt64(
		index_getattr(walk->scan->xs_itup, column, RelationGetDescr(walk->index), &isnull));
}

HeapTuple
social_walk_next_copy(struct social_walk *walk)
{
	ItemPointer entry;
	HeapTuple row = NULL;

	while (row == NULL && (entry = next_entry(walk)) != NULL)
		row = social_place_read(walk->table, entry, walk->scan->xs_snapshot);
	return row;
}

bool
social_walk_next_key(struct social_walk *walk, int column, int64 *key)
{
	ItemPointer tid;

	while ((tid = next_entry(walk)) != NULL)
	{
		/* The row itself is only asked whether it is there where the map does not know. */
		if (!VM_ALL_VISIBLE(walk->table, ItemPointerGetBlockNumber(tid), &walk->map) &&
			!index_fetch_heap(walk->scan, walk->slot))
			continue;
		*key = entry_key(walk, column);
		return true;
	}
	return false;
}

bool
social_walk_next_entry(struct social_walk *walk, int column, int64 *key, ItemPointer tid)
{
	ItemPointer found = next_entry(walk);

	if (found == NULL)
		return false;
	*tid = *found;
	*key = entry_key(walk, column);
	return true;
}

bool
social_walk_fetch(struct social_walk *walk, ItemPointer tid)
{
	bool call_again = false;
	bool all_dead;

	if (walk->fetch == NULL)
		walk->fetch = table_index_fetch_begin(walk->table);
	return table_index_fetch_tuple(walk->fetch, tid, GetActiveSnapshot(), walk->slot, &call_again,
								   &all_dead);
}

bool
social_walk_find(struct social_walk *walk, int nprefix, const int64 *prefix)
{
	social_walk_start_equal(walk, nprefix, prefix);
	return social_walk_next(walk);
}

int64
social_walk_int64(const struct social_walk *walk, int column)
{
	bool isnull;
	Datum value = slot_getattr(walk->slot, column, &isnull);

	return isnull ? 0 : DatumGetInt64(value);
}
