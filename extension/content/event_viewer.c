/*
 * event_viewer.c owns what bridges ask for many viewers in one statement, beside what each may see
 * of an event (event_document.c): what a subscription's statement answers to each of them, and who
 * may hear of a topic no more.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "account/session.h"
#include "account/user.h"
#include "base/compat.h"
#include "base/errors.h"
#include "viewer/sight.h"
#include "viewer/viewer.h"

PG_FUNCTION_INFO_V1(social_event_results);
PG_FUNCTION_INFO_V1(social_event_topics_lost);

/* An array argument. */
struct list
{
	Datum *values;
	bool *isnull;
	int count;
};

static struct list
list_of(FunctionCallInfo fcinfo, int argument, Oid type)
{
	struct list list;
	bool is_text = type == TEXTOID;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(argument), type, is_text ? -1 : (int) sizeof(int64),
					  is_text ? false : FLOAT8PASSBYVAL, is_text ? TYPALIGN_INT : TYPALIGN_DOUBLE,
					  &list.values, &list.isnull, &list.count);
	return list;
}

static int64
id_at(const struct list *list, int i)
{
	return list->isnull[i] ? 0 : DatumGetInt64(list->values[i]);
}

static void
require_pairs(const struct list *one, const struct list *other)
{
	if (one->count != other->count)
		ereport(ERROR,
				(errcode(ERRCODE_SOCIAL_BAD_REQUEST), errmsg("invalid pairs"),
				 errdetail("There are %d of one and %d of the other.", one->count, other->count)));
}

/* ---- what a statement answers to each ---------------------------------------------------------
 */

/* Plans are kept for the session: the same documents are run for one event after the other. */
#define KEPT_PLANS 32

struct plan
{
	char *sql; /* NULL: there is none */
	int nparameters;
	SPIPlanPtr plan;
	uint64 used;
};

static struct plan kept[KEPT_PLANS];
static uint64 uses;
static bool is_running; /* a plan that runs must not lose its place */

/* The plan of a statement; where there is none, the place of the one that was used least lately. */
static struct plan *
find_plan(const char *sql, int nparameters)
{
	struct plan *oldest = kept;

	for (int i = 0; i < KEPT_PLANS; i++)
	{
		if (kept[i].sql != NULL && kept[i].nparameters == nparameters &&
			strcmp(kept[i].sql, sql) == 0)
			return &kept[i];
		if (kept[i].used < oldest->used)
			oldest = &kept[i];
	}
	if (oldest->sql != NULL)
	{
		SPI_freeplan(oldest->plan);
		pfree(oldest->sql);
	}
	memset(oldest, 0, sizeof(*oldest));
	return oldest;
}

/* Planned once, whatever the values: see base/query.c. */
static SPIPlanPtr
require_plan(const char *sql, int nparameters)
{
	struct plan *place = find_plan(sql, nparameters);
	Oid *types = palloc(sizeof(Oid) * (nparameters + 1));
	SPIPlanPtr plan;

	place->used = ++uses;
	if (place->sql != NULL)
		return place->plan;
	for (int i = 0; i < nparameters; i++)
		types[i] = TEXTOID;
	plan = SPI_prepare_cursor(sql, nparameters, types, CURSOR_OPT_GENERIC_PLAN);
	if (plan == NULL || !SPI_is_cursor_plan(plan))
		ereport(ERROR, (errcode(ERRCODE_SOCIAL_BAD_REQUEST), errmsg("invalid statement"),
						errdetail("It must be one that answers rows.")));
	if (SPI_keepplan(plan) != 0)
		elog(ERROR, "could not keep a plan");
	place->plan = plan;
	place->nparameters = nparameters;
	place->sql = MemoryContextStrdup(TopMemoryContext, sql);
	return plan;
}

/* Makes this person the viewer, by this session; false where neither may be any more. */
static bool
act_as(int64 viewer, int64 session)
{
	Snapshot snapshot = GetActiveSnapshot();

	if (viewer != 0 && (!social_user_account(viewer, snapshot).may_act ||
						(session != 0 && !social_session_is_live(session, viewer, snapshot))))
		return false;
	social_viewer_set(viewer, false);
	social_viewer_session_set(session);
	return true;
}

/* The first column of the first row that the plan answers, as text; NULL: null, or no row. */
static char *
answer_of(SPIPlanPtr plan, const struct list *parameters)
{
	char *nulls = palloc(parameters->count + 1);
	int result;

	for (int i = 0; i < parameters->count; i++)
		nulls[i] = parameters->isnull[i] ? 'n' : ' ';
	result = SPI_execute_plan(plan, parameters->values, nulls, true, 1);
	pfree(nulls);
	if (result < 0 || SPI_tuptable == NULL)
		elog(ERROR, "could not run a statement: %s", SPI_result_code_string(result));
	return SPI_processed == 0 ? NULL
							  : SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
}

