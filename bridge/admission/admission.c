/*
 * admission.c owns the way of a caller's work into the database.
 */
#include "admission/admission.h"

#include <stdio.h>
#include <string.h>

#include "admission/services.h"
#include "base/arena.h"
#include "base/log.h"
#include "base/memory.h"
#include "core/admission.h"
#include "loop/loop.h"
#include "ratelimit/figures.h"
#include "ratelimit/limits.h"

#define ADMIT_PARAMS 3 /* of the admission that does not count: the first of the other's */
#define COUNT_PARAMS 7

static const char admit[] = "SELECT social.admit($1, $2, address => $3)";
static const char count[] = "SELECT social.admit($1, $2, address => $3, action => $4, "
							"rates => $5, surface => $6, account => $7)";

void
sb_admission_init(struct sb_admission *admission, struct sb_services *services,
				  struct sb_caller *caller, struct sb_arena *arena, void *owner)
{
	*admission = (struct sb_admission){
		.services = services, .caller = caller, .arena = arena, .owner = owner};
}

void
sb_admission_finish(struct sb_admission *admission)
{
	sb_pg_unit_clear(&admission->unit);
}

void
sb_admission_count_anew(struct sb_admission *admission, const struct sb_purpose *purpose)
{
	admission->caller->purpose = *purpose;
	admission->is_counted = false;
}

/* ---- the unit -------------------------------------------------------------------------------- */

/* What the admission, which counted, says about limits. */
static void
read_figures(struct sb_admission *admission)
{
	const struct sb_pg_unit *unit = &admission->unit;

	if (unit->nresults > 0 && PQntuples(unit->results[0]) == 1 &&
		!PQgetisnull(unit->results[0], 0, 0))
		sb_figures_read(&admission->caller->figures, PQgetvalue(unit->results[0], 0, 0));
}

_Static_assert(SB_PG_REFUSED == 5, "unit_outcomes of base/metrics.def names the outcomes");

/* Work that took long is told by its name, never by its statement or what it was about. */
static void
note_end(const struct sb_admission *admission, enum sb_pg_outcome outcome)
{
	static const char *const lanes[SB_LANES] = {"read",      "write", "slow",
												"slow_read", "wait",  "wait_read"};
	struct sb_loop *loop = admission->services->loop;
	const struct sb_caller *caller = admission->caller;
	uint64_t took_us = loop->now_us - admission->unit.submitted_us;

	sb_metric_add(&loop->metrics->unit_outcomes[outcome], 1);
	if (loop->config->slow_statement == 0 ||
		took_us < (uint64_t) loop->config->slow_statement * 1000)
		return;
	sb_metric_add(&loop->metrics->slow[admission->lane], 1);
	sb_log_begin(SB_LOG_WARNING, "slow statement");
	sb_log_text("request_id", caller->work);
	sb_log_text("trace_id", caller->trace);
	sb_log_text("route", caller->task);
	sb_log_text("action", caller->purpose.action);
	sb_log_text("lane", lanes[admission->lane]);
	sb_log_ms("ms", took_us);
	sb_log_end();
}

/* Whether the unit, which is folded, failed in its admission. */
static bool
is_of_admission(const PGresult *error)
{
	const char *line = PQresultErrorField(error, PG_DIAG_CONTEXT);
	size_t len;

	for (; line && *line; line += len + (line[len] != '\0'))
	{
		len = strcspn(line, "\n");
		if (len == strlen(ADMISSION_CONTEXT) && strncmp(line, ADMISSION_CONTEXT, len) == 0)
			return true;
	}
	return false;
}

