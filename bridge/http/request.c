/*
 * request.c owns how a request is answered.
 */
#include "http/request.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "http/cors.h"
#include "http/forwarded.h"
#include "http/server.h"
#include "base/log.h"
#include "base/memory.h"
#include "ratelimit/headers.h"
#include "base/utf8.h"

#define USER_AGENT_MAX 512 /* bytes of it that are kept */
#define ADMIT_PARAMS   3   /* of the admission that does not count: the first of the other's */

static const char type_json[] = "application/json";

const char *
sb_request_header(const struct sb_request *request, const char *name)
{
	size_t len = strlen(name);

	for (int i = 0; i < request->nheaders; i++)
		if (request->headers[i].name_len == len &&
			strncasecmp(request->headers[i].name, name, len) == 0)
			return request->headers[i].value;
	return NULL;
}

int
sb_request_count_headers(const struct sb_request *request, const char *name)
{
	size_t len = strlen(name);
	int count = 0;

	for (int i = 0; i < request->nheaders; i++)
		count += request->headers[i].name_len == len &&
				 strncasecmp(request->headers[i].name, name, len) == 0;
	return count;
}

const char *
sb_request_user_agent(struct sb_request *request)
{
	const char *text = sb_request_header(request, "User-Agent");
	size_t len = text ? strlen(text) : 0;
	size_t kept = 0;

	if (len == 0 || !sb_utf8_is_text(text, len))
		return NULL;
	while (kept < len && kept + sb_utf8_width(text + kept, len - kept) <= USER_AGENT_MAX)
		kept += sb_utf8_width(text + kept, len - kept);
	return sb_arena_copy(&request->arena, text, kept);
}

void
sb_request_add_header(struct sb_request *request, const char *name, const char *value)
{
	struct sb_answer_header *header = sb_arena_alloc(&request->arena, sizeof(*header));

	header->name = name;
	header->value = value;
	header->next = request->answer_headers;
	request->answer_headers = header;
}

void
sb_request_set_header(struct sb_request *request, const char *name, const char *value)
{
	struct sb_answer_header *header = request->answer_headers;

	while (header && strcmp(header->name, name) != 0)
		header = header->next;
	if (header)
		header->value = value;
	else
		sb_request_add_header(request, name, value);
}

/* ---- the answer ------------------------------------------------------------------------------ */

static bool
has_answer_header(const struct sb_request *request, const char *name)
{
	const struct sb_answer_header *header = request->answer_headers;

	while (header && strcmp(header->name, name) != 0)
		header = header->next;
	return header != NULL;
}

/* On every answer, unless it has its own (mission 165). Answers depend on who asks, so no cache may
 * keep them. */
