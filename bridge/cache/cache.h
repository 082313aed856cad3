/*
 * cache.h owns answers that are kept in Redis (mission 127-129, design D11): those of reads by
 * strangers, who are all shown the same.
 *
 * A value is kept under its route and parameters, with the version of the content that was known
 * before the database was asked (cache/version.h). It is an answer for who must see that version
 * or an earlier one: a write anywhere makes all of it old, and nothing is ever looked for and
 * removed. A value that is old is overwritten, or goes when its time is over.
 *
 * What a loop is asked for once goes to the database alone; with the second time Redis is asked,
 * and keeps the answer.
 *
 * Within a loop the same question is asked once at a time: who comes meanwhile gets the same
 * answer, whether Redis has it or the database makes it.
 *
 * Where the version is not known, or Redis is away, full or slow, work goes to the database as if
 * there were no cache. Redis has a breaker for each of what can fail by itself: the connection
 * (redis/connection.h), reading, writing. It opens with the first failure, for longer and longer,
 * and one command that goes well closes it.
 */
#ifndef SB_CACHE_H
#define SB_CACHE_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "cache/version.h"
#include "redis/connection.h"

struct sb_cache;
struct sb_config;
struct sb_error;
struct sb_loop;
struct sb_pg_pool;
struct sb_problems;

/* How long an answer is kept at most: the seeds have a timeout for each of these (mission 128). */
enum sb_cache_kind
{
	SB_CACHE_NOTHING,
	SB_CACHE_POST,
	SB_CACHE_SEARCH,
	SB_CACHE_HASHTAG,
	SB_CACHE_MENTION,
	SB_CACHE_LIST
};

#define SB_CACHE_KEY_MAX 192

/* What makes two questions the same. */
struct sb_cache_question
{
	enum sb_cache_kind kind;
	const char *name;      /* of the route: for whoever looks at keys */
	uint64_t statement_id; /* of the statement that answers it */
	int nvalues;
	const char *const *values; /* its parameters; NULL = null */
};

/* Somebody who asks. The owner embeds it, and keeps it until it is answered. */
struct sb_cache_ask
{
	struct sb_redis_command command; /* must stay first */
	struct sb_version_wait wait;

	/* One of these is called, exactly once, perhaps before sb_cache_ask() returns. */
	/* There is an answer, which is the callee's to PQclear(). */
	void (*on_found)(struct sb_cache_ask *ask, PGresult *result);
	/* The database is to be asked. If `leads`, others may wait for what comes of it: then
	 * sb_cache_tell() or sb_cache_give_up() is called, exactly once, before the ask ends. */
	void (*on_missed)(struct sb_cache_ask *ask);
	/* The same question has just failed; for the time of the call. */
	void (*on_failed)(struct sb_cache_ask *ask, const struct sb_error *error);

	bool leads;

	/* The cache's. */
	struct sb_cache *cache;
	struct sb_cache_ask *next;    /* of those that are asked about, in their bucket */
	struct sb_cache_ask *waiting; /* those that wait for this one; linked by next */
	enum sb_cache_kind kind;
	struct sb_version version;
	char key[SB_CACHE_KEY_MAX];
	bool is_wanted; /* the loop has been asked for it before: Redis is asked, and keeps it */
};

/* Whether the settings say to keep anything. */
extern bool sb_cache_is_wanted(const struct sb_config *config);

/* Checks the settings against each other. */
extern void sb_cache_check(const struct sb_config *config, struct sb_problems *problems);

/* redis: the loop's connection, which lives as long. */
extern struct sb_cache *sb_cache_new(struct sb_loop *loop, struct sb_pg_pool *pool,
									 struct sb_redis *redis);

/* When nobody asks any more. */
extern void sb_cache_free(struct sb_cache *cache);

/* Whether answers of this kind are kept. */
extern bool sb_cache_keeps(const struct sb_cache *cache, enum sb_cache_kind kind);

/* Asks; ask's callbacks are set. */
extern void sb_cache_ask(struct sb_cache *cache, struct sb_cache_ask *ask,
						 const struct sb_cache_question *question);

/* What the database has answered to who leads: it is kept, and told to those who wait. */
extern void sb_cache_tell(struct sb_cache_ask *ask, const PGresult *result);

/*
 * The database has not answered who leads: those who wait fail alike. Without an error the reason
 * was his own: one of them leads now.
 */
extern void sb_cache_give_up(struct sb_cache_ask *ask, const struct sb_error *error);

/* Each iteration of the loop; and once a second, the gauges. */
extern void sb_cache_settle(struct sb_cache *cache);
extern void sb_cache_measure(const struct sb_cache *cache);

#endif /* SB_CACHE_H */
