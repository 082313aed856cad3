/*
 * exchange.c owns the conversation between a worker and the database.
 *
 * One thing is said at a time, on one connection: an exchange is one transaction that tells what
 * came of a kind's jobs and claims the next ones. Each kind has room for as many jobs as its
 * handler runs at once, so that what is claimed begins at once, and a kind that is slow leaves its
 * jobs to other workers. What an exchange that failed has told is told again. Whether one that was
 * lost has claimed anything nobody knows, so the next connection begins by giving back whatever the
 * worker has beside what it knows of.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "pg/flight.h"
#include "worker/batch.h"
#include "worker/worker.h"

#define PAUSE_MS 1000 /* after an exchange that the database refused */

static bool
is_told(const struct sb_job *job, const void *arg)
{
	return job->is_told;
}

static bool
is_among(const struct sb_job *job, const void *ids)
{
	return sb_batch_has(ids, job->id);
}

/* ---- what is said -----------------------------------------------------------------------------
 */

void
sb_exchange_clear(struct sb_exchange *exchange)
{
	sb_pg_unit_clear(&exchange->unit);
	for (int i = 0; i < SB_JOB_STATES; i++)
		for (int n = 0; n < 5; n++)
			sb_buffer_free(&exchange->buffers[i][n]);
	exchange->served = NULL;
	exchange->claim_at = -1;
}

static void on_exchanged(struct sb_pg_unit *unit, enum sb_pg_outcome outcome);

static void
add(struct sb_exchange *exchange, const char *sql, int nvalues, const char *const *given)
{
	const char **values = exchange->values[exchange->unit.nstatements];

	for (int i = 0; i < nvalues; i++)
		values[i] = given[i];
	sb_pg_unit_add(&exchange->unit, sb_pg_statement_id(sql), sql, nvalues, values);
}

static void
say(struct sb_worker *worker)
{
	worker->exchange.under_way = true;
	worker->exchange.unit.owner = worker;
	worker->exchange.unit.on_done = on_exchanged;
	sb_pg_conn_send(&worker->conn, &worker->exchange.unit);
}

/* What this process runs, and what it has; with every new connection. */
static void
introduce(struct sb_worker *worker)
{
	struct sb_exchange *exchange = &worker->exchange;
	struct sb_buffer *kinds = &exchange->buffers[0][0];
	struct sb_buffer *ids = &exchange->buffers[0][1];

	for (int i = 0; i < worker->nserved; i++)
	{
		sb_batch_put_text(kinds, worker->served[i].handler->kind);
		worker->served[i].wants = true;
	}
	for (const struct sb_job *job = worker->jobs; job; job = job->next)
		sb_batch_put_int(ids, job->id);
	add(exchange, "SELECT social.serve_job_kinds($1::text[])", 1,
		(const char *[]){sb_batch_end(kinds)});
	add(exchange, "SELECT social.release_jobs($1, $2::bigint[])", 2,
		(const char *[]){worker->name, sb_batch_end(ids)});
	say(worker);
}

static void
renew(struct sb_worker *worker)
{
	struct sb_exchange *exchange = &worker->exchange;
	struct sb_buffer *ids = &exchange->buffers[0][0];
	struct sb_buffer *attempts = &exchange->buffers[0][1];

	for (const struct sb_job *job = worker->jobs; job; job = job->next)
	{
		sb_batch_put_int(ids, job->id);
		sb_batch_put_int(attempts, job->attempt);
	}
	add(exchange, "SELECT social.renew_leases($1, $2::bigint[], $3::integer[])", 3,
		(const char *[]){worker->name, sb_batch_end(ids), sb_batch_end(attempts)});
	worker->beat_at_ms =
		worker->loop->now_ms + (uint64_t) worker->loop->config->worker_lease * 1000 / 3;
	say(worker);
}

static void
leave(struct sb_worker *worker)
{
	add(&worker->exchange, "SELECT social.stop_job_worker($1)", 1, (const char *[]){worker->name});
	worker->is_gone = true;
	say(worker);
}

