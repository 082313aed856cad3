/*
 * pool.c owns the lanes of one loop and the queue before each.
 *
 * What has been sent cannot be taken back, so little is sent ahead: as much as keeps a server
 * process busy, and nothing behind a unit that has been at it for a while. The rest queues here,
 * before the lane, and goes to whichever connection is free first. Reads of callers share
 * transactions: while one is answered and one is under way, those that come gather for the next, as
 * many as take about a millisecond together, for the first of them is answered with the last. A
 * few of them rather wait for that than be sent to another connection.
 *
 * A unit that waits for a lock leaves the lane after LOCK_PATIENCE_MS: the server rolls it back
 * (lock_timeout), so its outcome is known, and it begins again in a waiting lane, whose connections
 * are there for that. There it has LOCK_TIMEOUT.
 */
#include "pg/pool.h"

#include <stddef.h>
#include <stdlib.h>

#include "loop/loop.h"
#include "base/memory.h"
#include "pg/connect.h"
#include "pg/flight.h"
#include "pg/suspect.h"

#define READ_DEPTH       10    /* units in flight on a pipelined connection, Syncs among them */
#define WRITE_DEPTH      2     /* likewise: a commit takes so long that more gain nothing */
#define MOST_SYNCS       2     /* transactions in flight on a connection whose units share them */
#define MOST_SHARING     8     /* units in one transaction */
#define MOST_WAITING     16    /* for connections that keep up, before one more is asked */
#define SHARED_US        1000  /* for which those in one may take, as far as can be told */
#define STALLED_MS       25    /* a unit that has been the oldest for longer gets none behind it */
#define LOCK_PATIENCE_MS 200   /* for a lock, in the lanes that others share */
#define IDLE_MS          30000 /* after which a connection made on demand ends */

struct lane
{
	struct sb_pg_pool *pool;
	struct sb_pg_conn *conns;
	int nconns;
	int depth;
	bool shares;             /* units may share a transaction */
	uint32_t sixteen_us;     /* what sixteen units have taken of late, one after the other */
	bool on_demand;          /* connects when a unit comes */
	struct lane *wait;       /* where a unit goes that met a lock; NULL: its failure is final */
	struct sb_pg_unit *head; /* waiting, oldest first */
	struct sb_pg_unit *tail;
	int waiting;
};

struct sb_pg_pool
{
	struct sb_rest rest; /* must stay first */
	struct sb_loop *loop;
	void (*on_ready)(void *owner);
	void *owner;
	struct lane lanes[SB_LANES];
	struct sb_pg_suspects suspects;
	bool ready; /* as last told by on_ready */
	bool closed;
};

/* Whether what is sent now would stand behind a unit that does not come to its end. */
static bool
is_stalled(const struct sb_pg_conn *conn)
{
	return conn->head && conn->loop->now_us - conn->since_us > STALLED_MS * 1000;
}

/* How many units one transaction takes. */
static int
most_sharing(const struct lane *lane)
{
	uint32_t unit_us = lane->sixteen_us / 16;
	int most = unit_us ? (int) (SHARED_US / unit_us) : MOST_SHARING;

	return most < 1 ? 1 : most < MOST_SHARING ? most : MOST_SHARING;
}

/* Whether the connection takes one more unit into a transaction, or has room for another. */
static bool
has_room(const struct lane *lane, const struct sb_pg_conn *conn)
{
	if (conn->inflight >= lane->depth)
		return false;
	return !lane->shares || (conn->sharing > 0 && conn->sharing < most_sharing(lane)) ||
		   conn->syncs + (conn->sharing > 0) < MOST_SYNCS;
}

/* Whether units are better with what the connection is at than by themselves. */
static bool
gathers(const struct lane *lane, const struct sb_pg_conn *conn)
{
	return lane->shares && conn->head && most_sharing(lane) > 1 &&
		   lane->pool->loop->now_us - conn->since_us <= SHARED_US;
}

