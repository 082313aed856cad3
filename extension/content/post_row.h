/*
 * post_row.h owns making rows of visible_posts in C, for functions that have found posts below SQL.
 *
 * Columns go by their names, so that one which posts and the view gain needs no change here: a
 * column of posts as it is, a count of post_counters with its deltas, is_edited. What the function
 * returns besides stays null and is the caller's.
 */
#ifndef SOCIAL_POST_ROW_H
#define SOCIAL_POST_ROW_H

#include "postgres.h"
#include "access/htup.h"
#include "utils/rel.h"

#include "base/walk.h"

struct social_post_rows
{
	TupleDesc output;
	TupleDesc posts;
	int *sources;  /* for each column of the output, where it comes from; see post_row.c */
	int edited_at; /* column of posts, from 0 */
	Datum *post_values;
	bool *post_isnull;
	struct social_walk counters;
	struct social_walk deltas;
	bool has_deltas;
};

/* `posts` is the open table; in the current memory context, until end. */
extern void social_post_rows_begin(struct social_post_rows *rows, TupleDesc output, Relation posts);

/*
 * Sets values and isnull for every column. They point into the post's tuple. The caller knows that
 * the viewer may see the post.
 */
extern void social_post_rows_make(struct social_post_rows *rows, HeapTuple post, Datum *values,
								  bool *isnull);
extern void social_post_rows_end(struct social_post_rows *rows);

#endif /* SOCIAL_POST_ROW_H */
