/*
 * ingest.c owns what an ingest server asks and tells (api/ingest.def) by the hooks of nginx-rtmp,
 * whose bodies are forms; nginx's question who may watch is ingest_watch.c's. Nobody is identified
 * and nothing is admitted here; the database authorises by the key, and counts attempts by the
 * address of whoever publishes. Keys are in bodies alone, so that no log gets them.
 */
#include <string.h>

#include "admission/services.h"
#include "api/api.h"
#include "http/reply.h"
#include "http/request.h"
#include "loop/loop.h"

#define FORM_MAX 7000 /* bytes; the names of an RTMP connection are shorter by far */

struct hook
{
	struct sb_url form;
	const char *key;
	const char *publisher; /* the connection's number, and whose it is */
	const char *address;
	const char *values[3];
	void (*answer)(struct sb_request *request, const PGresult *row);
};

static const char ok[] = "{\"status\":\"ok\"}";

/* NULL: it is not there, or several times, as whoever publishes may append what he likes to a key.
 */
static const char *
value_of(const struct hook *hook, const char *name)
{
	bool twice = false;
	const char *value = sb_url_query(&hook->form, name, &twice);

	return twice ? NULL : value;
}

/* NULL: that was answered. */
static struct hook *
read_form(struct sb_request *request)
{
	struct hook *hook = sb_arena_new(&request->arena, struct hook);
	const char *text;

	if (request->body_len > 0 && request->body_len < FORM_MAX)
	{
		text = sb_arena_printf(&request->arena, "/?%.*s", (int) request->body_len, request->body);
		if (sb_url_parse(&hook->form, &request->arena, text, strlen(text)) == NULL)
		{
			const char *connection = value_of(hook, "clientid");

			hook->key = value_of(hook, "name");
			hook->address = value_of(hook, "addr");
			if (hook->key && connection && hook->address)
			{
				hook->publisher =
					sb_arena_printf(&request->arena, "%s/%s", hook->address, connection);
				return hook;
			}
		}
	}
	sb_request_fail(request, 403, "this is no hook");
	return NULL;
}

static void
on_done(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct sb_request *request = unit->owner;
	struct hook *hook = request->state;

	if (outcome != SB_PG_OK)
		sb_request_fail_unit(request, outcome);
	else
		hook->answer(request, unit->results[0]);
}

/* The hook's values are the statement's; its answer gets the one row. */
static void
ask(struct sb_request *request, struct hook *hook, const char *sql, int nvalues,
	void (*answer)(struct sb_request *request, const PGresult *row))
{
	struct sb_pg_unit *unit = &request->admission.unit;
	struct sb_error error = sb_error_unavailable();

	hook->answer = answer;
	request->state = hook;
	sb_pg_unit_clear(unit);
	unit->owner = request;
	unit->on_done = on_done;
	sb_pg_unit_add(unit, sb_pg_statement_id(sql), sql, nvalues, hook->values);
	if (!sb_pg_pool_submit(request->admission.services->pool, SB_LANE_WRITE, unit))
		sb_request_fail_with(request, &error);
}

/* ---- who may publish ---------------------------------------------------------------------------
 */

static void
answer_publish(struct sb_request *request, const PGresult *row)
{
	if (PQgetisnull(row, 0, 0))
	{
		sb_request_fail(request, 403, PQgetvalue(row, 0, 1));
		return;
	}
	sb_request_add_header(request, "Location",
						  sb_arena_printf(&request->arena, "rtmp://127.0.0.1:%d/play/%s",
										  request->loop->config->rtmp_play_port,
										  PQgetvalue(row, 0, 0)));
	sb_request_reply_constant(request, 302, NULL);
}

void
sb_api_ingest_publish(struct sb_request *request)
{
	static const char sql[] =
		"SELECT p.playback_id, p.refusal FROM social.stream_publish($1, $2, $3) p";
	struct hook *hook = read_form(request);

	if (hook == NULL)
		return;
	hook->values[0] = hook->key;
	hook->values[1] = hook->publisher;
	hook->values[2] = hook->address;
	ask(request, hook, sql, 3, answer_publish);
}

/* ---- what becomes of it ------------------------------------------------------------------------
 */

/* Of a stream that has ended, with a key that is none any more, or when another connection has
 * taken its place: then this one is to go. */
static void
answer_update(struct sb_request *request, const PGresult *row)
{
	const char *outcome = PQgetvalue(row, 0, 0);

	if (strcmp(outcome, "unknown") == 0 || strcmp(outcome, "ignored") == 0)
		sb_request_fail(request, 403, "this is not to be published any more");
	else
		sb_request_reply_constant(request, 200, ok);
}

static void
answer_done(struct sb_request *request, const PGresult *row)
{
	sb_request_reply_constant(request, 200, ok);
}

static void
tell(struct sb_request *request, struct hook *hook, const char *kind,
	 void (*answer)(struct sb_request *request, const PGresult *row))
{
	static const char sql[] =
		"SELECT social.stream_event('local', gen_random_uuid()::text, $1, clock_timestamp(), "
		"jsonb_build_object('stream_key', $2::text, 'publisher', $3::text))";

	hook->values[0] = kind;
	hook->values[1] = hook->key;
	hook->values[2] = hook->publisher;
	ask(request, hook, sql, 3, answer);
}

void
sb_api_ingest_update(struct sb_request *request)
{
	struct hook *hook = read_form(request);
	const char *call = hook ? value_of(hook, "call") : NULL;

	if (hook == NULL)
		return;
	/* The server tells of its own connection to itself, too, as of somebody who plays. */
	if (call == NULL || strcmp(call, "update_publish") != 0)
		sb_request_reply_constant(request, 200, ok);
	else
		tell(request, hook, "update", answer_update);
}

void
sb_api_ingest_done(struct sb_request *request)
{
	struct hook *hook = read_form(request);

	if (hook)
		tell(request, hook, "publish_done", answer_done);
}