/* The unit is answered: what its admission says about limits is the caller's to know. */
static void
on_unit(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct sb_admission *admission = (struct sb_admission *) unit;

	note_end(admission, outcome);
	if (outcome == SB_PG_ERROR && unit->is_folded && is_of_admission(unit->error))
		unit->failed_at = 0;
	/* Not only the admission refuses: refreshing is counted where the session is known. */
	if (outcome == SB_PG_ERROR && sb_limit_is_refusal(unit->error))
	{
		sb_figures_read_refusal(&admission->caller->figures, unit->error);
		sb_limits_note_refusal(admission->services->limits, admission->caller);
	}
	else if (admission->counts_itself)
		read_figures(admission);
	admission->counts_itself = false;
	admission->on_done(unit, outcome);
}

/*
 * The unit begins again, having met a lock. Memory keeps what it counted, whatever is rolled back:
 * the admission counts no second time.
 */
static void
on_again(struct sb_pg_unit *unit)
{
	struct sb_admission *admission = (struct sb_admission *) unit;

	if (!admission->counts_itself)
		return;
	read_figures(admission);
	admission->counts_itself = false;
	unit->statements[0].id = sb_pg_statement_id(admit);
	unit->statements[0].sql = admit;
	unit->statements[0].nparams = ADMIT_PARAMS;
}

/* The admission, which counts the work where the store is the database's memory. */
static void
add_admission(struct sb_admission *admission)
{
	static _Thread_local uint64_t admit_id; /* each loop is a thread */
	static _Thread_local uint64_t count_id;
	const struct sb_caller *caller = admission->caller;
	const char **values = sb_arena_alloc(admission->arena, COUNT_PARAMS * sizeof(*values));

	if (count_id == 0)
	{
		admit_id = sb_pg_statement_id(admit);
		count_id = sb_pg_statement_id(count);
	}
	values[0] = sb_caller_user(caller);
	values[1] = sb_caller_session(caller);
	values[2] = sb_caller_address(caller);
	if (!admission->counts_itself)
	{
		sb_pg_unit_add(&admission->unit, admit_id, admit, ADMIT_PARAMS, values);
		return;
	}
	values[3] = caller->purpose.action;
	values[4] = sb_limits_rates(admission->services->limits, &caller->purpose);
	values[5] = caller->purpose.surface;
	values[6] = caller->purpose.account;
	sb_pg_unit_add(&admission->unit, count_id, count, COUNT_PARAMS, values);
}

/* ---- folded ------------------------------------------------------------------------------------
 *
 * An admission that counts nothing has nothing to tell: where one statement is behind it, that has
 * it as a condition, which is looked at once, before anything of the statement runs. A statement is
 * what a short read is made of, for the server, libpq and the network alike.
 */

/* The statement with the admission, whose parameters come behind its own. */
static char *
compose(const struct sb_pg_statement *statement)
{
	int n = statement->nparams - ADMIT_PARAMS;
	size_t size = strlen(statement->sql) + 128;
	char *sql = sb_malloc(size);

	snprintf(sql, size,
			 "SELECT q.* FROM (%s) q "
			 "WHERE (SELECT social.admit($%d, $%d, address => $%d) IS NULL)",
			 statement->sql, n + 1, n + 2, n + 3);
	return sql;
}

static void
fold(struct sb_admission *admission)
{
	struct sb_pg_unit *unit = &admission->unit;
	const struct sb_pg_statement *admit_it = &unit->statements[0];
	struct sb_pg_statement *statement = &unit->statements[1];
	size_t n = (size_t) statement->nparams;
	const char **values;

	values = sb_arena_alloc(admission->arena, (n + ADMIT_PARAMS) * sizeof(*values));
	if (n > 0)
		memcpy(values, statement->values, n * sizeof(*values));
	memcpy(values + n, admit_it->values, ADMIT_PARAMS * sizeof(*values));
	statement->id = statement->id * UINT64_C(0x100000001b3) ^ admit_it->id;
	statement->compose = compose;
	statement->nparams += ADMIT_PARAMS;
	statement->values = values;
	unit->statements[0] = *statement;
	unit->nstatements = 1;
	unit->is_folded = true;
	sb_pg_unit_rewind(unit);
}

