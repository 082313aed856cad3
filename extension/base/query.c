/*
 * query.c owns running prepared SQL from inside triggers (see query.h).
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/snapmgr.h"

#include "base/column.h"
#include "base/compat.h"
#include "base/query.h"

void
social_query_act_as_owner(struct social_query_scope *scope, Relation table)
{
	GetUserIdAndSecContext(&scope->user, &scope->security_context);
	SetUserIdAndSecContext(table->rd_rel->relowner,
						   scope->security_context | SECURITY_LOCAL_USERID_CHANGE);
	scope->search_path = social_compat_pin_search_path();
}

void
social_query_act_as_before(const struct social_query_scope *scope)
{
	social_compat_unpin_search_path(scope->search_path);
	SetUserIdAndSecContext(scope->user, scope->security_context);
}

void
social_query_begin(struct social_query_scope *scope, Relation table)
{
	social_query_act_as_owner(scope, table);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
}

/*
 * Plans the statement for the rest of the session, once: planning anew for each call's values, as
 * the server would for arrays, costs several times the execution.
 */
static void
prepare(struct social_query *query)
{
	SPIPlanPtr plan =
		SPI_prepare_cursor(query->sql, query->narguments, query->types, CURSOR_OPT_GENERIC_PLAN);

	if (plan == NULL || SPI_keepplan(plan) != 0)
		elog(ERROR, "could not prepare \"%s\": %s", query->sql, SPI_result_code_string(SPI_result));
	query->plan = plan;
}

static uint64
processed(const struct social_query *query, int result)
{
	if (result < 0)
		elog(ERROR, "could not run \"%s\": %s", query->sql, SPI_result_code_string(result));
	return SPI_processed;
}

uint64
social_query_run(struct social_query *query, Datum *arguments)
{
	if (query->plan == NULL)
		prepare(query);
	return processed(query, SPI_execute_plan(query->plan, arguments, NULL, false, 0));
}

int64
social_query_fetch_int64(struct social_query *query, Datum *arguments, const char *nulls)
{
	bool isnull;
	Datum value;

	if (query->plan == NULL)
		prepare(query);
	if (processed(query, SPI_execute_plan(query->plan, arguments, nulls, false, 1)) == 0)
		return 0;
	value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, SOCIAL_COLUMN_ID, &isnull);
	return isnull ? 0 : DatumGetInt64(value);
}

uint64
social_query_run_once(struct social_query *query, Relation table, Datum *arguments,
					  const char *nulls)
{
	struct social_query_scope scope;
	uint64 rows;

	social_query_begin(&scope, table);
	if (query->plan == NULL)
		prepare(query);
	rows = processed(query, SPI_execute_plan(query->plan, arguments, nulls, false, 0));
	social_query_end(&scope);
	return rows;
}

uint64
social_query_run_as_constraint(struct social_query *query, Datum *arguments, bool sees_new_rows)
{
	Snapshot snapshot = InvalidSnapshot;
	Snapshot crosscheck = InvalidSnapshot;

	if (query->plan == NULL)
		prepare(query);
	if (sees_new_rows && IsolationUsesXactSnapshot())
	{
		CommandCounterIncrement();
		snapshot = GetLatestSnapshot();
		crosscheck = GetTransactionSnapshot();
	}
	return processed(query, SPI_execute_snapshot(query->plan, arguments, NULL, snapshot, crosscheck,
												 false, false, 0));
}

void
social_query_end(const struct social_query_scope *scope)
{
	SPI_finish();
	social_query_act_as_before(scope);
}
