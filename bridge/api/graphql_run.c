/*
 * graphql_run.c owns running what is asked of GraphQL by the library in graphql/.
 *
 * A query is one unit. A mutation is one unit per root field, run in order; a failed one becomes
 * an error of that field, and the next goes on (GraphQL specification, section 6.2.2). A query of
 * several root fields whose statement fails is run once more, as one unit per root field, so that
 * what failed is an error of its field and the others have their answers (section 6.4.4).
 */
#include "api/graphql_run.h"

#include <stdlib.h>
#include <string.h>

#include "admission/identify.h"
#include "admission/services.h"
#include "api/scope.h"
#include "base/arena.h"
#include "base/config.h"
#include "error/hints.h"
#include "loop/loop.h"
#include "ratelimit/limits.h"

static void run_step(struct sb_graphql_run *run);

void
sb_graphql_run_begin_unit(struct sb_graphql_run *run,
						  void (*on_done)(struct sb_pg_unit *unit, enum sb_pg_outcome outcome))
{
	sb_admission_begin(run->admission, on_done);
	run->admission->unit.owner = run;
}

void
sb_graphql_run_send_unit(struct sb_graphql_run *run, enum sb_pg_lane lane)
{
	if (!sb_admission_send(run->admission, lane))
		run->asker->on_failure(run, SB_PG_LOST);
}

void
sb_graphql_run_end(struct sb_graphql_run *run)
{
	if (run->execution == NULL)
		return;
	for (int i = 0; run->taken && i < run->execution->nsteps; i++)
		PQclear(run->taken[i]);
	sb_graphql_execution_free(run->execution);
	run->execution = NULL;
	run->taken = NULL;
}

/* ---- running --------------------------------------------------------------------------------- */

static struct sb_graphql_result
result_of_error(struct sb_arena *arena, const struct sb_error *error)
{
	const char *hint = sb_hint_for(SB_HINT_GRAPHQL, error->hint);

	return (struct sb_graphql_result){
		.error_message = sb_arena_copy(arena, error->message, strlen(error->message)),
		.error_code = error->code,
		.error_detail =
			error->detail ? sb_arena_copy(arena, error->detail, strlen(error->detail)) : NULL,
		.error_hint = hint ? sb_arena_copy(arena, hint, strlen(hint)) : NULL};
}

struct sb_graphql_result
sb_graphql_result_of(struct sb_admission *admission, enum sb_pg_outcome outcome, PGresult **taken)
{
	struct sb_pg_unit *unit = &admission->unit;
	int last = unit->nresults - 1;
	struct sb_error error;

	*taken = NULL;
	if (outcome != SB_PG_OK)
		error = sb_admission_error(admission, outcome);
	if (outcome != SB_PG_OK || sb_error_in_row(unit->results[last], &error))
		return result_of_error(admission->arena, &error);
	if (PQntuples(unit->results[last]) != 1 || PQgetisnull(unit->results[last], 0, 0))
		return (struct sb_graphql_result){.json = "null", .json_len = 4};
	*taken = sb_pg_unit_take(unit, last);
	return (struct sb_graphql_result){.json = PQgetvalue(*taken, 0, 0),
									  .json_len = (size_t) PQgetlength(*taken, 0, 0)};
}

/*
 * Whether a query is to be run apart: a field failed, and nobody knows which. Where it is the whole
 * database that is slow or away (503, 504), asking more often would not help.
 */
static bool
is_for_one_field(const struct sb_graphql_run *run, enum sb_pg_outcome outcome)
{
	return outcome == SB_PG_ERROR && run->execution->is_divisible &&
		   run->admission->unit.failed_at > 0 &&
		   sb_error_from_result(run->admission->unit.error).status <= 500;
}

void
sb_graphql_run_go_on(struct sb_graphql_run *run, enum sb_pg_outcome outcome)
{
	const struct sb_pg_unit *unit = &run->admission->unit;
	bool is_query = !run->execution->is_mutation;

	/* The admission was refused, or there is no answer at all: nothing a field could say. */
	if (((outcome == SB_PG_REFUSED || (outcome == SB_PG_ERROR && unit->failed_at == 0)) &&
		 run->step == 0) ||
		(outcome != SB_PG_OK && outcome != SB_PG_ERROR && is_query))
	{
		run->asker->on_failure(run, outcome);
		return;
	}
	run->results[run->step] = sb_graphql_result_of(run->admission, outcome, &run->taken[run->step]);
	if (++run->step < run->execution->nsteps)
		run_step(run);
	else
		run->asker->on_answer(run);
}