/* Collects what came of a kind's jobs; whether any has ended. */
static bool
collect(struct sb_worker *worker, const struct sb_served *served)
{
	struct sb_buffer(*buffers)[5] = worker->exchange.buffers;
	bool any = false;
	char interval[32];

	for (struct sb_job *job = worker->jobs; job; job = job->next)
	{
		struct sb_buffer *columns = buffers[job->state];

		if (job->handler != served->handler || job->state == SB_JOB_RUNNING)
			continue;
		job->is_told = any = true;
		sb_batch_put_int(&columns[0], job->id);
		sb_batch_put_int(&columns[1], job->attempt);
		snprintf(interval, sizeof(interval), "%d seconds", job->delay);
		if (job->state == SB_JOB_SNOOZED || job->delay > 0)
			sb_batch_put_text(&columns[2], interval);
		else if (job->state == SB_JOB_FAILED)
			sb_batch_put_null(&columns[2]);
		if (job->state == SB_JOB_FAILED)
		{
			sb_batch_put_text(&columns[3], job->error);
			sb_batch_put_text(&columns[4], job->is_final ? "t" : "f");
		}
	}
	return any;
}

/* Tells what came of a kind's jobs, and claims as many as there is room for. */
static void
talk(struct sb_worker *worker, struct sb_served *served, int room)
{
	struct sb_exchange *exchange = &worker->exchange;
	struct sb_buffer(*b)[5] = exchange->buffers;

	exchange->served = served;
	if (b[SB_JOB_DONE][0].len)
		add(exchange, served->finish, 3,
			(const char *[]){worker->name, sb_batch_end(&b[SB_JOB_DONE][0]),
							 sb_batch_end(&b[SB_JOB_DONE][1])});
	if (b[SB_JOB_FAILED][0].len)
		add(exchange, served->fail, 6,
			(const char *[]){worker->name, sb_batch_end(&b[SB_JOB_FAILED][0]),
							 sb_batch_end(&b[SB_JOB_FAILED][1]), sb_batch_end(&b[SB_JOB_FAILED][3]),
							 sb_batch_end(&b[SB_JOB_FAILED][2]),
							 sb_batch_end(&b[SB_JOB_FAILED][4])});
	if (b[SB_JOB_SNOOZED][0].len)
		add(exchange, "SELECT social.snooze_jobs($1, $2::bigint[], $3::integer[], $4::interval[])",
			4,
			(const char *[]){worker->name, sb_batch_end(&b[SB_JOB_SNOOZED][0]),
							 sb_batch_end(&b[SB_JOB_SNOOZED][1]),
							 sb_batch_end(&b[SB_JOB_SNOOZED][2])});
	if (room > 0)
	{
		exchange->claim_at = exchange->unit.nstatements;
		exchange->asked = room;
		served->wants = false; /* unless the bell rings meanwhile */
		snprintf(exchange->number, sizeof(exchange->number), "%d", room);
		add(exchange, served->claim, 4,
			(const char *[]){worker->name, served->handler->kind, exchange->number, worker->lease});
	}
	say(worker);
}

/* The next kind with something to say or to ask, in turn; false: none. */
static bool
talk_of_next(struct sb_worker *worker)
{
	for (int i = 0; i < worker->nserved; i++)
	{
		struct sb_served *served = &worker->served[worker->turn++ % worker->nserved];
		bool any = collect(worker, served);
		/* Those that are told make room, but for a moment more are held. */
		int ended = 0;
		int room;

		for (const struct sb_job *job = worker->jobs; any && job; job = job->next)
			ended += job->is_told && job->handler == served->handler;
		room = served->most - served->held + ended;
		if (!served->wants || worker->loop->stopping)
			room = 0;
		if (!any && room <= 0)
			continue;
		talk(worker, served, room);
		return true;
	}
	return false;
}

/* ---- answers ----------------------------------------------------------------------------------
 */

