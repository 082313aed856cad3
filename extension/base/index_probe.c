/*
 * index_probe.c owns asking a B-tree about one key (see index_probe.h).
 *
 * Why it is right: what the snapshot sees is in the index as long as the snapshot lives, on the
 * leaf that the server's descent finds or, where the key is that leaf's upper bound, to the right
 * of it. So a key that would stand between two entries of the leaf, as it is now, and does not, is
 * none.
 */
#include "postgres.h"

#include "access/nbtree.h"
#include "access/xact.h"
#include "catalog/pg_am.h"
#include "storage/bufmgr.h"

#include "base/compat.h"
#include "base/index_probe.h"

/* The key of a descent to the first entry that begins with these values. */
static BTScanInsert
key_of(Relation index, int nkeys, const Datum *values)
{
	BTScanInsert key = _bt_mkscankey(index, NULL);

	key->keysz = nkeys;
	key->anynullkeys = false;
	for (int i = 0; i < nkeys; i++)
	{
		key->scankeys[i].sk_flags &= ~SK_ISNULL;
		key->scankeys[i].sk_argument = values[i];
	}
	return key;
}

/* Where the first entry that is not before the key stands, or would; *order is 0 where it has it.
 */
static OffsetNumber
find_first(Relation index, Page page, BTScanInsert key, int32 *order)
{
	OffsetNumber begin = P_FIRSTDATAKEY(BTPageGetOpaque(page));
	OffsetNumber end = PageGetMaxOffsetNumber(page) + 1;

	*order = -1;
	while (begin < end)
	{
		OffsetNumber middle = begin + (end - begin) / 2;
		int32 compared = _bt_compare(index, key, page, middle);

		if (compared > 0)
		{
			begin = middle + 1;
			continue;
		}
		*order = compared;
		end = middle;
	}
	return begin;
}

/* May entries of the key stand to the right of this leaf, when they do not stand on its end? */
static bool
goes_on(Relation index, Page page, BTScanInsert key)
{
	return !P_RIGHTMOST(BTPageGetOpaque(page)) && _bt_compare(index, key, page, P_HIKEY) >= 0;
}

static enum social_index_answer
ask_leaf(Relation index, Page page, BTScanInsert key, ItemPointer line)
{
	OffsetNumber last = PageGetMaxOffsetNumber(page);
	int32 order;
	OffsetNumber first = find_first(index, page, key, &order);
	ItemId item;
	IndexTuple entry;

	if (first > last)
		return goes_on(index, page, key) ? SOCIAL_INDEX_UNCLEAR : SOCIAL_INDEX_LACKS;
	if (order != 0)
		return SOCIAL_INDEX_LACKS;
	item = PageGetItemId(page, first);
	entry = (IndexTuple) PageGetItem(page, item);
	if (ItemIdIsDead(item) || BTreeTupleIsPosting(entry) ||
		(first < last ? _bt_compare(index, key, page, first + 1) == 0 : goes_on(index, page, key)))
		return SOCIAL_INDEX_UNCLEAR;
	*line = entry->t_tid;
	return SOCIAL_INDEX_HAS_ONE;
}

enum social_index_answer
social_index_ask(Relation table, Relation index, int nkeys, const Datum *values, Snapshot snapshot,
				 ItemPointer line)
{
	enum social_index_answer answer = SOCIAL_INDEX_LACKS;
	BTScanInsert key;
	Buffer buffer;

	/* Serializable transactions need the locks that a scan takes. */
	if (index->rd_rel->relam != BTREE_AM_OID || IsolationIsSerializable())
		return SOCIAL_INDEX_UNCLEAR;
	key = key_of(index, nkeys, values);
	buffer = social_compat_bt_search(index, table, key, BT_READ, snapshot);
	if (BufferIsValid(buffer))
	{
		SOCIAL_TEST_FOR_OLD_SNAPSHOT(snapshot, index, BufferGetPage(buffer));
		answer = ask_leaf(index, BufferGetPage(buffer), key, line);
		_bt_relbuf(index, buffer);
	}
	pfree(key);
	return answer;
}

bool
social_index_lacks(Relation table, Relation index, int nkeys, const Datum *values,
				   Snapshot snapshot)
{
	ItemPointerData line;

	return social_index_ask(table, index, nkeys, values, snapshot, &line) == SOCIAL_INDEX_LACKS;
}
