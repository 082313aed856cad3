/*
 * intake.c owns what happens to a request before its handler and after its answer.
 */
#include "http/intake.h"

#include <ctype.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "admission/identify.h"
#include "http/client.h"
#include "http/country.h"
#include "http/cors.h"
#include "http/forwarded.h"
#include "http/gate.h"
#include "http/reply.h"
#include "http/request.h"
#include "http/stream.h"
#include "http/trace.h"
#include "base/config_form.h"
#include "base/hex.h"
#include "base/log.h"
#include "base/memory.h"
#include "loop/loop.h"

/* A body that is refused is passed over up to this size; beyond it the connection ends. */
#define MAX_PASSED_OVER (16 * 1024 * 1024)
#define FIRST_BODY      16384
/* The library has 4 kB for the head of an answer. */
#define MAX_LOCATION    2000

/* ---- the head -------------------------------------------------------------------------------- */

struct sb_request *
sb_intake_begin(struct sb_client *client, struct sb_services *services)
{
	struct sb_arena arena = {0};
	struct sb_request *request = sb_arena_new(&arena, struct sb_request);

	request->arena = arena;
	request->client = client;
	request->peer = (const struct sockaddr *) &client->address;
	request->is_by_tls = client->clients->are_relayed;
	request->loop = client->loop;
	request->caller.work = request->id;
	sb_admission_init(&request->admission, services, &request->caller, &request->arena, request);
	request->started_us = sb_loop_clock_us();
	request->target = "";
	client->request = request;
	return request;
}

/* Whether he came by ADMIN_PORT or INGEST_PORT, where nobody is asked who he is. */
static bool
is_operator(const struct sb_request *request)
{
	return request->client->clients->are_operators;
}

/* Whether the host that the request is for is one of ALLOWED_HOSTS. Operators come by any name. */
static bool
is_for_us(const struct sb_request *request)
{
	const char *hosts = request->loop->config->allowed_hosts;
	const char *host = sb_request_header(request, "Host");

	return hosts == NULL || is_operator(request) || (host && sb_form_hosts_name(hosts, host));
}

/* NULL, or why the head is refused. */
static const char *
check_head(struct sb_request *request, const char *method, const char *version)
{
	struct sb_head head = {.method = method,
						   .target = request->target,
						   .target_len = request->target_len,
						   .version = version,
						   .is_formed = request->mhd == NULL};
	const char *problem;

	if (request->nheaders > SB_REQUEST_MAX_HEADERS)
		return "the request has too many headers";
	head.headers = request->headers;
	head.nheaders = request->nheaders;
	problem = sb_strict_check(&head);
	/* What the gate refused comes as a request without Host. */
	if (problem && request->client->gate && sb_gate_refusal(request->client->gate))
		problem = sb_gate_refusal(request->client->gate);
	return problem;
}

/* For ids, which are no secret. */
static uint64_t
next_random(void)
{
	static _Thread_local uint64_t x;

	if (x == 0 && (getrandom(&x, sizeof(x), 0) < 0 || x == 0))
		x = sb_loop_clock_us();
	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x * UINT64_C(0x2545f4914f6cdd1d);
}

