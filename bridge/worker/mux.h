/*
 * mux.h owns the handler of jobs of kind mux: what is to be said to Mux of a stream.
 */
#ifndef SB_WORKER_MUX_H
#define SB_WORKER_MUX_H

#include "worker/job.h"

struct sb_config;
struct sb_problems;

/* As a row of handlers.c. */
extern int sb_mux_most(const struct sb_config *config);
extern void sb_mux_check(const struct sb_config *config, struct sb_problems *problems);
extern void *sb_mux_open(struct sb_loop *loop);
extern void sb_mux_close(void *service);
extern void sb_mux_start(struct sb_job *job);
extern void sb_mux_cancel(struct sb_job *job);

#endif /* SB_WORKER_MUX_H */
