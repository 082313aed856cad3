/*
 * webhook.c owns the handlers of webhooks. A job goes in turns: it takes a batch from the database
 * (social.webhook_turn), sends it in order until one fails, and with what came of it asks for the
 * next batch. What was taken is what its owner could see then, so it is good for a moment only:
 * what is not sent by then is taken anew.
 *
 * A job ends after a while though more waits, so that others get their turns; another one goes on.
 */
#include "worker/webhook.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/config.h"
#include "base/log.h"
#include "loop/loop.h"
#include "worker/batch.h"
#include "worker/task.h"
#include "worker/webhook_post.h"

#define JOB_MS      10000
#define BATCH_MS    2000
#define BATCH_FIRST 20
#define BATCH_MOST  500

enum column
{
	ID,
	URL,
	AT,
	SIGNATURE,
	BODY,
	NETWORKS,
	TAKES_HTTP,
	TIMEOUT
};

/* What came of a turn, as the parameters of the next one. */
struct told
{
	struct sb_buffer ids;
	struct sb_buffer statuses;
	struct sb_buffer took;
	struct sb_buffer errors;
	struct sb_buffer answers;
	long retry_after;
	int count;
	bool is_failed;
};

static uint64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t) now.tv_sec * 1000 + (uint64_t) now.tv_nsec / 1000000;
}

static void
clear(struct told *told)
{
	sb_buffer_free(&told->ids);
	sb_buffer_free(&told->statuses);
	sb_buffer_free(&told->took);
	sb_buffer_free(&told->errors);
	sb_buffer_free(&told->answers);
	memset(told, 0, sizeof(*told));
}

static void
note(struct told *told, int64_t id, const struct sb_webhook_result *result)
{
	sb_batch_put_int(&told->ids, id);
	sb_batch_put_int(&told->statuses, result->status);
	sb_batch_put_int(&told->took, result->took_ms);
	sb_batch_put_text(&told->errors, result->error);
	sb_batch_put_text(&told->answers, result->answer);
	told->retry_after = result->retry_after;
	told->is_failed = !result->is_delivered;
	told->count++;
}

/* Tells what came of the last turn, and takes the next one; NULL: the job has ended. */
static PGresult *
turn(struct sb_task *task, int64_t webhook, int batch, struct told *told)
{
	char numbers[5][24];
	PGresult *rows;

	snprintf(numbers[0], sizeof(numbers[0]), "%" PRId64, webhook);
	snprintf(numbers[1], sizeof(numbers[1]), "%" PRId64, task->id);
	snprintf(numbers[2], sizeof(numbers[2]), "%d", task->attempt);
	snprintf(numbers[3], sizeof(numbers[3]), "%d", batch);
	snprintf(numbers[4], sizeof(numbers[4]), "%ld", told->retry_after);
	rows = sb_task_ask(
		task,
		"SELECT t.delivery_id, t.url, t.at, t.signature, t.body, t.networks, t.takes_http, "
		"t.timeout "
		"FROM social.webhook_turn($1, $2, $3, $4, $5::bigint[], $6::integer[], $7::integer[], "
		"$8::text[], $9::text[], nullif($10, 0)) t",
		10,
		(const char *[]){numbers[0], numbers[1], numbers[2], numbers[3], sb_batch_end(&told->ids),
						 sb_batch_end(&told->statuses), sb_batch_end(&told->took),
						 sb_batch_end(&told->errors), sb_batch_end(&told->answers), numbers[4]});
	clear(told);
	if (rows && PQntuples(rows) > 0)
		return rows;
	PQclear(rows);
	return NULL;
}

static void
tell_failure(int64_t webhook, int64_t delivery, const struct sb_webhook_result *result)
{
	sb_log_begin(SB_LOG_INFO, "a webhook was not delivered");
	sb_log_int("webhook", webhook);
	sb_log_int("delivery", delivery);
	sb_log_int("status", result->status);
	sb_log_text("error", result->error);
	sb_log_end();
}

/* Sends what was taken, in order, until one fails or the rest is too old. */
static void
send_batch(struct sb_task *task, int64_t webhook, PGresult *rows, struct told *told)
{
	uint64_t began = now_ms();
	struct sb_webhook_target target = {.url = PQgetvalue(rows, 0, URL),
									   .takes_http = *PQgetvalue(rows, 0, TAKES_HTTP) == 't',
									   .timeout = atoi(PQgetvalue(rows, 0, TIMEOUT)),
									   .ca_file = task->config->webhook_ca_file,
									   .is_cancelled = &task->is_cancelled};
	const char *networks = PQgetvalue(rows, 0, NETWORKS);

	(void) social_networks_parse(networks, strlen(networks), &target.networks);
	for (int row = 0; row < PQntuples(rows) && !told->is_failed; row++)
	{
		int64_t delivery = strtoll(PQgetvalue(rows, row, ID), NULL, 10);
		struct sb_webhook_result result;
		char id[32];

		if (sb_task_is_cancelled(task) || now_ms() - began > BATCH_MS)
			break;
		snprintf(id, sizeof(id), "msg_%" PRId64, delivery);
		sb_webhook_post(task->easy, &target,
						&(struct sb_webhook_message){.id = id,
													 .timestamp = PQgetvalue(rows, row, AT),
													 .signature = PQgetvalue(rows, row, SIGNATURE),
													 .body = PQgetvalue(rows, row, BODY)},
						&result);
		/* What was broken off by us says nothing of the receiver. */
		if (!result.is_delivered && sb_task_is_cancelled(task))
			break;
		note(told, delivery, &result);
		if (!result.is_delivered)
			tell_failure(webhook, delivery, &result);
	}
}

static void
deliver(struct sb_task *task)
{
	int64_t webhook = json_integer_value(json_object_get(task->args, "webhook_id"));
	uint64_t ends = now_ms() + JOB_MS;
	struct told told = {0};
	int batch = BATCH_FIRST;
	PGresult *rows;

	while ((rows = turn(task, webhook, now_ms() < ends ? batch : 0, &told)) != NULL)
	{
		int taken = PQntuples(rows);

		send_batch(task, webhook, rows, &told);
		PQclear(rows);
		if (told.count < taken)
			batch = told.count > 1 ? told.count : 1;
		else if (batch < BATCH_MOST)
			batch = batch * 2 < BATCH_MOST ? batch * 2 : BATCH_MOST;
	}
	clear(&told);
}

/* ---- the handler ------------------------------------------------------------------------------
 */

int
sb_webhook_most(const struct sb_config *config)
{
	return config->webhook_jobs;
}

void *
sb_webhook_open(struct sb_loop *loop)
{
	return sb_tasks_new(loop, loop->config->webhook_jobs, NULL);
}

void
sb_webhook_close(void *service)
{
	sb_tasks_free(service);
}

void
sb_webhook_start(struct sb_job *job)
{
	sb_task_start(job->service, job, deliver);
}

void
sb_webhook_cancel(struct sb_job *job)
{
	sb_task_cancel(job);
}
