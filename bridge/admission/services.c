/*
 * services.c owns what one loop serves its callers with.
 */
#include "admission/services.h"

#include <stdlib.h>

#include "auth/auth.h"
#include "auth/doorbell.h"
#include "base/log.h"
#include "base/memory.h"
#include "cache/cache.h"
#include "graphql/graphql.h"
#include "loop/loop.h"
#include "loop/names.h"
#include "pg/pool.h"
#include "pg/tick.h"
#include "ratelimit/limits.h"
#include "redis/connection.h"

/* ---- readiness ------------------------------------------------------------------------------- */

static int unready; /* loops; atomic */

bool
sb_services_all_ready(void)
{
	return __atomic_load_n(&unready, __ATOMIC_ACQUIRE) == 0;
}

/* Ready are those whose lanes of the database are there, and the keys. */
static void
note_readiness(struct sb_services *services)
{
	bool is_ready = !services->loop->stopping && sb_pg_pool_is_ready(services->pool) &&
					sb_auth_is_ready(services->auth);

	if (is_ready != services->is_ready)
		__atomic_add_fetch(&unready, is_ready ? -1 : 1, __ATOMIC_ACQ_REL);
	services->is_ready = is_ready;
}

/* ---- an iteration ---------------------------------------------------------------------------- */

void
sb_services_settle(struct sb_services *services)
{
	sb_pg_pool_settle(services->pool);
	if (services->redis)
		sb_redis_settle(services->redis);
	if (services->cache)
		sb_cache_settle(services->cache);
	if (services->doorbell)
		sb_doorbell_settle(services->doorbell);
	sb_review_settle(services->review);
	note_readiness(services);
}

void
sb_services_close(struct sb_services *services)
{
	sb_pg_pool_close(services->pool);
	if (services->redis)
		sb_redis_close(services->redis);
	sb_auth_give_up(services->auth);
}

/* ---- figures --------------------------------------------------------------------------------- */

#define GAUGES_MS 1000

static void
on_gauges_due(struct sb_timer *timer)
{
	struct sb_services *services = (struct sb_services *) timer;
	struct sb_metrics *metrics = services->loop->metrics;
	struct sb_graphql_stats plans;

	sb_pg_pool_measure(services->pool);
	sb_graphql_get_stats(services->graphql, &plans);
	sb_metric_set(metrics->plan_hits, plans.hits);
	sb_metric_set(metrics->plan_misses, plans.misses);
	sb_metric_set(metrics->plans, (uint64_t) plans.entries);
	sb_metric_set(metrics->redis_ready, services->redis && sb_redis_is_up(services->redis));
	if (services->cache)
		sb_cache_measure(services->cache);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void
on_database_ready(void *owner)
{
	struct sb_services *services = owner;

	sb_log(SB_LOG_INFO, "the database is there", NULL, NULL);
	sb_auth_begin(services->auth);
	if (services->on_database)
		services->on_database(services);
}

static void
on_limits(void *owner, json_t *limits)
{
	struct sb_services *services = owner;

	sb_limits_configure(services->limits, limits);
}

static struct sb_graphql *
compile_schema(const struct sb_config *config)
{
	char *error = NULL;
	struct sb_graphql_limits limits = sb_graphql_limits_default;
	struct sb_graphql *graphql;

	limits.max_depth = config->graphql_max_depth;
	limits.max_cost = config->graphql_max_cost;
	limits.max_aliases = config->graphql_max_aliases;
	limits.max_tokens = config->graphql_max_tokens;
	limits.max_page_size = config->graphql_max_page;
	limits.max_directives = config->graphql_max_directives;
	graphql = sb_graphql_new(sb_graphql_schema_text, sb_graphql_schema_text_len, &limits, &error);

	if (graphql == NULL)
		sb_log(SB_LOG_ERROR, "the GraphQL schema is faulty", "error", error);
	free(error);
	return graphql;
}

struct sb_services *
sb_services_new(struct sb_loop *loop)
{
	struct sb_services *services = sb_calloc(1, sizeof(*services));

	services->loop = loop;
	__atomic_add_fetch(&unready, 1, __ATOMIC_ACQ_REL);
	sb_names_join(loop);
	services->pool = sb_pg_pool_new(loop, on_database_ready, services);
	if (sb_limits_use_redis(loop->config) || sb_cache_is_wanted(loop->config))
		services->redis = sb_redis_new(loop);
	services->limits = sb_limits_new(loop, services->pool, services->redis);
	if (sb_cache_is_wanted(loop->config))
		services->cache = sb_cache_new(loop, services->pool, services->redis);
	services->auth = sb_auth_new(loop, services->pool, on_limits, services);
	services->review = sb_review_new(loop, services->pool, services->auth);
	if (loop->index == 0)
	{
		services->doorbell = sb_doorbell_new(loop, services->pool);
		services->tick = sb_pg_tick_new(loop, services->pool);
	}
	services->graphql = compile_schema(loop->config);
	if (services->graphql)
	{
		sb_loop_every(loop, &services->gauges, GAUGES_MS, on_gauges_due);
		return services;
	}
	sb_services_free(services);
	return NULL;
}

void
sb_services_free(struct sb_services *services)
{
	if (services == NULL)
		return;
	sb_names_leave(services->loop);
	sb_pg_pool_free(services->pool);
	sb_doorbell_free(services->doorbell);
	sb_review_free(services->review);
	sb_pg_tick_free(services->tick);
	sb_auth_free(services->auth);
	sb_redis_free(services->redis);
	sb_cache_free(services->cache);
	sb_limits_free(services->limits);
	sb_graphql_free(services->graphql);
	if (!services->is_ready)
		__atomic_sub_fetch(&unready, 1, __ATOMIC_ACQ_REL); /* what is gone is not waited for */
	free(services);
}
