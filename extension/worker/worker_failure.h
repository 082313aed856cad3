/*
 * worker_failure.h owns what the background worker's rounds failed at, for check(). Only preloaded;
 * without, nothing is kept.
 */
#ifndef SOCIAL_WORKER_FAILURE_H
#define SOCIAL_WORKER_FAILURE_H

#include "postgres.h"

#define SOCIAL_WORKER_STEPS_MAX 32

extern void social_worker_failure_init(void);

/* The step (its place and name) of a round of the worker in this database has failed. */
extern void social_worker_failed(int place, const char *step, const ErrorData *error);

/* It has succeeded. */
extern void social_worker_succeeded(int place);

/* Another worker begins: what an earlier one failed at is no longer known. */
extern void social_worker_failure_forget(void);

#endif /* SOCIAL_WORKER_FAILURE_H */
