/*
 * search_list.c owns the list of rows that a GIN index keeps for one lexeme (see search_list.h).
 */
#include "postgres.h"

#include "access/xlog.h"
#include "access/xlogrecovery.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/rel.h"

#include "search/search_list.h"
#include "search/search_postings.h"

#define NO_BOUND PG_UINT64_MAX

/* ---- trees ---------------------------------------------------------------------------------- */

void
social_search_list_refuse(Relation index, Buffer buffer)
{
	ereport(ERROR, (errcode(ERRCODE_INDEX_CORRUPTED),
					errmsg("index \"%s\" contains corrupted page at block %u",
						   RelationGetRelationName(index), BufferGetBlockNumber(buffer)),
					errhint("Please REINDEX it.")));
}

Page
social_search_list_page(Relation index, Buffer buffer, uint16 flags, bool is_anew)
{
	Page page = BufferGetPage(buffer);

	if (PageIsNew(page) || PageGetSpecialSize(page) != MAXALIGN(sizeof(GinPageOpaqueData)))
		social_search_list_refuse(index, buffer);
	if ((GinPageGetOpaque(page)->flags & flags) == flags)
		return page;
	if (!is_anew)
		social_search_list_refuse(index, buffer);
	return NULL;
}

/* Has replay written a page since the list began to look through its tree? */
static bool
is_written(const struct social_search_list *list, Page page)
{
	return !XLogRecPtrIsInvalid(list->noted_at) && PageGetLSN(page) > list->noted_at;
}

/*
 * Reads a page, or steps right from the one before; NULL when the tree has to be looked through
 * again.
 */
static Page
read_page(struct social_search_list *list, Buffer *buffer, BlockNumber block)
{
	Page page;

	if (BufferIsValid(*buffer))
		*buffer = ginStepRight(*buffer, list->index, GIN_SHARE);
	else
	{
		*buffer = ReadBuffer(list->index, block);
		LockBuffer(*buffer, GIN_SHARE);
	}
	*list->budget -= SOCIAL_SEARCH_POSTINGS_PAGE;
	page = social_search_list_page(list->index, *buffer, GIN_DATA,
								   !XLogRecPtrIsInvalid(list->noted_at));
	return page == NULL || GinPageIsDeleted(page) || is_written(list, page) ? NULL : page;
}

/* Does what stood on the page up to `last` when its parent was read go on with its neighbour? */
static bool
goes_on(Page page, social_search_row last)
{
	return !GinPageRightMost(page) && social_search_row_of(GinDataPageGetRightBound(page)) < last;
}

struct level
{
	struct social_search_leaf *pages;
	int count;
	int room;
};

static void
add_page(struct level *level, BlockNumber block, social_search_row last)
{
	if (level->count == level->room)
	{
		level->room = Max(level->room * 2, 64);
		level->pages =
			level->pages == NULL
				? palloc(level->room * sizeof(struct social_search_leaf))
				: repalloc(level->pages, level->room * sizeof(struct social_search_leaf));
	}
	level->pages[level->count++] = (struct social_search_leaf){block, last};
}

/* Adds the children of an inner page; the last child reaches as far as the page does. */
static void
add_children(struct social_search_list *list, struct level *children, Buffer buffer)
{
	Page page = BufferGetPage(buffer);
	OffsetNumber count = GinPageGetOpaque(page)->maxoff;
	social_search_row bound =
		GinPageRightMost(page) ? NO_BOUND : social_search_row_of(GinDataPageGetRightBound(page));

	if (count * sizeof(PostingItem) > GinDataPageMaxDataSize)
		social_search_list_refuse(list->index, buffer);
	for (OffsetNumber i = FirstOffsetNumber; i <= count; i++)
	{
		PostingItem *item = GinDataPageGetPostingItem(page, i);

		add_page(children, PostingItemGetBlockNumber(item),
				 i == count ? bound : social_search_row_of(&item->key));
	}
}

enum descent
{
	DESCENT_BELOW,  /* the level has been replaced by the one below */
	DESCENT_LEAVES, /* it holds the leaves */
	DESCENT_CHANGED /* replay has taken a page of it away */
};

static enum descent
descend(struct social_search_list *list, struct level *level)
{
	struct level children = {0};

	for (int i = 0; i < level->count; i++)
	{
		Buffer buffer = InvalidBuffer;
		enum descent found = DESCENT_BELOW;
		Page page;

		do
		{
			page = read_page(list, &buffer, level->pages[i].block);
			if (page == NULL)
				found = DESCENT_CHANGED;
			else if (GinPageIsLeaf(page))
				found = DESCENT_LEAVES;
			else
				add_children(list, &children, buffer);
		} while (found == DESCENT_BELOW && goes_on(page, level->pages[i].last));
		UnlockReleaseBuffer(buffer);
		if (found != DESCENT_BELOW)
			return found;
	}
	pfree(level->pages);
	*level = children;
	return DESCENT_BELOW;
}

