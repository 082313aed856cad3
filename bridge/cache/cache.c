/*
 * cache.c owns answers that are kept in Redis.
 *
 * An ask goes this way: the version of the content is looked for; then it joins another of its key
 * that is under way at this version or a later one, or it leads: Redis is asked, and where that has
 * nothing, the database, by whoever asks. Leaders stand in the buckets until they are done.
 */
#include "cache/cache.h"

#include <sodium.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/log.h"
#include "base/memory.h"
#include "cache/breaker.h"
#include "cache/value.h"
#include "loop/loop.h"

#define BUCKETS 256
#define SEEN    4096
#define MARK    8 /* bytes of a length within what is hashed */

struct sb_cache
{
	struct sb_loop *loop;
	struct sb_redis *redis;
	struct sb_versions *versions;
	struct sb_breaker reading;
	struct sb_breaker writing;
	struct sb_cache_ask *buckets[BUCKETS];
	uint16_t seen[SEEN]; /* of keys that were asked for lately, some bits */
};

/* As base/metrics.def names them. */
enum answer
{
	HIT,
	MISSED,
	SHARED,
	BYPASSED
};

enum failure
{
	READ_FAILED,
	WRITE_FAILED,
	VALUE_UNREADABLE
};

static void
count(struct sb_cache *cache, enum answer answer)
{
	sb_metric_add(&cache->loop->metrics->cache_answers[answer], 1);
}

static void
count_failure(struct sb_cache *cache, enum failure failure)
{
	sb_metric_add(&cache->loop->metrics->cache_failures[failure], 1);
}

/* ---- settings -------------------------------------------------------------------------------- */

bool
sb_cache_is_wanted(const struct sb_config *config)
{
	return config->cache && config->redis_url != NULL;
}

void
sb_cache_check(const struct sb_config *config, struct sb_problems *problems)
{
	if (config->cache && config->redis_url == NULL)
		sb_problem_error(problems, "CACHE=on needs REDIS_URL");
}

/* Seconds that answers of a kind are kept; 0: none are. */
static int
seconds_of(const struct sb_config *config, enum sb_cache_kind kind)
{
	switch (kind)
	{
		case SB_CACHE_POST:
			return config->post_cache_timeout;
		case SB_CACHE_SEARCH:
			return config->search_cache_timeout;
		case SB_CACHE_HASHTAG:
			return config->hashtag_cache_timeout;
		case SB_CACHE_MENTION:
			return config->mention_cache_timeout;
		case SB_CACHE_LIST:
			return config->feed_cache_timeout;
		case SB_CACHE_NOTHING:
			break;
	}
	return 0;
}

bool
sb_cache_keeps(const struct sb_cache *cache, enum sb_cache_kind kind)
{
	return seconds_of(cache->loop->config, kind) > 0;
}

/* ---- keys ------------------------------------------------------------------------------------ */

static void
hash_number(crypto_hash_sha256_state *state, uint64_t number)
{
	unsigned char bytes[MARK];

	for (int i = 0; i < MARK; i++)
		bytes[i] = (unsigned char) (number >> (8 * i));
	crypto_hash_sha256_update(state, bytes, sizeof(bytes));
}

/* "PREFIX:cache:ROUTE:SHA-256". Two questions that anybody can make collide would be one. */
static void
make_key(const struct sb_cache *cache, const struct sb_cache_question *question, char *key)
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	char hex[2 * sizeof(hash) + 1];
	crypto_hash_sha256_state state;

	crypto_hash_sha256_init(&state);
	hash_number(&state, question->statement_id);
	for (int i = 0; i < question->nvalues; i++)
	{
		const char *value = question->values[i];

		hash_number(&state, value ? strlen(value) : UINT64_MAX);
		if (value)
			crypto_hash_sha256_update(&state, (const unsigned char *) value, strlen(value));
	}
	crypto_hash_sha256_final(&state, hash);
	sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
	snprintf(key, SB_CACHE_KEY_MAX, "%.64s:cache:%.48s:%s", cache->loop->config->redis_prefix,
			 question->name, hex);
}

/* ---- who is asked about ---------------------------------------------------------------------- */

/* The key ends with the digits of a hash. */
static struct sb_cache_ask **
bucket_of(struct sb_cache *cache, const char *key)
{
	size_t len = strlen(key);
	unsigned number = (unsigned char) key[len - 1] * 31u + (unsigned char) key[len - 2] * 7u +
					  (unsigned char) key[len - 3];

	return &cache->buckets[number % BUCKETS];
}

/*
 * Whether a key was asked for lately; from now on it was. What is asked for once is not worth its
 * place in Redis, nor the way there. A key that is taken for another is worth it at once.
 */
