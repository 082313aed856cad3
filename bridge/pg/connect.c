/*
 * connect.c owns the life of one connection to PostgreSQL: begun, set up, lost, begun again.
 */
#include "pg/connect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/log.h"
#include "base/memory.h"
#include "pg/flight.h"
#include "pg/prepared.h"
#include "pg/target.h"

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

static void lose(struct sb_pg_conn *conn, enum sb_pg_outcome outcome, const char *reason);

/* The addresses are there, or are still looked up. */
static void
go_on_resolving(struct sb_pg_conn *conn)
{
	enum sb_names_state state;

	conn->pg = sb_pg_target_connect(conn->loop->config, conn->since_us / 1000, &state);
	if (state == SB_NAMES_PENDING)
		return;
	if (state == SB_NAMES_UNKNOWN)
	{
		lose(conn, SB_PG_LOST, "the database's host has no address");
		return;
	}
	conn->since_us = conn->loop->now_us;
	conn->state = SB_PG_CONNECTING;
	if (PQstatus(conn->pg) == CONNECTION_BAD)
	{
		conn->broken = true;
		return;
	}
	PQsetNoticeProcessor(conn->pg, on_notice, NULL);
	sb_loop_watch(conn->loop, &conn->watch, PQsocket(conn->pg), EPOLLOUT);
}

static void
start(struct sb_pg_conn *conn)
{
	conn->since_us = conn->loop->now_us;
	conn->state = SB_PG_RESOLVING;
	go_on_resolving(conn);
}

static struct sb_pg_unit *
detach_units(struct sb_pg_conn *conn)
{
	struct sb_pg_unit *units = conn->head;

	conn->head = conn->tail = NULL;
	conn->inflight = conn->sharing = conn->syncs = 0;
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
	PQclear(conn->prepare_error);
	conn->prepare_error = NULL;
	conn->doubtful = 0;
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

	sb_metric_add(conn->loop->metrics->conns_lost, 1);
	snprintf(line, sizeof(line), "%s", conn->pg ? PQerrorMessage(conn->pg) : "");
	line[strcspn(line, "\n")] = '\0';
	sb_log_begin(SB_LOG_WARNING, reason);
	sb_log_text("error", *line ? line : NULL);
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
	if (outcome != SB_PG_OK || conn->broken)
		return;
	conn->state = SB_PG_READY;
	sb_pg_flight_note_server(conn);
	sb_metric_add(conn->loop->metrics->connects, 1);
	if (!conn->proves_itself)
		sb_pg_conn_trust(conn);
	conn->on_change(conn);
}

static void
on_timeout_done(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct sb_pg_conn *conn = unit->owner;

	if (outcome == SB_PG_ERROR)
		conn->broken = true;
}

/*
 * The session's settings, so that none that a database or role has been given changes what our
 * statements mean. The timeout first, for it would hit the rest, and by a statement that takes no
 * time. Only those that the server knows. jit: these statements are short, compiling costs more
 * than it saves. What makes them durable or costs memory (synchronous_commit, work_mem) stays the
 * operator's. That nothing is counted, or chats by the bridge's own rates (who they are of, the
 * database alone knows), takes a role that may say so, social.grant_bridge() makes it one.
 */