static void
on_step_done(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct sb_graphql_run *run = unit->owner;

	if (is_for_one_field(run, outcome))
	{
		sb_graphql_run_end(run);
		run->asked.apart = true;
		sb_graphql_run_execute(run);
	}
	else if (run->asker->take_over == NULL || !run->asker->take_over(run, outcome))
		sb_graphql_run_go_on(run, outcome);
}

static struct sb_pg_statement
statement_of(const struct sb_graphql_statement *statement)
{
	return (struct sb_pg_statement){.id = statement->id,
									.sql = statement->sql,
									.nparams = statement->nparams,
									.values = statement->values};
}

static void
add(struct sb_graphql_run *run, const struct sb_pg_statement *statement)
{
	sb_pg_unit_add(&run->admission->unit, statement->id, statement->sql, statement->nparams,
				   statement->values);
}

/* The statements of a step: the call, which a function that acts has, and the one that answers. */
static void
add_statements(struct sb_graphql_run *run, const struct sb_graphql_step *step)
{
	const struct sb_pg_statement call = statement_of(&step->call);
	const struct sb_pg_statement select = statement_of(&step->select);

	if (call.sql && run->asker->add_call)
		run->asker->add_call(run, &call, &select);
	else
	{
		if (call.sql)
			add(run, &call);
		if (select.sql)
			add(run, &select);
	}
}

/* The whole was refused before, and the server's log has it: fifty fields are not fifty lines more.
 */
static void
log_no_refusals(struct sb_pg_unit *unit)
{
	static const char sql[] = "SELECT set_config('social.log_refusals', 'off', true)";

	unit->shares = false; /* the next would find it off */
	sb_pg_unit_add(unit, sb_pg_statement_id(sql), sql, 0, NULL);
}

/*
 * What is known of the client besides whose it is, for the transaction: SQL of the schema file that
 * acts may read it, and gets empty texts for what nobody says.
 */
static void
add_client(struct sb_graphql_run *run, const struct sb_graphql_step *step)
{
	static const char sql[] =
		"SELECT set_config('social_client.country', coalesce($1::text, ''), true), "
		"set_config('social_client.user_agent', coalesce($2::text, ''), true)";
	const struct sb_caller *caller = run->admission->caller;
	const char **values;

	if (step->select.sql == NULL || strstr(step->select.sql, "'social_client.") == NULL)
		return;
	values = sb_arena_alloc(run->admission->arena, 2 * sizeof(*values));
	values[0] = caller->country;
	values[1] = caller->agent;
	sb_pg_unit_add(&run->admission->unit, sb_pg_statement_id(sql), sql, 2, values);
}

enum sb_pg_lane
sb_graphql_lane_of(const struct sb_graphql_execution *execution)
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
count_step(struct sb_graphql_run *run, const struct sb_graphql_step *step)
{
	const char *slash = step->action ? strchr(step->action, '/') : NULL;
	struct sb_purpose purpose = run->purpose;

	if ((step->action == NULL && !run->execution->is_mutation) || run->asked.apart)
		return;
	if (slash)
		purpose.surface =
			sb_arena_copy(run->admission->arena, step->action, (size_t) (slash - step->action));
	if (step->action)
	{
		purpose.action = slash ? slash + 1 : step->action;
		purpose.account = step->account;
	}
	sb_admission_count_anew(run->admission, &purpose);
}

static void
run_step(struct sb_graphql_run *run)
{
	const struct sb_graphql_step *step = &run->execution->steps[run->step];
	struct sb_error error = sb_error_unavailable();

	count_step(run, step);
	sb_graphql_run_begin_unit(run, on_step_done);
	if (run->asked.apart)
		log_no_refusals(&run->admission->unit);
	if (run->execution->is_mutation)
		add_client(run, step);
	add_statements(run, step);
	if (sb_admission_send(run->admission, sb_graphql_lane_of(run->execution)))
		return;
	if (run->step == 0)
	{
		run->asker->on_failure(run, SB_PG_LOST);
		return;
	}
	/* Earlier steps are committed: the answer must say so. */
	for (; run->step < run->execution->nsteps; run->step++)
		run->results[run->step] = result_of_error(run->admission->arena, &error);
	run->asker->on_answer(run);
}

