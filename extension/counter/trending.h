/*
 * trending.h owns how activity weighs, and the events that carry it to the worker.
 *
 * Forward decay: an act of weight w at time t is worth w * 2^(t / half-life), so that scores
 * never have to be aged: newer acts are worth exponentially more. What is stored is a score's
 * natural logarithm, which never overflows. What people do to their own posts is worth nothing, and
 * somebody's second comment or view no more than the first. Writers append one narrow event for
 * each post that a statement touches, without any index and without waiting; the worker folds them
 * in batches (mission item 132, design D12).
 */
#ifndef SOCIAL_TRENDING_H
#define SOCIAL_TRENDING_H

#include "postgres.h"
#include "access/htup.h"
#include "access/tupdesc.h"
#include "utils/rel.h"

/*
 * A row is worth `weight` to its post, unless it was the post's author who acted. Columns by
 * number. `once` says that all rows of a post with the same of it are worth the first of them:
 * somebody's comments, which come and go, or a visitor's views, which are for good.
 */
struct social_trend_source
{
	double weight;
	int post;
	int at;    /* the time */
	int when;  /* worth something while it is not null; 0: always */
	int actor; /* 0: the row is the post */
	int once;  /* 0: each row is worth something */
};

/* Notes what a changed row (before or after may be NULL) is worth. */
extern void social_trend_row(const struct social_trend_source *source, Relation table,
							 HeapTuple before, HeapTuple after);

/* Appends what this subtransaction has noted; called when a statement ends. */
extern void social_trend_apply(void);

#endif /* SOCIAL_TRENDING_H */
