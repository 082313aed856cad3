/*
 * page.h owns the JSON of a page: one template over the rows of a list function, which all end with
 * cursor and has_more (sql/README.md, "Pages").
 *
 *   list  the list function, or `rows`, what stands behind FROM, with the rows WITH ORDINALITY as l
 *   item  the JSON of one row
 *
 * A page that was reached by a cursor has rows on the other side of it: those with the cursor
 * itself.
 */
#ifndef SB_API_PAGE_H
#define SB_API_PAGE_H

#define SB_PAGE(has_next, has_previous, rows, item, aggregates, columns)                           \
	"SELECT row_to_json(r) FROM (SELECT coalesce(p.results, '[]') AS results, "                    \
	"CASE WHEN " has_next " THEN p.cursors[cardinality(p.cursors)] END AS next, "                  \
	"CASE WHEN " has_previous " THEN p.cursors[1] END AS previous" columns " FROM (SELECT "        \
	"json_agg(" item " ORDER BY l.ordinality) FILTER (WHERE l.cursor IS NOT NULL) AS results, "    \
	"array_agg(l.cursor ORDER BY l.ordinality) FILTER (WHERE l.cursor IS NOT NULL) AS cursors, "   \
	"bool_or(l.has_more) AS has_more" aggregates " FROM " rows ") p) r"

/* Of a list whose pages go both ways, where $1, $2 and $3 are first, after and before. */
#define SB_PAGE_ANSWER(shape) "results:[" shape "] next:text? previous:text?"
#define SB_PAGE_PARAMETERS    "query.first:int=20 query.after:text query.before:text"
#define SB_PAGE_ARGUMENTS     "first => $1, after => $2, before => $3"
#define SB_PAGE_BOTH_WAYS(list, item)                                                              \
	SB_PAGE("p.has_more OR $3 IS NOT NULL",                                                        \
			"CASE WHEN $3 IS NULL THEN $2 IS NOT NULL ELSE p.has_more END",                        \
			list " WITH ORDINALITY l", item, "", "")

/* Of one whose pages go one way; `aggregates` over all rows become members of the page. */
#define SB_PAGE_ONWARD(rows, item, aggregates, columns)                                            \
	SB_PAGE("p.has_more", "false", rows, item, aggregates, columns)

#endif /* SB_API_PAGE_H */
