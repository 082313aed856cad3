/*
 * conn.c owns one connection to PostgreSQL.
 *
 * The order in the pipeline is everything: each unit ends in its own Sync, so an error aborts that
 * unit alone. A PREPARE or DEALLOCATE is a unit of its own before the one that needs it; should a
 * PREPARE fail, the id leaves the list again, the unit behind it fails by itself ("prepared
 * statement does not exist") and the next use tries anew.
 */
#include "pg/conn.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "log.h"
#include "memory.h"
#include "pg/prepared.h"

#define BACKOFF_FIRST_MS   100
#define BACKOFF_LAST_MS    5000
#define CONNECT_TIMEOUT_MS 10000
#define ANSWER_GRACE_MS    5000 /* on top of statement_timeout, for the network */
#define NAME_SIZE          24

static void receive(struct sb_pg_conn *conn);

/* ---- units of the connection's own ---------------------------------------------------------- */

/* A PREPARE, DEALLOCATE or the session's settings. */
struct own_unit
{
	struct sb_pg_unit unit;
	uint64_t statement_id; /* of a PREPARE; 0 otherwise */
};

static const char *
first_error_line(PGresult *error, char *line, size_t size)
{
	const char *message = PQresultErrorField(error, PG_DIAG_MESSAGE_PRIMARY);

	snprintf(line, size, "%s", message ? message : PQresultErrorMessage(error));
	line[strcspn(line, "\n")] = '\0';
	return line;
}

static void
on_own_done(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct own_unit *own = (struct own_unit *) unit;
	struct sb_pg_conn *conn = unit->owner;
	char line[256];

	if (outcome == SB_PG_ERROR)
	{
		if (own->statement_id)
			sb_pg_prepared_drop(conn->prepared, own->statement_id);
		sb_log_begin(SB_LOG_WARNING, "the database refused a statement of the bridge");
		sb_log_text("sqlstate", PQresultErrorField(unit->error, PG_DIAG_SQLSTATE));
		sb_log_text("error", first_error_line(unit->error, line, sizeof(line)));
		sb_log_end();
	}
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
		conn->since_ms = conn->loop->now_ms;
	}
	conn->tail = unit;
	conn->inflight++;
}

/* Ends a unit with its Sync. sent tells whether all before it went well. */
static void
push_sync(struct sb_pg_conn *conn, struct sb_pg_unit *unit, bool sent)
{
	push(conn, unit);
	if (!sent || !PQpipelineSync(conn->pg))
		conn->broken = true;
}

static void
flush(struct sb_pg_conn *conn)
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
	snprintf(name, NAME_SIZE, "s%016" PRIx64, id);
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

static void
prepare(struct sb_pg_conn *conn, const struct sb_pg_statement *statement)
{
	struct own_unit *own;
	uint64_t evicted;
	char name[NAME_SIZE];

	if (sb_pg_prepared_use(conn->prepared, statement->id))
		return;
	if (sb_pg_prepared_add(conn->prepared, statement->id, &evicted))
		send_deallocate(conn, evicted);
	own = own_unit_new(conn);
	own->statement_id = statement->id;
	statement_name(statement->id, name);
	push_sync(conn, &own->unit, PQsendPrepare(conn->pg, name, statement->sql, 0, NULL));
}

bool
sb_pg_conn_usable(const struct sb_pg_conn *conn)
{
	return conn->state == SB_PG_READY && !conn->broken && !conn->stale;
}

bool
sb_pg_conn_hopeful(const struct sb_pg_conn *conn)
{
	return conn->state != SB_PG_READY && !conn->broken && conn->backoff_ms == BACKOFF_FIRST_MS;
}

void
sb_pg_conn_send(struct sb_pg_conn *conn, struct sb_pg_unit *unit)
{
	bool sent = true;
	char name[NAME_SIZE];

	for (int i = 0; i < unit->nstatements; i++)
		prepare(conn, &unit->statements[i]);
	for (int i = 0; i < unit->nstatements && sent; i++)
	{
		const struct sb_pg_statement *statement = &unit->statements[i];

		statement_name(statement->id, name);
		sent = PQsendQueryPrepared(conn->pg, name, statement->nparams, statement->values, NULL,
								   NULL, 0);
	}
	push_sync(conn, unit, sent);
	flush(conn);
}

/* ---- connecting and losing ------------------------------------------------------------------ */

