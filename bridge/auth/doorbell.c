/*
 * doorbell.c owns the connection that listens, and looking up what it heard. A session whose number
 * is negative is an API key's (caller/caller.h).
 *
 * The sessions named by doorbells are looked up together, a batch at most every LOOK_EVERY_MS. More
 * than fit a batch, '0' (tokens without a session were taken back), or a connection that was away:
 * then each loop reviews what it knows, at most every REVIEW_EVERY_MS. So a storm costs the same
 * few statements whatever it says, and a true end is heard of within a second even then.
 */
#include "auth/doorbell.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auth/auth.h"
#include "base/buffer.h"
#include "base/log.h"
#include "loop/loop.h"
#include "base/memory.h"
#include "pg/listen.h"
#include "pg/pool.h"

#define BATCH           1024 /* sessions looked up by one statement */
#define LOOK_EVERY_MS   200
#define REVIEW_EVERY_MS 500
#define MAX_ENDED       4096 /* more at once, and the loop reviews all it knows instead */

/* The id of a session that has ended; a signal: some may have been missed. */
static const struct sb_mail_kind session_ended = {sizeof(int64_t), MAX_ENDED};

/* ---- looking up ------------------------------------------------------------------------------ */

/* Which of these sessions have ended? One statement at a time. */
struct lookup
{
	struct sb_pg_unit unit; /* must stay first: on_looked_up gets its address */
	struct sb_loop *loop;
	struct sb_pg_pool *pool;
	void (*on_answer)(struct lookup *lookup, const PGresult *ended); /* NULL: there is none */
	bool under_way;
	bool was_refused; /* with NULL: asking again is no use */
	uint64_t began_at_ms;
	int count;
	int64_t ids[BATCH];
	char *text; /* of the ids */
	const char *values[1];
};

static void
on_looked_up(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct lookup *lookup = (struct lookup *) unit;

	lookup->was_refused = outcome == SB_PG_ERROR;
	if (lookup->was_refused)
		sb_log(SB_LOG_WARNING, "ended sessions could not be looked up (social.grant_bridge?)",
			   "error", PQresultErrorField(unit->error, PG_DIAG_MESSAGE_PRIMARY));
	lookup->under_way = false;
	lookup->on_answer(lookup, outcome == SB_PG_OK ? unit->results[0] : NULL);
	sb_pg_unit_clear(unit);
}

/* Asks about the ids that are there; false when that is not possible now. */
static bool
ask(struct lookup *lookup)
{
	static const char sql[] = "SELECT social.ended_sessions($1)";
	struct sb_buffer list = {0};
	size_t len;

	for (int i = 0; i < lookup->count; i++)
	{
		sb_buffer_puts(&list, i ? "," : "{");
		sb_buffer_put_int(&list, lookup->ids[i]);
	}
	sb_buffer_puts(&list, lookup->count ? "}" : "{}");
	free(lookup->text);
	lookup->text = sb_buffer_take(&list, &len);
	lookup->values[0] = lookup->text;
	lookup->unit.on_done = on_looked_up;
	sb_pg_unit_clear(&lookup->unit);
	sb_pg_unit_add(&lookup->unit, sb_pg_statement_id(sql), sql, 1, lookup->values);
	lookup->began_at_ms = lookup->loop->now_ms;
	lookup->under_way = sb_pg_pool_submit(lookup->pool, SB_LANE_READ, &lookup->unit);
	return lookup->under_way;
}

static int64_t
session_in(const PGresult *ended, int row)
{
	return strtoll(PQgetvalue(ended, row, 0), NULL, 10);
}

/* ---- a loop reviews what it knows ------------------------------------------------------------ */

struct sb_review
{
	struct lookup lookup; /* must stay first */
	struct sb_auth *auth;
	bool wanted;
	bool going_on;
	bool is_others;  /* the loop's memory of tokens has been gone through */
	size_t position; /* in that, or among the sessions of others */
	int (*sessions)(void *owner, size_t *position, int64_t *ids, int max); /* NULL: no others */
	void (*end)(void *owner, int64_t session_id);
	void *owner;
	uint64_t began_at_ms;
};

static void
end_session(struct sb_review *review, int64_t session_id)
{
	sb_auth_end_session(review->auth, session_id);
	if (review->end)
		review->end(review->owner, session_id);
}

/* The next that are to be looked up; 0 at the end. */
static int
next_sessions(struct sb_review *review, int64_t *ids)
{
	int count = 0;

	if (!review->is_others)
		count = sb_auth_sessions(review->auth, &review->position, ids, BATCH);
	if (count > 0 || review->sessions == NULL)
		return count;
	if (!review->is_others)
		review->position = 0;
	review->is_others = true;
	return review->sessions(review->owner, &review->position, ids, BATCH);
}

static void
on_reviewed(struct lookup *lookup, const PGresult *ended)
{
	struct sb_review *review = (struct sb_review *) lookup;

	for (int i = 0; ended && i < PQntuples(ended); i++)
		end_session(review, session_in(ended, i));
	if (ended)
		return;
	review->going_on = false;
	review->wanted = !lookup->was_refused;
	if (lookup->was_refused)
		sb_auth_forget(review->auth); /* what is seen next is checked from the start */
}