static bool
was_seen(struct sb_cache *cache, const char *key)
{
	uint64_t bits = strtoull(key + strlen(key) - 8, NULL, 16);
	uint16_t *seen = &cache->seen[bits % SEEN];
	uint16_t mark = (uint16_t) (bits >> 16 | 1);
	bool is_same = *seen == mark;

	*seen = mark;
	return is_same;
}

/* One of the same key whose answer will do; NULL: there is none. */
static struct sb_cache_ask *
leader_for(struct sb_cache *cache, const struct sb_cache_ask *ask)
{
	struct sb_cache_ask *leader = *bucket_of(cache, ask->key);

	while (leader && (strcmp(leader->key, ask->key) != 0 ||
					  !sb_version_covers(&leader->version, &ask->version)))
		leader = leader->next;
	return leader;
}

static void
take_lead(struct sb_cache_ask *ask)
{
	struct sb_cache_ask **bucket = bucket_of(ask->cache, ask->key);

	ask->leads = true;
	ask->next = *bucket;
	*bucket = ask;
}

/* The leader leads no longer; those who have waited for him. */
static struct sb_cache_ask *
end_lead(struct sb_cache_ask *leader)
{
	struct sb_cache_ask **link = bucket_of(leader->cache, leader->key);
	struct sb_cache_ask *waiting = leader->waiting;

	while (*link != leader)
		link = &(*link)->next;
	*link = leader->next;
	leader->leads = false;
	leader->waiting = NULL;
	return waiting;
}

static void
share(struct sb_cache_ask *waiting, const PGresult *result)
{
	struct sb_cache_ask *next;

	for (; waiting; waiting = next)
	{
		next = waiting->next;
		waiting->on_found(waiting,
						  sb_checked(PQcopyResult(result, PG_COPYRES_ATTRS | PG_COPYRES_TUPLES)));
	}
}

/* ---- writing --------------------------------------------------------------------------------- */

struct writing
{
	struct sb_redis_command command; /* must stay first */
	struct sb_cache *cache;
};

static void
note_failure(struct sb_cache *cache, struct sb_breaker *breaker, const char *what,
			 const redisReply *reply)
{
	if (sb_breaker_open(breaker, cache->loop->now_ms))
		sb_log(SB_LOG_WARNING, what, "error", reply ? reply->str : "no answer");
}

static void
on_written(struct sb_redis_command *command, const redisReply *reply)
{
	struct writing *writing = (struct writing *) command;
	struct sb_cache *cache = writing->cache;

	free(writing);
	if (reply && reply->type == REDIS_REPLY_STATUS)
	{
		if (sb_breaker_close(&cache->writing))
			sb_log(SB_LOG_INFO, "Redis keeps answers again", NULL, NULL);
		return;
	}
	count_failure(cache, WRITE_FAILED);
	note_failure(cache, &cache->writing, "Redis keeps no answers", reply);
}

static void
keep(struct sb_cache_ask *ask, const PGresult *result)
{
	struct sb_cache *cache = ask->cache;
	struct writing *writing;
	const char *argv[5];
	size_t lens[5];
	char seconds[16];
	size_t len;
	char *bytes;

	if (!ask->is_wanted || !sb_redis_is_up(cache->redis) ||
		!sb_breaker_lets(&cache->writing, cache->loop->now_ms))
		return;
	bytes = sb_value_encode(result, &ask->version, (size_t) cache->loop->config->cache_compress_min,
							&len);
	if (bytes == NULL)
	{
		cache->writing.is_trying = false;
		return;
	}
	writing = sb_calloc(1, sizeof(*writing));
	writing->cache = cache;
	writing->command.on_reply = on_written;
	snprintf(seconds, sizeof(seconds), "%d", seconds_of(cache->loop->config, ask->kind));
	argv[0] = "SET";
	argv[1] = ask->key;
	argv[2] = bytes;
	argv[3] = "EX";
	argv[4] = seconds;
	for (int i = 0; i < 5; i++)
		lens[i] = i == 2 ? len : strlen(argv[i]);
	if (!sb_redis_send(cache->redis, &writing->command, 5, argv, lens))
	{
		cache->writing.is_trying = false;
		free(writing);
	}
	free(bytes);
}

void
sb_cache_tell(struct sb_cache_ask *ask, const PGresult *result)
{
	if (!ask->leads)
		return;
	keep(ask, result);
	share(end_lead(ask), result);
}

void
sb_cache_give_up(struct sb_cache_ask *ask, const struct sb_error *error)
{
	struct sb_cache_ask *waiting = ask->leads ? end_lead(ask) : NULL;
	struct sb_cache_ask *next;

	if (error == NULL && waiting)
	{
		next = waiting->next;
		take_lead(waiting);
		waiting->waiting = next;
		waiting->on_missed(waiting);
		return;
	}
	for (; waiting; waiting = next)
	{
		next = waiting->next;
		waiting->on_failed(waiting, error);
	}
}

/* ---- reading --------------------------------------------------------------------------------- */