/* Whether units may wait for what is at work already; a short queue is no place for that. */
static bool
may_wait(const struct lane *lane)
{
	int most = lane->pool->loop->config->db_queue / 4;

	return lane->waiting < (most < MOST_WAITING ? most : MOST_WAITING);
}

/*
 * A usable connection that has room: the one with the most units of those that soon come to an end,
 * so that few transactions hold many, or else the one with the fewest; but none with nothing to do
 * while another keeps up, for its process would take the processor from the other's. NULL when
 * there is none.
 */
static struct sb_pg_conn *
choose(struct lane *lane)
{
	struct sb_pg_conn *best = NULL;
	bool best_gathers = false;
	bool is_kept_up = false;

	for (int i = 0; i < lane->nconns; i++)
	{
		struct sb_pg_conn *conn = &lane->conns[i];

		bool is_busy_well = gathers(lane, conn);

		if (!sb_pg_conn_usable(conn))
			continue;
		is_kept_up = is_kept_up || (is_busy_well && may_wait(lane));
		if (!has_room(lane, conn) || is_stalled(conn))
			continue;
		if (best == NULL || (is_busy_well && (!best_gathers || conn->inflight > best->inflight)) ||
			(!is_busy_well && !best_gathers && conn->inflight < best->inflight))
		{
			best = conn;
			best_gathers = is_busy_well;
		}
	}
	return best_gathers || !is_kept_up ? best : NULL;
}

/* Whether a connection has nothing to do. */
static bool
has_idle(const struct lane *lane)
{
	for (int i = 0; i < lane->nconns; i++)
		if (sb_pg_conn_usable(&lane->conns[i]) && lane->conns[i].head == NULL)
			return true;
	return false;
}

static bool
has_connection(const struct lane *lane)
{
	for (int i = 0; i < lane->nconns; i++)
		if (lane->conns[i].state == SB_PG_READY && !lane->conns[i].broken)
			return true;
	return false;
}

/* Whether it makes sense to wait for this lane. */
static bool
is_worth_waiting(const struct lane *lane)
{
	for (int i = 0; i < lane->nconns; i++)
		if (sb_pg_conn_hopeful(&lane->conns[i]))
			return true;
	return has_connection(lane);
}

static struct sb_pg_unit *
pop(struct lane *lane)
{
	struct sb_pg_unit *unit = lane->head;

	lane->head = unit->next;
	if (lane->head == NULL)
		lane->tail = NULL;
	lane->waiting--;
	return unit;
}

static bool
is_full(const struct lane *lane)
{
	return !is_worth_waiting(lane) || lane->waiting >= lane->pool->loop->config->db_queue;
}

static void
enqueue(struct lane *lane, struct sb_pg_unit *unit)
{
	unit->next = NULL;
	unit->queued_at_ms = lane->pool->loop->now_ms;
	if (lane->tail)
		lane->tail->next = unit;
	else
		lane->head = unit;
	lane->tail = unit;
	lane->waiting++;
}

/* What tells units apart: the last statement, which the admission stands before. */
static uint64_t
essence(const struct sb_pg_unit *unit)
{
	return unit->nstatements ? unit->statements[unit->nstatements - 1].id : 0;
}

static bool
is_suspect(const struct lane *lane, const struct sb_pg_unit *unit)
{
	const struct sb_pg_pool *pool = lane->pool;

	return lane->wait && pool->suspects.count > 0 &&
		   sb_pg_suspect_is(&pool->suspects, essence(unit), pool->loop->now_ms);
}

static struct sb_metrics *
metrics_of(const struct lane *lane)
{
	return lane->pool->loop->metrics;
}

static int
place_of(const struct lane *lane)
{
	return (int) (lane - lane->pool->lanes);
}

static void
send_unit(struct lane *lane, struct sb_pg_conn *conn, struct sb_pg_unit *unit)
{
	sb_histogram_add(&metrics_of(lane)->queue[place_of(lane)],
					 lane->pool->loop->now_us - unit->submitted_us);
	sb_pg_conn_send(conn, unit);
}

