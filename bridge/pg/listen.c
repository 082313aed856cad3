/*
 * listen.c owns the connection that listens.
 *
 * A dead peer says nothing, and neither does a quiet channel: a statement now and then tells them
 * apart, for its silence ends the connection (pg/connect.c).
 *
 * A standby takes no LISTEN, and nothing is said there. The connection waits on it, and listens
 * once the server has become the primary; the statement now and then is what has the server tell.
 */
#include "pg/listen.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "pg/connect.h"
#include "pg/flight.h"

#define HEARTBEAT_MS         10000
#define STANDBY_HEARTBEAT_MS 1000
#define LOCK_TIMEOUT_MS      1000

struct sb_pg_listen
{
	struct sb_pg_conn conn;
	const struct sb_pg_channel *channels;
	void (*on_listening)(void);
	bool asked; /* the LISTENs of this connection are under way, or done */
	int heard;  /* how many of them are done */
	uint64_t beat_at_ms;
};

static void
on_listened(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct sb_pg_conn *conn = unit->owner;
	struct sb_pg_listen *listen = conn->owner;

	if (outcome == SB_PG_ERROR)
		conn->broken = true; /* tried again, with its pauses */
	else if (outcome == SB_PG_OK && listen->channels[++listen->heard].sql == NULL)
	{
		sb_pg_conn_trust(conn);
		listen->on_listening();
	}
}

static void
ask(struct sb_pg_listen *listen)
{
	listen->asked = true;
	for (int i = 0; listen->channels[i].sql; i++)
		sb_pg_flight_send_own(&listen->conn, listen->channels[i].sql, 0, NULL, on_listened);
}

/* The connection is gone, or ready: sb_pg_listen_settle() sees to it. */
static void
on_change(struct sb_pg_conn *conn)
{
	struct sb_pg_listen *listen = conn->owner;

	if (conn->state == SB_PG_READY)
		return;
	listen->asked = false;
	listen->heard = 0;
}

static void
on_notify(struct sb_pg_conn *conn, const char *name, const char *payload)
{
	struct sb_pg_listen *listen = conn->owner;

	for (const struct sb_pg_channel *channel = listen->channels; channel->sql; channel++)
		if (strcmp(channel->name, name) == 0)
			channel->on_notify(payload);
}

struct sb_pg_listen *
sb_pg_listen_new(struct sb_loop *loop, const struct sb_pg_channel *channels,
				 void (*on_listening)(void))
{
	struct sb_pg_listen *listen = sb_calloc(1, sizeof(*listen));

	listen->channels = channels;
	listen->on_listening = on_listening;
	sb_pg_conn_init(&listen->conn, loop, false, LOCK_TIMEOUT_MS, on_change, listen);
	listen->conn.on_notify = on_notify;
	listen->conn.proves_itself = true;
	return listen;
}

void
sb_pg_listen_free(struct sb_pg_listen *listen)
{
	if (listen == NULL)
		return;
	sb_pg_conn_finish(&listen->conn);
	free(listen);
}

void
sb_pg_listen_settle(struct sb_pg_listen *listen)
{
	struct sb_pg_conn *conn = &listen->conn;
	uint64_t now = conn->loop->now_ms;
	bool standby = sb_pg_conn_is_standby(conn);
	uint64_t pause = standby ? STANDBY_HEARTBEAT_MS : HEARTBEAT_MS;

	if (!sb_pg_conn_usable(conn) || conn->head)
		;
	else if (!listen->asked && !standby)
		ask(listen);
	else if (now - listen->beat_at_ms >= pause)
	{
		listen->beat_at_ms = now;
		sb_pg_flight_send_own(conn, "SELECT 1", 0, NULL, NULL);
	}
	sb_pg_conn_settle(conn);
}
