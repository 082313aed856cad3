/*
 * dispatcher.h owns the one dispatcher of a worker process: it claims jobs of the kinds that have a
 * handler, hands them out, keeps their lease, and tells the database what came of them.
 */
#ifndef SB_WORKER_DISPATCHER_H
#define SB_WORKER_DISPATCHER_H

#include <stdbool.h>

struct sb_config;
struct sb_loop;
struct sb_problems;
struct sb_worker;

/* What the table of settings cannot check by itself. */
extern void sb_worker_check(const struct sb_config *config, struct sb_problems *problems);

/* One for the process, before its thread runs. */
extern struct sb_worker *sb_worker_new(struct sb_loop *loop);
extern void sb_worker_free(struct sb_worker *worker);

/* Does what is due; once an iteration of the loop. */
extern void sb_worker_settle(struct sb_worker *worker);

/* Nothing more is claimed; what runs has STOP_TIMEOUT to end, and the rest is given back. */
extern void sb_worker_stop(struct sb_worker *worker);

/* Whether a worker that was stopped has nothing left to do, or no time. */
extern bool sb_worker_is_finished(const struct sb_worker *worker);

#endif /* SB_WORKER_DISPATCHER_H */
