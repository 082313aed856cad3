/*
 * reply.c owns how a request is answered.
 */
#include "http/reply.h"

#include <inttypes.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/buffer.h"
#include "base/config.h"
#include "base/decimal.h"
#include "admission/identify.h"
#include "core/api_key.h"
#include "http/coding.h"
#include "http/content.h"
#include "http/cors.h"
#include "http/etag.h"
#include "http/forwarded.h"
#include "http/request.h"
#include "loop/loop.h"

static const char type_json[] = "application/json";
static const char type_problem[] = "application/problem+json";

/* ---- headers --------------------------------------------------------------------------------- */

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
sb_reply_write_headers(const struct sb_request *request, struct sb_buffer *out)
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
	const struct sb_config *config = request->loop->config;
	int seconds = config->debug ? 0 : config->secure_hsts_seconds;

	if (seconds > 0 && sb_forwarded_came_by(request, "https"))
		sb_request_add_header(
			request, "Strict-Transport-Security",
			sb_arena_printf(&request->arena, "max-age=%d; includeSubDomains", seconds));
}

static void
add_number(struct sb_request *request, const char *name, int64_t value)
{
	char *text = sb_arena_alloc(&request->arena, SB_DECIMAL_SIZE);

	sb_decimal_write(text, value);
	sb_request_add_header(request, name, text);
}

/* X-RateLimit-Reset is Unix time, RateLimit-Reset seconds from now (mission 125, I-10). */
static void
add_limits(struct sb_request *request)
{
	const struct sb_figures *figures = &request->caller.figures;
	int64_t now = time(NULL);

	if (!figures->is_known)
		return;
	add_number(request, "X-RateLimit-Limit", figures->limit);
	add_number(request, "X-RateLimit-Remaining", figures->remaining);
	add_number(request, "X-RateLimit-Reset", figures->reset);
	add_number(request, "RateLimit-Limit", figures->limit);
	add_number(request, "RateLimit-Remaining", figures->remaining);
	add_number(request, "RateLimit-Reset", figures->reset > now ? figures->reset - now : 0);
	sb_request_add_header(
		request, "RateLimit-Policy",
		sb_arena_printf(&request->arena, "%d;w=%" PRId64, figures->limit, figures->window));
	if (figures->retry_after > 0)
		sb_request_set_header(request, "Retry-After",
							  sb_arena_printf(&request->arena, "%" PRId64, figures->retry_after));
}

/* ---- the answer ------------------------------------------------------------------------------ */

bool
sb_reply_is_last(const struct sb_request *request)
{
	return request->must_close || request->loop->stopping;
}

void
sb_reply_put_headers(const struct sb_request *request,
					 void (*put)(void *to, const char *name, const char *value), void *to)
{
	for (size_t i = 0; i < sizeof(common_headers) / sizeof(common_headers[0]); i++)
		if (!sb_request_has_answer_header(request, common_headers[i][0]))
			put(to, common_headers[i][0], common_headers[i][1]);
	put(to, "X-Request-Id", request->id);
	if (request->content_type)
		put(to, "Content-Type", request->content_type);
	for (struct sb_answer_header *header = request->answer_headers; header; header = header->next)
		put(to, header->name, header->value);
	if (request->status != 101 && sb_reply_is_last(request))
		put(to, "Connection", "close");
}

/* The answer is known, but for its body. */
static void
finish(struct sb_request *request, int status, const char *content_type)
{
	sb_cors_add_headers(request);
	add_transport_security(request);
	add_limits(request);
	request->status = status;
	request->content_type = content_type;
	request->is_answered = true;
	request->deliver(request);
}

/* Its body; what owns it is freed with the request, or before. */
static void
set_body(struct sb_request *request, const char *bytes, size_t len, void (*free_it)(void *),
		 void *owner)
{
	request->answer = bytes;
	request->answer_len = len;
	request->free_answer = free_it;
	request->answer_owner = owner;
}

/* The bytes in a coding, malloc'd, told in the head. */
static char *
encode(struct sb_request *request, const struct sb_coding *coding, const char *bytes, size_t *len)
{
	sb_request_add_header(request, "Content-Encoding", sb_coding_name(coding));
	return sb_coding_encode(coding, bytes, *len, len);
}

void
sb_request_reply(struct sb_request *request, int status, const char *content_type, char *body,
				 size_t len)
{
	const struct sb_coding *coding =
		request->may_be_coded && status < 300 ? sb_coding_choose(request, len) : NULL;

	if (coding)
	{
		char *plain = body;

		body = encode(request, coding, plain, &len);
		free(plain);
	}
	set_body(request, body, len, free, body);
	finish(request, status, content_type);
}

static void
clear_result(void *result)
{
	PQclear(result);
}

/* The version of what a result shows, where it says so. */
static const char *
version_of(const PGresult *result)
{
	int column = PQnfields(result) > 1 ? PQfnumber(result, "version") : -1;

	return column >= 0 && !PQgetisnull(result, 0, column) ? PQgetvalue(result, 0, column) : NULL;
}

/* Whether a header, however often it stands there, names a tag. */
static bool
lists(const struct sb_request *request, const char *name, const char *tag, bool strongly)
{
	size_t len = strlen(name);

	for (int i = 0; i < request->nheaders; i++)
		if (request->headers[i].name_len == len &&
			strncasecmp(request->headers[i].name, name, len) == 0 &&
			sb_etag_is_listed(request->headers[i].value, tag, strongly))
			return true;
	return false;
}

