/*
 * graphql.c owns /graphql/: GraphQL over HTTP in front of the library in graphql/.
 *
 * A query is one unit. A mutation is one unit per root field, run in order; a failed one becomes
 * an error of that field, and the next goes on (GraphQL specification, section 6.2.2). A query of
 * several root fields whose statement fails is run once more, as one unit per root field, so that
 * what failed is an error of its field and the others have their answers (section 6.4.4).
 */
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admission/services.h"
#include "api/api.h"
#include "http/content.h"
#include "api/graphql_read.h"
#include "api/idempotency.h"
#include "graphql/graphql.h"
#include "error/hints.h"
#include "http/reply.h"
#include "http/request.h"
#include "loop/loop.h"
#include "base/config.h"

/* The work of one request; in the request's arena. */
struct run
{
	struct sb_graphql_request asked; /* its texts live as long as the request */
	const char *document_id;         /* what names the document, or NULL */
	struct sb_graphql_execution *execution;
	bool may_introspect;
	int step;
	struct sb_graphql_result *results; /* one per step; texts in the arena or in taken */
	PGresult **taken;
};

static void execute(struct sb_request *request);
static void on_step_done(struct sb_pg_unit *unit, enum sb_pg_outcome outcome);
static void run_step(struct sb_request *request);

static void
forget_execution(struct run *run)
{
	if (run->execution == NULL)
		return;
	for (int i = 0; run->taken && i < run->execution->nsteps; i++)
		PQclear(run->taken[i]);
	sb_graphql_execution_free(run->execution);
}

