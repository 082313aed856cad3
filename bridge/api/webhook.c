/*
 * webhook.c owns POST /api/posts/live/webhook/ (mission 42, 142, 143): Mux says what happens to its
 * streams.
 *
 * Whether it is Mux is decided here, on the bytes as they came; what it says is the database's
 * business, which logs every attempt, good or bad. Who is Mux is not limited; whoever is not counts
 * as a stranger of his address. No secret, signature or body reaches the log.
 */
#include "api/webhook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/api.h"
#include "base/config.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/utf8.h"
#include "core/network.h"
#include "core/webhook_signature.h"
#include "http/forwarded.h"
#include "http/reply.h"
#include "http/request.h"
#include "loop/loop.h"
#include "pg/pool.h"

#define BODY_MAX 262144 /* bytes; what Mux says of a stream has a few thousand */

/* What becomes of an attempt, in the order of the values of webhooks in base/metrics.def. */
static const struct outcome
{
	const char *name;
	int status;
	const char *message;
} outcomes[] = {
	{"applied", 200, NULL},
	{"repeated", 200, NULL},
	{"stale", 200, NULL},
	{"ignored", 200, NULL},
	{"unknown", 200, NULL},
	{"missing", 403, "there is no Mux-Signature"},
	{"malformed", 403, "the Mux-Signature cannot be read"},
	{"bad_signature", 403, "the signature is not Mux's"},
	{"too_old", 403, "it was signed too long ago"},
	{"too_new", 403, "it was signed in the future"},
	{"failure", 403, "no signature is taken here"},
	{"foreign_source", 403, "webhooks do not come from this address"},
	{"plain_http", 403, "webhooks come by HTTPS"},
	{"too_large", 413, "the request body is too large"},
	{"bad_body", 400, "the body is no event"},
};

#define OUTCOMES (sizeof(outcomes) / sizeof(outcomes[0]))

/* Read-only once threads run. */
static struct social_networks sources;

void
sb_webhook_check(const struct sb_config *config, struct sb_problems *problems)
{
	const char *list = config->mux_webhook_sources ? config->mux_webhook_sources : "";
	const char *item = social_networks_parse(list, strlen(list), &sources);

	if (item)
		sb_problem_error(problems, "MUX_WEBHOOK_SOURCES: %.*s is no address or network",
						 (int) strcspn(item, ", "), item);
	if (config->mux_webhook_url && strncmp(config->mux_webhook_url, "https://", 8) != 0 &&
		!config->debug)
		sb_problem_error(problems, "MUX_WEBHOOK_URL must begin with https://");
	if (config->mux_webhook_secret == NULL &&
		(config->mux_webhook_url || config->mux_webhook_secret_old ||
		 strcmp(config->stream_provider, "mux") == 0))
		sb_problem_warning(problems,
						   "MUX_WEBHOOK_SECRET is not set: what Mux says of streams is refused");
	if ((config->mux_signing_key == NULL) != (config->mux_private_key == NULL))
		sb_problem_error(problems, "MUX_SIGNING_KEY and MUX_PRIVATE_KEY are set both, or neither");
}

static const struct outcome *
outcome_named(const char *name)
{
	for (size_t i = 0; i < OUTCOMES; i++)
		if (strcmp(outcomes[i].name, name) == 0)
			return &outcomes[i];
	return &outcomes[3];
}

static void
count(const struct sb_request *request, const struct outcome *outcome)
{
	sb_metric_add(&request->loop->metrics->webhooks[outcome - outcomes], 1);
}

/* ---- whose it is ----------------------------------------------------------------------------- */

