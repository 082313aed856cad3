/*
 * held.c owns the jobs that a worker holds: what came of each, and their end.
 */
#include "worker/job.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "worker/worker.h"

static void
end_job(struct sb_job *job, enum sb_job_state state)
{
	job->state = state;
	job->run = NULL;
}

void
sb_job_done(struct sb_job *job)
{
	end_job(job, SB_JOB_DONE);
}

void
sb_job_snooze(struct sb_job *job, int seconds)
{
	job->delay = seconds;
	end_job(job, SB_JOB_SNOOZED);
}

void
sb_job_fail(struct sb_job *job, bool is_final, int retry_after, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&job->error, format, arguments) < 0)
		abort();
	va_end(arguments);
	job->is_final = is_final;
	job->delay = retry_after;
	end_job(job, SB_JOB_FAILED);
	sb_log_begin(SB_LOG_WARNING, "a job failed");
	sb_log_text("kind", job->handler->kind);
	sb_log_int("job", job->id);
	sb_log_int("attempt", job->attempt);
	sb_log_text("error", job->error);
	sb_log_end();
}

static void
free_job(struct sb_job *job)
{
	json_decref(job->args);
	free(job->error);
	free(job);
}

static struct sb_served *
served_of(struct sb_worker *worker, const struct sb_job *job)
{
	for (int i = 0; i < worker->nserved; i++)
		if (worker->served[i].handler == job->handler)
			return &worker->served[i];
	abort();
}

void
sb_jobs_drop(struct sb_worker *worker, bool (*is_over)(const struct sb_job *, const void *),
			 const void *arg)
{
	struct sb_job **link = &worker->jobs;

	while (*link)
	{
		struct sb_job *job = *link;

		if (!is_over(job, arg))
		{
			link = &job->next;
			continue;
		}
		*link = job->next;
		if (job->state == SB_JOB_RUNNING)
			job->handler->cancel(job);
		served_of(worker, job)->held--;
		free_job(job);
	}
}
