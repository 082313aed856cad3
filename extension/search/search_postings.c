/*
 * search_postings.c owns reading a GIN index over text vectors from the end of its table (see
 * search_postings.h): which lists the words of a query have, and the rows that they have in common.
 *
 * It asks the server for the entry of a lexeme, whose pages are never taken away, also by replay;
 * what holds for the lists behind it says search_list.h. Nothing on a page is believed: what is not
 * of the expected kind, or not within its page, raises SQLSTATE index_corrupted.
 */
#include "postgres.h"

#include "access/genam.h"
#include "catalog/pg_am.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/predicate.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "search/search_list.h"
#include "search/search_postings.h"
#include "base/table.h"

/* Lexemes that begin with a prefix; further ones are left out, and the answer says so. */
#define PREFIX_LISTS_MAX 200

/*
 * What an item of the query finds. A word has one list, or one for each lexeme that begins with it.
 */
struct word
{
	text *lexeme; /* NULL for an operator */
	bool is_prefix;
	bool is_open; /* lists are opened when the word is first asked for */
	struct social_search_list *lists;
	int nlists;
	ItemPointer pending; /* rows in the index's pending list */
	int npending;
	int room;
	social_search_row asked; /* the last question, and its answer */
	social_search_row found;
};

struct social_search_postings
{
	Relation index;
	GinState state;
	TSQuery query;
	struct word *words; /* in the order of the query's items */
	int64 budget;
	bool is_cut; /* lists were left out */
	social_search_row next;
};

static bool
is_meant(const struct word *word, const char *bytes, int len)
{
	int wanted = VARSIZE_ANY_EXHDR(word->lexeme);

	return (word->is_prefix ? len >= wanted : len == wanted) &&
		   memcmp(bytes, VARDATA_ANY(word->lexeme), wanted) == 0;
}

/* The key of an index tuple; NULL for one that stands for no lexeme. */
static text *
key_of(struct social_search_postings *postings, IndexTuple tuple)
{
	GinNullCategory category;
	Datum key = gintuple_get_key(&postings->state, tuple, &category);

	return category == GIN_CAT_NORM_KEY ? DatumGetTextPP(key) : NULL;
}

/* A tuple of a page, in its bounds. */
static IndexTuple
tuple_at(struct social_search_postings *postings, Buffer buffer, OffsetNumber offset)
{
	Page page = BufferGetPage(buffer);
	ItemId item = PageGetItemId(page, offset);
	IndexTuple tuple = (IndexTuple) ((char *) page + ItemIdGetOffset(item));
	unsigned end = ItemIdGetOffset(item) + ItemIdGetLength(item);

	if (ItemIdGetOffset(item) % MAXIMUM_ALIGNOF != 0 || end > ((PageHeader) page)->pd_special ||
		ItemIdGetLength(item) < sizeof(*tuple) || IndexTupleSize(tuple) > ItemIdGetLength(item))
		social_search_list_refuse(postings->index, buffer);
	return tuple;
}

/* ---- the pending list: rows that are not entered yet ---------------------------------------- */

static void
note_pending(struct word *word, ItemPointer row)
{
	if (word->npending == word->room)
	{
		word->room = Max(word->room * 2, 16);
		word->pending = word->pending == NULL
							? palloc(word->room * sizeof(ItemPointerData))
							: repalloc(word->pending, word->room * sizeof(ItemPointerData));
	}
	word->pending[word->npending++] = *row;
}

static void
read_pending_page(struct social_search_postings *postings, Buffer buffer)
{
	OffsetNumber count = PageGetMaxOffsetNumber(BufferGetPage(buffer));

	for (OffsetNumber i = FirstOffsetNumber; i <= count; i++)
	{
		IndexTuple tuple = tuple_at(postings, buffer, i);
		text *key = key_of(postings, tuple);

		for (int w = 0; key != NULL && w < postings->query->size; w++)
		{
			struct word *word = &postings->words[w];

			if (word->lexeme != NULL && is_meant(word, VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key)))
				note_pending(word, &tuple->t_tid);
		}
	}
}

/*
 * Read before the entries: what is moved to them meanwhile is found in at least one place. The next
 * page is locked before this one is released, so that it cannot be taken away in between; replay,
 * which takes pages from the list one by one, cannot get past a reader either.
 */