static const char *
judge_signature(const struct sb_request *request, int64_t *signed_at)
{
	const struct sb_config *config = request->loop->config;
	const char *header = sb_request_header(request, "Mux-Signature");
	const char *texts[] = {config->mux_webhook_secret, config->mux_webhook_secret_old};
	struct social_webhook_secret secrets[2];
	int nsecrets = 0;

	if (sb_request_count_headers(request, "Mux-Signature") > 1)
		return social_webhook_result_name(SOCIAL_WEBHOOK_MALFORMED);
	for (int i = 0; i < 2; i++)
		if (texts[i] && *texts[i])
			secrets[nsecrets++] = (struct social_webhook_secret){texts[i], strlen(texts[i])};
	return social_webhook_result_name(social_webhook_verify(
		header, header ? strlen(header) : 0, request->body ? request->body : "", request->body_len,
		secrets, nsecrets, (int64_t) time(NULL), config->webhook_signature_tolerance, signed_at));
}

/* "ok", or the name of why it is refused. */
static const char *
judge(const struct sb_request *request, int64_t *signed_at)
{
	struct social_address address;
	const char *verdict;

	if (sources.count > 0 && (!social_address_parse(request->caller.address,
													strlen(request->caller.address), &address) ||
							  !social_networks_have(&sources, &address)))
		return "foreign_source";
	if (!request->loop->config->debug && sb_forwarded_is_proxy(request->peer) &&
		!sb_forwarded_came_by(request, "https"))
		return "plain_http";
	if (request->body_len > BODY_MAX)
		return "too_large";
	verdict = judge_signature(request, signed_at);
	if (strcmp(verdict, "ok") == 0 &&
		(request->body_len == 0 || !sb_utf8_is_text(request->body, request->body_len)))
		return "bad_body";
	return verdict;
}

/* ---- what becomes of it ---------------------------------------------------------------------- */

static void
answer(struct sb_request *request, const struct outcome *outcome)
{
	char *body;
	int len;

	if (outcome->status != 200)
	{
		sb_request_fail(request, outcome->status, outcome->message);
		return;
	}
	len = asprintf(&body, "{\"received\":true,\"outcome\":\"%s\"}", outcome->name);
	if (len < 0)
		abort();
	sb_request_reply(request, 200, "application/json", body, (size_t) len);
}

static void
on_done(struct sb_pg_unit *unit, enum sb_pg_outcome result)
{
	struct sb_request *request = unit->owner;
	const struct outcome *outcome;

	if (result != SB_PG_OK)
	{
		sb_request_fail_unit(request, result);
		return;
	}
	outcome = outcome_named(PQgetvalue(unit->results[unit->nresults - 1], 0, 0));
	if (request->state == NULL) /* what was refused has been counted */
		count(request, outcome);
	answer(request, outcome);
}

static void
note_refusal(const struct sb_request *request, const char *verdict)
{
	count(request, outcome_named(verdict));
	sb_log_begin(SB_LOG_WARNING, "a webhook was refused");
	sb_log_text("request_id", request->id);
	sb_log_text("reason", verdict);
	sb_log_text("address", request->caller.address);
	sb_log_end();
}

void
sb_api_webhook(struct sb_request *request)
{
	static const char sql[] = "SELECT social.receive_webhook('mux', $1, $2, $3, $4, $5)";
	const char **values = sb_arena_alloc(&request->arena, 5 * sizeof(*values));
	int64_t signed_at = 0;
	const char *verdict = judge(request, &signed_at);

	if (strcmp(verdict, "ok") != 0)
	{
		note_refusal(request, verdict);
		request->state = (void *) verdict;
	}
	else
		request->admission.is_counted = true;
	values[0] = verdict;
	values[1] = request->caller.address;
	values[2] = sb_arena_printf(&request->arena, "%zu", request->body_len);
	values[3] = sb_arena_printf(&request->arena, "%lld", (long long) signed_at);
	values[4] =
		request->state ? NULL : sb_arena_copy(&request->arena, request->body, request->body_len);
	sb_request_begin_unit(request, on_done);
	sb_pg_unit_add(&request->admission.unit, sb_pg_statement_id(sql), sql, 5, values);
	sb_request_submit(request, request->route->lane);
}
