/*
 * trending.h owns what activity weighs, and the events that carry it to the worker.
 *
 * Forward decay: an act of weight w at time t is worth w * 2^(t / half-life), so that scores
 * never have to be aged: newer acts are worth exponentially more. What is stored is a score's
 * natural logarithm, which never overflows. Writers append one narrow event for each post that a
 * statement touches, without any index and without waiting; the worker folds them in batches
 * (mission item 132, design D12).
 */
#ifndef SOCIAL_TRENDING_H
#define SOCIAL_TRENDING_H

#include "postgres.h"
#include "access/htup.h"
#include "access/tupdesc.h"

/* Notes what a changed row of `source` (before or after may be NULL) is worth. */
extern void social_trend_row(const char *source, TupleDesc columns, HeapTuple before,
							 HeapTuple after);

/* The same for views of a post, which are counted without a row trigger. */
extern void social_trend_views(int64 post_id, int views);

/* Appends what this subtransaction has noted; called when a statement ends. */
extern void social_trend_apply(void);

#endif /* SOCIAL_TRENDING_H */