static void
run_for_each(ReturnSetInfo *output, const struct list *viewers, const struct list *sessions,
			 const char *sql, const struct list *parameters)
{
	SPIPlanPtr plan;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	plan = require_plan(sql, parameters->count);
	for (int i = 0; i < viewers->count; i++)
	{
		Datum values[3] = {Int32GetDatum(i + 1)};
		bool isnull[lengthof(values)] = {false, true, false};
		bool may_act = act_as(id_at(viewers, i), id_at(sessions, i));
		char *answer = NULL;

		CHECK_FOR_INTERRUPTS();
		if (may_act)
			answer = answer_of(plan, parameters);
		if (answer != NULL)
			values[1] = CStringGetTextDatum(answer);
		isnull[1] = answer == NULL;
		values[2] = BoolGetDatum(!may_act);
		tuplestore_putvalues(output->setResult, output->setDesc, values, isnull);
		if (answer != NULL)
		{
			pfree(DatumGetPointer(values[1]));
			pfree(answer);
		}
		if (may_act)
			SPI_freetuptable(SPI_tuptable);
	}
	SPI_finish();
}

/*
 * event_results(event_id bigint, viewer_ids bigint[], session_ids bigint[], statement text,
 * parameters text[]): see sql/api/event.sql. Whoever acts does so again afterwards.
 */
Datum
social_event_results(PG_FUNCTION_ARGS)
{
	int64 session = social_viewer_session();
	struct list viewers = list_of(fcinfo, 1, INT8OID);
	struct list sessions = list_of(fcinfo, 2, INT8OID);
	struct list parameters = list_of(fcinfo, 4, TEXTOID);
	int level;

	InitMaterializedSRF(fcinfo, 0);
	require_pairs(&viewers, &sessions);
	if (is_running)
		ereport(ERROR, (errcode(ERRCODE_SOCIAL_BAD_REQUEST), errmsg("invalid statement"),
						errdetail("It must not call event_results() itself.")));
	social_result_set(PG_GETARG_INT64(0));
	level = NewGUCNestLevel();
	is_running = true;
	PG_TRY();
	{
		run_for_each((ReturnSetInfo *) fcinfo->resultinfo, &viewers, &sessions,
					 text_to_cstring(PG_GETARG_TEXT_PP(3)), &parameters);
	}
	PG_FINALLY();
	{
		is_running = false;
	}
	PG_END_TRY();
	AtEOXact_GUC(false, level);
	social_viewer_session_set(session);
	return (Datum) 0;
}

/* ---- who may hear no more ---------------------------------------------------------------------
 */

/* What a topic is about, by its first word. */
static const struct
{
	const char *word;
	bool (*sees)(int64 id);
} topics[] = {{"post:", social_sight_sees_post},
			  {"user:", social_sight_sees_person},
			  {"stream:", social_sight_sees_stream}};

/* Whether the viewer sees what the topic is about; other topics are about nothing. */
static bool
hears(const text *topic)
{
	const char *name = VARDATA_ANY(topic);
	size_t len = VARSIZE_ANY_EXHDR(topic);

	for (int i = 0; i < lengthof(topics); i++)
	{
		size_t word = strlen(topics[i].word);

		if (len > word && memcmp(name, topics[i].word, word) == 0)
			return topics[i].sees(strtoll(pnstrdup(name + word, len - word), NULL, 10));
	}
	return true;
}

static void
find_lost(ReturnSetInfo *output, const struct list *names, const struct list *viewers)
{
	for (int i = 0; i < names->count; i++)
	{
		Datum value = Int32GetDatum(i + 1);
		bool isnull = false;

		CHECK_FOR_INTERRUPTS();
		/* Whose account may not act has no connection for much longer, and hears why. */
		if (names->isnull[i] || !act_as(id_at(viewers, i), 0))
			continue;
		if (!hears(DatumGetTextPP(names->values[i])))
			tuplestore_putvalues(output->setResult, output->setDesc, &value, &isnull);
	}
}

/*
 * event_topics_lost(topics text[], viewer_ids bigint[]): see sql/api/event.sql. Whoever acts does
 * so again afterwards.
 */
Datum
social_event_topics_lost(PG_FUNCTION_ARGS)
{
	int64 session = social_viewer_session();
	struct list names = list_of(fcinfo, 0, TEXTOID);
	struct list viewers = list_of(fcinfo, 1, INT8OID);
	int level;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	require_pairs(&names, &viewers);
	level = NewGUCNestLevel();
	find_lost((ReturnSetInfo *) fcinfo->resultinfo, &names, &viewers);
	AtEOXact_GUC(false, level);
	social_viewer_session_set(session);
	return (Datum) 0;
}
