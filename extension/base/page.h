/*
 * page.h owns what C functions that return pages ask of their arguments.
 */
#ifndef SOCIAL_PAGE_H
#define SOCIAL_PAGE_H

#include "postgres.h"
#include "fmgr.h"

/* The rows of a page from argument `number`, 20 for null; raises SM400 as page_size() does. */
extern int social_page_rows(FunctionCallInfo fcinfo, int number);

/* Raises SM400 for a cursor that is none of ours, or another list's. */
extern void social_page_refuse_cursor(void) __attribute__((noreturn));

/* Reads a cursor of this list; raises SM400 for any other. */
extern void social_page_cursor(const char *kind, const text *cursor, int64 *key, int64 *id);

#endif /* SOCIAL_PAGE_H */
