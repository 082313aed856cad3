/*
 * ingest_watch.c owns the answers to who may watch, which an ingest server asks once a second for
 * each viewer.
 *
 * Of few questions each is a statement of its own, at once. Of many there is a statement each
 * GAP_MS, for all that have come meanwhile.
 */
#include "api/ingest_watch.h"

#include <stdlib.h>
#include <string.h>

#include "admission/services.h"
#include "api/api.h"
#include "base/buffer.h"
#include "http/reply.h"
#include "http/request.h"
#include "loop/loop.h"
#include "ws/lease.h"

#define GAP_MS 20
#define BURST  5 /* statements without a gap, after a time with few */
#define BATCH  1000

struct question
{
	struct question *next;
	struct sb_request *request; /* whose memory this is in */
	const char *playback_id;
	const char *token; /* empty: none */
	bool may;
};

/* Of the loop; each is a thread. */
struct asking
{
	struct question *first; /* that wait */
	struct question **last; /* NULL: none has ever come */
	struct question *asked; /* in the statement that is under way, in its order */
	uint64_t free_at_ms;    /* when the statements up to now have had their gaps */
	struct sb_pg_unit unit;
	struct sb_buffer ids; /* arrays of the unit */
	struct sb_buffer tokens;
	const char *values[2];
};

static const char sql[] = "SELECT p.n FROM social.streams_playable($1::text[], $2::text[]) p (n)";
static const char ok[] = "{\"status\":\"ok\"}";

static _Thread_local struct asking asking;

/* ---- the answer ------------------------------------------------------------------------------ */

static void
answer(struct question *question, bool is_known)
{
	struct sb_error error = sb_error_unavailable();

	if (!is_known)
		sb_request_fail_with(question->request, &error);
	else if (question->may)
		sb_request_reply_constant(question->request, 200, ok);
	else
		sb_request_fail(question->request, 403, "this is not yours to watch");
}

/* The places of those who may, in any order. */
static void
note_who_may(const PGresult *places)
{
	for (int i = 0; i < PQntuples(places); i++)
	{
		struct question *question = asking.asked;

		for (int n = atoi(PQgetvalue(places, i, 0)); question && n > 1; n--)
			question = question->next;
		if (question)
			question->may = true;
	}
}

static void
end_round(bool is_known)
{
	struct question *question = asking.asked;
	struct question *next;

	asking.asked = NULL;
	sb_buffer_free(&asking.ids);
	sb_buffer_free(&asking.tokens);
	for (; question; question = next)
	{
		next = question->next; /* an answer may end the request */
		answer(question, is_known);
	}
}

static void
on_done(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	if (outcome == SB_PG_OK)
		note_who_may(unit->results[0]);
	sb_pg_unit_clear(unit);
	end_round(outcome == SB_PG_OK);
	sb_ingest_watch_settle();
}

/* ---- the statement --------------------------------------------------------------------------- */

/* Of digits that need no escapes. */
static void
put(struct sb_buffer *array, const char *text)
{
	sb_buffer_puts(array, array->len ? ",\"" : "{\"");
	sb_buffer_puts(array, text);
	sb_buffer_putc(array, '"');
}

static void
take_questions(void)
{
	struct question **end = &asking.asked;

	for (int n = 0; asking.first && n < BATCH; n++)
	{
		*end = asking.first;
		put(&asking.ids, asking.first->playback_id);
		put(&asking.tokens, asking.first->token);
		end = &asking.first->next;
		asking.first = asking.first->next;
	}
	*end = NULL;
	if (asking.first == NULL)
		asking.last = &asking.first;
	sb_buffer_putc(&asking.ids, '}');
	sb_buffer_putc(&asking.tokens, '}');
}

void
sb_ingest_watch_settle(void)
{
	struct sb_services *services;
	uint64_t now;

	if (asking.first == NULL || asking.asked)
		return;
	services = asking.first->request->admission.services;
	now = services->loop->now_ms;
	if (asking.free_at_ms > now + BURST * GAP_MS && !services->loop->stopping)
		return;
	asking.free_at_ms = (asking.free_at_ms > now ? asking.free_at_ms : now) + GAP_MS;
	take_questions();
	asking.values[0] = asking.ids.data;
	asking.values[1] = asking.tokens.data;
	asking.unit.on_done = on_done;
	sb_pg_unit_add(&asking.unit, sb_pg_statement_id(sql), sql, 2, asking.values);
	if (!sb_pg_pool_submit(services->pool, SB_LANE_WRITE, &asking.unit))
	{
		sb_pg_unit_clear(&asking.unit);
		end_round(false);
	}
}

/* ---- the question ---------------------------------------------------------------------------- */

void
sb_api_ingest_watch(struct sb_request *request)
{
	struct question *question = sb_arena_new(&request->arena, struct question);
	const char *playback_id;
	const char *token;
	bool twice = false;

	playback_id = sb_url_query(&request->url, "id", &twice);
	token = sb_url_query(&request->url, "token", &twice);
	if (playback_id == NULL || twice)
	{
		sb_request_fail(request, 403, "which stream?");
		return;
	}
	question->request = request;
	question->playback_id = playback_id;
	question->token = token ? token : "";
	/* What has other digits is no id and no token. */
	if (!sb_lease_is_token(playback_id) || (token && *token && !sb_lease_is_token(token)))
	{
		answer(question, true);
		return;
	}
	if (asking.last == NULL)
		asking.last = &asking.first;
	*asking.last = question;
	asking.last = &question->next;
	sb_ingest_watch_settle();
}
