/*
 * place.c owns finding a row by its id where this session found it before (see place.h).
 *
 * A place is the line pointer that the index gave, and the buffer that held its page. Updates that
 * stay on the page keep the line pointer, so the chain behind it is followed, as an index scan
 * does. The buffer is only used while it still holds the page of this very file: what was moved,
 * truncated or evicted is not found, and read through the index. A line pointer that was given to
 * another row leads to a row of another id.
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
#include "base/place.h"
#include "base/table.h"

#define PLACES 1024 /* a power of two */

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

/* The row at a place; NULL when it is not there, as far as can be told. */
static HeapTuple
find_at(Relation table, const struct place *place, Snapshot snapshot)
{
	ItemPointerData line = place->line;
	HeapTupleData tuple;
	HeapTuple found = NULL;

	if (!ReadRecentBuffer(social_compat_locator(table), MAIN_FORKNUM,
						  ItemPointerGetBlockNumber(&line), place->buffer))
		return NULL;
	LockBuffer(place->buffer, BUFFER_LOCK_SHARE);
	if (heap_hot_search_buffer(&line, table, place->buffer, snapshot, &tuple, NULL, true) &&
		is_id(table, &tuple, place->id))
		found = heap_copytuple(&tuple);
	UnlockReleaseBuffer(place->buffer);
	return found;
}

/* Looks the row up, and remembers where the index led. */
static HeapTuple
find_by_index(Relation table, int64 id, Snapshot snapshot)
{
	Relation index = social_table_primary_key(table, AccessShareLock);
	TupleTableSlot *slot = table_slot_create(table, NULL);
	struct place *place = place_of(RelationGetRelid(table), id);
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
		if (!TTS_IS_BUFFERTUPLE(slot))
			continue;
		place->table = RelationGetRelid(table);
		place->id = id;
		place->line = line;
		place->buffer = ((BufferHeapTupleTableSlot *) slot)->buffer;
	}
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	index_close(index, AccessShareLock);
	return found;
}

HeapTuple
social_place_find(Relation table, int64 id, Snapshot snapshot)
{
	const struct place *place = place_of(RelationGetRelid(table), id);
	HeapTuple found = NULL;

	/* Serializable transactions need the index's locks as well. */
	if (place->table == RelationGetRelid(table) && place->id == id && !IsolationIsSerializable())
		found = find_at(table, place, snapshot);
	return found != NULL ? found : find_by_index(table, id, snapshot);
}
