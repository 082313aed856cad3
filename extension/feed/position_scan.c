/*
 * position_scan.c owns reading a stretch of an index on (position) INCLUDE (person) (see
 * position_scan.h).
 *
 * Why this is safe: the start is found by an ordinary index scan. From there leaves are read one
 * after the other under a share lock, each with the link to its right neighbour. A leaf that is
 * split later only hands entries to the right that have been read; one that is deleted keeps its
 * link, and is not used anew while this snapshot lives. As entries are read without a pin, the row
 * of an entry may be gone when it is fetched; with an MVCC snapshot whatever took its place is not
 * visible. An index with included columns is never deduplicated: one entry, one row.
 */
#include "postgres.h"

#include "access/nbtree.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/predicate.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "feed/position_scan.h"

#define COLUMN_POSITION 1
#define NCOLUMNS        2

static bool
has_shape(Relation index)
{
	return IndexRelationGetNumberOfAttributes(index) == NCOLUMNS &&
		   IndexRelationGetNumberOfKeyAttributes(index) == COLUMN_POSITION &&
		   index->rd_indoption[0] == 0 && TupleDescAttr(index->rd_att, 0)->atttypid == INT8OID &&
		   TupleDescAttr(index->rd_att, 1)->atttypid == INT8OID;
}

bool
social_position_scan_open(struct social_position_scan *scan, const char *table, const char *index)
{
	memset(scan, 0, sizeof(*scan));
	social_walk_open_keys(&scan->walk, table, index);
	return has_shape(scan->walk.index);
}

void
social_position_scan_close(struct social_position_scan *scan)
{
	if (scan->entries != NULL)
		pfree(scan->entries);
	social_walk_close(&scan->walk);
}

static void
add_entry(struct social_position_scan *scan, const int64 *columns, ItemPointer tid)
{
	if (scan->count == scan->room)
	{
		Size size = (scan->room = Max(scan->room * 2, 256)) * sizeof(*scan->entries);

		scan->entries = scan->entries == NULL ? palloc(size) : repalloc_huge(scan->entries, size);
	}
	scan->entries[scan->count++] = (struct social_position_entry){columns[0], columns[1], *tid};
}

/* Adds a leaf's entries; false when the stretch ends here. */
static bool
read_entries(struct social_position_scan *scan, Page page, int64 from, int64 to, bool skips_dead)
{
	BTPageOpaque opaque = BTPageGetOpaque(page);
	OffsetNumber last = PageGetMaxOffsetNumber(page);

	for (OffsetNumber i = P_FIRSTDATAKEY(opaque); i <= last; i = OffsetNumberNext(i))
	{
		ItemId item = PageGetItemId(page, i);
		IndexTuple tuple = (IndexTuple) PageGetItem(page, item);
		/* Without nulls, which come last, two bigints stand one behind the other. */
		const int64 *columns =
			(const int64 *) ((char *) tuple + IndexInfoFindDataOffset(tuple->t_info));

		if (IndexTupleHasNulls(tuple) || columns[0] > to)
			return false;
		if (columns[0] >= from && !(skips_dead && ItemIdIsDead(item)))
			add_entry(scan, columns, &tuple->t_tid);
	}
	return true;
}

/* Reads a leaf; its right neighbour, or P_NONE when the stretch ends here. */
static BlockNumber
read_leaf(struct social_position_scan *scan, BlockNumber block, int64 from, int64 to)
{
	Relation index = scan->walk.index;
	Snapshot snapshot = scan->walk.scan->xs_snapshot;
	Buffer buffer = ReadBuffer(index, block);
	Page page = BufferGetPage(buffer);
	BTPageOpaque opaque;
	BlockNumber next;

	LockBuffer(buffer, BT_READ);
	SOCIAL_TEST_FOR_OLD_SNAPSHOT(snapshot, index, page);
	opaque = BTPageGetOpaque(page);
	next = opaque->btpo_next;
	if (!P_IGNORE(opaque))
	{
		PredicateLockPage(index, block, snapshot);
		if (!read_entries(scan, page, from, to, scan->walk.scan->ignore_killed_tuples))
			next = P_NONE;
	}
	UnlockReleaseBuffer(buffer);
	return next;
}

void
social_position_scan_read(struct social_position_scan *scan, int64 from, int64 to)
{
	ItemPointerData first;
	BlockNumber block;

	scan->count = 0;
	social_walk_start_between(&scan->walk, 0, NULL, false, from - 1, to + 1, SOCIAL_WALK_NO_BUDGET);
	if (!social_walk_next_entry(&scan->walk, COLUMN_POSITION, &from, &first))
		return;
	for (block = ((BTScanOpaque) scan->walk.scan->opaque)->currPos.currPage; block != P_NONE;
		 block = read_leaf(scan, block, from, to))
		CHECK_FOR_INTERRUPTS();
}

bool
social_position_scan_find(struct social_position_scan *scan, bool newest_first, int64 from,
						  int64 *position)
{
	ItemPointerData row;

	social_walk_start(&scan->walk, 0, NULL, newest_first, newest_first ? from + 1 : from - 1,
					  SOCIAL_WALK_NO_BUDGET);
	return social_walk_next_entry(&scan->walk, COLUMN_POSITION, position, &row);
}
