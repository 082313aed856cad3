/*
 * search_pages.h owns reading the posts that a GIN index finds from the end of the table, where
 * new posts are: the rows of a bitmap, last page first.
 */
#ifndef SOCIAL_SEARCH_PAGES_H
#define SOCIAL_SEARCH_PAGES_H

#include "postgres.h"
#include "executor/tuptable.h"
#include "tsearch/ts_type.h"
#include "utils/rel.h"

struct social_search_pages;

/*
 * Asks social.<index>, a GIN index over vectors of `table`, for a query that needs at least one
 * word (or it would read the whole index), and keeps the last pages_max pages that it names. Reads
 * with the active snapshot; in the current memory context, until end.
 */
extern struct social_search_pages *social_search_pages_begin(Relation table, const char *index,
															 TSQuery query, int pages_max);
extern void social_search_pages_end(struct social_search_pages *pages);

/*
 * Puts the next row into `slot` (of the table), which may not match: the index does not know
 * everything. False when the kept pages are read.
 */
extern bool social_search_pages_next(struct social_search_pages *pages, TupleTableSlot *slot);

/* Were all pages kept that the index names? */
extern bool social_search_pages_are_all(const struct social_search_pages *pages);

#endif /* SOCIAL_SEARCH_PAGES_H */
