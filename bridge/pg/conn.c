/*
 * conn.c owns the life of one connection to PostgreSQL: begun, set up, lost, begun again.
 */
#include "pg/conn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "log.h"
#include "memory.h"
#include "pg/flight.h"
#include "pg/prepared.h"

#define BACKOFF_FIRST_MS   100
#define BACKOFF_LAST_MS    5000
#define CONNECT_TIMEOUT_MS 10000
#define ANSWER_GRACE_MS    5000 /* on top of statement_timeout, for the network */

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

	if (outcome == SB_PG_ERROR)
		conn->broken = true;
	if (outcome != SB_PG_OK)
		return;
	conn->state = SB_PG_READY;
	conn->backoff_ms = BACKOFF_FIRST_MS;
	conn->on_change(conn);
}

/*
 * The session's settings. jit: these statements are short, compiling costs more than it saves. That
 * nothing is counted takes a role that may say so, social.grant_bridge() makes it one.
 */
static void
send_settings(struct sb_pg_conn *conn)
{
	static const char sql[] = "SELECT pg_catalog.set_config('TimeZone', 'UTC', false), "
							  "pg_catalog.set_config('jit', 'off', false), "
							  "pg_catalog.set_config('statement_timeout', $1, false), "
							  "pg_catalog.set_config('default_transaction_read_only', $2, false), "
							  "CASE WHEN $3 THEN "
							  "pg_catalog.set_config('social.rate_limits', 'off', false) END";
	char timeout[32];
	const char *values[3] = {timeout, conn->read_only ? "on" : "off",
							 conn->loop->config->rate_limits ? "false" : "true"};

	snprintf(timeout, sizeof(timeout), "%ds", conn->loop->config->statement_timeout);
	conn->state = SB_PG_SETTING_UP;
	sb_pg_flight_send_own(conn, sql, 3, values, on_settings_done);
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
			sb_pg_flight_flush(conn);
		if (events & ~EPOLLOUT)
			sb_pg_flight_receive(conn);
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
