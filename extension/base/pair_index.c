/*
 * pair_index.c owns reading the leaves of B-trees on two bigints (see pair_index.h).
 *
 * Why a probe is right: what the snapshot sees is in the index as long as the snapshot lives, and
 * its entry on the leaf that the server's descent finds, or on one to the right of it after a
 * split. So a pair that would stand between two entries of a leaf, as it is now, and does not, is
 * none. The other way round an entry alone proves nothing but where the visibility map says that
 * everybody sees the rows of its page. That is asked while the leaf is locked: before a row's place
 * is used anew VACUUM takes the entry from the leaf, for which it waits until nobody has it pinned.
 * Whatever is not that plain (entries marked dead, of several rows, at the leaf's end, of pages
 * that the map does not know) is asked with an index scan.
 *
 * The pins on leaves last until the probe is closed, a part of a statement; an error drops them.
 */
#include "postgres.h"

#include "access/visibilitymap.h"
#include "catalog/pg_am.h"
#include "catalog/pg_opfamily.h"
#include "miscadmin.h"
#include "storage/predicate.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "base/pair_index.h"

bool
social_pair_index_has_shape(Relation index, int nkeys)
{
	if (index->rd_rel->relam != BTREE_AM_OID || !index->rd_index->indisvalid ||
		IndexRelationGetNumberOfAttributes(index) != 2 ||
		IndexRelationGetNumberOfKeyAttributes(index) != nkeys ||
		RelationGetIndexPredicate(index) != NIL)
		return false;
	for (int i = 0; i < 2; i++)
	{
		if (TupleDescAttr(index->rd_att, i)->atttypid != INT8OID)
			return false;
	}
	for (int i = 0; i < nkeys; i++)
	{
		if (index->rd_opfamily[i] != INTEGER_BTREE_FAM_OID || index->rd_opcintype[i] != INT8OID ||
			index->rd_indoption[i] != 0)
			return false;
	}
	return true;
}

BTScanInsert
social_pair_index_key(Relation index)
{
	Datum values[] = {Int64GetDatum(0), Int64GetDatum(0)};
	bool isnull[] = {false, false};
	IndexTuple tuple = index_form_tuple(RelationGetDescr(index), values, isnull);
	BTScanInsert key = _bt_mkscankey(index, tuple);

	key->scantid = NULL; /* any row of those keys */
	return key;
}

/* ---- the probe ------------------------------------------------------------------------------ */

enum answer
{
	ANSWER_NO,
	ANSWER_YES,
	ANSWER_UNKNOWN
};

void
social_pair_probe_open(struct social_pair_probe *probe, const char *table, const char *index,
					   int64 first)
{
	memset(probe, 0, sizeof(*probe));
	social_walk_open_keys(&probe->walk, table, index);
	probe->first = first;
	if (social_pair_index_has_shape(probe->walk.index, 2))
		probe->key = social_pair_index_key(probe->walk.index);
}

void
social_pair_probe_close(struct social_pair_probe *probe)
{
	for (int i = 0; i < probe->nleaves; i++)
		ReleaseBuffer(probe->leaves[i].buffer);
	social_walk_close(&probe->walk);
}

/* Keeps the pin of a leaf that covers the seconds low .. high. */
static void
keep_leaf(struct social_pair_probe *probe, Buffer buffer, int64 low, int64 high)
{
	struct social_pair_leaf *leaf;

	if (probe->nleaves < SOCIAL_PAIR_LEAVES)
		leaf = &probe->leaves[probe->nleaves++];
	else
	{
		leaf = &probe->leaves[probe->next];
		probe->next = (probe->next + 1) % SOCIAL_PAIR_LEAVES;
		ReleaseBuffer(leaf->buffer);
	}
	*leaf = (struct social_pair_leaf){.low = low, .high = high, .buffer = buffer};
}

/* The columns of a leaf's entry, and its row; NULL where it is none of the form. */
static const int64 *
entry_at(Page page, OffsetNumber at, ItemPointer *row)
{
	IndexTuple tuple = social_pair_index_tuple(page, PageGetItemId(page, at));

	if (tuple == NULL)
		return NULL;
	*row = &tuple->t_tid;
	return social_pair_index_columns(page, tuple);
}

static int
compare(const int64 *columns, int64 first, int64 second)
{
	if (columns[0] != first)
		return columns[0] < first ? -1 : 1;
	return columns[1] == second ? 0 : columns[1] < second ? -1 : 1;
}