/* Notes the leaves of the tree; none when the budget is used up. */
static void
find_leaves(struct social_search_list *list)
{
	struct level level = {0};
	enum descent found = DESCENT_CHANGED;

	if (list->leaves != NULL)
		pfree(list->leaves);
	while (found != DESCENT_LEAVES && *list->budget > 0)
	{
		CHECK_FOR_INTERRUPTS();
		if (found == DESCENT_CHANGED)
		{
			list->noted_at = RecoveryInProgress() ? GetXLogReplayRecPtr(NULL) : InvalidXLogRecPtr;
			level = (struct level){0};
			add_page(&level, BufferGetBlockNumber(list->root), NO_BOUND);
		}
		found = descend(list, &level);
		if (level.count == 0)
			break;
	}
	if (found != DESCENT_LEAVES)
		level.count = 0;
	list->leaves = level.pages;
	list->nleaves = level.count;
	list->leaf = level.count;
}

void
social_search_list_open_tree(struct social_search_list *list, Relation index, BlockNumber root,
							 int64 *budget)
{
	memset(list, 0, sizeof(*list));
	list->index = index;
	list->budget = budget;
	list->root = ReadBuffer(index, root);
	find_leaves(list);
}

/*
 * Loads the rows of a leaf, and of those that it has been split into since. False when the tree has
 * to be looked through again: a root that was a leaf stays where it is when it is split, and its
 * rows move below it; and for what replay does see search_list.h.
 */
static bool
load_leaf(struct social_search_list *list, int leaf)
{
	ItemPointerData from_start;
	Buffer buffer = InvalidBuffer;
	Page page;
	bool is_leaf;

	if (list->items != NULL)
		pfree(list->items);
	list->items = NULL;
	list->nitems = 0;
	list->next = 0;
	list->leaf = leaf;
	ItemPointerSetMin(&from_start);
	do
	{
		ItemPointer items;
		int count = 0;

		page = read_page(list, &buffer, list->leaves[leaf].block);
		is_leaf = page != NULL && GinPageIsLeaf(page);
		if (!is_leaf)
			break;
		items = GinDataLeafPageGetItems(page, &count, from_start);
		if (list->nitems == 0)
			list->items = items;
		else
		{
			list->items = repalloc(list->items, (list->nitems + count) * sizeof(ItemPointerData));
			memcpy(list->items + list->nitems, items, count * sizeof(ItemPointerData));
		}
		list->nitems += count;
		list->next = list->nitems;
	} while (goes_on(page, list->leaves[leaf].last));
	UnlockReleaseBuffer(buffer);
	return is_leaf;
}

/* ---- lists ---------------------------------------------------------------------------------- */

void
social_search_list_open_items(struct social_search_list *list, ItemPointer items, int nitems,
							  int64 *budget)
{
	memset(list, 0, sizeof(*list));
	list->root = InvalidBuffer;
	list->items = items;
	list->nitems = nitems;
	list->next = nitems;
	list->budget = budget;
}

void
social_search_list_close(struct social_search_list *list)
{
	if (BufferIsValid(list->root))
		ReleaseBuffer(list->root);
}

/* The first leaf that may hold this row. */
static int
find_leaf(const struct social_search_list *list, social_search_row row)
{
	int low = 0;
	int high = list->nleaves - 1;

	/* Nearly always the one that is loaded. */
	if (list->leaf < list->nleaves && row <= list->leaves[list->leaf].last &&
		(list->leaf == 0 || row > list->leaves[list->leaf - 1].last))
		return list->leaf;
	while (low < high)
	{
		int middle = (low + high) / 2;

		if (list->leaves[middle].last < row)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * The last loaded row that is not after this one; 0 for none. Most questions are about a row a
 * little before the last one, so the search starts there, in steps that double.
 */
static social_search_row
find_item(struct social_search_list *list, social_search_row row)
{
	int low = 0;
	int high = list->nitems;

	if (list->next < high && social_search_row_of(&list->items[list->next]) > row)
	{
		high = list->next;
		for (int step = 1; high > 0; step *= 2)
		{
			low = Max(high - step, 0);
			if (social_search_row_of(&list->items[low]) <= row)
				break;
			high = low;
		}
	}
	while (low < high)
	{
		int middle = (low + high) / 2;

		if (social_search_row_of(&list->items[middle]) <= row)
			low = middle + 1;
		else
			high = middle;
	}
	list->next = low;
	return low == 0 ? 0 : social_search_row_of(&list->items[low - 1]);
}

social_search_row
social_search_list_seek(struct social_search_list *list, social_search_row row)
{
	social_search_row found;

	(*list->budget)--;
	if (list->nleaves == 0)
		return find_item(list, row);
	for (int leaf = find_leaf(list, row); leaf >= 0 && *list->budget > 0; leaf--)
	{
		CHECK_FOR_INTERRUPTS();
		if (leaf != list->leaf && !load_leaf(list, leaf))
		{
			find_leaves(list);
			if (list->nleaves == 0)
				return 0;
			leaf = find_leaf(list, row) + 1;
			continue;
		}
		found = find_item(list, row);
		if (found != 0)
			return found;
	}
	return 0;
}