/* More wait than may for the connections at work: they go to whichever there is. */
static void
relieve(struct lane *lane)
{
	struct sb_pg_conn *conn;

	while (lane->head && !is_suspect(lane, lane->head) && (conn = choose(lane)) != NULL)
		send_unit(lane, conn, pop(lane));
}

/* Sends the unit, or lets it wait. */
static bool
submit(struct lane *lane, struct sb_pg_unit *unit)
{
	struct sb_pg_conn *conn;

	if (is_suspect(lane, unit))
		lane = lane->wait;
	if (!may_wait(lane))
		relieve(lane);
	conn = lane->head == NULL ? choose(lane) : NULL;
	if (conn)
		send_unit(lane, conn, unit);
	else if (is_full(lane))
	{
		sb_metric_add(&metrics_of(lane)->no_room[place_of(lane)], 1);
		return false;
	}
	else
		enqueue(lane, unit);
	return true;
}

/* Sends what waits to whichever connection there is. Whether a unit was answered instead. */
static bool
send_waiting(struct lane *lane)
{
	struct sb_pg_conn *conn;
	bool answered = false;

	while (lane->head && (conn = choose(lane)) != NULL)
	{
		struct sb_pg_unit *unit = pop(lane);

		if (!is_suspect(lane, unit))
			send_unit(lane, conn, unit);
		else if (!submit(lane, unit))
		{
			unit->on_done(unit, SB_PG_BUSY);
			answered = true;
		}
	}
	return answered;
}

static void
on_change(struct sb_pg_conn *conn)
{
	send_waiting(conn->owner);
}

/* A unit met a lock: it begins again where it may wait. */
static bool
on_stalled(struct sb_pg_conn *conn, struct sb_pg_unit *unit)
{
	struct lane *lane = conn->owner;
	struct lane *wait = lane->wait;

	sb_pg_suspect_stalled(&lane->pool->suspects, essence(unit), lane->pool->loop->now_ms);
	if (wait == NULL || wait->pool->closed || is_full(wait))
		return false;
	if (unit->on_again)
		unit->on_again(unit);
	sb_metric_add(metrics_of(lane)->met_lock, 1);
	sb_pg_unit_rewind(unit);
	return submit(wait, unit);
}

/* A unit was not run, as another's failure ended their transaction: it goes next, by itself. */
static void
on_unrun(struct sb_pg_conn *conn, struct sb_pg_unit *unit)
{
	struct lane *lane = conn->owner;

	sb_metric_add(metrics_of(lane)->unrun, 1);
	sb_pg_unit_rewind(unit);
	unit->shares = false;
	unit->next = lane->head;
	unit->queued_at_ms = unit->submitted_us / 1000; /* its time goes on */
	lane->head = unit;
	if (lane->tail == NULL)
		lane->tail = unit;
	lane->waiting++;
}

/* A unit is about to be answered. */
static void
on_answer(struct sb_pg_conn *conn, const struct sb_pg_unit *unit)
{
	struct lane *lane = conn->owner;
	struct sb_pg_pool *pool = lane->pool;

	lane->sixteen_us += (uint32_t) unit->ran_us - lane->sixteen_us / 16;
	sb_metric_add(&metrics_of(lane)->units[place_of(lane)], 1);
	sb_histogram_add(&metrics_of(lane)->unit[place_of(lane)],
					 pool->loop->now_us - unit->submitted_us);
	if (unit->error == NULL && pool->suspects.count > 0)
		sb_pg_suspect_cleared(&pool->suspects, essence(unit));
}

