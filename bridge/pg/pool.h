/*
 * pool.h owns the connections of one loop, in lanes: a slow statement delays only those of its own
 * lane (design D13), and one that waits for a lock delays nobody: after a moment it is rolled back
 * and begins again in a lane for those that wait, one on a connection.
 */
#ifndef SB_PG_POOL_H
#define SB_PG_POOL_H

#include "pg/unit.h"

struct sb_loop;
struct sb_pg_pool;

enum sb_pg_lane
{
	SB_LANE_READ,      /* pipelined, READ ONLY transactions */
	SB_LANE_WRITE,     /* pipelined */
	SB_LANE_SLOW,      /* one unit a connection: password hashes, exports */
	SB_LANE_SLOW_READ, /* likewise, READ ONLY: search, pages of thousands of rows */
	SB_LANE_WAIT,      /* one unit a connection: those of WRITE and SLOW that met a lock */
	SB_LANE_WAIT_READ, /* likewise, READ ONLY */
	SB_LANES
};

/* on_ready is called whenever every lane has got a connection. sb_pg_pool_free() closes it, too. */
extern struct sb_pg_pool *sb_pg_pool_new(struct sb_loop *loop, void (*on_ready)(void *owner),
										 void *owner);
extern void sb_pg_pool_free(struct sb_pg_pool *pool);

/* Ends all units as SB_PG_LOST and all connections; from then on nothing may be submitted. */
extern void sb_pg_pool_close(struct sb_pg_pool *pool);

/*
 * Sends the unit, or lets it wait for its turn. False, and on_done is never called, when the
 * lane has no connection, its queue is full, or the pool is closed.
 */
extern bool sb_pg_pool_submit(struct sb_pg_pool *pool, enum sb_pg_lane lane,
							  struct sb_pg_unit *unit);

/* Whether every lane has a connection, but for those that connect when they are needed. */
extern bool sb_pg_pool_is_ready(const struct sb_pg_pool *pool);

/* Whether the database is a standby: reads work, writes fail with 25006. */
extern bool sb_pg_pool_is_standby(const struct sb_pg_pool *pool);

/* Sets the gauges of the lanes (base/metrics.def). */
extern void sb_pg_pool_measure(const struct sb_pg_pool *pool);

/* Does what is due; once an iteration of the loop. */
extern void sb_pg_pool_settle(struct sb_pg_pool *pool);

#endif /* SB_PG_POOL_H */
