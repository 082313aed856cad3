/*
 * session.c owns what the bridge tells the database about sessions.
 */
#include "auth/session.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auth/cache.h"
#include "base/log.h"
#include "base/memory.h"
#include "caller/caller.h"
#include "pg/pool.h"

#define SEEN_EVERY_S 62 /* a little over the minute that touch_session() wants between two */

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
sb_session_seen(struct sb_pg_pool *pool, const struct sb_caller *caller,
				struct sb_token_owner *owner)
{
	static const char sql[] = "SELECT social.touch_session($1, $2, $3)";
	struct note *note;
	int64_t now = time(NULL);

	if (owner->session_id == 0 || now - owner->seen_at < SEEN_EVERY_S ||
		sb_pg_pool_is_standby(pool))
		return;
	owner->seen_at = now;
	note = sb_calloc(1, sizeof(*note));
	memcpy(note->session, caller->session_text, sizeof(note->session));
	memcpy(note->address, caller->address, sizeof(note->address));
	note->user_agent = caller->agent ? sb_checked(strdup(caller->agent)) : NULL;
	note->values[0] = note->session;
	note->values[1] = note->address;
	note->values[2] = note->user_agent;
	note->unit.on_done = on_noted;
	sb_pg_unit_add(&note->unit, sb_pg_statement_id(sql), sql, 3, note->values);
	if (!sb_pg_pool_submit(pool, SB_LANE_WRITE, &note->unit))
		on_noted(&note->unit, SB_PG_LOST); /* the next minute does it */
}