static void
on_notice(void *arg, const char *message)
{
	sb_log(SB_LOG_DEBUG, "notice from the database", "notice", message);
}

static void
start(struct sb_pg_conn *conn)
{
	const struct sb_config *config = conn->loop->config;
	const char *database = config->database_url ? config->database_url : config->db_name;
	const char *const keys[] = {
		"host",   "port", "user", "password", "fallback_application_name", "client_encoding",
		"dbname", NULL};
	const char *const values[] = {
		config->db_host, config->db_port, config->db_user, config->db_password,
		"social-bridge", "UTF8",          database,        NULL};

	conn->since_ms = conn->loop->now_ms;
	conn->pg = sb_checked(PQconnectStartParams(keys, values, 1));
	conn->state = SB_PG_CONNECTING;
	if (PQstatus(conn->pg) == CONNECTION_BAD)
	{
		conn->broken = true;
		return;
	}
	PQsetNoticeProcessor(conn->pg, on_notice, NULL);
	sb_loop_watch(conn->loop, &conn->watch, PQsocket(conn->pg), EPOLLOUT);
}

static struct sb_pg_unit *
detach_units(struct sb_pg_conn *conn)
{
	struct sb_pg_unit *units = conn->head;

	conn->head = conn->tail = NULL;
	conn->inflight = 0;
	return units;
}

/* Closes the connection; all its units end with the outcome. */
static void
close_conn(struct sb_pg_conn *conn, enum sb_pg_outcome outcome)
{
	struct sb_pg_unit *units = detach_units(conn);

	sb_loop_unwatch(conn->loop, &conn->watch);
	PQfinish(conn->pg);
	conn->pg = NULL;
	conn->state = SB_PG_DOWN;
	conn->broken = conn->stale = false;
	sb_pg_prepared_clear(conn->prepared);
	conn->on_change(conn);
	while (units)
	{
		struct sb_pg_unit *unit = units;

		units = unit->next;
		unit->on_done(unit, outcome);
	}
}

static void
lose(struct sb_pg_conn *conn, enum sb_pg_outcome outcome, const char *reason)
{
	char line[256];

	snprintf(line, sizeof(line), "%s", PQerrorMessage(conn->pg));
	line[strcspn(line, "\n")] = '\0';
	sb_log_begin(SB_LOG_WARNING, reason);
	sb_log_text("error", line);
	sb_log_int("retry_ms", conn->backoff_ms);
	sb_log_int("requests_lost", conn->inflight);
	sb_log_end();
	conn->retry_at_ms = conn->loop->now_ms + conn->backoff_ms;
	if (conn->backoff_ms < BACKOFF_LAST_MS)
		conn->backoff_ms *= 2;
	close_conn(conn, outcome);
}

static void
on_settings_done(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct sb_pg_conn *conn = unit->owner;

	if (outcome == SB_PG_OK)
	{
		conn->state = SB_PG_READY;
		conn->backoff_ms = BACKOFF_FIRST_MS;
		sb_pg_unit_clear(unit);
		free(unit);
		conn->on_change(conn);
		return;
	}
	if (outcome == SB_PG_ERROR)
		conn->broken = true;
	on_own_done(unit, outcome);
}

/* The session's settings. jit: these statements are short, compiling them costs more than it saves.
 */
static void
send_settings(struct sb_pg_conn *conn)
{
	static const char sql[] = "SELECT pg_catalog.set_config('TimeZone', 'UTC', false), "
							  "pg_catalog.set_config('jit', 'off', false), "
							  "pg_catalog.set_config('statement_timeout', $1, false), "
							  "pg_catalog.set_config('default_transaction_read_only', $2, false)";
	struct own_unit *own = own_unit_new(conn);
	char timeout[32];
	const char *values[2] = {timeout, conn->read_only ? "on" : "off"};

	snprintf(timeout, sizeof(timeout), "%ds", conn->loop->config->statement_timeout);
	own->unit.on_done = on_settings_done;
	conn->state = SB_PG_SETTING_UP;
	push_sync(conn, &own->unit, PQsendQueryParams(conn->pg, sql, 2, NULL, values, NULL, NULL, 0));
	flush(conn);
}