static void
on_session_ended(void *owner, const void *messages, int count, bool more)
{
	struct sb_review *review = owner;
	const int64_t *ids = messages;

	for (int i = 0; i < count; i++)
		end_session(review, ids[i]);
	review->wanted |= more;
}

struct sb_review *
sb_review_new(struct sb_loop *loop, struct sb_pg_pool *pool, struct sb_auth *auth)
{
	struct sb_review *review = sb_calloc(1, sizeof(*review));

	review->lookup.loop = loop;
	review->lookup.pool = pool;
	review->lookup.on_answer = on_reviewed;
	review->auth = auth;
	sb_loop_subscribe(loop, &session_ended, on_session_ended, review);
	return review;
}

void
sb_review_add(struct sb_review *review,
			  int (*sessions)(void *owner, size_t *position, int64_t *ids, int max),
			  void (*end)(void *owner, int64_t session_id), void *owner)
{
	review->sessions = sessions;
	review->end = end;
	review->owner = owner;
}

void
sb_review_free(struct sb_review *review)
{
	if (review == NULL)
		return;
	free(review->lookup.text);
	free(review);
}

void
sb_review_settle(struct sb_review *review)
{
	struct lookup *lookup = &review->lookup;
	struct sb_loop *loop = lookup->loop;

	if (lookup->under_way)
		return;
	if (!review->going_on)
	{
		/* On a standby no bell rings. Each request there is looked at anyway; who listens is not.
		 */
		if ((!review->wanted && !sb_pg_pool_is_standby(lookup->pool)) ||
			loop->now_ms - review->began_at_ms < REVIEW_EVERY_MS)
			return;
		review->began_at_ms = loop->now_ms;
		review->is_others = !review->wanted;
		review->going_on = true;
		review->position = 0;
		if (review->wanted)
			sb_auth_forget_foreign(review->auth);
		review->wanted = false;
	}
	lookup->count = next_sessions(review, lookup->ids);
	review->going_on = lookup->count > 0;
	if (review->going_on && !ask(lookup))
	{
		review->going_on = false;
		review->wanted = true;
	}
}

/* ---- hearing --------------------------------------------------------------------------------- */

struct sb_doorbell
{
	struct lookup lookup; /* must stay first */
	struct sb_pg_listen *listen;
	int count;
	int64_t ids[BATCH]; /* rung for, not yet looked up */
};

static struct sb_doorbell *door; /* of the one loop that listens, and used by its thread alone */

/* Some may have ended that nobody can name. */
static void
tell_to_review(void)
{
	sb_loop_send_all(&session_ended, NULL);
}

static void
on_ended(struct lookup *lookup, const PGresult *ended)
{
	if (ended == NULL)
		tell_to_review();
	for (int i = 0; ended && i < PQntuples(ended); i++)
	{
		int64_t id = session_in(ended, i);

		sb_loop_send_all(&session_ended, &id);
	}
}

static void
on_session(const char *payload)
{
	char *end;
	int64_t id;

	errno = 0;
	id = strtoll(payload, &end, 10);
	if (errno || end == payload || *end || id == INT64_MIN)
		return; /* nobody of ours says such a thing */
	for (int i = 0; i < door->count; i++)
		if (door->ids[i] == id)
			return;
	if (id == 0 || door->count == BATCH)
		tell_to_review();
	else
		door->ids[door->count++] = id;
}

const struct sb_mail_kind sb_doorbell_events = {0, 0};

static void
on_event(const char *payload)
{
	sb_loop_send_all(&sb_doorbell_events, NULL);
}

static void
on_keys(const char *payload)
{
	sb_loop_send_all(&sb_auth_keys_changed, NULL);
}

/* What was said while nobody listened is lost. */
static void
on_listening(void)
{
	tell_to_review();
	sb_loop_send_all(&sb_auth_keys_changed, NULL);
	sb_loop_send_all(&sb_doorbell_events, NULL);
}

struct sb_doorbell *
sb_doorbell_new(struct sb_loop *loop, struct sb_pg_pool *pool)
{
	static const struct sb_pg_channel channels[] = {
		{"LISTEN social_sessions", "social_sessions", on_session},
		{"LISTEN social_keys", "social_keys", on_keys},
		{"LISTEN social_event", "social_event", on_event},
		{NULL, NULL, NULL},
	};

	door = sb_calloc(1, sizeof(*door));
	door->lookup.loop = loop;
	door->lookup.pool = pool;
	door->lookup.on_answer = on_ended;
	door->listen = sb_pg_listen_new(loop, channels, on_listening);
	return door;
}

void
sb_doorbell_free(struct sb_doorbell *doorbell)
{
	if (doorbell == NULL)
		return;
	sb_pg_listen_free(doorbell->listen);
	free(doorbell->lookup.text);
	free(doorbell);
	door = NULL;
}

void
sb_doorbell_settle(struct sb_doorbell *doorbell)
{
	struct lookup *lookup = &doorbell->lookup;

	sb_pg_listen_settle(doorbell->listen);
	if (doorbell->count == 0 || lookup->under_way ||
		lookup->loop->now_ms - lookup->began_at_ms < LOOK_EVERY_MS)
		return;
	memcpy(lookup->ids, doorbell->ids, sizeof(lookup->ids));
	lookup->count = doorbell->count;
	doorbell->count = 0;
	if (!ask(lookup))
		tell_to_review();
}
