/*
 * rest.c owns the routes that are one row of SB_ROUTE: parameters in, statements, JSON out.
 */
#include <string.h>
#include <strings.h>

#include "api/api.h"
#include "api/cached.h"
#include "api/idempotency.h"
#include "api/link.h"
#include "api/version.h"
#include "http/content.h"
#include "http/reply.h"
#include "http/request.h"
#include "loop/loop.h"

/*
 * The path of what was created: the route's location with the id that is in a result's column. A
 * location that begins with the id stands below the path of the request.
 */
static void
add_location(struct sb_request *request, const PGresult *result, int column)
{
	const char *format = request->route->location;
	const char *mark = format ? strstr(format, "%s") : NULL;
	const char *base = format;
	size_t len;

	if (mark == NULL || PQntuples(result) != 1)
		return;
	len = (size_t) (mark - format);
	if (len == 0)
	{
		base = request->url.path;
		len = request->url.path_len;
	}
	sb_request_add_header(request, "Location",
						  sb_arena_printf(&request->arena, "%.*s%s%s%s", (int) len, base,
										  base[len - 1] == '/' ? "" : "/",
										  PQgetvalue(result, 0, column), mark + 2));
}

/* Answers with the first column of a result, which becomes the request's; null and no row are 404.
 */
static void
answer_with(struct sb_request *request, PGresult *result)
{
	if (PQntuples(result) != 1 || PQgetisnull(result, 0, 0))
	{
		PQclear(result);
		sb_request_fail(request, 404, "not found");
		return;
	}
	sb_link_add(request, result);
	sb_request_reply_result(request, request->route->status, result);
}

/* The same with the unit's last one. */
static void
answer(struct sb_request *request)
{
	struct sb_pg_unit *unit = &request->admission.unit;

	answer_with(request, sb_pg_unit_take(unit, unit->nresults - 1));
}

/* The answer to the same request when it was sent before. */
static void
on_kept(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct sb_request *request = unit->owner;

	if (outcome != SB_PG_OK)
	{
		sb_request_fail_unit(request, outcome);
		return;
	}
	add_location(request, unit->results[unit->nresults - 1], 1);
	answer(request);
}

static void
on_done(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct sb_request *request = unit->owner;
	int last = unit->nresults - 1;
	struct sb_error error = sb_error_unavailable();

	if (sb_idempotency_was_done(request, outcome))
	{
		if (!sb_idempotency_ask(request, on_kept))
			sb_request_fail_with(request, &error);
		return;
	}
	if (outcome != SB_PG_OK)
	{
		sb_request_fail_unit(request, outcome);
		return;
	}
	for (int i = 1; i <= last; i++)
		if (sb_error_in_row(unit->results[i], &error))
		{
			sb_request_fail_with(request, &error);
			return;
		}
	if (request->route->call)
		add_location(request, unit->results[last - 1], 0);
	answer(request);
}

/* Reads the body when the route takes something from it. False when that was answered. */
static bool
read_body(struct sb_request *request)
{
	const char *problem = NULL;

	if (!request->route->params.has_body ||
		(request->body_len == 0 && !request->route->params.needs_body &&
		 request->route->method != SB_PUT))
		return true;
	if (!sb_content_is(request, "application/json"))
	{
		sb_request_fail(request, 415, "the body must be application/json");
		return false;
	}
	request->json = sb_params_parse(&request->arena, "the body", request->body, request->body_len,
									false, &problem);
	if (request->json == NULL)
		sb_request_fail(request, 400, problem);
	return request->json != NULL;
}

void
sb_api_rest(struct sb_request *request)
{
	const struct sb_route *route = request->route;
	const char **values = sb_arena_alloc(&request->arena, SB_PARAMS_MAX * sizeof(*values));
	struct sb_params_input input = {.url = &request->url,
									.address = request->caller.address,
									.user_agent = request->caller.agent,
									.country = request->caller.country};
	struct sb_pg_statement select = {.id = route->select_id, .sql = route->select};
	const char *problem;

	if (!read_body(request) || (route->takes_key && !sb_idempotency_begin(request)))
		return;
	input.body = request->json;
	problem = sb_params_collect(&route->params, &request->arena, &input, values);
	if (problem)
	{
		sb_request_fail(request, 400, problem);
		return;
	}
	if (sb_cached_serves(request))
	{
		select.nparams = route->params.count;
		select.values = values;
		sb_cached_ask(request, &select, answer_with);
		return;
	}
	sb_request_begin_unit(request, on_done);
	if (route->method != SB_GET && !sb_version_guard(request, values))
		return;
	sb_idempotency_claim(request, 0);
	/* The parameters are the first statement's; a select behind a call asks for result_id(). */
	if (route->call)
		sb_pg_unit_add(&request->admission.unit, route->call_id, route->call, route->params.count,
					   values);
	else
	{
		select.nparams = route->params.count;
		select.values = values;
	}
	sb_idempotency_add_answer(request, &select);
	sb_request_submit(request, route->lane);
}
