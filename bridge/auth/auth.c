/*
 * auth.c owns the question whose token it is.
 */
#include "auth/auth.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auth/cache.h"
#include "auth/foreign.h"
#include "auth/keys.h"
#include "base/log.h"
#include "loop/loop.h"
#include "base/memory.h"
#include "core/api_key.h"
#include "pg/pool.h"

/* Unknown keys may make us read the keys again this often at once, then once per interval. */
#define RELOAD_BURST     5
#define RELOAD_EVERY_MS  3000
#define RING_EVERY_MS    500   /* any role of the database may ring */
#define REFRESH_EVERY_MS 60000 /* so that a key taken back is forgotten */
#define TICK_MS          100

const struct sb_mail_kind sb_auth_keys_changed = {0, 0};

struct sb_auth
{
	struct sb_timer timer; /* must stay first */
	struct sb_loop *loop;
	struct sb_pg_pool *pool;
	void (*on_limits)(void *owner, json_t *limits);
	void *owner;
	struct sb_token_cache *cache;
	struct sb_keys *keys; /* NULL until they were read */
	struct sb_pg_unit unit;
	struct sb_pg_unit beginning_unit;
	bool beginning;
	bool must_begin; /* the database was a standby when it was time */
	bool loading;
	bool wanted; /* a load failed, was asked for while one ran, or must wait for its turn */
	bool rung;   /* a load is due as soon as the last one is RING_EVERY_MS ago */
	int spent;   /* reloads not yet earned back, one per RELOAD_EVERY_MS */
	uint64_t earned_at_ms;
	uint64_t loaded_at_ms;
	char *text;                    /* what the keys were read from */
	struct sb_auth_check *waiting; /* for the next end of a load */
};

/* ---- one token ------------------------------------------------------------------------------- */

/* How a token was checked; social_tokens_total. */
enum counted
{
	COUNT_CACHED,
	COUNT_VERIFIED,
	COUNT_REFUSED,
	COUNT_FOREIGN
};

static void
count_check(struct sb_auth *auth, enum counted what)
{
	sb_metric_add(&auth->loop->metrics->tokens[what], 1);
}

enum verdict
{
	GOOD,
	BAD,
	FOREIGN, /* the database knows */
	UNKNOWN_KEY
};

/* The id of a session as our tokens carry it, in its decimal form; 0 for anything else. */
static int64_t
session_of(const char *sid)
{
	char *end;
	long long id;

	if (sid == NULL || *sid < '1' || *sid > '9')
		return 0;
	errno = 0;
	id = strtoll(sid, &end, 10);
	return errno == 0 && *end == '\0' ? id : 0;
}

/* Verifies a token that the cache does not know. */
static enum verdict
verify(struct sb_auth *auth, const char *token, size_t len, int64_t now,
	   struct sb_token_owner *owner)
{
	struct social_jwt_policy policy = {.now = now,
									   .leeway = auth->keys->leeway,
									   .issuer = auth->keys->issuer,
									   .audience = auth->keys->audience,
									   .is_access_token = true};
	struct social_jwt_header header;
	struct social_jwt_claims claims;
	const struct sb_key *key;

	if (social_jwt_peek(token, len, &header) != SOCIAL_JWT_OK || !header.has_kid)
		return BAD;
	key = sb_keys_find(auth->keys, header.kid);
	if (key == NULL)
		return UNKNOWN_KEY;
	if (social_jwt_verify(token, len, &key->key, &policy, &claims) != SOCIAL_JWT_OK)
		return BAD;
	*owner = (struct sb_token_owner){.user_id = claims.subject_id,
									 .session_id = session_of(claims.sid),
									 .exp = claims.exp,
									 .seen_at = claims.iat};
	social_jwt_claims_release(&claims);
	/* The leeway is for tokens just made, not for those that have ended. */
	return owner->exp > now && owner->user_id > 0 && owner->session_id > 0 ? GOOD : BAD;
}

/* *owner is set when the token is good, and then valid until the next check. */
static enum verdict
check_token(struct sb_auth *auth, const char *token, struct sb_token_owner **owner)
{
	unsigned char hash[SB_TOKEN_HASH];
	size_t len = strlen(token);
	int64_t now = time(NULL);
	struct sb_token_owner fresh;
	enum verdict verdict;

	if (len > SOCIAL_JWT_MAX_LENGTH)
		return BAD;
	/* A mistyped one is told without asking anybody. */
	if (social_api_key_is(token, len) && social_api_key_check(token, len) != SOCIAL_API_KEY_OK)
	{
		count_check(auth, COUNT_REFUSED);
		return BAD;
	}
	sb_token_cache_hash(auth->cache, token, len, hash);
	*owner = sb_token_cache_get(auth->cache, hash, now);
	if (*owner)
	{
		count_check(auth, (*owner)->has_ended ? COUNT_REFUSED : COUNT_CACHED);
		return (*owner)->has_ended ? BAD : GOOD;
	}
	if (sb_foreign_is(auth->keys, token, len))
		return FOREIGN;
	verdict = verify(auth, token, len, now, &fresh);
	if (verdict != UNKNOWN_KEY)
		count_check(auth, verdict == GOOD ? COUNT_VERIFIED : COUNT_REFUSED);
	if (verdict == GOOD)
		*owner = sb_token_cache_put(auth->cache, hash, &fresh);
	return verdict;
}

