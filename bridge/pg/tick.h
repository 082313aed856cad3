/*
 * tick.h owns standing in for the background worker: where none runs, the bridge asks the database
 * for a round now and then (design D12).
 */
#ifndef SB_PG_TICK_H
#define SB_PG_TICK_H

struct sb_loop;
struct sb_pg_pool;
struct sb_pg_tick;

/* Asks from now on, whenever it is time. */
extern struct sb_pg_tick *sb_pg_tick_new(struct sb_loop *loop, struct sb_pg_pool *pool);

/* After the pool, which answers what is under way. */
extern void sb_pg_tick_free(struct sb_pg_tick *tick);

#endif /* SB_PG_TICK_H */
