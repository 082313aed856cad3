/*
 * dispatcher.c owns when a worker does what, and its beginning and end.
 */
#include "worker/dispatcher.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "pg/connect.h"
#include "pg/listen.h"
#include "worker/ask.h"
#include "worker/heartbeat.h"
#include "worker/worker.h"

#define LAST_WORDS_MS 2000 /* to give back what did not end in time */
#define LOOK_MS       1000 /* for jobs that take too long, and whether to look for new ones */

static struct sb_worker *the_worker; /* that of the process: what rings has no owner */

static bool
is_any(const struct sb_job *job, const void *arg)
{
	return true;
}

/* ---- what is due ------------------------------------------------------------------------------
 */

static void
look_everywhere(struct sb_worker *worker)
{
	worker->poll_at_ms = worker->loop->now_ms + (uint64_t) worker->loop->config->worker_poll * 1000;
	for (int i = 0; i < worker->nserved; i++)
		worker->served[i].wants = true;
}

static void
on_bell(const char *payload)
{
	look_everywhere(the_worker);
}

static void
on_listening(void)
{
	look_everywhere(the_worker); /* the bell may have rung before */
}

static const struct sb_pg_channel channels[] = {{"LISTEN social_jobs", "social_jobs", on_bell},
												{NULL, NULL, NULL}};

static void
on_due(struct sb_timer *timer)
{
	struct sb_worker *worker = (struct sb_worker *) timer;
	uint64_t now = worker->loop->now_ms;

	if (worker->is_known)
		sb_heartbeat(worker->loop->config->heartbeat_file);
	if (now >= worker->poll_at_ms)
		look_everywhere(worker);
	for (struct sb_job *job = worker->jobs; job; job = job->next)
		if (job->state == SB_JOB_RUNNING && now >= job->deadline_ms)
		{
			job->handler->cancel(job);
			sb_job_fail(job, false, 0, "it took longer than its kind's timeout");
		}
}

static void
on_change(struct sb_pg_conn *conn)
{
	struct sb_worker *worker = conn->owner;

	if (conn->state != SB_PG_READY)
		worker->is_known = false;
}

void
sb_worker_settle(struct sb_worker *worker)
{
	uint64_t now = worker->loop->now_ms;

	if (worker->loop->stopping && now >= worker->stop_at_ms && !worker->exchange.under_way)
		sb_jobs_drop(worker, is_any, NULL);
	if (!worker->exchange.under_way && !worker->is_gone && now >= worker->wait_until_ms &&
		sb_pg_conn_usable(&worker->conn) && !sb_pg_conn_is_standby(&worker->conn))
		sb_exchange_begin(worker);
	sb_asks_settle(worker->asks);
	sb_pg_conn_settle(&worker->conn);
	sb_pg_listen_settle(worker->listen);
}

void
sb_worker_stop(struct sb_worker *worker)
{
	if (worker->loop->stopping)
		return;
	worker->loop->stopping = true;
	worker->stop_at_ms =
		worker->loop->now_ms + (uint64_t) worker->loop->config->stop_timeout * 1000;
}

bool
sb_worker_is_finished(const struct sb_worker *worker)
{
	if (!worker->loop->stopping)
		return false;
	if (!worker->exchange.under_way &&
		(worker->is_gone || (worker->jobs == NULL && !sb_pg_conn_usable(&worker->conn))))
		return true;
	return worker->loop->now_ms >= worker->stop_at_ms + LAST_WORDS_MS;
}

/* ---- life -------------------------------------------------------------------------------------
 */

/* Whether WORKER_KINDS, where it is set, names a kind. */
static bool
is_wanted(const struct sb_config *config, const char *kind)
{
	const char *list = config->worker_kinds;
	size_t len = strlen(kind);

	if (list == NULL)
		return true;
	for (list += strspn(list, ", "); *list; list += strspn(list, ", "))
	{
		size_t word = strcspn(list, ", ");

		if (word == len && strncmp(list, kind, len) == 0)
			return true;
		list += word;
	}
	return false;
}

