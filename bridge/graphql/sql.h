/*
 * sql.h owns what the files that write an operation's SQL share: the statement under way, the row
 * source under way, and the pieces of which both lists and connections are made.
 */
#ifndef SB_GRAPHQL_SQL_H
#define SB_GRAPHQL_SQL_H

#include "graphql/plan.h"

/* A statement under way. */
struct gql_writer
{
	struct gql_plan *plan;
	const struct sb_graphql_limits *limits;
	struct gql_param *params; /* of the current statement */
	int nparams;
	int params_size;
	int aliases;
	int costs_size;
	int limited_size;
	bool lookups; /* malformed identifiers find nothing */
};

/* A row source under way: what its sub-selects need of it. */
struct gql_row_source
{
	int alias;
	int cost; /* index of its cost item, or -1 */
	const struct gql_node *node;
	struct gql_row_source *around;
	bool documents;         /* of a connection: they are rows of social.documents() */
	struct gql_map columns; /* needed, so far */
	struct sb_buffer list;  /* the needed ones as SQL */
};

/* A column of a row source, which is remembered as needed: t<n>."name". */
void gql_write_column(struct sb_buffer *out, struct gql_row_source *rows, const char *column);
/* A constant of the schema file as an SQL literal of that type. */
void gql_write_constant(struct sb_buffer *out, const char *text, const char *sql_type);
/* Ends what is selected with its response key. */
void gql_write_key(struct sb_buffer *out, const struct gql_node *node);
/* An argument of a node, or what a path of `len` bytes leads to inside of it. */
void gql_write_argument(struct gql_writer *writer, struct sb_buffer *out,
						const struct gql_node *node, const struct gql_input *input,
						const char *path, size_t len);
/* SQL of the schema file, its braces filled in; `around` is the row that {parent} names. */
void gql_write_template(struct gql_writer *writer, struct sb_buffer *out,
						struct gql_row_source *around, const struct gql_node *node,
						const char *template);
/* Does a row only name the rows that its object is made of? Then that object may be null. */
bool gql_is_found_elsewhere(const struct gql_node *node, const char *key);
/* That object. */
void gql_write_elsewhere(struct gql_writer *writer, struct sb_buffer *out,
						 struct gql_row_source *rows, const struct gql_node *node, const char *key);
/* An object of the fields of a row that is being written. */
void gql_write_same(struct gql_writer *writer, struct sb_buffer *out, struct gql_row_source *rows,
					const struct gql_node *node);
/*
 * The page of a connection as rows of social.documents(): document, cursor, has_more. The documents
 * hold the fields of a node, or where these are NULL something.
 */
void gql_write_document_page(struct gql_writer *writer, struct sb_buffer *out,
							 const struct gql_row_source *rows, const struct gql_node *fields);
/* Notes what the rows of a node cost, `around` being the cost they multiply; the new one's number.
 */
int gql_add_cost(struct gql_writer *writer, const struct gql_node *node, int around);
/* Notes that a field has a limit of its own. */
void gql_add_limited(struct gql_writer *writer, const struct gql_node *node, int around);

/*
 * A page of a list function (sql/README.md, "Pages") as a connection: the rows t<n> make edges, one
 * row a$<n> about all of them makes the rest.
 */
void gql_write_connection(struct gql_writer *writer, struct sb_buffer *out,
						  struct gql_row_source *around, const struct gql_node *node);

#endif /* SB_GRAPHQL_SQL_H */
