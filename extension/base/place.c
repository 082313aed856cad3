/*
 * place.c owns finding a row by its id where this session found it before (see place.h).
 *
 * A place is the line pointer that the index gave, and the buffer that held its page. Updates that
 * stay on the page keep the line pointer, so the chain behind it is followed, as an index scan
 * does. The buffer is only used while it still holds the page of this very file: what was moved,
 * truncated or evicted is not found, and read through the index. A line pointer that was given to
 * another row leads to a row of another id.
 *
 * An index scan takes dead versions off each page that it reads when less of it is free than its
 * table's fillfactor leaves. In a table of counters that is after every update, and costs several
 * times as much as the update; here it waits until the page is nearly full.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/relscan.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "common/hashfn.h"
#include "storage/bufmgr.h"
#include "utils/fmgroids.h"

#include "base/column.h"
#include "base/compat.h"
#include "base/index_probe.h"
#include "base/place.h"
#include "base/table.h"

#define PLACES 4096 /* a power of two */

static struct place
{
	Oid table; /* InvalidOid: empty */
	int64 id;
	ItemPointerData line;
	Buffer buffer;
} places[PLACES];

static struct place *
place_of(Oid table, int64 id)
{
	return &places[hash_combine(table, (uint32) id) & (PLACES - 1)];
}

static bool
is_id(Relation table, HeapTuple tuple, int64 id)
{
	bool isnull;

	return DatumGetInt64(heap_getattr(tuple, SOCIAL_COLUMN_ID, RelationGetDescr(table), &isnull)) ==
		   id;
}

/* Takes dead versions off a page that is pinned and not locked, when it is about to be full. */
static void
make_room(Relation table, Buffer buffer)
{
	Page page = BufferGetPage(buffer);

	/* Read without a lock, as heap_page_prune_opt() does: at worst it is done too early or late. */
	if (PageIsFull(page) || PageGetHeapFreeSpace(page) < BLCKSZ / 10)
		heap_page_prune_opt(table, buffer);
}

/* The version that the snapshot sees of the row at a line of a pinned page, which is released. */
static HeapTuple
read_line(Relation table, Buffer buffer, const ItemPointerData *line, Snapshot snapshot)
{
	ItemPointerData at = *line;
	HeapTupleData tuple;
	HeapTuple found = NULL;

	make_room(table, buffer);
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	if (heap_hot_search_buffer(&at, table, buffer, snapshot, &tuple, NULL, true))
		found = heap_copytuple(&tuple);
	UnlockReleaseBuffer(buffer);
	return found;
}

/* The row at a place; NULL when it is not there, as far as can be told. */
static HeapTuple
find_at(Relation table, const struct place *place, Snapshot snapshot)
{
	HeapTuple found;

	if (!ReadRecentBuffer(social_compat_locator(table), MAIN_FORKNUM,
						  ItemPointerGetBlockNumber(&place->line), place->buffer))
		return NULL;
	found = read_line(table, place->buffer, &place->line, snapshot);
	if (found == NULL || is_id(table, found, place->id))
		return found;
	heap_freetuple(found);
	return NULL;
}

static void
remember(Relation table, int64 id, const ItemPointerData *line, Buffer buffer)
{
	struct place *place = place_of(RelationGetRelid(table), id);

	place->table = RelationGetRelid(table);
	place->id = id;
	place->line = *line;
	place->buffer = buffer;
}

/* Looks the row up by a scan of the index, and remembers where that led. */
static HeapTuple
scan_index(Relation table, Relation index, int64 id, Snapshot snapshot)
{
	TupleTableSlot *slot = table_slot_create(table, NULL);
	HeapTuple found = NULL;
	ItemPointer entry;
	IndexScanDesc scan;
	ScanKeyData key;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(id));
	scan = social_compat_beginscan(table, index, snapshot, 1, 0);
	index_rescan(scan, &key, 1, NULL, 0);
	while (found == NULL && (entry = index_getnext_tid(scan, ForwardScanDirection)) != NULL)
	{
		ItemPointerData line = *entry;

		if (!index_fetch_heap(scan, slot))
			continue;
		found = ExecCopySlotHeapTuple(slot);
		if (TTS_IS_BUFFERTUPLE(slot))
			remember(table, id, &line, ((BufferHeapTupleTableSlot *) slot)->buffer);
	}
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	return found;
}

/* The row of the index's only entry of this id; NULL when it is not that one, as far as is seen. */
static HeapTuple
read_entry(Relation table, int64 id, const ItemPointerData *line, Snapshot snapshot)
{
	Buffer buffer = ReadBuffer(table, ItemPointerGetBlockNumber(line));
	HeapTuple found = read_line(table, buffer, line, snapshot);

	if (found == NULL)
		return NULL;
	if (is_id(table, found, id))
	{
		remember(table, id, line, buffer);
		return found;
	}
	heap_freetuple(found);
	return NULL;
}

static HeapTuple
find_by_index(Relation table, int64 id, Snapshot snapshot)
{
	Relation index = social_table_primary_key(table, AccessShareLock);
	Datum key = Int64GetDatum(id);
	HeapTuple found = NULL;
	ItemPointerData line;
	enum social_index_answer answer = social_index_ask(table, index, 1, &key, snapshot, &line);

	if (answer == SOCIAL_INDEX_HAS_ONE)
		found = read_entry(table, id, &line, snapshot);
	if (found == NULL && answer != SOCIAL_INDEX_LACKS)
		found = scan_index(table, index, id, snapshot);
	index_close(index, AccessShareLock);
	return found;
}

HeapTuple
social_place_recall(Relation table, int64 id, Snapshot snapshot)
{
	const struct place *place = place_of(RelationGetRelid(table), id);

	/* Serializable transactions need the index's locks as well. */
	if (place->table != RelationGetRelid(table) || place->id != id || IsolationIsSerializable())
		return NULL;
	return find_at(table, place, snapshot);
}

HeapTuple
social_place_find(Relation table, int64 id, Snapshot snapshot)
{
	HeapTuple found = social_place_recall(table, id, snapshot);

	return found != NULL ? found : find_by_index(table, id, snapshot);
}

HeapTuple
social_place_read(Relation table, const ItemPointerData *line, Snapshot snapshot)
{
	return read_line(table, ReadBuffer(table, ItemPointerGetBlockNumber(line)), line, snapshot);
}

void
social_place_note(Relation table, int64 id, const ItemPointerData *line)
{
	Buffer buffer = ReadBuffer(table, ItemPointerGetBlockNumber(line));

	remember(table, id, line, buffer);
	ReleaseBuffer(buffer);
}