void
sb_worker_check(const struct sb_config *config, struct sb_problems *problems)
{
	const char *list = config->worker_kinds ? config->worker_kinds : "";

	for (list += strspn(list, ", "); *list; list += strspn(list, ", "))
	{
		size_t word = strcspn(list, ", ");
		const struct sb_handler *handler = sb_handlers;

		while (handler->kind &&
			   !(strlen(handler->kind) == word && strncmp(list, handler->kind, word) == 0))
			handler++;
		if (handler->kind == NULL)
			sb_problem_error(problems, "WORKER_KINDS: this program does not know the kind %.*s",
							 (int) (word < 64 ? word : 64), list);
		else if (handler->most(config) == 0)
			sb_problem_error(problems, "WORKER_KINDS: there are no settings for the kind %s",
							 handler->kind);
		list += word;
	}
	for (const struct sb_handler *handler = sb_handlers; handler->kind; handler++)
		if (handler->check)
			handler->check(config, problems);
}

static char *
statement(const char *format, const char *function)
{
	char *sql;

	if (asprintf(&sql, format, function) < 0)
		abort();
	return sql;
}

static void
serve(struct sb_worker *worker, const struct sb_handler *handler)
{
	struct sb_served *served;

	worker->served =
		sb_realloc(worker->served, (size_t) (worker->nserved + 1) * sizeof(*worker->served));
	served = &worker->served[worker->nserved++];
	*served = (struct sb_served){.handler = handler,
								 .most = handler->most(worker->loop->config),
								 .service = handler->open(worker->loop)};
	served->claim = statement("SELECT id, args, attempt, max_attempts, extract(epoch FROM "
							  "timeout)::bigint FROM social.%s($1, ARRAY[$2], $3::integer, "
							  "$4::interval)",
							  handler->claim);
	served->finish =
		statement("SELECT social.%s($1, $2::bigint[], $3::integer[])", handler->finish);
	served->fail = statement("SELECT id, state FROM social.%s($1, $2::bigint[], $3::integer[], "
							 "$4::text[], $5::interval[], $6::boolean[])",
							 handler->fail);
}

/* A name that no other process has, or had. */
static void
choose_name(char *name, size_t size)
{
	char host[100] = "";
	struct timespec now;

	(void) gethostname(host, sizeof(host) - 1);
	clock_gettime(CLOCK_REALTIME, &now);
	snprintf(name, size, "social-worker %s %d %" PRIx64, host, (int) getpid(),
			 (uint64_t) now.tv_sec * 1000000 + (uint64_t) now.tv_nsec / 1000);
}

struct sb_worker *
sb_worker_new(struct sb_loop *loop)
{
	struct sb_worker *worker = sb_calloc(1, sizeof(*worker));
	const struct sb_config *config = loop->config;

	worker->loop = loop;
	worker->exchange.claim_at = -1;
	choose_name(worker->name, sizeof(worker->name));
	snprintf(worker->lease, sizeof(worker->lease), "%d seconds", config->worker_lease);
	for (const struct sb_handler *handler = sb_handlers; handler->kind; handler++)
		if (handler->most(config) > 0 && is_wanted(config, handler->kind))
			serve(worker, handler);
	sb_pg_conn_init(&worker->conn, loop, false, config->lock_timeout * 1000, on_change, worker);
	worker->asks = sb_asks_new(loop, &worker->conn);
	worker->listen = sb_pg_listen_new(loop, channels, on_listening);
	sb_loop_every(loop, &worker->timer, LOOK_MS, on_due);
	the_worker = worker;
	return worker;
}

void
sb_worker_free(struct sb_worker *worker)
{
	sb_pg_conn_finish(&worker->conn);
	sb_jobs_drop(worker, is_any, NULL);
	sb_exchange_clear(&worker->exchange);
	sb_asks_close(worker->asks);
	for (int i = 0; i < worker->nserved; i++)
	{
		struct sb_served *served = &worker->served[i];

		served->handler->close(served->service);
		free(served->claim);
		free(served->finish);
		free(served->fail);
	}
	free(worker->served);
	sb_asks_free(worker->asks);
	sb_pg_listen_free(worker->listen);
	free(worker);
}