static void
on_counted(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct sb_graphql_run *run = unit->owner;

	if (outcome == SB_PG_OK)
		run->asker->on_answer(run);
	else
		run->asker->on_failure(run, outcome);
}

/*
 * Answers what asks the database for nothing: a refusal, the schema. They are requests like others
 * to the limits, lest what is dear to read or to answer be free.
 */
static void
count_and_answer(struct sb_graphql_run *run)
{
	if (sb_limits_store(run->admission->services->limits) == SB_LIMIT_OFF)
	{
		run->asker->on_answer(run);
		return;
	}
	sb_graphql_run_begin_unit(run, on_counted);
	sb_graphql_run_send_unit(run, SB_LANE_READ);
}

static void
run_steps(struct sb_graphql_run *run)
{
	size_t nsteps = (size_t) run->execution->nsteps;

	if (run->execution->is_subscription && nsteps > 0)
	{
		run->asker->on_subscription(run);
		return;
	}
	if (run->execution->is_mutation && run->asker->begin_mutation &&
		!run->asker->begin_mutation(run))
		return;
	run->results = sb_arena_alloc(run->admission->arena, nsteps * sizeof(*run->results));
	run->taken = sb_arena_alloc(run->admission->arena, nsteps * sizeof(*run->taken));
	run->step = 0;
	if (nsteps > 0)
		run_step(run);
	else
		count_and_answer(run);
}

void
sb_graphql_run_refuse(struct sb_graphql_run *run, const char *code, const char *message)
{
	run->execution = sb_graphql_refuse(code, message);
	run_steps(run);
}

/* ---- introspection --------------------------------------------------------------------------- */

static void
refuse_introspection(struct sb_graphql_run *run)
{
	sb_graphql_execution_free(run->execution);
	sb_graphql_run_refuse(run, "FORBIDDEN", "The schema is not shown to everybody here");
}

static void
on_staff_known(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct sb_graphql_run *run = unit->owner;

	if (outcome != SB_PG_OK)
		run->asker->on_failure(run, outcome);
	else if (strcmp(PQgetvalue(unit->results[1], 0, 0), "t") != 0)
		refuse_introspection(run);
	else
	{
		run->may_introspect = true;
		run_steps(run);
	}
}

/* Asks the database whether the caller is staff, who may see the schema. */
static void
ask_whether_staff(struct sb_graphql_run *run)
{
	static const char sql[] = "SELECT social.viewer_is_staff()";

	sb_graphql_run_begin_unit(run, on_staff_known);
	sb_pg_unit_add(&run->admission->unit, sb_pg_statement_id(sql), sql, 0, NULL);
	sb_graphql_run_send_unit(run, SB_LANE_READ);
}

/* ---- API keys -------------------------------------------------------------------------------- */

/* Whether an API key that asks may have each of the root fields; else it is refused. */
static bool
may_key(struct sb_graphql_run *run)
{
	const struct sb_caller *caller = run->admission->caller;

	for (int i = 0; i < run->execution->nroots; i++)
	{
		const char *field = run->execution->roots[i];
		uint32_t scope = sb_scope_of_field(field);
		struct sb_error error;

		if (sb_caller_may(caller, scope))
			continue;
		error = sb_admission_lacks(scope);
		error.message = sb_arena_printf(run->admission->arena, "%s: %s. %s", field, error.message,
										error.detail);
		sb_graphql_execution_free(run->execution);
		sb_graphql_run_refuse(run, error.code, error.message);
		return false;
	}
	return true;
}

void
sb_graphql_run_execute(struct sb_graphql_run *run)
{
	const char *open_to = run->admission->services->loop->config->graphql_introspection;

	run->execution = sb_graphql_prepare(run->admission->services->graphql, &run->asked);
	if (run->admission->caller->session_id < 0 && !may_key(run))
		return;
	if (!run->execution->introspects || run->may_introspect || strcmp(open_to, "everybody") == 0)
		run_steps(run);
	else if (run->admission->caller->user_id && strcmp(open_to, "staff") == 0)
		ask_whether_staff(run);
	else
		refuse_introspection(run);
}
