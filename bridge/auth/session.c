/*
 * session.c owns what the bridge tells the database about sessions, and what loops tell each other.
 */
#include "auth/session.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auth/auth.h"
#include "auth/cache.h"
#include "auth/doorbell.h"
#include "http/request.h"
#include "base/log.h"
#include "loop/loop.h"
#include "base/memory.h"
#include "pg/pool.h"

#define SEEN_EVERY_S 62   /* a little over the minute that touch_session() wants between two */
#define MAX_ENDED    4096 /* more at once, and the loop reviews all it knows instead */

/* ---- in use ---------------------------------------------------------------------------------- */

/* One note to the database; frees itself. */
struct note
{
	struct sb_pg_unit unit;
	char session[24];
	char address[INET6_ADDRSTRLEN];
	char *user_agent; /* NULL: unknown */
	const char *values[3];
};

static void
on_noted(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct note *note = (struct note *) unit;

	if (outcome == SB_PG_ERROR)
		sb_log(SB_LOG_WARNING, "a session's use could not be noted", "error",
			   PQresultErrorField(unit->error, PG_DIAG_MESSAGE_PRIMARY));
	sb_pg_unit_clear(unit);
	free(note->user_agent);
	free(note);
}

void
sb_session_seen(struct sb_request *request, struct sb_token_owner *owner)
{
	static const char sql[] = "SELECT social.touch_session($1, $2, $3)";
	const char *user_agent;
	struct note *note;
	int64_t now = time(NULL);

	if (owner->session_id == 0 || now - owner->seen_at < SEEN_EVERY_S ||
		sb_pg_pool_is_standby(request->loop->pool))
		return;
	owner->seen_at = now;
	note = sb_calloc(1, sizeof(*note));
	user_agent = sb_request_user_agent(request);
	memcpy(note->session, request->session_text, sizeof(note->session));
	memcpy(note->address, request->address, sizeof(note->address));
	note->user_agent = user_agent ? sb_checked(strdup(user_agent)) : NULL;
	note->values[0] = note->session;
	note->values[1] = note->address;
	note->values[2] = note->user_agent;
	note->unit.on_done = on_noted;
	sb_pg_unit_add(&note->unit, sb_pg_statement_id(sql), sql, 3, note->values);
	if (!sb_pg_pool_submit(request->loop->pool, SB_LANE_WRITE, &note->unit))
		on_noted(&note->unit, SB_PG_LOST); /* the next minute does it */
}

/* ---- ended ----------------------------------------------------------------------------------- */

void
sb_ended_sessions_init(struct sb_ended_sessions *ended)
{
	memset(ended, 0, sizeof(*ended));
	pthread_mutex_init(&ended->lock, NULL);
}

void
sb_ended_sessions_finish(struct sb_ended_sessions *ended)
{
	free(ended->ids);
	pthread_mutex_destroy(&ended->lock);
}

void
sb_ended_sessions_tell(struct sb_loop *loop, void *arg)
{
	struct sb_ended_sessions *ended = &loop->ended;
	int64_t session_id = *(int64_t *) arg;

	pthread_mutex_lock(&ended->lock);
	if (session_id == 0 || ended->count == MAX_ENDED)
		ended->missed = true;
	else
	{
		if (ended->count == ended->size)
		{
			ended->size = ended->size ? ended->size * 2 : 16;
			ended->ids = sb_realloc(ended->ids, (size_t) ended->size * sizeof(*ended->ids));
		}
		ended->ids[ended->count++] = session_id;
	}
	pthread_mutex_unlock(&ended->lock);
	sb_loop_wake(loop);
}

void
sb_ended_sessions_take(struct sb_loop *loop)
{
	struct sb_ended_sessions *ended = &loop->ended;

	pthread_mutex_lock(&ended->lock);
	if (ended->missed)
		sb_review_begin(loop->review);
	for (int i = 0; i < ended->count; i++)
		sb_auth_end_session(loop->auth, ended->ids[i]);
	ended->count = 0;
	ended->missed = false;
	pthread_mutex_unlock(&ended->lock);
}
