/*
 * position_scan.c owns reading a stretch of an index on (position) INCLUDE (person) (see
 * position_scan.h).
 *
 * Why this is safe: the server's own descent finds the first leaf. From there leaves are read one
 * after the other under a share lock, each with the link to its right neighbour. A leaf that is
 * split later only hands entries to the right that have been read; one that is deleted keeps its
 * link, and is not used anew while this snapshot lives. As entries are read without a pin, the row
 * of an entry may be gone when it is fetched; with an MVCC snapshot whatever took its place is not
 * visible. An index with included columns is never deduplicated: one entry, one row.
 *
 * During replay the same holds: the primary logs each page that it uses anew, and replay of that
 * record first cancels the snapshots that may still come by (a recovery conflict); so does replay
 * of what removes rows. Whether an entry is marked dead says nothing there: such marks come with
 * whole pages, from a server that knows no snapshot of this one.
 *
 * Nothing on a page is believed: its header and special area are checked by the server, its kind
 * and the form and place of each entry here. What does not fit raises SQLSTATE index_corrupted.
 */
#include "postgres.h"

#include "access/nbtree.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/bufmgr.h"
#include "storage/predicate.h"
#include "utils/relcache.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "base/pair_index.h"
#include "feed/position_scan.h"

#define COLUMN_POSITION 1

bool
social_position_scan_open(struct social_position_scan *scan, const char *table, const char *index)
{
	memset(scan, 0, sizeof(*scan));
	social_walk_open_keys(&scan->walk, table, index);
	return social_pair_index_has_shape(scan->walk.index, COLUMN_POSITION);
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

static void
refuse_page(Relation index, BlockNumber block)
{
	ereport(ERROR, (errcode(ERRCODE_INDEX_CORRUPTED),
					errmsg("index \"%s\" contains corrupted page at block %u",
						   RelationGetRelationName(index), block),
					errhint("Please REINDEX it.")));
}

/* Adds a leaf's entries; false when the stretch ends here. */
static bool
read_entries(struct social_position_scan *scan, Buffer buffer, int64 from, int64 to)
{
	Page page = BufferGetPage(buffer);
	BTPageOpaque opaque = BTPageGetOpaque(page);
	OffsetNumber last = PageGetMaxOffsetNumber(page);

	for (OffsetNumber i = P_FIRSTDATAKEY(opaque); i <= last; i = OffsetNumberNext(i))
	{
		ItemId item = PageGetItemId(page, i);
		IndexTuple tuple = social_pair_index_tuple(page, item);
		const int64 *columns;

		if (tuple != NULL && IndexTupleHasNulls(tuple))
			return false; /* they come last */
		columns = tuple == NULL ? NULL : social_pair_index_columns(page, tuple);
		if (columns == NULL)
			refuse_page(scan->walk.index, BufferGetBlockNumber(buffer));
		else if (columns[0] > to)
			return false;
		else if (columns[0] >= from && !(scan->skips_dead && ItemIdIsDead(item)))
			add_entry(scan, columns, &tuple->t_tid);
	}
	return true;
}

/* Reads a locked leaf, and lets it go; its right neighbour, or P_NONE when the stretch ends here.
 */
static BlockNumber
read_leaf(struct social_position_scan *scan, Buffer buffer, int64 from, int64 to)
{
	Relation index = scan->walk.index;
	Page page = BufferGetPage(buffer);
	BTPageOpaque opaque = BTPageGetOpaque(page);
	BlockNumber next = opaque->btpo_next;

	SOCIAL_TEST_FOR_OLD_SNAPSHOT(GetActiveSnapshot(), index, page);
	if (!P_ISLEAF(opaque) || P_ISMETA(opaque))
		refuse_page(index, BufferGetBlockNumber(buffer));
	if (!P_IGNORE(opaque))
	{
		PredicateLockPage(index, BufferGetBlockNumber(buffer), GetActiveSnapshot());
		if (!read_entries(scan, buffer, from, to))
			next = P_NONE;
	}
	_bt_relbuf(index, buffer);
	return next;
}

void
social_position_scan_read(struct social_position_scan *scan, int64 from, int64 to)
{
	Relation index = scan->walk.index;
	Buffer buffer;
	BlockNumber next;

	scan->count = 0;
	scan->skips_dead = !TransactionStartedDuringRecovery();
	if (scan->key == NULL)
		scan->key = social_pair_index_key(index);
	scan->key->scankeys[0].sk_argument = Int64GetDatum(from);
	pgstat_count_index_scan(index);
	buffer =
		social_compat_bt_search(index, scan->walk.table, scan->key, BT_READ, GetActiveSnapshot());
	if (!BufferIsValid(buffer))
	{
		PredicateLockRelation(index, GetActiveSnapshot()); /* it is empty */
		return;
	}
	while ((next = read_leaf(scan, buffer, from, to)) != P_NONE)
	{
		CHECK_FOR_INTERRUPTS();
		buffer = _bt_getbuf(index, next, BT_READ);
	}
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