static void
take_job(struct sb_worker *worker, struct sb_served *served, PGresult *rows, int row)
{
	struct sb_job *job = sb_calloc(1, sizeof(*job));
	const char *args = PQgetisnull(rows, row, 1) ? NULL : PQgetvalue(rows, row, 1);

	job->worker = worker;
	job->handler = served->handler;
	job->service = served->service;
	job->asks = worker->asks;
	job->id = strtoll(PQgetvalue(rows, row, 0), NULL, 10);
	job->args = args ? json_loads(args, JSON_DECODE_ANY, NULL) : NULL;
	job->attempt = atoi(PQgetvalue(rows, row, 2));
	job->max_attempts = atoi(PQgetvalue(rows, row, 3));
	job->deadline_ms = worker->loop->now_ms + strtoull(PQgetvalue(rows, row, 4), NULL, 10) * 1000;
	job->next = worker->jobs;
	worker->jobs = job;
	served->held++;
	if (args && job->args == NULL)
		sb_job_fail(job, true, 0, "its args cannot be read");
	else
		served->handler->start(job);
}

static void
on_claimed(struct sb_worker *worker, struct sb_served *served, PGresult *rows)
{
	int count = PQntuples(rows);

	served->wants = served->wants || count == worker->exchange.asked;
	/* What comes now is given back with the rest, when the worker leaves. */
	for (int row = 0; row < count && !worker->loop->stopping; row++)
		take_job(worker, served, rows, row);
}

/* Those that were not ours any more: somebody else may have run them, too. */
static void
tell_lost(const PGresult *result)
{
	const char *ids =
		PQntuples(result) == 1 && PQnfields(result) == 1 ? PQgetvalue(result, 0, 0) : "{}";

	if (*ids == '{' && strcmp(ids, "{}") != 0)
		sb_log(SB_LOG_WARNING, "jobs were not this worker's any more", "jobs", ids);
}

static void
on_answer(struct sb_worker *worker)
{
	struct sb_exchange *exchange = &worker->exchange;
	struct sb_served *served = exchange->served;

	if (served == NULL && !worker->is_known)
	{
		worker->is_known = true;
		if (!worker->is_serving)
			sb_log(SB_LOG_INFO, "serving", "worker", worker->name);
		worker->is_serving = true;
	}
	else if (served == NULL && !worker->is_gone)
	{
		tell_lost(exchange->unit.results[0]);
		sb_jobs_drop(worker, is_among, PQgetvalue(exchange->unit.results[0], 0, 0));
	}
	else if (served)
	{
		for (int i = 0; i < exchange->unit.nresults; i++)
			if (i != exchange->claim_at)
				tell_lost(exchange->unit.results[i]);
		sb_jobs_drop(worker, is_told, NULL);
		if (exchange->claim_at >= 0)
			on_claimed(worker, served, exchange->unit.results[exchange->claim_at]);
	}
}

static void
on_exchanged(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct sb_worker *worker = unit->owner;

	worker->exchange.under_way = false;
	if (outcome == SB_PG_OK)
		on_answer(worker);
	else
	{
		for (struct sb_job *job = worker->jobs; job; job = job->next)
			job->is_told = false;
		worker->wait_until_ms = worker->loop->now_ms + PAUSE_MS;
		worker->is_known = worker->is_known && outcome == SB_PG_ERROR;
		if (worker->exchange.served)
			worker->exchange.served->wants = true;
	}
	if (outcome == SB_PG_ERROR)
	{
		sb_log_begin(SB_LOG_ERROR, "the database refused what the worker said");
		sb_log_text("sqlstate", PQresultErrorField(unit->error, PG_DIAG_SQLSTATE));
		sb_log_text("error", PQresultErrorField(unit->error, PG_DIAG_MESSAGE_PRIMARY));
		sb_log_end();
	}
	sb_exchange_clear(&worker->exchange);
}

/* ---- what comes next --------------------------------------------------------------------------
 */

void
sb_exchange_begin(struct sb_worker *worker)
{
	uint64_t now = worker->loop->now_ms;

	if (!worker->is_known)
		introduce(worker);
	else if (worker->jobs && now >= worker->beat_at_ms)
		renew(worker);
	else if (!talk_of_next(worker) && worker->loop->stopping && worker->jobs == NULL)
		leave(worker);
}
