/*
 * tick.c owns standing in for the background worker.
 */
#include "pg/tick.h"

#include <stdlib.h>

#include "base/log.h"
#include "loop/loop.h"
#include "base/memory.h"
#include "pg/pool.h"

#define TICK_EVERY_MS 1000  /* while no worker runs */
#define LOOK_EVERY_MS 10000 /* for one that has gone */
#define WAKE_EVERY_MS 100   /* to see whether it is time */

struct sb_pg_tick
{
	struct sb_timer timer; /* must stay first */
	struct sb_loop *loop;
	struct sb_pg_pool *pool;
	struct sb_pg_unit unit;
	bool under_way;
	bool stood_in; /* the last answer was a round */
	uint64_t asked_at_ms;
};

static void
on_done(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct sb_pg_tick *tick = unit->owner;
	bool stood_in = outcome == SB_PG_OK && PQntuples(unit->results[0]) == 1 &&
					!PQgetisnull(unit->results[0], 0, 0);

	if (stood_in && !tick->stood_in)
		sb_log(SB_LOG_INFO, "no background worker serves the database: the bridge stands in", NULL,
			   NULL);
	if (outcome == SB_PG_ERROR)
		sb_log(SB_LOG_WARNING, "a round in the worker's place failed", "error",
			   PQresultErrorField(unit->error, PG_DIAG_MESSAGE_PRIMARY));
	tick->stood_in = stood_in;
	tick->under_way = false;
	sb_pg_unit_clear(unit);
}

static void
on_due(struct sb_timer *timer)
{
	struct sb_pg_tick *tick = (struct sb_pg_tick *) timer;
	static const char sql[] = "SELECT social.tick_without_worker()";
	uint64_t now = tick->loop->now_ms;
	uint64_t pause = tick->stood_in ? TICK_EVERY_MS : LOOK_EVERY_MS;

	if (tick->under_way || (tick->asked_at_ms != 0 && now - tick->asked_at_ms < pause) ||
		!sb_pg_pool_is_ready(tick->pool) || sb_pg_pool_is_standby(tick->pool))
		return;
	tick->asked_at_ms = now;
	tick->unit.owner = tick;
	tick->unit.on_done = on_done;
	sb_pg_unit_add(&tick->unit, sb_pg_statement_id(sql), sql, 0, NULL);
	tick->under_way = sb_pg_pool_submit(tick->pool, SB_LANE_SLOW, &tick->unit);
	if (!tick->under_way)
		sb_pg_unit_clear(&tick->unit);
}

struct sb_pg_tick *
sb_pg_tick_new(struct sb_loop *loop, struct sb_pg_pool *pool)
{
	struct sb_pg_tick *tick = sb_calloc(1, sizeof(*tick));

	tick->loop = loop;
	tick->pool = pool;
	sb_loop_every(loop, &tick->timer, WAKE_EVERY_MS, on_due);
	return tick;
}

void
sb_pg_tick_free(struct sb_pg_tick *tick)
{
	free(tick);
}
