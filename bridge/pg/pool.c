/*
 * pool.c owns the lanes of one loop and the queue before each.
 */
#include "pg/pool.h"

#include <stdlib.h>

#include "loop.h"
#include "memory.h"
#include "pg/conn.h"

#define PIPELINE_DEPTH 64 /* units in flight on a pipelined connection */

struct lane
{
	struct sb_pg_pool *pool;
	struct sb_pg_conn *conns;
	int nconns;
	int depth;
	struct sb_pg_unit *head; /* waiting, oldest first */
	struct sb_pg_unit *tail;
	int waiting;
};

struct sb_pg_pool
{
	struct sb_loop *loop;
	void (*on_ready)(struct sb_loop *);
	struct lane lanes[SB_LANES];
	bool ready; /* as last told by on_ready */
	bool closed;
};

/* The usable connection with the fewest units that has room; NULL when there is none. */
static struct sb_pg_conn *
choose(struct lane *lane)
{
	struct sb_pg_conn *best = NULL;

	for (int i = 0; i < lane->nconns; i++)
	{
		struct sb_pg_conn *conn = &lane->conns[i];

		if (sb_pg_conn_usable(conn) && conn->inflight < lane->depth &&
			(best == NULL || conn->inflight < best->inflight))
			best = conn;
	}
	return best;
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

static void
on_change(struct sb_pg_conn *conn)
{
	struct lane *lane = conn->owner;

	while (lane->head && (conn = choose(lane)) != NULL)
		sb_pg_conn_send(conn, pop(lane));
}

static void
lane_init(struct lane *lane, struct sb_pg_pool *pool, int nconns, int depth, bool read_only)
{
	lane->pool = pool;
	lane->nconns = nconns;
	lane->depth = depth;
	lane->conns = sb_calloc((size_t) nconns, sizeof(struct sb_pg_conn));
	for (int i = 0; i < nconns; i++)
		sb_pg_conn_init(&lane->conns[i], pool->loop, read_only, on_change, lane);
}

struct sb_pg_pool *
sb_pg_pool_new(struct sb_loop *loop, void (*on_ready)(struct sb_loop *))
{
	const struct sb_config *config = loop->config;
	struct sb_pg_pool *pool = sb_calloc(1, sizeof(*pool));

	pool->loop = loop;
	pool->on_ready = on_ready;
	lane_init(&pool->lanes[SB_LANE_READ], pool, config->db_connections, PIPELINE_DEPTH, true);
	lane_init(&pool->lanes[SB_LANE_WRITE], pool, config->db_write_connections, PIPELINE_DEPTH,
			  false);
	lane_init(&pool->lanes[SB_LANE_SLOW], pool, config->db_slow_connections, 1, false);
	lane_init(&pool->lanes[SB_LANE_SLOW_READ], pool, config->db_slow_read_connections, 1, true);
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
	struct lane *lane = &pool->lanes[which];
	struct sb_pg_conn *conn = NULL;

	if (pool->closed)
		return false;
	if (lane->head == NULL)
		conn = choose(lane);
	if (conn)
	{
		sb_pg_conn_send(conn, unit);
		return true;
	}
	if (!is_worth_waiting(lane) || lane->waiting >= pool->loop->config->db_queue)
		return false;
	unit->next = NULL;
	unit->queued_at_ms = pool->loop->now_ms;
	if (lane->tail)
		lane->tail->next = unit;
	else
		lane->head = unit;
	lane->tail = unit;
	lane->waiting++;
	return true;
}

bool
sb_pg_pool_is_ready(const struct sb_pg_pool *pool)
{
	for (int i = 0; i < SB_LANES; i++)
		if (!has_connection(&pool->lanes[i]))
			return false;
	return true;
}

/* Ends the units that wait for nothing, or have waited too long. */
static void
settle_queue(struct lane *lane)
{
	struct sb_loop *loop = lane->pool->loop;
	uint64_t patience = (uint64_t) loop->config->request_timeout * 1000;
	bool gone = !is_worth_waiting(lane);

	while (lane->head && (gone || loop->now_ms - lane->head->queued_at_ms > patience))
	{
		struct sb_pg_unit *unit = pop(lane);

		unit->on_done(unit, gone ? SB_PG_LOST : SB_PG_LATE);
	}
}

void
sb_pg_pool_settle(struct sb_pg_pool *pool)
{
	bool ready;

	for (int i = 0; i < SB_LANES; i++)
	{
		for (int n = 0; n < pool->lanes[i].nconns; n++)
			sb_pg_conn_settle(&pool->lanes[i].conns[n]);
		settle_queue(&pool->lanes[i]);
	}
	ready = sb_pg_pool_is_ready(pool);
	if (ready && !pool->ready)
		pool->on_ready(pool->loop);
	pool->ready = ready;
}