static void
read_pending(struct social_search_postings *postings)
{
	Relation index = postings->index;
	Buffer buffer = ReadBuffer(index, GIN_METAPAGE_BLKNO);
	GinMetaPageData *meta;
	BlockNumber block;

	LockBuffer(buffer, GIN_SHARE);
	meta = GinPageGetMeta(social_search_list_page(index, buffer, GIN_META, false));
	if (meta->ginVersion > GIN_CURRENT_VERSION)
		social_search_list_refuse(index, buffer);
	block = meta->head;
	while (block != InvalidBlockNumber)
	{
		Buffer next = ReadBuffer(index, block);
		Page page;

		LockBuffer(next, GIN_SHARE);
		UnlockReleaseBuffer(buffer);
		buffer = next;
		page = social_search_list_page(index, buffer, GIN_LIST, false);
		read_pending_page(postings, buffer);
		block = GinPageGetOpaque(page)->rightlink;
	}
	UnlockReleaseBuffer(buffer);
}

static int
compare_rows(const void *a, const void *b)
{
	return ItemPointerCompare((ItemPointer) a, (ItemPointer) b);
}

/* ---- entries -------------------------------------------------------------------------------- */

/* What an entry points to: a tree, or rows that stand in the entry itself. */
struct entry
{
	BlockNumber tree;
	ItemPointer items;
	int nitems;
};

static struct entry
read_entry(struct social_search_postings *postings, IndexTuple tuple)
{
	struct entry entry = {.tree = InvalidBlockNumber};

	if (GinIsPostingTree(tuple))
		entry.tree = GinGetPostingTree(tuple);
	else
		entry.items = ginReadTuple(&postings->state, FirstOffsetNumber, tuple, &entry.nitems);
	return entry;
}

/* Puts the entries that a word means into `entries`, which has room for PREFIX_LISTS_MAX. */
static int
find_entries(struct social_search_postings *postings, const struct word *word,
			 struct entry *entries)
{
	GinBtreeData tree;
	GinBtreeStack *stack;
	int count = 0;

	ginPrepareEntryScan(&tree, FirstOffsetNumber, PointerGetDatum(word->lexeme), GIN_CAT_NORM_KEY,
						&postings->state);
	stack = social_compat_gin_find_leaf(&tree, GetActiveSnapshot());
	tree.findItem(&tree, stack);
	for (;;)
	{
		Page page = social_search_list_page(postings->index, stack->buffer, GIN_LEAF, false);
		IndexTuple tuple;
		text *key;

		if (stack->off > PageGetMaxOffsetNumber(page))
		{
			if (GinPageRightMost(page))
				break;
			stack->buffer = ginStepRight(stack->buffer, postings->index, GIN_SHARE);
			stack->off = FirstOffsetNumber;
			continue;
		}
		tuple = tuple_at(postings, stack->buffer, stack->off++);
		key = key_of(postings, tuple);
		if (key == NULL || !is_meant(word, VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key)))
			break;
		if (count == PREFIX_LISTS_MAX)
		{
			postings->is_cut = true;
			break;
		}
		entries[count++] = read_entry(postings, tuple);
		if (!word->is_prefix)
			break;
	}
	/* Trees are read later: whoever locks a page of one may want to lock the entry's page. */
	LockBuffer(stack->buffer, GIN_UNLOCK);
	freeGinBtreeStack(stack);
	return count;
}

static void
open_lists(struct social_search_postings *postings, struct word *word)
{
	struct entry entries[PREFIX_LISTS_MAX];
	int count = find_entries(postings, word, entries);

	word->is_open = true;
	word->lists = palloc((count + 1) * sizeof(struct social_search_list));
	for (int i = 0; i < count; i++)
	{
		struct social_search_list *list = &word->lists[word->nlists++];

		if (entries[i].tree != InvalidBlockNumber)
			social_search_list_open_tree(list, postings->index, entries[i].tree, &postings->budget);
		else
			social_search_list_open_items(list, entries[i].items, entries[i].nitems,
										  &postings->budget);
	}
	if (word->npending > 0)
	{
		qsort(word->pending, word->npending, sizeof(ItemPointerData), compare_rows);
		social_search_list_open_items(&word->lists[word->nlists++], word->pending, word->npending,
									  &postings->budget);
	}
}

/* ---- rows that the lists have in common ------------------------------------------------------ */

