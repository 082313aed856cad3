/*
 * ask.c owns what threads of a worker ask the database. Who asks sleeps until the loop has an
 * answer, and keeps the question alive until then.
 */
#include "worker/ask.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "loop/loop.h"
#include "pg/connect.h"
#include "pg/flight.h"

struct ask
{
	struct ask *next;
	struct sb_asks *asks;
	struct sb_pg_unit unit;
	const int *is_cancelled;
	PGresult *result;
	char *error;
	bool is_answered;
};

struct sb_asks
{
	struct sb_loop *loop;
	struct sb_pg_conn *conn;
	pthread_mutex_t lock; /* of what follows, and of what was not sent */
	pthread_cond_t answered;
	struct ask *waiting; /* for the loop to send it; the order does not matter */
	bool is_closed;
};

/* With the lock; whoever asked may be gone when it is given up. */
static void
answer(struct ask *ask)
{
	ask->is_answered = true;
	pthread_cond_broadcast(&ask->asks->answered);
}

static void
wait_again(struct ask *ask)
{
	ask->next = ask->asks->waiting;
	ask->asks->waiting = ask;
}

/* ---- in the loop ------------------------------------------------------------------------------
 */

static void
on_done(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct ask *ask = unit->owner;
	struct sb_asks *asks = ask->asks;

	pthread_mutex_lock(&asks->lock);
	if (outcome == SB_PG_OK)
		ask->result = sb_pg_unit_take(unit, 0);
	else if (outcome == SB_PG_ERROR &&
			 asprintf(&ask->error, "the database said: %s",
					  PQresultErrorField(unit->error, PG_DIAG_MESSAGE_PRIMARY)) < 0)
		abort();
	sb_pg_unit_rewind(unit);
	if (outcome == SB_PG_OK || outcome == SB_PG_ERROR)
		answer(ask);
	else
		wait_again(ask);
	pthread_mutex_unlock(&asks->lock);
}

static void
send_ask(struct sb_asks *asks, struct ask *ask)
{
	ask->unit.owner = ask;
	ask->unit.on_done = on_done;
	sb_pg_conn_send(asks->conn, &ask->unit);
}

void
sb_asks_settle(struct sb_asks *asks)
{
	bool may_send = sb_pg_conn_usable(asks->conn) && !sb_pg_conn_is_standby(asks->conn);
	struct ask *to_send = NULL;
	struct ask **link = &asks->waiting;

	pthread_mutex_lock(&asks->lock);
	while (*link)
	{
		struct ask *ask = *link;
		bool is_over = asks->is_closed || __atomic_load_n(ask->is_cancelled, __ATOMIC_RELAXED);

		if (!is_over && !may_send)
		{
			link = &ask->next;
			continue;
		}
		*link = ask->next;
		if (is_over)
			answer(ask);
		else
		{
			ask->next = to_send;
			to_send = ask;
		}
	}
	pthread_mutex_unlock(&asks->lock);
	while (to_send)
	{
		struct ask *ask = to_send;

		to_send = ask->next;
		send_ask(asks, ask);
	}
}

void
sb_asks_close(struct sb_asks *asks)
{
	pthread_mutex_lock(&asks->lock);
	asks->is_closed = true;
	pthread_mutex_unlock(&asks->lock);
	sb_asks_settle(asks);
}

struct sb_asks *
sb_asks_new(struct sb_loop *loop, struct sb_pg_conn *conn)
{
	struct sb_asks *asks = sb_calloc(1, sizeof(*asks));

	asks->loop = loop;
	asks->conn = conn;
	pthread_mutex_init(&asks->lock, NULL);
	pthread_cond_init(&asks->answered, NULL);
	return asks;
}

void
sb_asks_free(struct sb_asks *asks)
{
	pthread_cond_destroy(&asks->answered);
	pthread_mutex_destroy(&asks->lock);
	free(asks);
}

/* ---- in a thread ------------------------------------------------------------------------------
 */

PGresult *
sb_ask(struct sb_asks *asks, const int *is_cancelled, const char *sql, int nvalues,
	   const char *const *values, char **error)
{
	struct ask ask = {.asks = asks, .is_cancelled = is_cancelled};

	sb_pg_unit_add(&ask.unit, sb_pg_statement_id(sql), sql, nvalues, values);
	pthread_mutex_lock(&asks->lock);
	if (!asks->is_closed)
	{
		wait_again(&ask);
		sb_loop_wake(asks->loop);
		while (!ask.is_answered)
			pthread_cond_wait(&asks->answered, &asks->lock);
	}
	pthread_mutex_unlock(&asks->lock);
	*error = ask.error;
	return ask.result;
}