static void
go_on_connecting(struct sb_pg_conn *conn)
{
	PostgresPollingStatusType status = PQconnectPoll(conn->pg);

	if (status == PGRES_POLLING_OK)
	{
		if (PQsetnonblocking(conn->pg, 1) != 0 || !PQenterPipelineMode(conn->pg))
			conn->broken = true;
		else
			send_settings(conn);
	}
	else if (status == PGRES_POLLING_FAILED)
		conn->broken = true;
	else /* the socket may be another one by now */
		sb_loop_watch(conn->loop, &conn->watch, PQsocket(conn->pg),
					  status == PGRES_POLLING_READING ? EPOLLIN : EPOLLOUT);
}

static void
on_ready(struct sb_watch *watch, uint32_t events)
{
	struct sb_pg_conn *conn = (struct sb_pg_conn *) watch;

	if (conn->state == SB_PG_CONNECTING)
		go_on_connecting(conn);
	else if (!conn->broken)
	{
		if (events & EPOLLOUT)
			flush(conn);
		if (events & ~EPOLLOUT)
			receive(conn);
	}
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
	const char *sqlstate = PQresultErrorField(error, PG_DIAG_SQLSTATE);
	const char *function = PQresultErrorField(error, PG_DIAG_SOURCE_FUNCTION);

	if (sqlstate == NULL)
		return false;
	return strcmp(sqlstate, "26000") == 0 || (strcmp(sqlstate, "0A000") == 0 && function &&
											  strcmp(function, "RevalidateCachedQuery") == 0);
}

static void
keep_result(struct sb_pg_conn *conn, struct sb_pg_unit *unit, PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

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
		conn->stale = conn->stale || makes_stale(result);
		return;
	}
	PQclear(result); /* PGRES_PIPELINE_ABORTED, or the same error said again */
}

static void
finish_head(struct sb_pg_conn *conn)
{
	struct sb_pg_unit *unit = conn->head;

	conn->head = unit->next;
	if (conn->head == NULL)
		conn->tail = NULL;
	conn->inflight--;
	conn->since_ms = conn->loop->now_ms;
	unit->on_done(unit, unit->error ? SB_PG_ERROR : SB_PG_OK);
}

static void
receive(struct sb_pg_conn *conn)
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
		if (PQresultStatus(result) != PGRES_PIPELINE_SYNC)
		{
			keep_result(conn, conn->head, result);
			continue;
		}
		PQclear(result);
		finish_head(conn);
	}
	if (conn->pg == pg)
	{
		if (PQstatus(pg) == CONNECTION_BAD)
			conn->broken = true;
		else if (conn->state == SB_PG_READY)
			conn->on_change(conn);
	}
}

/* ---- life ----------------------------------------------------------------------------------- */

void
sb_pg_conn_init(struct sb_pg_conn *conn, struct sb_loop *loop, bool read_only,
				void (*on_change)(struct sb_pg_conn *), void *owner)
{
	memset(conn, 0, sizeof(*conn));
	conn->watch.fd = -1;
	conn->watch.on_ready = on_ready;
	conn->loop = loop;
	conn->read_only = read_only;
	conn->on_change = on_change;
	conn->owner = owner;
	conn->backoff_ms = BACKOFF_FIRST_MS;
	conn->prepared = sb_pg_prepared_new(loop->config->db_statements);
}

void
sb_pg_conn_finish(struct sb_pg_conn *conn)
{
	if (conn->state != SB_PG_DOWN)
		close_conn(conn, SB_PG_LOST);
	sb_pg_prepared_free(conn->prepared);
	conn->prepared = NULL;
}

/* Milliseconds after which silence means that the connection is dead. */
static uint64_t
patience_ms(const struct sb_pg_conn *conn)
{
	if (conn->state == SB_PG_CONNECTING)
		return CONNECT_TIMEOUT_MS;
	return (uint64_t) conn->loop->config->statement_timeout * 1000 + ANSWER_GRACE_MS;
}

void
sb_pg_conn_settle(struct sb_pg_conn *conn)
{
	uint64_t now = conn->loop->now_ms;

	if (conn->state == SB_PG_DOWN)
	{
		if (now >= conn->retry_at_ms)
			start(conn);
	}
	else if ((conn->state == SB_PG_CONNECTING || conn->head) &&
			 now - conn->since_ms > patience_ms(conn))
		lose(conn, SB_PG_LATE, "the database does not answer");
	else if (conn->stale && conn->head == NULL)
	{
		conn->retry_at_ms = now;
		close_conn(conn, SB_PG_LOST);
	}
	if (conn->broken)
		lose(conn, SB_PG_LOST, "no connection to the database");
}
