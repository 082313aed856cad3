/*
 * trending.c owns what activity weighs and the events that carry it to the worker (trending.h).
 * Folding them is SQL: social.fold_trends() in sql/api/trending.sql.
 */
#include "postgres.h"

#include <math.h>

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "init.h"
#include "note.h"
#include "table.h"
#include "trending.h"
#include "worker.h"

PG_FUNCTION_INFO_V1(social_trend_sources);
PG_FUNCTION_INFO_V1(social_trend_amount);
PG_FUNCTION_INFO_V1(social_trend_merge);
PG_FUNCTION_INFO_V1(social_trend_floor);

/* After so many half-lives an act is forgotten; what is worth less is not kept. */
#define FORGOTTEN  60
#define NEGLIGIBLE 1e-9

/* A row of `source` is worth `weight` to the post in its `post` column, at its `at` column. */
struct trend_source
{
	const char *source;
	const char *post_name;
	int post; /* columns by number */
	int at;
	int when; /* worth something while this column is set; 0: always */
	const char *when_name;
	double weight;
};

static const struct trend_source sources[] = {
	{"post_likes", "post_id", 1, 3, 0, NULL, 1.0},
	{"comments", "post_id", 2, 7, 12, "is_counted", 2.0},
	{"reposts", "post_id", 1, 4, 0, NULL, 3.0},
	{"posts", "id", 1, 9, 6, "position", 1.0},
};
#define VIEW_WEIGHT 0.1 /* views come without rows of ours: rebuild_trends reads post_views */

/* Columns of social.trend_events. */
enum
{
	EVENT_POST_ID,
	EVENT_AMOUNT,
	EVENT_AT,
	EVENT_NCOLUMNS
};

struct note
{
	struct social_note_key key; /* of a post */
	double amount;              /* what the acts are worth at the transaction's start */
};

static struct social_notes notes = {"social trend notes", sizeof(struct note), social_trend_apply};
static bool enabled;
static int half_life; /* minutes */

/* ---- notes ---------------------------------------------------------------------------------- */

static void
add(int64 post_id, double amount)
{
	struct note *note = social_notes_take(&notes, post_id, 0, NULL);

	note->amount += amount;
}

/* How many half-lives lie between two times; never negative. */
static double
half_lives(TimestampTz from, TimestampTz to)
{
	return from >= to ? 0 : (double) (to - from) / (half_life * 60.0 * USECS_PER_SEC);
}

static bool
counts(const struct trend_source *source, TupleDesc columns, HeapTuple row)
{
	return row != NULL && (source->when == 0 || source->when > columns->natts ||
						   !heap_attisnull(row, source->when, columns));
}

/*
 * What an act of this row was worth, as of this transaction: old rows, loaded or taken back, are
 * worth less, and nothing comes from the future.
 */
static void
note_row(const struct trend_source *source, TupleDesc columns, HeapTuple row, double sign)
{
	TimestampTz now = GetCurrentTransactionStartTimestamp();
	bool isnull;
	Datum post = heap_getattr(row, source->post, columns, &isnull);
	TimestampTz at;
	double age;

	if (isnull)
		return;
	at = DatumGetTimestampTz(heap_getattr(row, source->at, columns, &isnull));
	age = isnull ? 0 : half_lives(at, now);
	if (age <= FORGOTTEN)
		add(DatumGetInt64(post), sign * source->weight * (age == 0 ? 1.0 : exp2(-age)));
}

void
social_trend_row(const char *source, TupleDesc columns, HeapTuple before, HeapTuple after)
{
	for (int i = 0; i < lengthof(sources) && enabled; i++)
	{
		const struct trend_source *row = &sources[i];
		bool was;
		bool is;

		if (strcmp(row->source, source) != 0)
			continue;
		was = counts(row, columns, before);
		is = counts(row, columns, after);
		/* A deleted post takes its score along. */
		if (was && !is && !(after == NULL && strcmp(source, "posts") == 0))
			note_row(row, columns, before, -1);
		else if (is && !was)
			note_row(row, columns, after, 1);
	}
}

void
social_trend_views(int64 post_id, int views)
{
	if (enabled)
		add(post_id, views * VIEW_WEIGHT);
}

