/*
 * page.h owns the JSON of a page: one template over the rows of a list function, which all end with
 * cursor and has_more (sql/README.md, "Pages").
 *
 *   list  the list function, or `rows`, what stands behind FROM, with the rows WITH ORDINALITY as l
 *   item  the JSON of one row
 *
 * Behind the JSON stand the cursors once more, for the Link header (link.h).
 *
 * A page that was reached by a cursor has rows on the other side of it: those with the cursor
 * itself. A sort within an aggregate would copy every row; a function's rows are in order already.
 */
#ifndef SB_API_PAGE_H
#define SB_API_PAGE_H

#define SB_PAGE(has_next, has_previous, rows, item, facts, members)                                \
	"SELECT row_to_json(r), r.next, r.previous FROM (SELECT coalesce(p.results, '[]') AS "         \
	"results, "                                                                                    \
	"CASE WHEN " has_next " THEN p.cursors[cardinality(p.cursors)] END AS next, "                  \
	"CASE WHEN " has_previous " THEN p.cursors[1] END AS previous" members " FROM (SELECT "        \
	"json_agg(l.item) FILTER (WHERE l.cursor IS NOT NULL) AS results, "                            \
	"array_agg(l.cursor) FILTER (WHERE l.cursor IS NOT NULL) AS cursors, "                         \
	"bool_or(l.has_more) AS has_more" facts " FROM (SELECT l.cursor, l.has_more, " item            \
	" AS item FROM " rows " ORDER BY l.ordinality) l) p) r"

/* Of a list whose pages go both ways, where $1, $2 and $3 are first, after and before. */
#define SB_PAGE_ANSWER(shape) "results:[" shape "] next:text? previous:text?"
#define SB_PAGE_PARAMETERS    "query.first:int=20 query.after:text query.before:text"
#define SB_PAGE_ARGUMENTS     "first => $1, after => $2, before => $3"
#define SB_PAGE_BOTH_WAYS(list, item)                                                              \
	SB_PAGE("p.has_more OR $3 IS NOT NULL",                                                        \
			"CASE WHEN $3 IS NULL THEN $2 IS NOT NULL ELSE p.has_more END",                        \
			list " WITH ORDINALITY l", item, "", "")

/*
 * Of one whose pages go one way. What else the page says: columns that stand before the item,
 * `facts`, aggregates of them, and `members`, the names of these. Where nothing was found, one row
 * without a cursor has them.
 */
#define SB_PAGE_ONWARD_PARAMETERS "query.first:int=20 query.after:text"
#define SB_PAGE_ONWARD_ARGUMENTS  "first => $1, after => $2"
#define SB_PAGE_ONWARD(rows, item, facts, members)                                                 \
	SB_PAGE("p.has_more", "false", rows, item, facts, members)

#endif /* SB_API_PAGE_H */
