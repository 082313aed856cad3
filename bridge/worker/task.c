/*
 * task.c owns jobs that run straight through, in threads of their own. The threads take from one
 * list and put into another; the loop is sent a signal.
 */
#include "worker/task.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "worker/ask.h"

struct list
{
	struct sb_task *head;
	struct sb_task **end;
};

struct sb_tasks
{
	struct sb_mail_kind done_kind; /* its address is its name */
	struct sb_loop *loop;
	void *service;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t changed;
	struct list waiting;
	struct list done;
	bool stops;
	int count;
	struct thread
	{
		struct sb_tasks *tasks;
		pthread_t id;
		struct sb_task *current; /* NULL: none */
	} threads[];
};

static void
append(struct list *list, struct sb_task *task)
{
	task->next = NULL;
	*list->end = task;
	list->end = &task->next;
}

static struct sb_task *
take_first(struct list *list)
{
	struct sb_task *first = list->head;

	if (first && (list->head = first->next) == NULL)
		list->end = &list->head;
	return first;
}

static void
cancel(struct sb_task *task)
{
	__atomic_store_n(&task->is_cancelled, 1, __ATOMIC_RELAXED);
}

/* ---- in a thread ------------------------------------------------------------------------------
 */

static void *
run(void *arg)
{
	struct thread *thread = arg;
	struct sb_tasks *tasks = thread->tasks;
	CURL *easy = sb_checked(curl_easy_init());

	pthread_mutex_lock(&tasks->lock);
	while (!tasks->stops)
	{
		struct sb_task *task = take_first(&tasks->waiting);

		if (task == NULL)
		{
			pthread_cond_wait(&tasks->changed, &tasks->lock);
			continue;
		}
		thread->current = task;
		pthread_mutex_unlock(&tasks->lock);
		task->easy = easy;
		if (!sb_task_is_cancelled(task))
			task->run(task);
		sb_log_flush();
		pthread_mutex_lock(&tasks->lock);
		thread->current = NULL;
		append(&tasks->done, task);
		sb_loop_send(tasks->loop, &tasks->done_kind, NULL);
	}
	pthread_mutex_unlock(&tasks->lock);
	curl_easy_cleanup(easy);
	sb_log_finish();
	return NULL;
}

void
sb_task_fail(struct sb_task *task, bool is_final, int retry_after, const char *format, ...)
{
	va_list arguments;

	free(task->error);
	va_start(arguments, format);
	if (vasprintf(&task->error, format, arguments) < 0)
		abort();
	va_end(arguments);
	task->state = SB_JOB_FAILED;
	task->is_final = is_final;
	task->delay = retry_after;
}

void
sb_task_snooze(struct sb_task *task, int seconds)
{
	task->state = SB_JOB_SNOOZED;
	task->delay = seconds;
}

bool
sb_task_is_cancelled(const struct sb_task *task)
{
	return __atomic_load_n(&task->is_cancelled, __ATOMIC_RELAXED);
}

bool
sb_task_is_last_attempt(const struct sb_task *task)
{
	return task->attempt >= task->max_attempts;
}

PGresult *
sb_task_ask(struct sb_task *task, const char *sql, int nvalues, const char *const *values)
{
	char *error;
	PGresult *rows = sb_ask(task->asks, &task->is_cancelled, sql, nvalues, values, &error);

	if (rows == NULL && error)
		sb_task_fail(task, false, 0, "%s", error);
	free(error);
	return rows;
}

bool
sb_task_ask_text(struct sb_task *task, const char *sql, int nvalues, const char *const *values,
				 char *text, size_t size)
{
	PGresult *rows = sb_task_ask(task, sql, nvalues, values);

	if (rows == NULL)
		return false;
	snprintf(text, size, "%s", PQntuples(rows) > 0 ? PQgetvalue(rows, 0, 0) : "");
	PQclear(rows);
	return true;
}

/* ---- in the loop ------------------------------------------------------------------------------
 */

static void
free_task(struct sb_task *task)
{
	json_decref((json_t *) task->args);
	free(task->error);
	free(task);
}

static void
finish(struct sb_task *task)
{
	struct sb_job *job = task->job;

	if (job)
		job->run = NULL;
	if (job && task->state == SB_JOB_FAILED)
		sb_job_fail(job, task->is_final, task->delay, "%s", task->error);
	else if (job && task->state == SB_JOB_SNOOZED)
		sb_job_snooze(job, task->delay);
	else if (job)
		sb_job_done(job);
	free_task(task);
}

static void
on_signal(void *owner, const void *messages, int count, bool more)
{
	struct sb_tasks *tasks = owner;
	struct sb_task *task;

	pthread_mutex_lock(&tasks->lock);
	while ((task = take_first(&tasks->done)) != NULL)
	{
		pthread_mutex_unlock(&tasks->lock);
		finish(task);
		pthread_mutex_lock(&tasks->lock);
	}
	pthread_mutex_unlock(&tasks->lock);
}

void
sb_task_start(struct sb_tasks *tasks, struct sb_job *job, void (*run_it)(struct sb_task *task))
{
	struct sb_task *task = sb_calloc(1, sizeof(*task));

	task->id = job->id;
	task->attempt = job->attempt;
	task->max_attempts = job->max_attempts;
	task->args = json_incref(job->args);
	task->deadline_ms = job->deadline_ms;
	task->config = tasks->loop->config;
	task->service = tasks->service;
	task->job = job;
	task->asks = job->asks;
	task->run = run_it;
	task->state = SB_JOB_DONE;
	job->run = task;
	pthread_mutex_lock(&tasks->lock);
	append(&tasks->waiting, task);
	pthread_cond_signal(&tasks->changed);
	pthread_mutex_unlock(&tasks->lock);
}

void
sb_task_cancel(struct sb_job *job)
{
	struct sb_task *task = job->run;

	task->job = NULL;
	job->run = NULL;
	cancel(task);
}

struct sb_tasks *
sb_tasks_new(struct sb_loop *loop, int threads, void *service)
{
	struct sb_tasks *tasks =
		sb_calloc(1, sizeof(*tasks) + (size_t) threads * sizeof(struct thread));

	tasks->loop = loop;
	tasks->service = service;
	tasks->waiting.end = &tasks->waiting.head;
	tasks->done.end = &tasks->done.head;
	pthread_mutex_init(&tasks->lock, NULL);
	pthread_cond_init(&tasks->changed, NULL);
	sb_loop_subscribe(loop, &tasks->done_kind, on_signal, tasks);
	tasks->count = threads;
	for (int i = 0; i < threads; i++)
	{
		tasks->threads[i].tasks = tasks;
		if (pthread_create(&tasks->threads[i].id, NULL, run, &tasks->threads[i]) != 0)
			abort();
	}
	return tasks;
}

void
sb_tasks_free(struct sb_tasks *tasks)
{
	struct sb_task *task;

	pthread_mutex_lock(&tasks->lock);
	tasks->stops = true;
	for (int i = 0; i < tasks->count; i++)
		if (tasks->threads[i].current)
			cancel(tasks->threads[i].current);
	pthread_cond_broadcast(&tasks->changed);
	pthread_mutex_unlock(&tasks->lock);
	for (int i = 0; i < tasks->count; i++)
		pthread_join(tasks->threads[i].id, NULL);
	while ((task = take_first(&tasks->waiting)) != NULL)
		free_task(task);
	while ((task = take_first(&tasks->done)) != NULL)
		free_task(task);
	pthread_cond_destroy(&tasks->changed);
	pthread_mutex_destroy(&tasks->lock);
	free(tasks);
}