static void
on_end(struct sb_request *request)
{
	forget_execution(request->state);
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
respond(struct sb_request *request)
{
	struct run *run = request->state;
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

/* ---- running --------------------------------------------------------------------------------- */

static const char *
copy(struct sb_request *request, const char *text)
{
	return text ? sb_arena_copy(&request->arena, text, strlen(text)) : NULL;
}

static void
set_error(struct sb_request *request, struct sb_graphql_result *result,
		  const struct sb_error *error)
{
	result->json = NULL;
	result->error_message = copy(request, error->message);
	result->error_code = error->code;
	result->error_detail = copy(request, error->detail);
	result->error_hint = copy(request, sb_hint_for(SB_HINT_GRAPHQL, error->hint));
}

/* Puts down what a step came to. */
static void
keep(struct sb_request *request, enum sb_pg_outcome outcome)
{
	struct run *run = request->state;
	struct sb_pg_unit *unit = &request->admission.unit;
	struct sb_graphql_result *result = &run->results[run->step];
	struct sb_error error;
	int last = unit->nresults - 1;

	if (outcome != SB_PG_OK)
		error = sb_admission_error(&request->admission, outcome);
	if (outcome != SB_PG_OK || sb_error_in_row(unit->results[last], &error))
		set_error(request, result, &error);
	else if (PQntuples(unit->results[last]) != 1 || PQgetisnull(unit->results[last], 0, 0))
	{
		result->json = "null";
		result->json_len = 4;
	}
	else
	{
		result->json = PQgetvalue(unit->results[last], 0, 0);
		result->json_len = (size_t) PQgetlength(unit->results[last], 0, 0);
		run->taken[run->step] = sb_pg_unit_take(unit, last);
	}
}

/*
 * Whether a query is to be run apart: a field failed, and nobody knows which. Where it is the whole
 * database that is slow or away (503, 504), asking more often would not help.
 */
static bool
is_for_one_field(const struct sb_request *request, enum sb_pg_outcome outcome)
{
	const struct run *run = request->state;

	return outcome == SB_PG_ERROR && run->execution->is_divisible &&
		   request->admission.unit.failed_at > 0 &&
		   sb_error_from_result(request->admission.unit.error).status <= 500;
}

static void
on_step_done(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct sb_request *request = unit->owner;
	struct run *run = request->state;
	bool is_query = !run->execution->is_mutation;

	if (is_for_one_field(request, outcome))
	{
		forget_execution(run);
		run->asked.apart = true;
		execute(request);
		return;
	}
	/* This field was done before, when the same request was sent: its answer is kept. */
	if (sb_idempotency_was_done(request, outcome) && sb_idempotency_ask(request, on_step_done))
		return;
	/* The admission was refused, or the request for its key, or there is no answer at all: nothing
	 * a field could say. */
	if (run->step == 0 && sb_idempotency_is_refused(request, outcome))
	{
		sb_request_fail_unit(request, outcome);
		return;
	}
	if (((outcome == SB_PG_REFUSED || (outcome == SB_PG_ERROR && unit->failed_at == 0)) &&
		 run->step == 0) ||
		(outcome != SB_PG_OK && outcome != SB_PG_ERROR && is_query))
	{
		sb_request_fail_unit(request, outcome);
		return;
	}
	keep(request, outcome);
	if (++run->step < run->execution->nsteps)
		run_step(request);
	else
		respond(request);
}

/*
 * The statements of a step: the call, which a function that acts has, and the one that answers.
 * What acts by a call is done once where the request has a key; doors, whose answers are secrets,
 * are not.
 */
static void
add_statements(struct sb_request *request, const struct sb_graphql_step *step)
{
	const struct sb_graphql_statement *call = &step->call;
	const struct sb_pg_statement select = {.id = step->select.id,
										   .sql = step->select.sql,
										   .nparams = step->select.nparams,
										   .values = step->select.values};
	struct sb_pg_unit *unit = &request->admission.unit;
	struct run *run = request->state;

	if (call->sql)
	{
		sb_idempotency_claim(request, run->step);
		sb_pg_unit_add(unit, call->id, call->sql, call->nparams, call->values);
		sb_idempotency_add_answer(request, &select);
	}
	else if (select.sql)
		sb_pg_unit_add(unit, select.id, select.sql, select.nparams, select.values);
}

/* The whole was refused before, and the server's log has it: fifty fields are not fifty lines more.
 */
static void
log_no_refusals(struct sb_pg_unit *unit)
{
	static const char sql[] = "SELECT set_config('social.log_refusals', 'off', true)";

	sb_pg_unit_add(unit, sb_pg_statement_id(sql), sql, 0, NULL);
}

static enum sb_pg_lane
lane_of(const struct sb_graphql_execution *execution)
{
	if (execution->is_mutation)
		return execution->slow ? SB_LANE_SLOW : SB_LANE_WRITE;
	return execution->slow ? SB_LANE_SLOW_READ : SB_LANE_READ;
}

/*
 * What the step counts as. A query is one request and as many actions as its fields have limits of
 * their own; a mutation is one request for each of its fields, as it would be over REST. So aliases
 * do not multiply what one request may.
 */
static void
count_step(struct sb_request *request, const struct sb_graphql_step *step, bool is_mutation,
		   bool is_again)
{
	const char *slash = step->action ? strchr(step->action, '/') : NULL;
	struct sb_purpose purpose = request->route->purpose;

	if ((step->action == NULL && !is_mutation) || is_again)
		return;
	if (slash)
		purpose.surface =
			sb_arena_copy(&request->arena, step->action, (size_t) (slash - step->action));
	if (step->action)
	{
		purpose.action = slash ? slash + 1 : step->action;
		purpose.account = step->account;
	}
	sb_admission_count_anew(&request->admission, &purpose);
}

static void
run_step(struct sb_request *request)
{
	struct run *run = request->state;
	const struct sb_graphql_step *step = &run->execution->steps[run->step];
	struct sb_error error = sb_error_unavailable();

	count_step(request, step, run->execution->is_mutation, run->asked.apart);
	sb_request_begin_unit(request, on_step_done);
	if (run->asked.apart)
		log_no_refusals(&request->admission.unit);
	add_statements(request, step);
	if (sb_admission_send(&request->admission, lane_of(run->execution)))
		return;
	if (run->step == 0)
	{
		sb_request_fail_with(request, &error);
		return;
	}
	/* Earlier steps are committed: the answer must say so. */
	for (; run->step < run->execution->nsteps; run->step++)
		set_error(request, &run->results[run->step], &error);
	respond(request);
}

static void
run_steps(struct sb_request *request)
{
	struct run *run = request->state;
	size_t nsteps = (size_t) run->execution->nsteps;

	/* Strangers have no keys: theirs would be one another's. */
	if (run->execution->is_mutation && request->caller.user_id && !sb_idempotency_begin(request))
		return;
	run->results = sb_arena_alloc(&request->arena, nsteps * sizeof(*run->results));
	run->taken = sb_arena_alloc(&request->arena, nsteps * sizeof(*run->taken));
	run->step = 0;
	if (nsteps > 0)
		run_step(request);
	else
		respond(request);
}

/* Answers that it is not run. */
static void
refuse(struct sb_request *request, const char *code, const char *message)
{
	struct run *run = request->state;

	run->execution = sb_graphql_refuse(code, message);
	run_steps(request);
}

/* ---- introspection --------------------------------------------------------------------------- */

static void
refuse_introspection(struct sb_request *request)
{
	struct run *run = request->state;

	sb_graphql_execution_free(run->execution);
	refuse(request, "FORBIDDEN", "The schema is not shown to everybody here");
}

static void
on_staff_known(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct sb_request *request = unit->owner;
	struct run *run = request->state;

	if (outcome != SB_PG_OK)
		sb_request_fail_unit(request, outcome);
	else if (strcmp(PQgetvalue(unit->results[1], 0, 0), "t") != 0)
		refuse_introspection(request);
	else
	{
		run->may_introspect = true;
		run_steps(request);
	}
}

/* Asks the database whether the caller is staff, who may see the schema. */
static void
ask_whether_staff(struct sb_request *request)
{
	static const char sql[] = "SELECT social.viewer_is_staff()";

	sb_request_begin_unit(request, on_staff_known);
	sb_pg_unit_add(&request->admission.unit, sb_pg_statement_id(sql), sql, 0, NULL);
	sb_request_submit(request, SB_LANE_READ);
}

/* Prepares what was asked, and runs it; for a schema that is not open, once it is known who asks.
 */
static void
execute(struct sb_request *request)
{
	struct run *run = request->state;
	const char *open_to = request->loop->config->graphql_introspection;

	run->execution = sb_graphql_prepare(request->admission.services->graphql, &run->asked);
	if (!run->execution->introspects || run->may_introspect || strcmp(open_to, "everybody") == 0)
		run_steps(request);
	else if (request->caller.user_id && strcmp(open_to, "staff") == 0)
		ask_whether_staff(request);
	else
		refuse_introspection(request);
}

/* ---- which document -------------------------------------------------------------------------- */

/* For how long a loop knows what the database said, so that what is removed there is gone. */
#define KNOWN_MS 60000

/* Whether a document has the hash that its id promises. */
static bool
is_hash_of(const char *id, const struct sb_graphql_request *asked)
{
	unsigned char hash[SHA256_DIGEST_LENGTH];
	char name[sizeof("sha256:") + 2 * SHA256_DIGEST_LENGTH] = "sha256:";
	char *at = name + strlen(name);

	SHA256((const unsigned char *) asked->document, asked->document_len, hash);
	for (int i = 0; i < SHA256_DIGEST_LENGTH; i++)
		at += sprintf(at, "%02x", hash[i]);
	return strcmp(id, name) == 0;
}

/* Runs a document that was named, if the loop knows it. */
static bool
execute_known(struct sb_request *request)
{
	struct run *run = request->state;
	struct sb_graphql_request *asked = &run->asked;
	const char *text =
		sb_graphql_find_document(request->admission.services->graphql, run->document_id,
								 request->loop->now_ms, &asked->document_len);

	if (text == NULL)
		return false;
	asked->document = sb_arena_copy(&request->arena, text, asked->document_len);
	execute(request);
	return true;
}

static void
on_document(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct sb_request *request = unit->owner;
	struct run *run = request->state;
	const PGresult *result = outcome == SB_PG_OK ? unit->results[1] : NULL;

	if (outcome != SB_PG_OK)
	{
		sb_request_fail_unit(request, outcome);
		return;
	}
	if (!PQgetisnull(result, 0, 0))
		sb_graphql_keep_document(request->admission.services->graphql, run->document_id,
								 PQgetvalue(result, 0, 0), (size_t) PQgetlength(result, 0, 0),
								 request->loop->now_ms + KNOWN_MS);
	if (!execute_known(request))
		refuse(request, "PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound");
}

/* Looks a document up that was named, in the loop's memory and then in the database. */
static void
look_up(struct sb_request *request)
{
	static const char sql[] = "SELECT social.graphql_document($1)";
	struct run *run = request->state;

	if (execute_known(request))
		return;
	sb_request_begin_unit(request, on_document);
	sb_pg_unit_add(&request->admission.unit, sb_pg_statement_id(sql), sql, 1, &run->document_id);
	sb_request_submit(request, SB_LANE_READ);
}

/*
 * A document may be named by its id alone, or come with its hash, to be known by it from then on
 * (Apollo's automatic persisted queries): in the loop's memory, which strangers may fill, and not
 * in the database, which holds what its administrators put there.
 */
static void
choose_document(struct sb_request *request)
{
	struct run *run = request->state;
	const char *mode = request->loop->config->graphql_documents;
	bool is_off = strcmp(mode, "off") == 0;
	bool is_only = strcmp(mode, "only") == 0;

	if (run->document_id == NULL && is_only)
		refuse(request, "FORBIDDEN", "Only documents that are known here are run");
	else if (run->document_id == NULL || (is_off && run->asked.document))
		execute(request);
	else if (is_off)
		refuse(request, "PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported");
	else if (run->asked.document && !is_hash_of(run->document_id, &run->asked))
		refuse(request, "BAD_USER_INPUT", "The hash is not that of the document");
	else if (run->asked.document && !is_only)
	{
		sb_graphql_keep_document(request->admission.services->graphql, run->document_id,
								 run->asked.document, run->asked.document_len, UINT64_MAX);
		execute(request);
	}
	else
		look_up(request);
}

void
sb_api_graphql(struct sb_request *request)
{
	struct sb_asked asked;
	struct run *run;

	if (!sb_graphql_read(request, &asked))
		return;
	run = sb_arena_alloc(&request->arena, sizeof(*run));
	run->asked = asked.graphql;
	run->document_id = asked.document_id;
	request->state = run;
	request->on_end = on_end;
	choose_document(request);
}
