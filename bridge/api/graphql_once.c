/*
 * graphql_once.c owns mutations that are done once: each field of one is a step of its own.
 */
#include "api/graphql_once.h"

#include "api/graphql_run.h"
#include "api/idempotency.h"
#include "http/request.h"

/* Strangers have no keys: theirs would be one another's. */
bool
sb_graphql_once_begin(struct sb_graphql_run *run)
{
	struct sb_request *request = run->admission->owner;

	return request->caller.user_id == 0 || sb_idempotency_begin(request);
}

/*
 * What acts by a call is done once where the request has a key; doors, whose answers are secrets,
 * are not.
 */
void
sb_graphql_once_add_call(struct sb_graphql_run *run, const struct sb_pg_statement *call,
						 const struct sb_pg_statement *answer)
{
	struct sb_request *request = run->admission->owner;

	sb_idempotency_claim(request, run->step);
	sb_pg_unit_add(&request->admission.unit, call->id, call->sql, call->nparams, call->values);
	sb_idempotency_add_answer(request, answer);
}

static void
on_kept(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct sb_graphql_run *run = ((struct sb_request *) unit->owner)->state;

	if (!sb_graphql_once_take_over(run, outcome))
		sb_graphql_run_go_on(run, outcome);
}

/*
 * This field was done before, when the same request was sent: its answer is kept. Or the key is no
 * good for this request, which is nothing a field could say.
 */
bool
sb_graphql_once_take_over(struct sb_graphql_run *run, enum sb_pg_outcome outcome)
{
	struct sb_request *request = run->admission->owner;

	if (sb_idempotency_was_done(request, outcome) && sb_idempotency_ask(request, on_kept))
		return true;
	if (run->step > 0 || !sb_idempotency_is_refused(request, outcome))
		return false;
	run->asker->on_failure(run, outcome);
	return true;
}