/* The last row that has the word and is not after `row`; 0 for none. */
static social_search_row
seek_word(struct social_search_postings *postings, struct word *word, social_search_row row)
{
	social_search_row last = 0;

	if (!word->is_open)
		open_lists(postings, word);
	for (int i = 0; i < word->nlists; i++)
	{
		social_search_row found = social_search_list_seek(&word->lists[i], row);

		last = Max(last, found);
	}
	return last;
}

static social_search_row seek(struct social_search_postings *postings, const QueryItem *item,
							  social_search_row row);

/* The last row that both parts of the query have. */
static social_search_row
seek_both(struct social_search_postings *postings, const QueryItem *left, const QueryItem *right,
		  social_search_row row)
{
	for (;;)
	{
		social_search_row one = seek(postings, left, row);
		social_search_row other = seek(postings, right, one);

		if (one == other || postings->budget <= 0)
			return other;
		row = other;
	}
}

/* The last row that has a part of the query; what is under NOT may match anywhere. */
static social_search_row
seek(struct social_search_postings *postings, const QueryItem *item, social_search_row row)
{
	struct word *part = &postings->words[item - GETQUERY(postings->query)];
	const QueryItem *left = item + (item->type == QI_OPR ? item->qoperator.left : 0);
	const QueryItem *right = item + 1;

	if (row == 0 || (item->type == QI_OPR && item->qoperator.oper == OP_NOT))
		return row;
	/* What was found for a later row is the answer as long as it is not after this one. */
	if (part->found <= row && row <= part->asked)
		return part->found;
	if (item->type == QI_VAL)
	{
		part->asked = row;
		return part->found = seek_word(postings, part, row);
	}
	check_stack_depth();
	if (item->qoperator.oper == OP_OR)
	{
		social_search_row one = seek(postings, left, row);
		social_search_row other = one == row ? row : seek(postings, right, row);

		part->found = Max(one, other);
	}
	else
		part->found = seek_both(postings, left, right, row);
	part->asked = row;
	return part->found;
}

bool
social_search_postings_next(struct social_search_postings *postings, ItemPointer row)
{
	social_search_row found = seek(postings, GETQUERY(postings->query), postings->next);

	if (found == 0 || postings->budget <= 0)
		return false;
	postings->next = found - 1;
	ItemPointerSet(row, (BlockNumber) (found >> 16), (OffsetNumber) (found & 0xFFFF));
	return true;
}

bool
social_search_postings_are_all(const struct social_search_postings *postings)
{
	return postings->budget > 0 && !postings->is_cut;
}

/* ---- opening and closing --------------------------------------------------------------------- */

/* What is read here is a GIN index over one column of text vectors, of all rows. */
static void
check_index(Relation index)
{
	if (index->rd_rel->relam == GIN_AM_OID && index->rd_index->indisvalid &&
		IndexRelationGetNumberOfAttributes(index) == 1 && index->rd_opcintype[0] == TSVECTOROID &&
		index_getprocid(index, 1, GIN_COMPARE_PROC) == F_GIN_CMP_TSLEXEME)
		return;
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					errmsg("index \"%s\" is no valid GIN index of tsvector_ops",
						   RelationGetRelationName(index)),
					errhint("Make it anew as the extension does.")));
}

struct social_search_postings *
social_search_postings_begin(const char *index, TSQuery query, int64 budget)
{
	struct social_search_postings *postings = palloc0(sizeof(*postings));

	postings->index = index_open(social_relation_oid(index), AccessShareLock);
	check_index(postings->index);
	initGinState(&postings->state, postings->index);
	PredicateLockRelation(postings->index, GetActiveSnapshot());
	postings->query = query;
	postings->budget = budget;
	postings->next = PG_UINT64_MAX;
	postings->words = palloc0(query->size * sizeof(struct word));
	for (int i = 0; i < query->size; i++)
	{
		const QueryItem *item = &GETQUERY(query)[i];

		if (item->type != QI_VAL)
			continue;
		postings->words[i].is_prefix = item->qoperand.prefix;
		postings->words[i].lexeme = cstring_to_text_with_len(
			GETOPERAND(query) + item->qoperand.distance, item->qoperand.length);
	}
	read_pending(postings);
	return postings;
}

void
social_search_postings_end(struct social_search_postings *postings)
{
	for (int i = 0; i < postings->query->size; i++)
		for (int j = 0; j < postings->words[i].nlists; j++)
			social_search_list_close(&postings->words[i].lists[j]);
	index_close(postings->index, AccessShareLock);
	pfree(postings);
}