/* What tells the lanes apart. */
static const struct
{
	size_t nconns; /* the setting */
	int depth;
	bool read_only;
	bool shares;          /* units share transactions */
	bool is_slow;         /* SLOW_STATEMENT_TIMEOUT holds */
	enum sb_pg_lane wait; /* SB_LANES: none, this is one */
} rows[SB_LANES] = {
#define AT(field) offsetof(struct sb_config, field)
	[SB_LANE_READ] = {AT(db_connections), READ_DEPTH, true, true, false, SB_LANE_WAIT_READ},
	[SB_LANE_WRITE] = {AT(db_write_connections), WRITE_DEPTH, false, false, false, SB_LANE_WAIT},
	[SB_LANE_SLOW] = {AT(db_slow_connections), 1, false, false, true, SB_LANE_WAIT},
	[SB_LANE_SLOW_READ] = {AT(db_slow_read_connections), 1, true, false, true, SB_LANE_WAIT_READ},
	[SB_LANE_WAIT] = {AT(db_wait_connections), 1, false, false, true, SB_LANES},
	[SB_LANE_WAIT_READ] = {AT(db_wait_connections), 1, true, false, true, SB_LANES},
};

static void
lane_init(struct sb_pg_pool *pool, enum sb_pg_lane which)
{
	const struct sb_config *config = pool->loop->config;
	struct lane *lane = &pool->lanes[which];
	bool waits = rows[which].wait == SB_LANES;
	int lock_timeout_ms = waits ? config->lock_timeout * 1000 : LOCK_PATIENCE_MS;

	lane->pool = pool;
	lane->nconns = *(const int *) ((const char *) config + rows[which].nconns);
	lane->depth = rows[which].depth;
	lane->shares = rows[which].shares;
	lane->on_demand = waits;
	lane->wait = waits ? NULL : &pool->lanes[rows[which].wait];
	lane->conns = sb_calloc((size_t) lane->nconns, sizeof(struct sb_pg_conn));
	for (int i = 0; i < lane->nconns; i++)
	{
		struct sb_pg_conn *conn = &lane->conns[i];

		sb_pg_conn_init(conn, pool->loop, rows[which].read_only, lock_timeout_ms, on_change, lane);
		/* Waiting lanes take over units of every lane. */
		if (rows[which].is_slow)
			conn->statement_timeout_s =
				waits && config->statement_timeout > config->slow_statement_timeout
					? config->statement_timeout
					: config->slow_statement_timeout;
		conn->on_stalled = on_stalled;
		conn->on_answer = on_answer;
		conn->on_unrun = lane->shares ? on_unrun : NULL;
		conn->asleep = lane->on_demand;
	}
}

/*
 * The transactions that gathered units go out. What still waits for a connection that keeps up goes
 * to another as soon as it does not.
 */
static int
before_wait(struct sb_rest *rest)
{
	struct sb_pg_pool *pool = (struct sb_pg_pool *) rest;
	int again_ms = 0;

	for (int i = 0; i < SB_LANES; i++)
	{
		struct lane *lane = &pool->lanes[i];

		if (!lane->shares)
			continue;
		if (send_waiting(lane) || (lane->head && has_idle(lane)))
			again_ms = SHARED_US / 1000;
		for (int n = 0; n < lane->nconns; n++)
			sb_pg_conn_flush(&lane->conns[n]);
	}
	return again_ms;
}

struct sb_pg_pool *
sb_pg_pool_new(struct sb_loop *loop, void (*on_ready)(void *owner), void *owner)
{
	struct sb_pg_pool *pool = sb_calloc(1, sizeof(*pool));

	pool->loop = loop;
	sb_loop_before_wait(loop, &pool->rest, before_wait);
	pool->on_ready = on_ready;
	pool->owner = owner;
	for (enum sb_pg_lane which = 0; which < SB_LANES; which++)
		lane_init(pool, which);
	return pool;
}

void
sb_pg_pool_close(struct sb_pg_pool *pool)
{
	if (pool->closed)
		return;
	pool->closed = true; /* what ends here must not begin again elsewhere */
	for (int i = 0; i < SB_LANES; i++)
	{
		struct lane *lane = &pool->lanes[i];

		while (lane->head)
		{
			struct sb_pg_unit *unit = pop(lane);

			unit->on_done(unit, SB_PG_LOST);
		}
		for (int n = 0; n < lane->nconns; n++)
			sb_pg_conn_finish(&lane->conns[n]);
	}
}