static void
send_settings(struct sb_pg_conn *conn)
{
	static const char settings[] =
		"SELECT pg_catalog.set_config(s.name, w.value, false) FROM (VALUES "
		"('search_path', 'pg_catalog, pg_temp'), "
		"('default_transaction_isolation', 'read committed'), "
		"('default_transaction_deferrable', 'off'), "
		"('default_transaction_read_only', $1), "
		"('lock_timeout', $2), "
		"('idle_in_transaction_session_timeout', '0'), "
		"('idle_session_timeout', '0'), "
		"('transaction_timeout', '0'), "
		"('TimeZone', 'UTC'), "
		"('DateStyle', 'ISO, MDY'), "
		"('IntervalStyle', 'postgres'), "
		"('bytea_output', 'hex'), "
		"('extra_float_digits', '1'), "
		"('standard_conforming_strings', 'on'), "
		"('transform_null_equals', 'off'), "
		"('array_nulls', 'on'), "
		"('row_security', 'on'), "
		"('gin_fuzzy_search_limit', '0'), "
		"('plan_cache_mode', 'force_generic_plan'), "
		"('jit', 'off'), "
		"('client_min_messages', 'notice'), "
		"('log_parameter_max_length_on_error', '0')"
		") AS w (name, value) JOIN pg_catalog.pg_settings s "
		"ON s.name OPERATOR(pg_catalog.=) w.name "
		"UNION ALL "
		"SELECT CASE WHEN $3 THEN pg_catalog.set_config('social.rate_limits', 'off', false) END "
		"UNION ALL "
		"SELECT CASE WHEN $4::text IS NOT NULL THEN "
		"pg_catalog.set_config('social.chat_message_rates', $4::text, false) END";
	char timeout[64];
	char lock_timeout[32];
	const char *values[4] = {conn->read_only ? "on" : "off", lock_timeout,
							 conn->loop->config->rate_limits ? "false" : "true",
							 conn->loop->config->chat_message_rate_limit};

	snprintf(timeout, sizeof(timeout), "SET statement_timeout = '%ds'", conn->statement_timeout_s);
	snprintf(lock_timeout, sizeof(lock_timeout), "%dms", conn->lock_timeout_ms);
	conn->state = SB_PG_SETTING_UP;
	sb_pg_flight_send_own(conn, timeout, 0, NULL, on_timeout_done);
	sb_pg_flight_send_own(conn, settings, 4, values, on_settings_done);
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
	else
	{
		/* The socket may be another one by now, of the same number. */
		sb_loop_unwatch(conn->loop, &conn->watch);
		sb_loop_watch(conn->loop, &conn->watch, PQsocket(conn->pg),
					  status == PGRES_POLLING_READING ? EPOLLIN : EPOLLOUT);
	}
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
sb_pg_conn_init(struct sb_pg_conn *conn, struct sb_loop *loop, bool read_only, int lock_timeout_ms,
				void (*on_change)(struct sb_pg_conn *), void *owner)
{
	memset(conn, 0, sizeof(*conn));
	conn->watch.fd = -1;
	conn->watch.on_ready = on_ready;
	conn->loop = loop;
	conn->read_only = read_only;
	conn->lock_timeout_ms = lock_timeout_ms;
	conn->statement_timeout_s = loop->config->statement_timeout;
	conn->on_change = on_change;
	conn->owner = owner;
	conn->backoff_ms = BACKOFF_FIRST_MS;
	conn->prepared =
		sb_pg_prepared_new(loop->config->db_statements, (size_t) loop->config->db_statements_bytes);
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

bool
sb_pg_conn_is_standby(const struct sb_pg_conn *conn)
{
	return conn->state == SB_PG_READY && conn->is_standby;
}

void
sb_pg_conn_sleep(struct sb_pg_conn *conn)
{
	if (conn->head)
		return;
	conn->asleep = true;
	sb_pg_conn_trust(conn); /* whoever wakes it is not told of an old failure */
	if (conn->state != SB_PG_DOWN)
		close_conn(conn, SB_PG_LOST);
}

void
sb_pg_conn_wake(struct sb_pg_conn *conn)
{
	if (conn->asleep)
		conn->retry_at_ms = conn->loop->now_ms;
	conn->asleep = false;
}

void
sb_pg_conn_trust(struct sb_pg_conn *conn)
{
	conn->backoff_ms = BACKOFF_FIRST_MS;
}

/* Milliseconds after which silence means that the connection is dead. */
static uint64_t
patience_ms(const struct sb_pg_conn *conn)
{
	if (conn->state == SB_PG_CONNECTING || conn->state == SB_PG_RESOLVING)
		return CONNECT_TIMEOUT_MS;
	return (uint64_t) conn->statement_timeout_s * 1000 + ANSWER_GRACE_MS;
}

void
sb_pg_conn_settle(struct sb_pg_conn *conn)
{
	uint64_t now = conn->loop->now_ms;

	if (conn->state == SB_PG_DOWN)
	{
		if (!conn->asleep && now >= conn->retry_at_ms)
			start(conn);
	}
	else if ((conn->state < SB_PG_SETTING_UP || conn->head) &&
			 now - conn->since_us / 1000 > patience_ms(conn))
		lose(conn, SB_PG_LATE,
			 conn->state == SB_PG_RESOLVING ? "the database's host cannot be looked up in time"
											: "the database does not answer");
	else if (conn->state == SB_PG_RESOLVING)
		go_on_resolving(conn);
	else if (conn->stale && conn->head == NULL)
	{
		conn->retry_at_ms = now;
		close_conn(conn, SB_PG_LOST);
	}
	if (conn->broken)
		lose(conn, SB_PG_LOST, "no connection to the database");
}
