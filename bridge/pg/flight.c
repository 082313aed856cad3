/*
 * flight.c owns what travels on a connection: units out, results in, in the same order.
 *
 * The order in the pipeline is everything: what ends in a Sync is a transaction, and an error
 * aborts that alone. A unit has its own, or shares one: a transaction, a wake-up and a packet each
 * way are a third of what a short read costs. One that fails takes those behind it with it, which
 * the server skips unread; they go back to the pool. A PREPARE or DEALLOCATE is a unit of its own
 * before the one that needs it; should a PREPARE fail, the id leaves the list again, the unit
 * behind it fails by itself ("prepared statement does not exist") and the next use tries anew.
 */
#include "pg/flight.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/hex.h"
#include "base/log.h"
#include "base/memory.h"
#include "pg/prepared.h"

#define NAME_SIZE          (1 + SB_HEX_DIGITS + 1)
#define NO_SUCH_STATEMENT  "26000"
#define LOCK_NOT_AVAILABLE "55P03"

/* ---- units of the connection's own ---------------------------------------------------------- */

/* A PREPARE, DEALLOCATE or the session's settings. */
struct own_unit
{
	struct sb_pg_unit unit;
	uint64_t statement_id;                                    /* of a PREPARE; 0 otherwise */
	void (*on_done)(struct sb_pg_unit *, enum sb_pg_outcome); /* hears of it too; may be NULL */
};

static const char *
first_error_line(PGresult *error, char *line, size_t size)
{
	const char *message = PQresultErrorField(error, PG_DIAG_MESSAGE_PRIMARY);

	snprintf(line, size, "%s", message ? message : PQresultErrorMessage(error));
	line[strcspn(line, "\n")] = '\0';
	return line;
}

static bool
has_state(const PGresult *error, const char *wanted)
{
	const char *sqlstate = PQresultErrorField(error, PG_DIAG_SQLSTATE);

	return sqlstate && strcmp(sqlstate, wanted) == 0;
}

/*
 * A PREPARE failed. The unit behind it fails for lack of it, and is told why; those in flight since
 * may have counted on it.
 */
static void
lose_statement(struct sb_pg_conn *conn, struct own_unit *own)
{
	sb_pg_prepared_drop(conn->prepared, own->statement_id);
	if (has_state(own->unit.error, LOCK_NOT_AVAILABLE))
		conn->doubtful = conn->inflight;
	PQclear(conn->prepare_error);
	conn->prepare_error = own->unit.error;
	own->unit.error = NULL;
}

static void
on_own_done(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct own_unit *own = (struct own_unit *) unit;
	struct sb_pg_conn *conn = unit->owner;
	char line[256];

	if (outcome == SB_PG_ERROR && own->statement_id)
		lose_statement(conn, own);
	else if (outcome == SB_PG_ERROR)
	{
		sb_log_begin(SB_LOG_WARNING, "the database refused a statement of the bridge");
		sb_log_text("sqlstate", PQresultErrorField(unit->error, PG_DIAG_SQLSTATE));
		sb_log_text("error", first_error_line(unit->error, line, sizeof(line)));
		sb_log_end();
	}
	if (own->on_done)
		own->on_done(unit, outcome);
	sb_pg_unit_clear(unit);
	free(own);
}

static struct own_unit *
own_unit_new(struct sb_pg_conn *conn)
{
	struct own_unit *own = sb_calloc(1, sizeof(*own));

	own->unit.on_done = on_own_done;
	own->unit.owner = conn;
	return own;
}

/* ---- sending -------------------------------------------------------------------------------- */

static void
push(struct sb_pg_conn *conn, struct sb_pg_unit *unit)
{
	unit->next = NULL;
	if (conn->tail)
		conn->tail->next = unit;
	else
	{
		conn->head = unit;
		conn->since_us = conn->loop->now_us;
	}
	conn->tail = unit;
	conn->inflight++;
}

/* Sends a unit whose end is a Sync. sent tells whether all before it went well. */
static void
push_sync(struct sb_pg_conn *conn, struct sb_pg_unit *unit, bool sent)
{
	unit->syncs = true;
	push(conn, unit);
	conn->syncs++;
	if (!sent || !PQpipelineSync(conn->pg))
		conn->broken = true;
}

/*
 * Ends the transaction that units share. Its Sync is a unit of the connection's own, so that
 * whatever the server says between the last answer and the Sync is nobody else's.
 */
static void
end_transaction(struct sb_pg_conn *conn)
{
	conn->sharing = 0;
	push_sync(conn, &own_unit_new(conn)->unit, true);
}

