/*
 * ratelimit.c owns GET /api/posts/rate-limit-status/ (mission 046): what is left in each window
 * that the caller could meet. Asking counts as a request like any other.
 */
#include "admission/services.h"
#include "api/api.h"
#include "http/reply.h"
#include "http/request.h"
#include "loop/loop.h"
#include "ratelimit/limits.h"

static void
on_status(void *arg, char *json, size_t len)
{
	struct sb_request *request = arg;
	struct sb_error error = sb_error_unavailable();

	if (json)
		sb_request_reply(request, 200, "application/json", json, len);
	else
		sb_request_fail_with(request, &error);
}

static void
on_done(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct sb_request *request = unit->owner;
	struct sb_limits *limits = request->admission.services->limits;

	if (outcome != SB_PG_OK)
		sb_request_fail_unit(request, outcome);
	else if (sb_limits_store(limits) == SB_LIMIT_REDIS)
		sb_limits_status(limits, &request->caller, &request->arena, on_status, request);
	else
		sb_request_reply_result(request, 200, sb_pg_unit_take(unit, unit->nresults - 1));
}

void
sb_api_rate_limit_status(struct sb_request *request)
{
	static const char sql[] = "SELECT row_to_json(r) FROM (SELECT coalesce(json_agg(s), '[]') AS "
							  "limits FROM social.rate_limit_status($1, $2, $3, $4) s) r";
	const char **values = sb_arena_alloc(&request->arena, 4 * sizeof(*values));

	if (!sb_api_is_on(request, request->loop->config->rate_limit_monitoring))
		return;
	values[0] = sb_caller_user(&request->caller);
	values[1] = sb_caller_session(&request->caller);
	values[2] = sb_caller_address(&request->caller);
	values[3] = sb_limits_all_rates(request->admission.services->limits);
	sb_request_begin_unit(request, on_done);
	sb_pg_unit_add(&request->admission.unit, sb_pg_statement_id(sql), sql, 4, values);
	sb_request_submit(request, SB_LANE_READ);
}