/* What the client says about the tag of what was read: 200, 304 or 412 (RFC 9110 section 13.2.2).
 */
static int
judge(const struct sb_request *request, const char *tag)
{
	if (sb_request_header(request, "If-Match") && !lists(request, "If-Match", tag, true))
		return 412;
	return lists(request, "If-None-Match", tag, false) ? 304 : 200;
}

/* Content may be kept by whoever has read it, to be asked for again by its tag. */
static void
let_keep(struct sb_request *request)
{
	if (request->route->auth != SB_AUTH_CONTENT)
		return;
	sb_request_add_header(request, "Cache-Control", "private, no-cache");
	sb_request_add_vary(request, "Authorization");
}

/* What accounts are told may hold some. */
static bool
holds_secrets(const struct sb_request *request)
{
	return strcmp(request->route->purpose.surface, "auth") == 0;
}

void
sb_request_reply_result(struct sb_request *request, int status, PGresult *result)
{
	bool is_read = status == 200 && (request->method == SB_GET || request->method == SB_HEAD);
	const struct sb_coding *coding = NULL;
	const char *version = version_of(result);
	size_t len = (size_t) PQgetlength(result, 0, 0);
	char *tag;

	if (is_read || version)
	{
		tag = sb_arena_alloc(&request->arena, SB_ETAG_SIZE);
		sb_etag_make(tag, version, PQgetvalue(result, 0, 0), len);
		sb_request_add_header(request, "ETag", tag);
	}
	if (is_read)
	{
		let_keep(request);
		coding = holds_secrets(request) ? NULL : sb_coding_choose(request, len);
		if (coding)
			sb_etag_add_coding(tag, sb_coding_name(coding));
		status = judge(request, tag);
	}
	if (status == 412)
	{
		PQclear(result);
		sb_request_fail(request, 412, "it has changed since it was read");
		return;
	}
	if (coding && status == 200)
	{
		char *body = encode(request, coding, PQgetvalue(result, 0, 0), &len);

		PQclear(result);
		set_body(request, body, len, free, body);
	}
	else
		set_body(request, PQgetvalue(result, 0, 0), len, clear_result, result);
	finish(request, status, type_json);
}

void
sb_request_reply_static(struct sb_request *request, int status, const char *content_type,
						const char *bytes, size_t len)
{
	set_body(request, bytes, len, NULL, NULL);
	finish(request, status, content_type);
}

void
sb_request_reply_constant(struct sb_request *request, int status, const char *json)
{
	if (json)
		sb_request_reply_static(request, status, type_json, json, strlen(json));
	else
		sb_request_reply_static(request, status, NULL, "", 0);
}

void
sb_request_reply_upgrade(struct sb_request *request, struct MHD_Response *response)
{
	request->whole = response;
	finish(request, 101, NULL);
}

void
sb_request_reply_stream(struct sb_request *request, const char *content_type,
						struct MHD_Response *response)
{
	request->whole = response;
	finish(request, 200, content_type);
}

/* ---- errors ---------------------------------------------------------------------------------- */

static const char bad_token[] = "Bearer error=\"invalid_token\"";

void
sb_request_fail_with(struct sb_request *request, const struct sb_error *error)
{
	bool is_problem = sb_content_wants_problem(request);
	const char *title = MHD_get_reason_phrase_for((unsigned) error->status);
	size_t len;
	char *body = is_problem ? sb_error_problem(error, title, &len) : sb_error_body(error, &len);

	if (error->status == 503 && !sb_request_has_answer_header(request, "Retry-After"))
		sb_request_add_header(request, "Retry-After", "1");
	if (error->status == 401 && !sb_request_has_answer_header(request, "WWW-Authenticate"))
		sb_request_add_header(request, "WWW-Authenticate", "Bearer");
	sb_request_reply(request, error->status, is_problem ? type_problem : type_json, body, len);
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
sb_request_fail_scope(struct sb_request *request, uint32_t scope)
{
	struct sb_error error = sb_admission_lacks(scope);
	char *challenge;

	for (int i = 0; i < SOCIAL_SCOPES; i++)
		if (scope == UINT32_C(1) << i)
		{
			challenge = sb_arena_alloc(&request->arena, 80);
			snprintf(challenge, 80, "Bearer error=\"insufficient_scope\", scope=\"%s\"",
					 social_scope_name(i));
			sb_request_add_header(request, "WWW-Authenticate", challenge);
		}
	sb_request_fail_with(request, &error);
}

void
sb_request_fail_unit(struct sb_request *request, enum sb_pg_outcome outcome)
{
	struct sb_error error = sb_admission_error(&request->admission, outcome);

	/* The admission was refused: the account or the session has ended. */
	if (outcome == SB_PG_ERROR && error.status == 401 && request->admission.unit.failed_at == 0 &&
		request->caller.user_id)
		sb_request_add_header(request, "WWW-Authenticate", bad_token);
	sb_request_fail_with(request, &error);
}

bool
sb_request_submit(struct sb_request *request, enum sb_pg_lane lane)
{
	struct sb_error error = sb_error_unavailable();

	if (sb_admission_send(&request->admission, lane))
		return true;
	sb_request_fail_with(request, &error);
	return false;
}