/* Which seconds stand on a leaf, from its outermost entries; none where low > high. */
static bool
range_of(const struct social_pair_probe *probe, Page page, OffsetNumber first, OffsetNumber last,
		 int64 *low, int64 *high)
{
	ItemPointer row;
	const int64 *bottom = entry_at(page, first, &row);
	const int64 *top = entry_at(page, last, &row);

	if (bottom == NULL || top == NULL)
		return false;
	if (bottom[0] <= probe->first)
		*low = bottom[0] == probe->first ? bottom[1] : PG_INT64_MIN;
	if (top[0] >= probe->first)
		*high = top[0] == probe->first ? top[1] : PG_INT64_MAX;
	return true;
}

/* What a locked leaf says about the pair, and which seconds stand on it. */
static enum answer
ask_leaf(struct social_pair_probe *probe, Buffer buffer, int64 second, int64 *low, int64 *high)
{
	Page page = BufferGetPage(buffer);
	BTPageOpaque opaque = BTPageGetOpaque(page);
	OffsetNumber begin = P_FIRSTDATAKEY(opaque);
	OffsetNumber last = PageGetMaxOffsetNumber(page);
	OffsetNumber end = last + 1;
	const int64 *columns;
	ItemPointer row;

	*low = PG_INT64_MAX;
	*high = PG_INT64_MIN;
	if (!P_ISLEAF(opaque) || P_IGNORE(opaque) || begin > last ||
		!range_of(probe, page, begin, last, low, high))
		return ANSWER_UNKNOWN;
	PredicateLockPage(probe->walk.index, BufferGetBlockNumber(buffer), GetActiveSnapshot());
	while (begin < end)
	{
		OffsetNumber middle = begin + (end - begin) / 2;

		columns = entry_at(page, middle, &row);
		if (columns == NULL)
			return ANSWER_UNKNOWN;
		if (compare(columns, probe->first, second) < 0)
			begin = middle + 1;
		else
			end = middle;
	}
	columns = begin > last ? NULL : entry_at(page, begin, &row);
	if (columns == NULL)
		return ANSWER_UNKNOWN;
	if (compare(columns, probe->first, second) != 0)
		return ANSWER_NO;
	if (ItemIdIsDead(PageGetItemId(page, begin)) ||
		!VM_ALL_VISIBLE(probe->walk.table, ItemPointerGetBlockNumber(row), &probe->walk.map))
		return ANSWER_UNKNOWN;
	return ANSWER_YES;
}

/* Asks the leaf that was kept for this second; false where there is none. */
static bool
ask_kept(struct social_pair_probe *probe, int64 second, enum answer *answer)
{
	for (int i = 0; i < probe->nleaves; i++)
	{
		struct social_pair_leaf *leaf = &probe->leaves[i];

		if (second < leaf->low || second > leaf->high)
			continue;
		_bt_lockbuf(probe->walk.index, leaf->buffer, BT_READ);
		*answer = ask_leaf(probe, leaf->buffer, second, &leaf->low, &leaf->high);
		_bt_unlockbuf(probe->walk.index, leaf->buffer);
		return second >= leaf->low && second <= leaf->high; /* it may have been split */
	}
	return false;
}

/* Descends to the leaf of this second, asks it, and keeps it. */
static enum answer
ask_tree(struct social_pair_probe *probe, int64 second)
{
	Relation index = probe->walk.index;
	enum answer answer;
	Buffer buffer;
	int64 low;
	int64 high;

	probe->key->scankeys[0].sk_argument = Int64GetDatum(probe->first);
	probe->key->scankeys[1].sk_argument = Int64GetDatum(second);
	buffer =
		social_compat_bt_search(index, probe->walk.table, probe->key, BT_READ, GetActiveSnapshot());
	if (!BufferIsValid(buffer))
		return ANSWER_UNKNOWN; /* the tree is empty: a scan says so, and locks what has to be */
	SOCIAL_TEST_FOR_OLD_SNAPSHOT(GetActiveSnapshot(), index, BufferGetPage(buffer));
	answer = ask_leaf(probe, buffer, second, &low, &high);
	_bt_unlockbuf(index, buffer);
	if (low < high)
		keep_leaf(probe, buffer, low, high);
	else
		ReleaseBuffer(buffer);
	return answer;
}

bool
social_pair_probe_find(struct social_pair_probe *probe, int64 second)
{
	enum answer answer = ANSWER_UNKNOWN;
	int64 keys[] = {probe->first, second};
	int64 found;

	CHECK_FOR_INTERRUPTS();
	if (probe->key != NULL && !ask_kept(probe, second, &answer))
		answer = ask_tree(probe, second);
	if (answer != ANSWER_UNKNOWN)
		return answer == ANSWER_YES;
	social_walk_start_equal(&probe->walk, 2, keys);
	return social_walk_next_key(&probe->walk, 2, &found);
}
