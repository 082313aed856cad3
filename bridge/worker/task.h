/*
 * task.h owns jobs that run straight through, in threads of their own: they may wait for the
 * database, for transfers and for child processes, and need not know of the loop.
 */
#ifndef SB_WORKER_TASK_H
#define SB_WORKER_TASK_H

#include <curl/curl.h>
#include <jansson.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "worker/job.h"

struct sb_tasks;

/* What a thread has of the job that it runs. */
struct sb_task
{
	int64_t id; /* of the job */
	int attempt;
	int max_attempts;
	const json_t *args;   /* NULL: null */
	uint64_t deadline_ms; /* CLOCK_MONOTONIC; when its kind's timeout is over */
	const struct sb_config *config;
	void *service;    /* what sb_tasks_new() was given */
	CURL *easy;       /* the thread's own, which keeps its connections */
	int is_cancelled; /* atomic: nobody wants to know what comes of it */

	/* task.c's own */
	struct sb_task *next;
	struct sb_job *job; /* the loop's; NULL: cancelled */
	struct sb_asks *asks;
	void (*run)(struct sb_task *task);
	enum sb_job_state state;
	bool is_final;
	int delay;
	char *error;
};

/* ---- in the loop ------------------------------------------------------------------------------
 */

/* So many threads, whose jobs share a service. Before the loop runs. */
extern struct sb_tasks *sb_tasks_new(struct sb_loop *loop, int threads, void *service);

/* Cancels what runs, and waits for its end. */
extern void sb_tasks_free(struct sb_tasks *tasks);

/* Has a thread run a job; how it ends is told in the job. What start() and cancel() of a handler
 * do. */
extern void sb_task_start(struct sb_tasks *tasks, struct sb_job *job,
						  void (*run)(struct sb_task *task));
extern void sb_task_cancel(struct sb_job *job);

/* ---- in the thread: what came of the job, the last word counts; nothing said: it is done -------
 */

/* The arguments are those of sb_job_fail() and sb_job_snooze(). */
extern void sb_task_fail(struct sb_task *task, bool is_final, int retry_after, const char *format,
						 ...) __attribute__((format(printf, 4, 5)));
extern void sb_task_snooze(struct sb_task *task, int seconds);

extern bool sb_task_is_cancelled(const struct sb_task *task);

/* Whether a failure now would be the job's last. */
extern bool sb_task_is_last_attempt(const struct sb_task *task);

/*
 * The rows of a statement, which may run twice; for the caller to PQclear(). NULL: the task was
 * cancelled, or it has failed with what the database says.
 */
extern PGresult *sb_task_ask(struct sb_task *task, const char *sql, int nvalues,
							 const char *const *values);

/* The same of a statement with one row and one column, whose text is cut to size; empty: null.
 * False where the other one returns NULL. */
extern bool sb_task_ask_text(struct sb_task *task, const char *sql, int nvalues,
							 const char *const *values, char *text, size_t size);

#endif /* SB_WORKER_TASK_H */
