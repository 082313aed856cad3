/*
 * page.h owns what C functions that return pages ask of their arguments.
 */
#ifndef SOCIAL_PAGE_H
#define SOCIAL_PAGE_H

#include "postgres.h"
#include "fmgr.h"

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
