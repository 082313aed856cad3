/*
 * job.h owns what a job is to the handler that runs it, and what a handler is: a row of
 * handlers.c. Everything happens in the worker's one loop, so nothing in a handler may block.
 */
#ifndef SB_WORKER_JOB_H
#define SB_WORKER_JOB_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "loop/loop.h"

enum sb_job_state
{
	SB_JOB_RUNNING, /* the handler has it */
	SB_JOB_DONE,
	SB_JOB_FAILED,
	SB_JOB_SNOOZED,
	SB_JOB_STATES
};

struct sb_asks;
struct sb_worker;

struct sb_job
{
	struct sb_job *next; /* the dispatcher's */
	struct sb_worker *worker;
	const struct sb_handler *handler;
	void *service;        /* what the handler's open() returned */
	struct sb_asks *asks; /* where its threads ask the database (worker/ask.h) */
	void *run;            /* the handler's, while the job runs */
	int64_t id;
	int attempt;
	int max_attempts;
	json_t *args;         /* NULL: null */
	uint64_t deadline_ms; /* when its kind's timeout is over */

	enum sb_job_state state;
	bool is_told;  /* the database is being told the outcome */
	char *error;   /* of a failed one */
	int delay;     /* seconds: of a snoozed one, or what the other side asked for; 0: none */
	bool is_final; /* it is not tried again */
};

struct sb_handler
{
	const char *kind;

	/* Functions of the schema social, in the place and with the arguments of claim_jobs,
	 * finish_jobs and fail_jobs. */
	const char *claim;
	const char *finish;
	const char *fail;

	/* How many jobs of the kind this process runs at once; 0: its settings are not those of one
	 * that runs any. */
	int (*most)(const struct sb_config *config);

	/* What the table of settings cannot tell; may be NULL. */
	void (*check)(const struct sb_config *config, struct sb_problems *problems);

	/* What its jobs share. close() is called when none runs. */
	void *(*open)(struct sb_loop *loop);
	void (*close)(void *service);

	/* Runs a job until it says what came of it (below), perhaps at once. */
	void (*start)(struct sb_job *job);

	/* Stops it; nothing is said of it any more, and the job is not touched again. */
	void (*cancel)(struct sb_job *job);
};

/* Ends with a row without a kind. */
extern const struct sb_handler sb_handlers[];

/* What came of a job, said once; the handler forgets it then. */
extern void sb_job_done(struct sb_job *job);
extern void sb_job_snooze(struct sb_job *job, int seconds);

/*
 * It is tried again after a while (retry_after: seconds that the other side asked for, or 0), or
 * with is_final never.
 */
extern void sb_job_fail(struct sb_job *job, bool is_final, int retry_after, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif /* SB_WORKER_JOB_H */