static void
on_foreign_answer(void *arg, bool answered, const struct sb_token_owner *said)
{
	struct sb_auth_check *check = arg;
	enum sb_auth_outcome outcome = answered ? SB_AUTH_INVALID : SB_AUTH_UNAVAILABLE;
	struct sb_token_owner *owner = NULL;
	unsigned char hash[SB_TOKEN_HASH];

	count_check(check->auth, COUNT_FOREIGN);
	if (said && said->exp > time(NULL))
	{
		outcome = SB_AUTH_OK;
		sb_token_cache_hash(check->auth->cache, check->token, strlen(check->token), hash);
		owner = sb_token_cache_put(check->auth->cache, hash, said);
	}
	check->on_checked(check->arg, outcome, owner);
}

static void
ask_database(struct sb_auth *auth, struct sb_auth_check *check)
{
	check->auth = auth;
	sb_foreign_ask(auth->pool, check->token, on_foreign_answer, check);
}

/* Answers a check with the keys there are; an unknown key is final here. */
static void
answer(struct sb_auth *auth, struct sb_auth_check *check)
{
	struct sb_token_owner *owner;
	enum verdict verdict;

	if (auth->keys == NULL)
	{
		check->on_checked(check->arg, SB_AUTH_UNAVAILABLE, NULL);
		return;
	}
	verdict = check_token(auth, check->token, &owner);
	if (verdict == FOREIGN)
		ask_database(auth, check);
	else if (verdict == GOOD)
		check->on_checked(check->arg, SB_AUTH_OK, owner);
	else
		check->on_checked(check->arg, SB_AUTH_INVALID, NULL);
}

static void load(struct sb_auth *auth);

/* Begins a load, or leaves it to the timer when there were too many lately. */
static void
load_in_turn(struct sb_auth *auth)
{
	if (auth->loading)
		return;
	if (auth->spent >= RELOAD_BURST)
	{
		auth->wanted = true;
		return;
	}
	auth->spent++;
	load(auth);
}

void
sb_auth_check(struct sb_auth *auth, struct sb_auth_check *check)
{
	struct sb_token_owner *owner = NULL;
	enum verdict verdict = auth->keys ? check_token(auth, check->token, &owner) : UNKNOWN_KEY;

	if (verdict == GOOD)
		check->on_checked(check->arg, SB_AUTH_OK, owner);
	else
		check->on_checked(check->arg, verdict == BAD ? SB_AUTH_INVALID : SB_AUTH_COSTLY, NULL);
}

void
sb_auth_ask(struct sb_auth *auth, struct sb_auth_check *check)
{
	struct sb_token_owner *owner;

	/* Whatever was read while the request was counted. */
	if (auth->keys && check_token(auth, check->token, &owner) != UNKNOWN_KEY)
		answer(auth, check);
	else if (!sb_pg_pool_is_ready(auth->pool))
		check->on_checked(check->arg, SB_AUTH_UNAVAILABLE, NULL);
	else
	{
		check->next = auth->waiting;
		auth->waiting = check;
		load_in_turn(auth);
	}
}

void
sb_auth_end_session(struct sb_auth *auth, int64_t session_id)
{
	sb_token_cache_end_session(auth->cache, session_id);
}

int
sb_auth_sessions(const struct sb_auth *auth, size_t *position, int64_t *ids, int max)
{
	return sb_token_cache_sessions(auth->cache, position, ids, max);
}

void
sb_auth_forget(struct sb_auth *auth)
{
	sb_token_cache_clear(auth->cache);
}

void
sb_auth_forget_foreign(struct sb_auth *auth)
{
	sb_token_cache_forget_foreign(auth->cache);
}

/* ---- the keys -------------------------------------------------------------------------------- */

static void
use_keys(struct sb_auth *auth, PGresult *result)
{
	struct sb_keys *keys = NULL;
	const char *text = PQntuples(result) == 1 ? PQgetvalue(result, 0, 0) : "";

	if (auth->text && strcmp(auth->text, text) == 0)
		return;
	keys = sb_keys_parse(text, strlen(text));
	if (keys == NULL)
	{
		sb_log(SB_LOG_ERROR, "social.bridge_config() is not what this bridge knows", NULL, NULL);
		auth->wanted = true;
		return;
	}
	sb_keys_free(auth->keys);
	free(auth->text);
	auth->keys = keys;
	auth->text = sb_checked(strdup(text));
	auth->on_limits(auth->owner, json_object_get(keys->json, "rate_limits"));
	sb_token_cache_clear(auth->cache);
}

