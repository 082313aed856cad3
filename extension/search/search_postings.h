/*
 * search_postings.h owns reading a GIN index over text vectors from the end of its table: which is
 * the last row, up to a given place, that may hold these words?
 *
 * The server's own scan of such an index makes a bitmap of every row that matches, which for common
 * words takes tens of milliseconds and grows with the table. New posts stand at the table's end, so
 * that a search needs the last few hundred rows; these cost what they cost, whatever the words.
 */
#ifndef SOCIAL_SEARCH_POSTINGS_H
#define SOCIAL_SEARCH_POSTINGS_H

#include "postgres.h"
#include "storage/itemptr.h"
#include "tsearch/ts_type.h"

struct social_search_postings;

/*
 * Opens social.<index> for a query, which must need at least one word; `budget` bounds the work
 * (one for each look at a word's list, SOCIAL_SEARCH_POSTINGS_PAGE for each of its pages). Reads
 * what is there now; rows that a snapshot sees are among it. In the current memory context.
 */
extern struct social_search_postings *social_search_postings_begin(const char *index, TSQuery query,
																   int64 budget);
extern void social_search_postings_end(struct social_search_postings *postings);

#define SOCIAL_SEARCH_POSTINGS_PAGE 500

/*
 * The next row from the end that may match: words under NOT, distances and weights are for the
 * caller to check. False when there is none left, or the budget is used up.
 */
extern bool social_search_postings_next(struct social_search_postings *postings, ItemPointer row);

/* Did the budget last? */
extern bool social_search_postings_are_all(const struct social_search_postings *postings);

#endif /* SOCIAL_SEARCH_POSTINGS_H */