/* ---- events --------------------------------------------------------------------------------- */

void
social_trend_apply(void)
{
	HASH_SEQ_STATUS walk;
	struct note note;
	Relation table = NULL;
	Oid oid;

	if (social_notes_are_empty(&notes))
		return;
	oid = social_relation_find("trend_events");
	hash_seq_init(&walk, notes.table);
	while (social_notes_next(&notes, &walk, 0, &note))
	{
		Datum values[EVENT_NCOLUMNS];
		bool isnull[EVENT_NCOLUMNS] = {false};
		HeapTuple tuple;

		values[EVENT_POST_ID] = Int64GetDatum(note.key.object_id);
		values[EVENT_AMOUNT] = Float8GetDatum(note.amount);
		values[EVENT_AT] = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
		/* Between a new library and ALTER EXTENSION UPDATE there is nowhere to put it. */
		if (!OidIsValid(oid) || note.amount == 0)
			continue;
		if (table == NULL)
			table = table_open(oid, RowExclusiveLock);
		/* The table has no index: the bare row does. */
		tuple = heap_form_tuple(RelationGetDescr(table), values, isnull);
		simple_heap_insert(table, tuple);
		heap_freetuple(tuple);
	}
	if (table == NULL)
		return;
	table_close(table, NoLock);
	social_worker_wake_at_commit();
}

/* ---- what the fold reads -------------------------------------------------------------------- */

/* trend_sources(): the rows above, for rebuild_trends. */
Datum
social_trend_sources(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *output = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i <= lengthof(sources); i++)
	{
		bool is_views = i == lengthof(sources);
		const struct trend_source *source = &sources[is_views ? 0 : i];
		Datum values[] = {CStringGetTextDatum(is_views ? "post_views" : source->source),
						  CStringGetTextDatum(is_views ? "post_id" : source->post_name),
						  source->when_name ? CStringGetTextDatum(source->when_name) : (Datum) 0,
						  Float8GetDatum(is_views ? VIEW_WEIGHT : source->weight)};
		bool isnull[lengthof(values)] = {false};

		isnull[2] = is_views || source->when_name == NULL;
		tuplestore_putvalues(output->setResult, output->setDesc, values, isnull);
	}
	return (Datum) 0;
}

/* trend_amount(weight float8, at, as_of timestamptz) float8: what an act is worth later. */
Datum
social_trend_amount(PG_FUNCTION_ARGS)
{
	double age = half_lives(PG_GETARG_TIMESTAMPTZ(1), PG_GETARG_TIMESTAMPTZ(2));

	PG_RETURN_FLOAT8(age > FORGOTTEN ? 0 : PG_GETARG_FLOAT8(0) * exp2(-age));
}

/*
 * trend_merge(score float8, amount float8, at timestamptz) float8: a stored score (or null) and
 * what came at a time, as a score; null when nothing worth keeping is left.
 */
Datum
social_trend_merge(PG_FUNCTION_ARGS)
{
	double amount = PG_GETARG_FLOAT8(1);
	double base = M_LN2 * (double) PG_GETARG_TIMESTAMPTZ(2) / (half_life * 60.0 * USECS_PER_SEC);

	if (!PG_ARGISNULL(0))
		amount += exp(Min(PG_GETARG_FLOAT8(0) - base, 600.0));
	if (amount < NEGLIGIBLE)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(base + log(amount));
}

/* trend_floor() float8: scores below it are worth nothing any more. */
Datum
social_trend_floor(PG_FUNCTION_ARGS)
{
	TimestampTz now = GetCurrentTransactionStartTimestamp();

	PG_RETURN_FLOAT8(M_LN2 * (double) now / (half_life * 60.0 * USECS_PER_SEC) + log(NEGLIGIBLE));
}

void
social_trending_init(void)
{
	DefineCustomBoolVariable("social.trending", "Collects what trending lists are made from.", NULL,
							 &enabled, true, PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("social.trending_half_life",
							"How long until an act counts half for trending lists.",
							"After a change run social.rebuild_trends().", &half_life, 24 * 60, 1,
							10 * 366 * 24 * 60, PGC_SUSET, GUC_UNIT_MIN, NULL, NULL, NULL);
	social_notes_init(&notes);
}