static void
on_loaded(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct sb_auth *auth = unit->owner;
	struct sb_auth_check *waiting;

	auth->loading = false;
	if (outcome != SB_PG_OK)
	{
		auth->wanted = true;
		sb_log(SB_LOG_WARNING, "the keys could not be read", "error",
			   outcome == SB_PG_ERROR ? PQresultErrorField(unit->error, PG_DIAG_MESSAGE_PRIMARY)
									  : NULL);
		sb_pg_unit_clear(unit);
		sb_auth_give_up(auth); /* nobody can say that their keys do not exist */
		return;
	}
	use_keys(auth, unit->results[0]);
	sb_pg_unit_clear(unit);
	waiting = auth->waiting;
	auth->waiting = NULL;
	while (waiting)
	{
		struct sb_auth_check *check = waiting;

		waiting = check->next;
		answer(auth, check);
	}
}

/* Reads keys and limits; cached answers are forgotten when they changed. */
static void
load(struct sb_auth *auth)
{
	static const char sql[] = "SELECT social.bridge_config()";

	if (auth->loading)
	{
		auth->wanted = true;
		return;
	}
	auth->wanted = false;
	auth->loaded_at_ms = auth->loop->now_ms;
	sb_pg_unit_clear(&auth->unit);
	auth->unit.owner = auth;
	auth->unit.on_done = on_loaded;
	sb_pg_unit_add(&auth->unit, sb_pg_statement_id(sql), sql, 0, NULL);
	auth->loading = sb_pg_pool_submit(auth->pool, SB_LANE_READ, &auth->unit);
	if (!auth->loading)
		auth->wanted = true;
}

static void
ring(struct sb_auth *auth)
{
	auth->rung = auth->loading || auth->loop->now_ms - auth->loaded_at_ms < RING_EVERY_MS;
	if (!auth->rung)
		load(auth);
}

static void
on_key_there(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct sb_auth *auth = unit->owner;

	if (outcome == SB_PG_ERROR)
		sb_log(SB_LOG_WARNING, "no key to sign with could be made", "error",
			   PQresultErrorField(unit->error, PG_DIAG_MESSAGE_PRIMARY));
	sb_pg_unit_clear(unit);
	auth->beginning = false;
	load(auth);
}

void
sb_auth_begin(struct sb_auth *auth)
{
	static const char sql[] = "SELECT social.ensure_jwt_key()";

	load(auth);
	if (auth->loop->index != 0 || auth->beginning)
		return;
	auth->must_begin = sb_pg_pool_is_standby(auth->pool);
	if (auth->must_begin)
		return;
	sb_pg_unit_clear(&auth->beginning_unit);
	auth->beginning_unit.owner = auth;
	auth->beginning_unit.on_done = on_key_there;
	sb_pg_unit_add(&auth->beginning_unit, sb_pg_statement_id(sql), sql, 0, NULL);
	auth->beginning = sb_pg_pool_submit(auth->pool, SB_LANE_SLOW, &auth->beginning_unit);
}

void
sb_auth_give_up(struct sb_auth *auth)
{
	while (auth->waiting)
	{
		struct sb_auth_check *check = auth->waiting;

		auth->waiting = check->next;
		check->on_checked(check->arg, SB_AUTH_UNAVAILABLE, NULL);
	}
}

/* Tries again what failed, and what was put off. */
static void
on_tick(struct sb_timer *timer)
{
	struct sb_auth *auth = (struct sb_auth *) timer;
	uint64_t now = auth->loop->now_ms;

	if (now - auth->earned_at_ms >= RELOAD_EVERY_MS)
	{
		auth->earned_at_ms = now;
		auth->spent -= auth->spent > 0;
	}
	if (auth->loading)
		return;
	if (!sb_pg_pool_is_ready(auth->pool))
		sb_auth_give_up(auth);
	else if (auth->must_begin && !sb_pg_pool_is_standby(auth->pool))
		sb_auth_begin(auth);
	else if (auth->rung && now - auth->loaded_at_ms >= RING_EVERY_MS)
		ring(auth);
	else if (auth->wanted ? auth->spent < RELOAD_BURST
						  : now - auth->loaded_at_ms >= REFRESH_EVERY_MS)
	{
		auth->spent += auth->wanted;
		load(auth);
	}
}

/* ---- life ------------------------------------------------------------------------------------ */

static void
on_keys_changed(void *owner, const void *messages, int count, bool more)
{
	ring(owner);
}

struct sb_auth *
sb_auth_new(struct sb_loop *loop, struct sb_pg_pool *pool,
			void (*on_limits)(void *owner, json_t *limits), void *owner)
{
	struct sb_auth *auth = sb_calloc(1, sizeof(*auth));

	auth->loop = loop;
	auth->pool = pool;
	auth->on_limits = on_limits;
	auth->owner = owner;
	sb_loop_every(loop, &auth->timer, TICK_MS, on_tick);
	sb_loop_subscribe(loop, &sb_auth_keys_changed, on_keys_changed, auth);
	auth->cache = sb_token_cache_new(loop->config->token_cache);
	return auth;
}

void
sb_auth_free(struct sb_auth *auth)
{
	if (auth == NULL)
		return;
	sb_auth_give_up(auth);
	sb_keys_free(auth->keys);
	free(auth->text);
	sb_token_cache_free(auth->cache);
	free(auth);
}

bool
sb_auth_is_ready(const struct sb_auth *auth)
{
	return auth->keys != NULL;
}
