/*
 * trending.h owns what activity weighs, and the events that carry it to the worker.
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

/* Notes what a changed row of `source` (before or after may be NULL) is worth. */
extern void social_trend_row(const char *source, TupleDesc columns, HeapTuple before,
							 HeapTuple after);

/* The same for a new row of post_views, which is counted by a trigger of its own. */
extern void social_trend_view(Relation views, HeapTuple view);

/* Appends what this subtransaction has noted; called when a statement ends. */
extern void social_trend_apply(void);

#endif /* SOCIAL_TRENDING_H */