void
sb_pg_pool_free(struct sb_pg_pool *pool)
{
	if (pool == NULL)
		return;
	sb_pg_pool_close(pool);
	for (int i = 0; i < SB_LANES; i++)
		free(pool->lanes[i].conns);
	free(pool);
}

bool
sb_pg_pool_submit(struct sb_pg_pool *pool, enum sb_pg_lane which, struct sb_pg_unit *unit)
{
	unit->submitted_us = pool->loop->now_us;
	return !pool->closed && submit(&pool->lanes[which], unit);
}

bool
sb_pg_pool_is_ready(const struct sb_pg_pool *pool)
{
	for (int i = 0; i < SB_LANES; i++)
		if (!pool->lanes[i].on_demand && !has_connection(&pool->lanes[i]))
			return false;
	return true;
}

bool
sb_pg_pool_is_standby(const struct sb_pg_pool *pool)
{
	const struct lane *lane = &pool->lanes[SB_LANE_WRITE];

	for (int i = 0; i < lane->nconns; i++)
		if (lane->conns[i].state == SB_PG_READY)
			return sb_pg_conn_is_standby(&lane->conns[i]);
	return false;
}

_Static_assert(SB_LANES == 6, "SB_METRIC_LANES names the lanes");

void
sb_pg_pool_measure(const struct sb_pg_pool *pool)
{
	struct sb_metrics *metrics = pool->loop->metrics;

	for (int i = 0; i < SB_LANES; i++)
	{
		const struct lane *lane = &pool->lanes[i];
		uint64_t in_flight = 0;
		uint64_t ready = 0;

		for (int n = 0; n < lane->nconns && !pool->closed; n++)
		{
			in_flight += (uint64_t) lane->conns[n].inflight;
			ready += lane->conns[n].state == SB_PG_READY;
		}
		sb_metric_set(&metrics->waiting[i], (uint64_t) lane->waiting);
		sb_metric_set(&metrics->in_flight[i], in_flight);
		sb_metric_set(&metrics->ready_conns[i], ready);
	}
}

/* Wakes a connection for each unit that waits, and ends those without work. */
static void
settle_demand(struct lane *lane)
{
	int wanted = lane->waiting;

	for (int i = 0; i < lane->nconns; i++)
	{
		struct sb_pg_conn *conn = &lane->conns[i];

		if (wanted > 0)
		{
			sb_pg_conn_wake(conn);
			wanted -= conn->head == NULL;
		}
		else if (!conn->asleep && conn->head == NULL &&
				 lane->pool->loop->now_us - conn->since_us > IDLE_MS * 1000)
			sb_pg_conn_sleep(conn);
	}
}

/* Ends the units that wait for nothing, or have waited too long. */
static void
settle_queue(struct lane *lane)
{
	struct sb_loop *loop = lane->pool->loop;
	int seconds = lane->on_demand ? loop->config->lock_timeout : loop->config->request_timeout;
	uint64_t patience = (uint64_t) seconds * 1000;
	bool gone = lane->head && !is_worth_waiting(lane);

	while (lane->head && (gone || loop->now_ms - lane->head->queued_at_ms > patience))
	{
		struct sb_pg_unit *unit = pop(lane);

		unit->on_done(unit, gone ? SB_PG_LOST : lane->on_demand ? SB_PG_BUSY : SB_PG_LATE);
	}
}

void
sb_pg_pool_settle(struct sb_pg_pool *pool)
{
	bool ready;

	for (int i = 0; i < SB_LANES; i++)
	{
		if (pool->lanes[i].on_demand)
			settle_demand(&pool->lanes[i]);
		for (int n = 0; n < pool->lanes[i].nconns; n++)
			sb_pg_conn_settle(&pool->lanes[i].conns[n]);
		settle_queue(&pool->lanes[i]);
	}
	ready = sb_pg_pool_is_ready(pool);
	if (ready && !pool->ready)
		pool->on_ready(pool->owner);
	pool->ready = ready;
}