/* Takes the client's X-Request-Id when it is harmless, else makes one. */
static void
choose_id(struct sb_request *request)
{
	const char *given = sb_request_header(request, "X-Request-Id");
	size_t len = given ? strlen(given) : 0;

	if (len > 0 && len <= SB_REQUEST_ID_MAX &&
		strspn(given, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.") == len)
		memcpy(request->id, given, len + 1);
	else
		sb_hex_write(request->id, next_random());
}

static void
refuse_and_close(struct sb_request *request, int status, const char *message)
{
	request->must_close = true;
	sb_request_fail(request, status, message);
}

void
sb_intake_refuse(struct sb_request *request)
{
	if (request->id[0] == '\0')
		choose_id(request);
}

/* Answers a request that no row of the table serves. */
static void
answer_unrouted(struct sb_request *request, unsigned allowed)
{
	char *methods = sb_arena_alloc(&request->arena, 64);

	if (allowed == 0)
	{
		sb_request_fail(request, 404, "there is nothing at this path");
		return;
	}
	sb_router_allow(allowed, methods, 64);
	sb_request_add_header(request, "Allow", methods);
	if (request->method == SB_OPTIONS)
	{
		sb_cors_add_preflight(request, methods);
		sb_request_reply_constant(request, 204, NULL);
	}
	else
		sb_request_fail(request, 405, "this path does not know that method");
}

/* Room for a body of size bytes. Not the arena's: a large one moves while it grows. */
static void
resize_body(struct sb_request *request, size_t size)
{
	request->body = sb_realloc(request->body, size);
	request->body_size = size;
}

/* Whether the body is compressed: how large it would become nobody knows, so it is not taken. */
static bool
is_coded(const struct sb_request *request)
{
	const char *coding = sb_request_header(request, "Content-Encoding");

	return coding && (strcasecmp(coding, "identity") != 0 ||
					  sb_request_count_headers(request, "Content-Encoding") > 1);
}

/* Makes room for a body of known length, or refuses it. */
static void
expect_body(struct sb_request *request)
{
	const char *text = sb_request_header(request, "Content-Length");
	uint64_t length = text ? strtoull(text, NULL, 10) : 0;
	bool waits = sb_request_header(request, "Expect") != NULL;

	if (length > 0 && length <= (uint64_t) request->loop->config->max_body && !is_coded(request))
		resize_body(request, length < FIRST_BODY ? length : FIRST_BODY);
	if (request->body || length == 0)
		return;
	request->must_close = waits || length > MAX_PASSED_OVER;
	if (length > (uint64_t) request->loop->config->max_body)
		sb_request_fail(request, 413, "the request body is too large");
	else
	{
		sb_request_add_header(request, "Accept-Encoding", "identity");
		sb_request_fail(request, 415, "a body is taken as it is, without Content-Encoding");
	}
}

/*
 * The trace that the request is part of; NULL when it says none, or not as W3C Trace Context has
 * it: version-trace-parent-flags in lower-case hexadecimal digits, neither id all zeros. Later
 * versions may go on behind the flags.
 */
static const char *
trace_id(struct sb_request *request)
{
	const char *text = sb_request_header(request, "traceparent");

	if (text == NULL || sb_request_count_headers(request, "traceparent") > 1 ||
		!sb_trace_is_valid(text, strlen(text)))
		return NULL;
	return sb_arena_copy(&request->arena, text + SB_TRACE_ID_AT, SB_TRACE_ID_LENGTH);
}

/* What the client calls itself; NULL when it says nothing usable. */
static const char *
user_agent(struct sb_request *request)
{
	const char *text = sb_request_header(request, "User-Agent");
	size_t len = text ? sb_caller_agent_length(text) : 0;

	if (len == 0)
		return NULL;
	return text[len] == '\0' ? text : sb_arena_copy(&request->arena, text, len);
}

/* The country that the client is in, two letters: as a proxy says, or a file; NULL: unknown. */
static const char *
country_of(struct sb_request *request)
{
	const char *name = request->loop->config->country_header;
	const char *said = name ? sb_forwarded_says(request, name) : NULL;

	char country[3];

	if (said && strlen(said) == 2 && isalpha((unsigned char) said[0]) &&
		isalpha((unsigned char) said[1]))
		return said;
	if (!sb_country_of(request->caller.address, country))
		return NULL;
	return sb_arena_copy(&request->arena, country, 2);
}

/* Sends who came by plain HTTP to the same place by TLS (mission 162); false where that need not
 * be. */
static bool
sent_to_https(struct sb_request *request)
{
	const struct sb_config *config = request->loop->config;
	const char *host;
	size_t len;

	if (config->debug || !config->secure_ssl_redirect || !sb_forwarded_came_by(request, "http"))
		return false;
	host = sb_request_header(request, "Host");
	len = host ? strcspn(host, " \t") : 0;
	if (len > 3 && strncmp(host + len - 3, ":80", 3) == 0)
		len -= 3;
	if (len == 0 || *request->target != '/' || request->target_len + len > MAX_LOCATION)
		sb_request_fail(request, 403, "this is served by HTTPS only");
	else
	{
		sb_request_add_header(
			request, "Location",
			sb_arena_printf(&request->arena, "https://%.*s%s", (int) len, host, request->target));
		sb_request_reply_constant(request, 308, NULL);
	}
	return true;
}

/* What every request is asked, whatever it is for; false: it is answered. */
static bool
enter(struct sb_request *request, const char *method, const char *version)
{
	const char *problem = check_head(request, method, version);

	request->method_name = method;
	request->method = sb_router_method(method);
	request->is_http_1_1 = strcmp(version, "HTTP/1.1") == 0;
	choose_id(request);
	request->caller.trace = trace_id(request);
	memcpy(request->caller.address, request->client->address_text,
		   sizeof(request->client->address_text));
	if (problem == NULL && !is_for_us(request))
		problem = "this host is none of ours (ALLOWED_HOSTS)";
	if (problem == NULL)
		sb_forwarded_apply(request);
	if (problem)
		refuse_and_close(request, 400, problem);
	return problem == NULL;
}

bool
sb_intake_enter(struct sb_request *request, const char *method, const char *version)
{
	return enter(request, method, version) && !sent_to_https(request);
}

void
sb_intake_head(struct sb_request *request, const char *method, const char *version)
{
	const char *problem;
	unsigned allowed;

	if (!enter(request, method, version))
		return;
	/* 0.9.75 takes chunks that others cut elsewhere, and we do not see how they were cut. */
	if (sb_request_header(request, "Transfer-Encoding"))
	{
		refuse_and_close(request, 411, "the body's length must be told: Content-Length");
		return;
	}
	expect_body(request);
	if (request->is_answered || sent_to_https(request))
		return;
	problem = sb_url_parse(&request->url, &request->arena, request->target, request->target_len);
	if (problem)
	{
		sb_request_fail(request, 400, problem);
		return;
	}
	request->route = sb_router_find(&request->url, request->method,
									request->client->clients->audience, &allowed);
	if (request->route == NULL)
		answer_unrouted(request, allowed);
	else
	{
		request->caller.purpose = request->route->purpose;
		request->caller.task = request->route->name;
		request->caller.agent = user_agent(request);
		request->caller.country = country_of(request);
	}
}

/* ---- the body -------------------------------------------------------------------------------- */

/* Room for len more bytes: an announced length is only believed as its bytes arrive. */
static void
grow_body(struct sb_request *request, size_t len)
{
	size_t size = request->body_size ? request->body_size : FIRST_BODY;

	while (size - request->body_len < len)
		size *= 2;
	if (size != request->body_size)
		resize_body(request, size);
}

bool
sb_intake_body(struct sb_request *request, const char *data, size_t len)
{
	if (!request->is_answered && request->body_len + len > (size_t) request->loop->config->max_body)
		sb_request_fail(request, 413, "the request body is too large");
	if (request->is_answered)
	{
		request->discarded += len;
		return request->discarded <= MAX_PASSED_OVER;
	}
	grow_body(request, len);
	memcpy(request->body + request->body_len, data, len);
	request->body_len += len;
	return true;
}

/* ---- who asks -------------------------------------------------------------------------------- */

static bool
needs_token(const struct sb_request *request)
{
	const struct sb_config *config = request->loop->config;

	switch (request->route->auth)
	{
		case SB_AUTH_REQUIRED:
		case SB_AUTH_STAFF:
			return true;
		case SB_AUTH_CONTENT:
			return !config->anonymous_read;
		case SB_AUTH_GRAPHQL:
			return !config->anonymous_graphql;
		case SB_AUTH_NONE:
		case SB_AUTH_OPTIONAL:
		case SB_AUTH_ADMIN:
		case SB_AUTH_INGEST:
			break;
	}
	return false;
}

static void
on_identified(struct sb_admission *admission, const struct sb_error *refusal)
{
	struct sb_request *request = admission->owner;

	if (refusal == NULL && !sb_caller_may(&request->caller, request->route->scope))
		sb_request_fail_scope(request, request->route->scope);
	else if (refusal == NULL)
		request->route->handler(request);
	else if (refusal->status == 401)
		sb_request_fail_token(request, refusal->message);
	else
		sb_request_fail_with(request, refusal);
}

static void
on_turned_away(struct sb_admission *admission, const struct sb_error *refusal)
{
	sb_request_fail_with(admission->owner, refusal);
}

/* 401 for who needs a token and has none; attempts at what has a limit are counted (I-12). */
static void
refuse_stranger(struct sb_request *request)
{
	if (request->caller.purpose.action == NULL)
	{
		sb_request_fail_token(request, NULL);
		return;
	}
	sb_request_read_purpose(request);
	sb_admission_turn_away(&request->admission, on_turned_away);
}

/* For pages, which cannot give a header to an EventSource; NULL: there is none. */
static const char *
query_token(const struct sb_request *request)
{
	bool twice = false;

	if (!request->route->has_query_token || !request->loop->config->ws_query_token)
		return NULL;
	return sb_url_query(&request->url, "token", &twice);
}

void
sb_intake_whole(struct sb_request *request)
{
	const char *given = sb_request_header(request, "Authorization");
	const char *token = given ? NULL : query_token(request);

	if (request->route->page && request->route->page(request))
		return;
	if (request->route->auth == SB_AUTH_NONE || is_operator(request) ||
		(given == NULL && !needs_token(request)))
	{
		request->route->handler(request);
		return;
	}
	if (token)
	{
		sb_admission_identify(&request->admission, token, on_identified);
		return;
	}
	if (given == NULL)
	{
		refuse_stranger(request);
		return;
	}
	if (sb_request_count_headers(request, "Authorization") > 1 ||
		strncasecmp(given, "Bearer ", 7) != 0)
	{
		sb_request_fail_token(request, "the Authorization header must be one Bearer token");
		return;
	}
	token = given + 7 + strspn(given + 7, " ");
	sb_admission_identify(&request->admission, token, on_identified);
}

/* ---- the end --------------------------------------------------------------------------------- */

static void
log_request(const struct sb_request *request, bool delivered)
{
	char path[257];
	size_t len = request->url.path_len < 256 ? request->url.path_len : 256;

	if (!sb_log_wants(SB_LOG_INFO))
		return;
	memcpy(path, request->url.path ? request->url.path : "", len);
	path[len] = '\0';
	sb_log_begin(SB_LOG_INFO, "request");
	sb_log_text("request_id", request->id);
	sb_log_text("trace_id", request->caller.trace);
	sb_log_text("method", request->method_name);
	sb_log_text("path", path);
	sb_log_text("route", request->route ? request->route->name : NULL);
	sb_log_int("status", request->status);
	sb_log_ms("ms", sb_loop_clock_us() - request->started_us);
	sb_log_int("bytes", (int64_t) request->answer_len);
	if (request->caller.user_id)
		sb_log_int("user", request->caller.user_id);
	if (request->status == 0)
		sb_log_text("note", "malformed, or given up by the client, before it was whole");
	else if (!delivered && request->answer_len > 0 && request->stream == NULL)
		sb_log_text("note", "the client did not take the whole answer");
	sb_log_end();
}

static void
count_request(const struct sb_request *request)
{
	struct sb_metrics *metrics = request->loop->metrics;

	sb_metric_add(metrics->request_bytes, request->body_len);
	sb_metric_add(metrics->response_bytes, request->answer_len);
	/* How long somebody listens says nothing of how long he was waited for. */
	sb_metrics_request(metrics, request->route ? request->route->index : -1, request->status,
					   (request->stream ? request->head_us : sb_loop_clock_us()) -
						   request->started_us);
}

void
sb_intake_end(struct sb_request *request, bool delivered)
{
	struct sb_arena arena;

	count_request(request);
	log_request(request, delivered);
	if (request->on_end)
		request->on_end(request);
	if (request->free_answer)
		request->free_answer(request->answer_owner);
	if (request->whole)
		MHD_destroy_response(request->whole);
	sb_stream_free(request->stream);
	sb_admission_finish(&request->admission);
	json_decref(request->json);
	free(request->body);
	arena = request->arena; /* the request lives in its own arena */
	sb_arena_free(&arena);
}