static void
miss(struct sb_cache_ask *ask)
{
	count(ask->cache, MISSED);
	ask->on_missed(ask);
}

/* What Redis has under the key, if it will do for this one; NULL: nothing. */
static PGresult *
read_value(struct sb_cache_ask *ask, const redisReply *reply)
{
	struct sb_version version;
	PGresult *result;

	if (reply->type != REDIS_REPLY_STRING || reply->len == 0)
		return NULL;
	result = sb_value_decode(reply->str, reply->len, &version);
	if (result == NULL)
		count_failure(ask->cache, VALUE_UNREADABLE);
	else if (!sb_version_covers(&version, &ask->version))
	{
		PQclear(result);
		result = NULL;
	}
	return result;
}

static void
on_read(struct sb_redis_command *command, const redisReply *reply)
{
	struct sb_cache_ask *ask = (struct sb_cache_ask *) command;
	struct sb_cache *cache = ask->cache;
	bool is_foreign =
		reply && reply->type == REDIS_REPLY_ERROR && strncmp(reply->str, "WRONGTYPE", 9) == 0;
	PGresult *result = reply ? read_value(ask, reply) : NULL;

	if (is_foreign)
		count_failure(cache, VALUE_UNREADABLE);
	if (reply && (is_foreign || reply->type != REDIS_REPLY_ERROR))
		(void) sb_breaker_close(&cache->reading);
	else
	{
		count_failure(cache, READ_FAILED);
		note_failure(cache, &cache->reading, "Redis tells no answers", reply);
	}
	if (result)
	{
		count(cache, HIT);
		share(end_lead(ask), result);
		ask->on_found(ask, result);
	}
	else
		miss(ask);
}

/* Whether Redis is asked. No more of a value than one can have, whatever lies there. */
static bool
read_from_redis(struct sb_cache_ask *ask)
{
	static const char to[] = "1048575";
	struct sb_cache *cache = ask->cache;
	const char *argv[] = {"GETRANGE", ask->key, "0", to};
	size_t lens[] = {8, strlen(ask->key), 1, sizeof(to) - 1};

	_Static_assert(SB_VALUE_MAX == 1048576, "the last byte that a value can have");
	if (!sb_redis_is_up(cache->redis) || !sb_breaker_lets(&cache->reading, cache->loop->now_ms))
		return false;
	ask->command.on_reply = on_read;
	if (sb_redis_send(cache->redis, &ask->command, 4, argv, lens))
		return true;
	cache->reading.is_trying = false;
	return false;
}

static void
on_version(struct sb_version_wait *wait, const struct sb_version *version)
{
	struct sb_cache_ask *ask =
		(struct sb_cache_ask *) ((char *) wait - offsetof(struct sb_cache_ask, wait));
	struct sb_cache *cache = ask->cache;
	struct sb_cache_ask *leader;

	if (version == NULL)
	{
		count(cache, BYPASSED);
		ask->on_missed(ask);
		return;
	}
	ask->version = *version;
	leader = leader_for(cache, ask);
	if (leader)
	{
		count(cache, SHARED);
		ask->next = leader->waiting;
		leader->waiting = ask;
		return;
	}
	take_lead(ask);
	ask->is_wanted = was_seen(cache, ask->key);
	if (!ask->is_wanted)
		miss(ask);
	else if (!read_from_redis(ask))
	{
		count(cache, BYPASSED);
		ask->on_missed(ask);
	}
}

void
sb_cache_ask(struct sb_cache *cache, struct sb_cache_ask *ask,
			 const struct sb_cache_question *question)
{
	ask->cache = cache;
	ask->kind = question->kind;
	ask->leads = false;
	ask->waiting = NULL;
	make_key(cache, question, ask->key);
	ask->wait.on_version = on_version;
	sb_versions_get(cache->versions, &ask->wait);
}

/* ---- life ------------------------------------------------------------------------------------ */

void
sb_cache_settle(struct sb_cache *cache)
{
	sb_versions_settle(cache->versions);
}

void
sb_cache_measure(const struct sb_cache *cache)
{
	struct sb_metrics *metrics = cache->loop->metrics;

	sb_metric_set(&metrics->cache_open[0], !sb_redis_is_up(cache->redis));
	sb_metric_set(&metrics->cache_open[1], cache->reading.backoff_ms > 0);
	sb_metric_set(&metrics->cache_open[2], cache->writing.backoff_ms > 0);
}

struct sb_cache *
sb_cache_new(struct sb_loop *loop, struct sb_pg_pool *pool, struct sb_redis *redis)
{
	struct sb_cache *cache = sb_calloc(1, sizeof(*cache));

	cache->loop = loop;
	cache->redis = redis;
	cache->versions = sb_versions_new(loop, pool);
	return cache;
}

void
sb_cache_free(struct sb_cache *cache)
{
	if (cache == NULL)
		return;
	sb_versions_free(cache->versions);
	free(cache);
}
