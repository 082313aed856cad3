/*
 * page.h owns the JSON of a page: one template over the rows of a list function, which all end with
 * cursor and has_more (sql/README.md, "Pages").
 *
 *   list  the list function, or `rows`, what stands behind FROM, with the rows WITH ORDINALITY as l
 *   item  the JSON of one row
 *
 * Behind the JSON stand the cursors once more, for the Link header (link.h).
 *
 * The database's page_json() makes one of them; it takes the rows as they come. A function's come
 * in its order, as nothing stands between the two; whatever joins is put in order before.
 */
#ifndef SB_API_PAGE_H
#define SB_API_PAGE_H

#define SB_PAGE(item, after, before, facts, rows)                                                  \
	"SELECT p.page[1], p.page[2] AS next, p.page[3] AS previous FROM (SELECT "                     \
	"social.page_json(" item ", l.cursor, l.has_more, " after ", " before ", " facts               \
	") AS page FROM " rows ") p"

/* Of a list whose pages go both ways, where $1, $2 and $3 are first, after and before. */
#define SB_PAGE_ANSWER(shape)         "results:[" shape "] next:text? previous:text?"
#define SB_PAGE_PARAMETERS            "query.first:int=20 query.after:text query.before:text"
#define SB_PAGE_ARGUMENTS             "first => $1, after => $2, before => $3"
#define SB_PAGE_BOTH_WAYS(list, item) SB_PAGE(item, "$2", "$3", "NULL", list " l")

/*
 * Of one whose pages go one way. `facts` is an object, the same in each row, of what else the page
 * says; where nothing was found, one row without a cursor has it.
 */
#define SB_PAGE_ONWARD_PARAMETERS "query.first:int=20 query.after:text"
#define SB_PAGE_ONWARD_ARGUMENTS  "first => $1, after => $2"
#define SB_PAGE_ONWARD(rows, item, facts)                                                          \
	SB_PAGE("l.item", "NULL", "NULL", "l.facts",                                                   \
			"(SELECT " item " AS item, l.cursor, l.has_more, " facts " AS facts FROM " rows        \
			" ORDER BY l.ordinality) l")

#endif /* SB_API_PAGE_H */