void
sb_pg_conn_flush(struct sb_pg_conn *conn)
{
	if (conn->sharing == 0)
		return;
	end_transaction(conn);
	sb_pg_flight_flush(conn);
}

void
sb_pg_flight_flush(struct sb_pg_conn *conn)
{
	int rc = conn->broken ? -1 : PQflush(conn->pg);

	if (rc < 0)
		conn->broken = true;
	else
		sb_loop_watch(conn->loop, &conn->watch, PQsocket(conn->pg),
					  rc > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static void
statement_name(uint64_t id, char name[NAME_SIZE])
{
	name[0] = 's';
	sb_hex_write(name + 1, id);
}

static void
send_deallocate(struct sb_pg_conn *conn, uint64_t id)
{
	struct own_unit *own = own_unit_new(conn);
	char name[NAME_SIZE];
	char sql[NAME_SIZE + 16];

	statement_name(id, name);
	snprintf(sql, sizeof(sql), "DEALLOCATE %s", name);
	push_sync(conn, &own->unit, PQsendQueryParams(conn->pg, sql, 0, NULL, NULL, NULL, NULL, 0));
}

/* One of so many statements that run together. */
static void
prepare(struct sb_pg_conn *conn, const struct sb_pg_statement *statement, int together)
{
	struct own_unit *own;
	const char *sql = statement->sql;
	char *composed = NULL;
	size_t size;
	uint64_t evicted;
	char name[NAME_SIZE];

	if (sb_pg_prepared_use(conn->prepared, statement->id))
		return;
	if (conn->sharing > 0)
		end_transaction(conn);
	if (statement->compose)
		sql = composed = statement->compose(statement);
	size = strlen(sql);
	while (sb_pg_prepared_make_room(conn->prepared, size, together, &evicted))
		send_deallocate(conn, evicted);
	sb_pg_prepared_add(conn->prepared, statement->id, size);
	own = own_unit_new(conn);
	own->statement_id = statement->id;
	statement_name(statement->id, name);
	push_sync(conn, &own->unit, PQsendPrepare(conn->pg, name, sql, 0, NULL));
	free(composed);
}

void
sb_pg_conn_send(struct sb_pg_conn *conn, struct sb_pg_unit *unit)
{
	bool sent = true;
	char name[NAME_SIZE];

	if (conn->sharing > 0 && !unit->shares)
		end_transaction(conn);
	for (int i = 0; i < unit->nstatements; i++)
		prepare(conn, &unit->statements[i], unit->nstatements);
	for (int i = 0; i < unit->nstatements && sent; i++)
	{
		const struct sb_pg_statement *statement = &unit->statements[i];

		statement_name(statement->id, name);
		sent = PQsendQueryPrepared(conn->pg, name, statement->nparams, statement->values, NULL,
								   NULL, 0);
	}
	if (!unit->shares || conn->on_unrun == NULL)
	{
		push_sync(conn, unit, sent);
		sb_pg_flight_flush(conn);
		return;
	}
	push(conn, unit);
	conn->sharing++;
	if (!sent)
		conn->broken = true;
}

void
sb_pg_flight_send_own(struct sb_pg_conn *conn, const char *sql, int nparams,
					  const char *const *values,
					  void (*on_done)(struct sb_pg_unit *, enum sb_pg_outcome))
{
	struct own_unit *own = own_unit_new(conn);

	own->on_done = on_done;
	push_sync(conn, &own->unit,
			  PQsendQueryParams(conn->pg, sql, nparams, NULL, values, NULL, NULL, 0));
	sb_pg_flight_flush(conn);
}

/* ---- receiving ------------------------------------------------------------------------------ */

/*
 * Whether the connection's prepared statements are not what the list says any more: one is missing,
 * or its result type changed with the schema (both only happen when somebody upgrades or drops the
 * extension under us).
 */
static bool
makes_stale(const PGresult *error)
{
	const char *function = PQresultErrorField(error, PG_DIAG_SOURCE_FUNCTION);

	return has_state(error, NO_SUCH_STATEMENT) || (has_state(error, "0A000") && function &&
												   strcmp(function, "RevalidateCachedQuery") == 0);
}

/*
 * Whether the session ends with this result: by its own word, or as libpq says of a connection that
 * broke. What came before it may still have to be read then, and its errors are answers.
 */
static bool
ends_session(const struct sb_pg_conn *conn, const PGresult *result)
{
	const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);

	if (PQresultStatus(result) != PGRES_FATAL_ERROR)
		return false;
	return severity ? strcmp(severity, "ERROR") != 0 : PQstatus(conn->pg) == CONNECTION_BAD;
}

static void
keep_result(struct sb_pg_conn *conn, struct sb_pg_unit *unit, PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	unit->nanswered++;
	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
	{
		if (unit->nresults < SB_PG_UNIT_MAX)
		{
			unit->results[unit->nresults++] = result;
			return;
		}
	}
	else if (status == PGRES_FATAL_ERROR && unit->error == NULL)
	{
		unit->error = result;
		unit->failed_at = unit->nresults;
		return;
	}
	PQclear(result); /* PGRES_PIPELINE_ABORTED, or the same error said again */
}

/* Whether the failed unit met a lock, by itself or in a PREPARE that it needed. */
static bool
judge_error(struct sb_pg_conn *conn, struct sb_pg_unit *unit)
{
	bool missed = has_state(unit->error, NO_SUCH_STATEMENT);

	if (missed && conn->prepare_error)
	{
		PQclear(unit->error);
		unit->error = conn->prepare_error;
		conn->prepare_error = NULL;
	}
	else if (!(missed && conn->doubtful > 0))
		conn->stale = conn->stale || makes_stale(unit->error);
	return has_state(unit->error, LOCK_NOT_AVAILABLE) || (missed && conn->doubtful > 0);
}

static void
finish_head(struct sb_pg_conn *conn)
{
	struct sb_pg_unit *unit = conn->head;
	bool is_own = unit->on_done == on_own_done;
	bool unrun = unit->error == NULL && unit->nresults < unit->nstatements + unit->is_folded &&
				 conn->on_unrun;
	bool stalled = unit->error && !is_own && judge_error(conn, unit);

	conn->head = unit->next;
	if (conn->head == NULL)
		conn->tail = NULL;
	conn->inflight--;
	unit->ran_us = conn->loop->now_us - conn->since_us;
	conn->since_us = conn->loop->now_us;
	if (!is_own)
	{
		PQclear(conn->prepare_error);
		conn->prepare_error = NULL;
	}
	conn->doubtful -= conn->doubtful > 0;
	if (unrun)
	{
		conn->on_unrun(conn, unit);
		return;
	}
	if (stalled && conn->on_stalled && conn->on_stalled(conn, unit))
		return;
	if (!is_own && conn->on_answer)
		conn->on_answer(conn, unit);
	unit->on_done(unit, unit->error ? SB_PG_ERROR : SB_PG_OK);
}

/*
 * A unit that has a Sync of its own ends with it, for what it wrote may still fail to be committed;
 * one that shares a transaction, with the answer to its last statement. False: no more can be had
 * from this connection, as the session ends, or a Sync is anywhere else, from which on answers
 * would go to whom they are not for.
 */
static bool
take_in(struct sb_pg_conn *conn, PGresult *result)
{
	struct sb_pg_unit *head = conn->head;

	if (ends_session(conn, result))
	{
		PQclear(result);
		return false;
	}
	if (PQresultStatus(result) != PGRES_PIPELINE_SYNC)
	{
		keep_result(conn, head, result);
		if (!head->syncs && head->nanswered == head->nstatements)
			finish_head(conn);
		return true;
	}
	PQclear(result);
	if (!head->syncs)
	{
		sb_log(SB_LOG_ERROR, "an answer of the database out of turn", NULL, NULL);
		return false;
	}
	conn->syncs--;
	finish_head(conn);
	return true;
}

static void
pass_on_notifications(struct sb_pg_conn *conn)
{
	PGnotify *notify;

	while (conn->on_notify && (notify = PQnotifies(conn->pg)) != NULL)
	{
		conn->on_notify(conn, notify->relname, notify->extra);
		PQfreemem(notify);
	}
}

void
sb_pg_flight_note_server(struct sb_pg_conn *conn)
{
	const char *standby = PQparameterStatus(conn->pg, "in_hot_standby");

	conn->is_standby = standby && strcmp(standby, "on") == 0;
}

void
sb_pg_flight_receive(struct sb_pg_conn *conn)
{
	PGconn *pg = conn->pg;

	if (!PQconsumeInput(pg))
		conn->broken = true; /* what came before the end is still read below */
	while (conn->pg == pg && conn->head && !PQisBusy(pg))
	{
		PGresult *result = PQgetResult(pg);

		if (result == NULL)
		{
			if (PQstatus(pg) == CONNECTION_BAD)
				break;
			continue; /* between two statements */
		}
		if (!take_in(conn, result))
		{
			conn->broken = true;
			return;
		}
	}
	if (conn->pg == pg)
	{
		sb_pg_flight_note_server(conn);
		pass_on_notifications(conn);
		if (PQstatus(pg) == CONNECTION_BAD)
			conn->broken = true;
		else if (conn->state == SB_PG_READY)
			conn->on_change(conn);
	}
}
