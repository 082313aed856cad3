/*
 * cached.c owns reads that are kept in Redis.
 *
 * Each request counts against its limits, whoever answers it. Where a table or Redis counts, that
 * comes first. The database's memory counts in the flight of the question; who needs no question
 * makes that flight all the same, with the admission alone.
 */
#include "api/cached.h"

#include <string.h>

#include "admission/services.h"
#include "cache/cache.h"
#include "http/reply.h"
#include "http/request.h"

/* Of one request; in its arena. */
struct cached
{
	struct sb_cache_ask ask; /* must stay first */
	struct sb_request *request;
	struct sb_pg_statement statement;
	void (*answer_with)(struct sb_request *, PGresult *);
	PGresult *found;              /* until the request is admitted */
	const struct sb_error *error; /* likewise */
};

bool
sb_cached_serves(const struct sb_request *request)
{
	const struct sb_cache *cache = request->admission.services->cache;

	return cache && request->caller.user_id == 0 && request->route->cache != SB_CACHE_NOTHING &&
		   sb_cache_keeps(cache, request->route->cache);
}

/* ---- the database answers -------------------------------------------------------------------- */

static void
on_answered(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct sb_request *request = unit->owner;
	struct cached *cached = request->state;
	struct sb_error error;

	if (outcome == SB_PG_OK)
	{
		sb_cache_tell(&cached->ask, unit->results[unit->nresults - 1]);
		cached->answer_with(request, sb_pg_unit_take(unit, unit->nresults - 1));
		return;
	}
	/* What became of the admission is nobody else's business. */
	if (outcome == SB_PG_REFUSED || (outcome == SB_PG_ERROR && unit->failed_at == 0))
		sb_cache_give_up(&cached->ask, NULL);
	else
	{
		error = sb_admission_error(&request->admission, outcome);
		sb_cache_give_up(&cached->ask, &error);
	}
	sb_request_fail_unit(request, outcome);
}

static void
on_missed(struct sb_cache_ask *ask)
{
	struct cached *cached = (struct cached *) ask;
	struct sb_request *request = cached->request;
	const struct sb_pg_statement *statement = &cached->statement;
	struct sb_error error = sb_error_unavailable();

	sb_request_begin_unit(request, on_answered);
	sb_pg_unit_add(&request->admission.unit, statement->id, statement->sql, statement->nparams,
				   statement->values);
	if (sb_admission_send(&request->admission, request->route->lane))
		return;
	sb_cache_give_up(ask, &error);
	sb_request_fail_with(request, &error);
}

/* ---- the cache answers ----------------------------------------------------------------------- */

static void
finish(struct cached *cached)
{
	PGresult *found = cached->found;

	cached->found = NULL;
	if (found)
		cached->answer_with(cached->request, found);
	else
		sb_request_fail_with(cached->request, cached->error);
}

static void
on_admitted(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct sb_request *request = unit->owner;

	if (outcome == SB_PG_OK)
		finish(request->state);
	else
		sb_request_fail_unit(request, outcome);
}

/* There is something to answer, which the request may have once it is counted. */
static void
admit(struct cached *cached)
{
	struct sb_request *request = cached->request;

	if (!sb_admission_needs_flight(&request->admission))
	{
		finish(cached);
		return;
	}
	sb_request_begin_unit(request, on_admitted);
	(void) sb_request_submit(request, SB_LANE_READ);
}

static void
on_found(struct sb_cache_ask *ask, PGresult *result)
{
	struct cached *cached = (struct cached *) ask;

	cached->found = result;
	admit(cached);
}

static const char *
copy(struct sb_request *request, const char *text)
{
	return text ? sb_arena_copy(&request->arena, text, strlen(text)) : NULL;
}

static void
on_failed(struct sb_cache_ask *ask, const struct sb_error *error)
{
	struct cached *cached = (struct cached *) ask;
	struct sb_request *request = cached->request;
	struct sb_error *kept = sb_arena_alloc(&request->arena, sizeof(*kept));

	*kept = *error;
	kept->code = copy(request, error->code);
	kept->message = copy(request, error->message);
	kept->detail = copy(request, error->detail);
	kept->hint = copy(request, error->hint);
	cached->error = kept;
	admit(cached);
}

/* ---- asking ---------------------------------------------------------------------------------- */

static void
on_counted(void *owner, const struct sb_error *refusal)
{
	struct sb_request *request = owner;
	struct cached *cached = request->state;
	const struct sb_route *route = request->route;
	struct sb_cache_question question = {.kind = route->cache,
										 .name = route->name,
										 .statement_id = cached->statement.id,
										 .nvalues = cached->statement.nparams,
										 .values = cached->statement.values};

	if (refusal)
		sb_request_fail_with(request, refusal);
	else
		sb_cache_ask(request->admission.services->cache, &cached->ask, &question);
}

static void
on_end(struct sb_request *request)
{
	struct cached *cached = request->state;

	PQclear(cached->found);
}

void
sb_cached_ask(struct sb_request *request, const struct sb_pg_statement *statement,
			  void (*answer_with)(struct sb_request *request, PGresult *result))
{
	struct cached *cached = sb_arena_alloc(&request->arena, sizeof(*cached));

	*cached = (struct cached){
		.ask = {.on_found = on_found, .on_missed = on_missed, .on_failed = on_failed},
		.request = request,
		.statement = *statement,
		.answer_with = answer_with};
	request->state = cached;
	request->on_end = on_end;
	sb_request_read_purpose(request);
	sb_admission_count(&request->admission, on_counted);
}