static const char *const common_headers[][2] = {
	{"X-Content-Type-Options", "nosniff"},
	{"X-Frame-Options", "DENY"},
	/* The filter that this once turned on could be turned against a page; the policy below serves.
	 */
	{"X-XSS-Protection", "0"},
	{"Referrer-Policy", "no-referrer"},
	{"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
	{"Cache-Control", "no-store"},
};

void
sb_request_write_headers(const struct sb_request *request, struct sb_buffer *out)
{
	for (size_t i = 0; i < sizeof(common_headers) / sizeof(common_headers[0]); i++)
	{
		sb_buffer_puts(out, common_headers[i][0]);
		sb_buffer_puts(out, ": ");
		sb_buffer_puts(out, common_headers[i][1]);
		sb_buffer_puts(out, "\r\n");
	}
	if (request == NULL || request->id[0] == '\0')
		return;
	sb_buffer_puts(out, "X-Request-Id: ");
	sb_buffer_puts(out, request->id);
	sb_buffer_puts(out, "\r\n");
}

/* Only what came by TLS may say this (RFC 6797 section 7.2). */
static void
add_transport_security(struct sb_request *request)
{
	int seconds = request->loop->config->secure_hsts_seconds;

	if (seconds > 0 && sb_forwarded_is_https(request))
		sb_request_add_header(
			request, "Strict-Transport-Security",
			sb_arena_printf(&request->arena, "max-age=%d; includeSubDomains", seconds));
}

static void
finish(struct sb_request *request, int status, const char *content_type, size_t len,
	   struct MHD_Response *response)
{
	sb_checked(response);
	for (size_t i = 0; i < sizeof(common_headers) / sizeof(common_headers[0]); i++)
		if (!has_answer_header(request, common_headers[i][0]))
			MHD_add_response_header(response, common_headers[i][0], common_headers[i][1]);
	MHD_add_response_header(response, "X-Request-Id", request->id);
	if (content_type)
		MHD_add_response_header(response, "Content-Type", content_type);
	sb_cors_add_headers(request);
	add_transport_security(request);
	for (struct sb_answer_header *header = request->answer_headers; header; header = header->next)
		MHD_add_response_header(response, header->name, header->value);
	if (request->must_close || request->loop->stopping)
		MHD_add_response_header(response, "Connection", "close");
	request->status = status;
	request->answer_len = len;
	request->response = response;
	sb_server_deliver(request);
}

void
sb_request_reply(struct sb_request *request, int status, const char *content_type, char *body,
				 size_t len)
{
	finish(request, status, content_type, len,
		   MHD_create_response_from_buffer(len, body, MHD_RESPMEM_MUST_FREE));
}

static void
clear_result(void *result)
{
	PQclear(result);
}

void
sb_request_reply_result(struct sb_request *request, int status, PGresult *result)
{
	size_t len = (size_t) PQgetlength(result, 0, 0);

	finish(request, status, type_json, len,
		   MHD_create_response_from_buffer_with_free_callback_cls(len, PQgetvalue(result, 0, 0),
																  clear_result, result));
}

void
sb_request_reply_constant(struct sb_request *request, int status, const char *json)
{
	size_t len = json ? strlen(json) : 0;

	finish(
		request, status, json ? type_json : NULL, len,
		MHD_create_response_from_buffer(len, (void *) (json ? json : ""), MHD_RESPMEM_PERSISTENT));
}

/* ---- errors ---------------------------------------------------------------------------------- */

static const char bad_token[] = "Bearer error=\"invalid_token\"";

void
sb_request_fail_with(struct sb_request *request, const struct sb_error *error)
{
	size_t len;
	char *body = sb_error_body(error, &len);

	if (error->status == 503 && !has_answer_header(request, "Retry-After"))
		sb_request_add_header(request, "Retry-After", "1");
	if (error->status == 401 && !has_answer_header(request, "WWW-Authenticate"))
		sb_request_add_header(request, "WWW-Authenticate", "Bearer");
	sb_request_reply(request, error->status, type_json, body, len);
}

void
sb_request_fail(struct sb_request *request, int status, const char *message)
{
	struct sb_error error = {status, sb_error_code(status), message, NULL, NULL};

	sb_request_fail_with(request, &error);
}

void
sb_request_fail_token(struct sb_request *request, const char *message)
{
	if (message)
		sb_request_add_header(request, "WWW-Authenticate", bad_token);
	sb_request_fail(request, 401, message ? message : "authentication is required");
}

void
sb_request_log_result(struct sb_request *request, const PGresult *result)
{
	sb_log_begin(SB_LOG_ERROR, "statement failed");
	sb_log_text("request_id", request->id);
	sb_log_text("route", request->route ? request->route->name : NULL);
	sb_log_text("sqlstate", PQresultErrorField(result, PG_DIAG_SQLSTATE));
	sb_log_text("error", PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
	sb_log_end();
}

struct sb_error
sb_request_unit_error(struct sb_request *request, enum sb_pg_outcome outcome)
{
	struct sb_error error = sb_error_unavailable();

	if (outcome == SB_PG_REFUSED)
		return *request->refusal;
	if (outcome == SB_PG_LATE)
		return sb_error_late();
	if (outcome == SB_PG_BUSY)
		return sb_error_busy();
	if (outcome != SB_PG_ERROR)
		return error;
	error = sb_error_from_result(request->unit.error);
	if (error.status >= 500)
		sb_request_log_result(request, request->unit.error);
	return error;
}

void
sb_request_fail_unit(struct sb_request *request, enum sb_pg_outcome outcome)
{
	struct sb_error error = sb_request_unit_error(request, outcome);

	/* The admission was refused: the account or the session has ended. */
	if (outcome == SB_PG_ERROR && error.status == 401 && request->unit.failed_at == 0 &&
		request->user_id)
		sb_request_add_header(request, "WWW-Authenticate", bad_token);
	sb_request_fail_with(request, &error);
}

/* ---- work for the database ------------------------------------------------------------------- */

/* What the admission, which counted, says about limits. */
static void
add_figures(struct sb_request *request)
{
	const struct sb_pg_unit *unit = &request->unit;

	if (unit->nresults > 0 && PQntuples(unit->results[0]) == 1 &&
		!PQgetisnull(unit->results[0], 0, 0))
		sb_limit_headers_add_text(request, PQgetvalue(unit->results[0], 0, 0));
}

/* The unit is answered: what its admission says about limits becomes headers. */
static void
on_unit(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct sb_request *request = unit->owner;

	/* Not only the admission refuses: refreshing is counted where the session is known. */
	if (outcome == SB_PG_ERROR && sb_limit_is_refusal(unit->error))
		sb_limit_headers_add_refusal(request, unit->error);
	else if (request->counts_itself)
		add_figures(request);
	request->counts_itself = false;
	request->on_unit_done(unit, outcome);
}

/* What the body makes of the use: the account that it names, and whether it is the action at all.
 */
static void
read_use(struct sb_request *request)
{
	const char *account = request->route->account_member;
	const char *condition = request->route->action_member;

	if (account && request->use.account == NULL)
		request->use.account = json_string_value(json_object_get(request->json, account));
	if (condition && !json_is_string(json_object_get(request->json, condition)))
		request->use.action = NULL;
}

static const char admit[] = "SELECT social.admit($1, $2, address => $3)";

/*
 * The unit begins again, having met a lock. Memory keeps what it counted, whatever is rolled back:
 * the admission counts no second time.
 */
static void
on_again(struct sb_pg_unit *unit)
{
	struct sb_request *request = unit->owner;

	if (!request->counts_itself)
		return;
	add_figures(request);
	request->counts_itself = false;
	unit->statements[0].id = sb_pg_statement_id(admit);
	unit->statements[0].sql = admit;
	unit->statements[0].nparams = ADMIT_PARAMS;
}

/* The admission, which counts the request where the store is the database's memory. */
static void
add_admission(struct sb_request *request)
{
	static const char count[] = "SELECT social.admit($1, $2, address => $3, action => $4, "
								"rates => $5, surface => $6, account => $7)";
	static uint64_t admit_id; /* the same in every loop, so a race to set them is harmless */
	static uint64_t count_id;
	const char **values = sb_arena_alloc(&request->arena, 7 * sizeof(*values));

	if (count_id == 0)
	{
		admit_id = sb_pg_statement_id(admit);
		count_id = sb_pg_statement_id(count);
	}
	values[0] = request->user_id ? request->user_text : NULL;
	values[1] = request->session_id ? request->session_text : NULL;
	values[2] = *request->address ? request->address : NULL;
	if (!request->counts_itself)
	{
		sb_pg_unit_add(&request->unit, admit_id, admit, ADMIT_PARAMS, values);
		return;
	}
	values[3] = request->use.action;
	values[4] = sb_limits_rates(request->loop->limits, &request->use);
	values[5] = request->use.surface;
	values[6] = request->use.account;
	sb_pg_unit_add(&request->unit, count_id, count, 7, values);
}

void
sb_request_begin_unit(struct sb_request *request,
					  void (*on_done)(struct sb_pg_unit *, enum sb_pg_outcome))
{
	read_use(request);
	request->counts_itself =
		!request->is_counted && sb_limits_store(request->loop->limits) == SB_LIMIT_MEMORY;
	request->is_counted |= request->counts_itself;
	sb_pg_unit_clear(&request->unit);
	request->unit.owner = request;
	request->unit.on_done = on_unit;
	request->unit.on_again = on_again;
	request->on_unit_done = on_done;
	add_admission(request);
}

/* The request has been counted by a store outside of its flight. */
static void
on_counted(struct sb_request *request, const struct sb_error *refusal)
{
	struct sb_pg_unit *unit = &request->unit;

	request->refusal = refusal;
	if (refusal)
		request->on_unit_done(unit, SB_PG_REFUSED);
	else if (!sb_pg_pool_submit(request->loop->pool, request->lane, unit))
		request->on_unit_done(unit, SB_PG_LOST);
}

bool
sb_request_send(struct sb_request *request, enum sb_pg_lane lane)
{
	enum sb_limit_store store = sb_limits_store(request->loop->limits);

	if (request->is_counted || store == SB_LIMIT_OFF)
		return sb_pg_pool_submit(request->loop->pool, lane, &request->unit);
	request->is_counted = true;
	request->lane = lane;
	sb_limits_count(request, on_counted);
	return true;
}

bool
sb_request_submit(struct sb_request *request, enum sb_pg_lane lane)
{
	struct sb_error error = sb_error_unavailable();

	if (sb_request_send(request, lane))
		return true;
	sb_request_fail_with(request, &error);
	return false;
}
