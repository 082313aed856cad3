/*
 * worker_figures.h owns what the background worker has done since the server started, for
 * social.metrics(). Only preloaded; without, nothing is counted.
 */
#ifndef SOCIAL_WORKER_FIGURES_H
#define SOCIAL_WORKER_FIGURES_H

#include "postgres.h"

extern void social_worker_figures_init(void);

/* The step (its place and name) of a round of the worker has run, and done so many things. */
extern void social_worker_count(int place, const char *step, int64 done);

#endif /* SOCIAL_WORKER_FIGURES_H */
