/*
 * metrics.h owns what the bridge counts: each loop for itself, without locks; who wants to know
 * adds the loops up.
 *
 * A figure has one writer, its loop, so that counting is a load, an addition and a store; readers,
 * in whatever thread, see each figure whole. Gauges are set by their loop once a second.
 */
#ifndef SB_METRICS_H
#define SB_METRICS_H

#include <stddef.h>
#include <stdint.h>

struct sb_buffer;

#define SB_METRIC_VALUES 20                                         /* of a label, at most */
#define SB_METRIC_LANES  "read|write|slow|slow_read|wait|wait_read" /* enum sb_pg_lane */
#define SB_BUCKETS       12 /* of a histogram, but for the one without an end */

struct sb_histogram
{
	uint64_t buckets[SB_BUCKETS + 1]; /* not cumulative */
	uint64_t sum_us;
};

/* What an answer was, by its status; the words stand in metrics.c. */
enum sb_answer_kind
{
	SB_ANSWER_SUCCESS,
	SB_ANSWER_REDIRECT,
	SB_ANSWER_CLIENT_ERROR,
	SB_ANSWER_LIMITED, /* 429 */
	SB_ANSWER_SERVER_ERROR,
	SB_ANSWER_NONE, /* the client went before there was one */
	SB_ANSWER_KINDS
};

struct sb_route_metrics
{
	uint64_t answers[SB_ANSWER_KINDS];
	struct sb_histogram duration;
};

/* One loop's; zeroed memory is a beginning. */
struct sb_metrics
{
	struct sb_metrics *next; /* in the list of all loops */
#define SB_METRIC(field, kind, name, label, values, help) uint64_t field[SB_METRIC_VALUES];
#define SB_HISTOGRAM(field, name, label, values, help)    struct sb_histogram field[SB_METRIC_VALUES];
#include "base/metrics.def"
#undef SB_METRIC
#undef SB_HISTOGRAM
	struct sb_route_metrics *routes; /* by the index of the route; the last: no route */
};

/* Names the routes, count of them, by index; before any loop. The texts must stay. */
extern void sb_metrics_name_routes(int count, const char *(*name)(int index),
								   const char *(*method)(int index));

/* A loop's figures, for the life of the process: what was counted stays so when the loop ends. */
extern struct sb_metrics *sb_metrics_new(void);

/* ---- counting: by the loop itself ------------------------------------------------------------ */

static inline void
sb_metric_add(uint64_t *figure, uint64_t n)
{
	__atomic_store_n(figure, *figure + n, __ATOMIC_RELAXED);
}

static inline void
sb_metric_set(uint64_t *figure, uint64_t value)
{
	__atomic_store_n(figure, value, __ATOMIC_RELAXED);
}

extern void sb_histogram_add(struct sb_histogram *histogram, uint64_t us);

/* A request has ended: its route's index (below 0: none), its status (0: none), its time. */
extern void sb_metrics_request(struct sb_metrics *metrics, int route, int status, uint64_t us);

/* ---- reading: from any thread ---------------------------------------------------------------- */

/* Writes "# HELP" and "# TYPE" of a metric, then a line of it; label may be empty. */
extern void sb_metrics_head(struct sb_buffer *out, const char *name, const char *kind,
							const char *help);
extern void sb_metrics_line(struct sb_buffer *out, const char *name, const char *label,
							const char *value, double number);

/* Writes all loops' figures in the Prometheus text format. */
extern void sb_metrics_print(struct sb_buffer *out);

/* Sum over the loops of a counter or gauge, by the offset of its cell in struct sb_metrics. */
extern uint64_t sb_metrics_sum(size_t offset);

#endif /* SB_METRICS_H */
