/*
 * graphql.c owns /graphql/ over HTTP: what a request asks for is run (api/graphql_run.h), and
 * answered by the rules of GraphQL over HTTP.
 */
#include <stdlib.h>
#include <string.h>

#include "admission/services.h"
#include "api/api.h"
#include "api/graphql_document.h"
#include "api/graphql_once.h"
#include "api/graphql_read.h"
#include "api/graphql_run.h"
#include "api/graphql_stream.h"
#include "base/config.h"
#include "graphql/graphql.h"
#include "http/content.h"
#include "http/reply.h"
#include "http/request.h"
#include "loop/loop.h"

static void
on_end(struct sb_request *request)
{
	sb_graphql_run_end(request->state);
}

/* ---- the answer ------------------------------------------------------------------------------ */

enum media
{
	JSON,     /* what clients had before GraphQL had a type of its own */
	RESPONSE, /* its own */
	NMEDIA
};

static const char *const media_types[NMEDIA] = {
	[JSON] = "application/json",
	[RESPONSE] = "application/graphql-response+json",
};

/* The first request error's code where there is no data; these two where there is. */
static const char partial[] = "partial";
static const char whole[] = "whole";

/*
 * The status of an answer, by its media type. Under application/json whatever GraphQL has to say is
 * 200; its own type tells a request that was not executed: as the audits of graphql-http 1.23 have
 * it, or, with GRAPHQL_HTTP_STATUS=draft2026, as the draft of GraphQL over HTTP has it since April
 * 2026.
 */
static const struct status_row
{
	const char *code; /* the last row stands for all others */
	int json;
	int own;
	int own_2026;
} statuses[] = {
	{whole, 200, 200, 200},
	{partial, 200, 200, 294},
	{"METHOD_NOT_ALLOWED", 405, 405, 405},
	{"GRAPHQL_PARSE_FAILED", 200, 400, 400},
	{"FORBIDDEN", 200, 403, 403},
	{"SCOPE_MISSING", 200, 403, 403},
	{"NOT_FOR_KEYS", 200, 403, 403},
	{"PERSISTED_QUERY_NOT_FOUND", 200, 404, 404},
	{"PERSISTED_QUERY_NOT_SUPPORTED", 200, 400, 400},
	{NULL, 200, 400, 422},
};

static int
status_of(const struct sb_request *request, const char *code, enum media media)
{
	const struct status_row *row = statuses;

	while (row->code && strcmp(row->code, code) != 0)
		row++;
	if (media == JSON)
		return row->json;
	return strcmp(request->loop->config->graphql_http_status, "draft2026") == 0 ? row->own_2026
																				: row->own;
}

/* The type that the client wants most; GraphQL's own where it is named and as welcome. */
static enum media
wanted_media(const struct sb_request *request)
{
	bool named[NMEDIA];
	int quality[NMEDIA];

	for (int i = 0; i < NMEDIA; i++)
		quality[i] = sb_content_quality(request, media_types[i], &named[i]);
	if (quality[RESPONSE] > quality[JSON] ||
		(quality[RESPONSE] == quality[JSON] && quality[RESPONSE] > 0 && named[RESPONSE]))
		return RESPONSE;
	return JSON;
}

static void
on_answer(struct sb_graphql_run *run)
{
	struct sb_request *request = run->owner;
	enum media media = wanted_media(request);
	size_t len;
	char *body = sb_graphql_respond(run->execution, run->results, &len);
	const char *code = sb_graphql_refusal(run->execution);
	int status;

	if (code == NULL)
		code = sb_graphql_is_partial(run->execution) ? partial : whole;
	status = status_of(request, code, media);
	if (status == 405)
		sb_request_add_header(request, "Allow", "POST");
	/* A mutation may answer tokens. */
	request->may_be_coded = !run->execution->is_mutation;
	sb_request_reply(request, status, media_types[media], body, len);
}

static void
on_failure(struct sb_graphql_run *run, enum sb_pg_outcome outcome)
{
	sb_request_fail_unit(run->owner, outcome);
}

/* ---- the request ----------------------------------------------------------------------------- */

static const struct sb_graphql_asker asker = {.on_answer = on_answer,
											  .on_failure = on_failure,
											  .begin_mutation = sb_graphql_once_begin,
											  .add_call = sb_graphql_once_add_call,
											  .take_over = sb_graphql_once_take_over};

void
sb_api_graphql(struct sb_request *request)
{
	struct sb_asked asked;
	struct sb_graphql_run *run;

	if (!sb_graphql_read(request, &asked))
		return;
	if (sb_graphql_stream_is_wanted(request))
	{
		sb_graphql_stream(request, &asked);
		return;
	}
	run = sb_arena_alloc(&request->arena, sizeof(*run));
	run->admission = &request->admission;
	run->asker = &asker;
	run->owner = request;
	run->purpose = request->route->purpose;
	run->asked = asked.graphql;
	run->document_id = asked.document_id;
	request->state = run;
	request->on_end = on_end;
	sb_graphql_run(run);
}
