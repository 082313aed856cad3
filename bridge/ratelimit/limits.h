/*
 * limits.h owns counting what callers do against their rate limits (design D8): one interface in
 * front of the stores. The limits themselves are extension/core/ratelimit_policy.c and what the
 * database says.
 *
 * The database's memory is counted in by admit, in the work's own flight. A table is written to in
 * a transaction of its own before, so that work that fails costs its token and reads stay READ ONLY
 * (D15). Redis is asked before as well. Where the store fails, RATE_LIMIT_FAILURE says who may
 * pass.
 */
#ifndef SB_RATELIMIT_LIMITS_H
#define SB_RATELIMIT_LIMITS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct sb_arena;
struct sb_caller;
struct sb_config;
struct sb_error;
struct sb_limits;
struct sb_loop;
struct sb_pg_pool;
struct sb_problems;
struct sb_purpose;
struct sb_redis;

enum sb_limit_store
{
	SB_LIMIT_OFF,
	SB_LIMIT_MEMORY, /* counted by admit */
	SB_LIMIT_TABLE,
	SB_LIMIT_REDIS
};

/* Checks the settings against each other, and keeps the rates among them. Before any thread. */
extern void sb_limits_check(const struct sb_config *config, struct sb_problems *problems);

/* Whether the settings say to count in Redis. */
extern bool sb_limits_use_redis(const struct sb_config *config);

/* redis: the loop's connection, which lives as long; may be NULL where nothing counts there. */
extern struct sb_limits *sb_limits_new(struct sb_loop *loop, struct sb_pg_pool *pool,
									   struct sb_redis *redis);
extern void sb_limits_free(struct sb_limits *limits);

/* Takes over the member rate_limits of social.bridge_config(). */
extern void sb_limits_configure(struct sb_limits *limits, json_t *config);

extern enum sb_limit_store sb_limits_store(const struct sb_limits *limits);

/* The rates that the settings give for a purpose, as social.admit() takes them, or NULL: none. */
extern const char *sb_limits_rates(const struct sb_limits *limits,
								   const struct sb_purpose *purpose);

/* All rates that the settings give, as social.rate_limit_status() takes them; NULL: none. */
extern const char *sb_limits_all_rates(const struct sb_limits *limits);

/*
 * Counts the caller's purpose in a table or Redis, and tells him what is left (caller->figures).
 * on_counted is called exactly once, now or later: with NULL when he may go on, else with what to
 * answer, for the time of the call. He and the arena live until then.
 */
extern void sb_limits_count(struct sb_limits *limits, struct sb_caller *caller,
							struct sb_arena *arena,
							void (*on_counted)(void *arg, const struct sb_error *refusal),
							void *arg);

/*
 * What is left in every window of the caller, of Redis: on_status is called exactly once, now or
 * later, with malloc'd JSON, which becomes its own, or with NULL when Redis does not answer. He and
 * the arena live until then.
 */
extern void sb_limits_status(struct sb_limits *limits, const struct sb_caller *caller,
							 struct sb_arena *arena,
							 void (*on_status)(void *arg, char *json, size_t len), void *arg);

/* A caller was refused, here or by the database: that counts (base/metrics.def). */
extern void sb_limits_note_refusal(struct sb_limits *limits, const struct sb_caller *caller);

#endif /* SB_RATELIMIT_LIMITS_H */
