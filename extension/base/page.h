/*
 * page.h owns the pages that C functions return: what they ask of their arguments, and the rows
 * that they keep.
 */
#ifndef SOCIAL_PAGE_H
#define SOCIAL_PAGE_H

#include "postgres.h"
#include "access/htup.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "nodes/execnodes.h"

/* A row that a page keeps. */
struct social_page_row
{
	HeapTuple row;
	int64 key; /* of its cursor */
	int64 id;
};

/*
 * A page of a list: how many rows it may hold, and those that were found, in the order in which
 * they were come to. One more than the page holds tells whether more follow.
 */
struct social_page
{
	const char *kind; /* of its cursors */
	text *cursor;     /* NULL: from the top of the list */
	bool backwards;   /* it lies before the cursor */
	int wanted;
	int count;
	struct social_page_row *rows;
	ReturnSetInfo *result;
};

/*
 * Begins the page that arguments `first` and the two behind it (after, before) ask for, as the
 * result of this call. Raises SM400 as page_size() and page_cursor() do.
 */
extern void social_page_begin(struct social_page *page, FunctionCallInfo fcinfo, int first,
							  const char *kind);

/* The key beyond which it begins; `top` where it begins at the top. */
extern int64 social_page_start(const struct social_page *page, int64 top);

/* Keeps the row in `slot`; false when there is one more than the page holds, and that is enough. */
extern bool social_page_keep(struct social_page *page, TupleTableSlot *slot, int64 key, int64 id);

/*
 * Returns the rows that were kept, in the list's order; `fill` makes all columns but the last two,
 * cursor and has_more.
 */
extern void social_page_put(struct social_page *page,
							void (*fill)(void *state, HeapTuple row, Datum *values, bool *isnull),
							void *state);

/* The rows of a page from argument `number`, 20 for null; raises SM400 as page_size() does. */
extern int social_page_rows(FunctionCallInfo fcinfo, int number);

/*
 * The one cursor of arguments `after` and `before`, NULL without one; raises SM400 for two, as
 * page_cursor() does.
 */
extern text *social_page_one_cursor(FunctionCallInfo fcinfo, int after, int before);

/* Raises SM400 for a cursor that is none of ours, or another list's. */
extern void social_page_refuse_cursor(void) __attribute__((noreturn));

/* Reads a cursor of this list; raises SM400 for any other. */
extern void social_page_cursor(const char *kind, const text *cursor, int64 *key, int64 *id);

#endif /* SOCIAL_PAGE_H */