/* Whether the unit is an admission that has nothing to tell, and one statement that reads. */
static bool
may_fold(const struct sb_admission *admission, enum sb_pg_lane lane)
{
	const struct sb_pg_unit *unit = &admission->unit;

	return (lane == SB_LANE_READ || lane == SB_LANE_SLOW_READ) && !admission->counts_itself &&
		   !unit->is_folded && unit->nstatements == 2;
}

void
sb_admission_begin(struct sb_admission *admission,
				   void (*on_done)(struct sb_pg_unit *, enum sb_pg_outcome))
{
	enum sb_limit_store store = sb_limits_store(admission->services->limits);

	admission->counts_itself = !admission->is_counted && store == SB_LIMIT_MEMORY;
	admission->is_counted |= admission->counts_itself;
	sb_pg_unit_clear(&admission->unit);
	admission->unit.owner = admission->owner;
	admission->unit.on_done = on_unit;
	admission->unit.on_again = on_again;
	admission->unit.shares = true;
	admission->on_done = on_done;
	add_admission(admission);
}

/* The work has been counted by a store outside of its flight. */
static void
on_counted(void *arg, const struct sb_error *refusal)
{
	struct sb_admission *admission = arg;
	struct sb_pg_unit *unit = &admission->unit;

	admission->refusal = refusal;
	if (refusal)
		sb_metric_add(&admission->services->loop->metrics->unit_outcomes[SB_PG_REFUSED], 1);
	if (refusal)
		admission->on_done(unit, SB_PG_REFUSED);
	else if (!sb_pg_pool_submit(admission->services->pool, admission->lane, unit))
		admission->on_done(unit, SB_PG_LOST);
}

static void
on_counted_apart(void *arg, const struct sb_error *refusal)
{
	struct sb_admission *admission = arg;

	if (refusal)
		sb_metric_add(&admission->services->loop->metrics->unit_outcomes[SB_PG_REFUSED], 1);
	admission->on_counted(admission->owner, refusal);
}

bool
sb_admission_needs_flight(const struct sb_admission *admission)
{
	return !admission->is_counted &&
		   sb_limits_store(admission->services->limits) == SB_LIMIT_MEMORY;
}

void
sb_admission_count(struct sb_admission *admission,
				   void (*on_counted)(void *owner, const struct sb_error *refusal))
{
	struct sb_limits *limits = admission->services->limits;
	enum sb_limit_store store = sb_limits_store(limits);

	if (admission->is_counted || store == SB_LIMIT_OFF || store == SB_LIMIT_MEMORY)
	{
		on_counted(admission->owner, NULL);
		return;
	}
	admission->is_counted = true;
	admission->on_counted = on_counted;
	sb_limits_count(limits, admission->caller, admission->arena, on_counted_apart, admission);
}

bool
sb_admission_send(struct sb_admission *admission, enum sb_pg_lane lane)
{
	struct sb_services *services = admission->services;

	admission->lane = lane;
	if (may_fold(admission, lane))
		fold(admission);
	if (admission->is_counted || sb_limits_store(services->limits) == SB_LIMIT_OFF)
		return sb_pg_pool_submit(services->pool, lane, &admission->unit);
	admission->is_counted = true;
	sb_limits_count(services->limits, admission->caller, admission->arena, on_counted, admission);
	return true;
}

struct sb_error
sb_admission_error(const struct sb_admission *admission, enum sb_pg_outcome outcome)
{
	struct sb_error error = sb_error_unavailable();

	if (outcome == SB_PG_REFUSED)
		return *admission->refusal;
	if (outcome == SB_PG_LATE)
		return sb_error_late();
	if (outcome == SB_PG_BUSY)
		return sb_error_busy();
	if (outcome != SB_PG_ERROR)
		return error;
	error = sb_error_from_result(admission->unit.error);
	if (error.status >= 500)
		sb_error_log(admission->unit.error, admission->caller->work, admission->caller->task);
	return error;
}
