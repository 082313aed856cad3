/*
 * search_list.h owns the list of rows that a GIN index keeps for one lexeme, read from its end.
 *
 * Lock protocol: one page of the index at a time, in share mode, or a page and its right neighbour
 * while stepping right; never a page while a row is read. A list that is a tree keeps its root
 * pinned until it is closed: VACUUM deletes pages of a tree only under a cleanup lock of its root,
 * so what the list has noted of the tree stays there. A page that splits meanwhile hands rows to
 * its right neighbour, which is found by its right bound.
 *
 * During replay the pin keeps nobody away: a page may be deleted, and used anew, even in another
 * tree, between two looks. So there a page that has been written since the list began to look
 * through the tree (its LSN says so), or is no live one of a tree, makes it look through again.
 * What vanishes with a page are rows that this snapshot did not see, as replay of their removal
 * first cancels the snapshots that do (a recovery conflict). Steps to the right are from pages that
 * live, whose neighbour cannot go while they are locked.
 *
 * No page is believed: one that is empty or whose special area is not GIN's, and in normal
 * operation one of another kind than expected, raise SQLSTATE index_corrupted.
 */
#ifndef SOCIAL_SEARCH_LIST_H
#define SOCIAL_SEARCH_LIST_H

#include "postgres.h"
#include "access/gin_private.h"
#include "access/xlogdefs.h"

/* A row as a number in the order of the table; 0 is before all rows. */
typedef uint64 social_search_row;

/* A page of a tree, and the last row that may stand on it. */
struct social_search_leaf
{
	BlockNumber block;
	social_search_row last;
};

struct social_search_list
{
	Relation index;
	Buffer root;         /* pinned; InvalidBuffer for a list that is no tree */
	XLogRecPtr noted_at; /* how far replay had come before; invalid without replay */
	struct social_search_leaf *leaves;
	int nleaves;
	int leaf;          /* the one whose rows are loaded; nleaves for none */
	ItemPointer items; /* loaded rows, rising */
	int nitems;
	int next;      /* the loaded row after the one that was found last */
	int64 *budget; /* falls with each step and page; the list ends when it is used up */
};

/*
 * A locked page of a GIN index; raises when it is none. When it lacks one of these flags that
 * raises as well, or the answer is NULL where the page may have been used anew.
 */
extern Page social_search_list_page(Relation index, Buffer buffer, uint16 flags, bool is_anew);

/* Raises that this page of an index is not what it should be. */
extern void social_search_list_refuse(Relation index, Buffer buffer) __attribute__((noreturn));

/* The list that an entry of the index points to. The entry's page must not be locked any more. */
extern void social_search_list_open_tree(struct social_search_list *list, Relation index,
										 BlockNumber root, int64 *budget);

/* A list of these rows, in rising order. */
extern void social_search_list_open_items(struct social_search_list *list, ItemPointer items,
										  int nitems, int64 *budget);

extern void social_search_list_close(struct social_search_list *list);

/* The last row of the list that is not after `row`; 0 for none. */
extern social_search_row social_search_list_seek(struct social_search_list *list,
												 social_search_row row);

static inline social_search_row
social_search_row_of(const ItemPointerData *item)
{
	return (social_search_row) ItemPointerGetBlockNumberNoCheck(item) << 16 |
		   ItemPointerGetOffsetNumberNoCheck(item);
}

#endif /* SOCIAL_SEARCH_LIST_H */
