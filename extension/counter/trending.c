/*
 * trending.c owns the events that carry what activity weighs to the worker (trending.h).
 * Folding them is SQL: social.fold_trends() in sql/api/trending.sql.
 */
#include "postgres.h"

#include <math.h>

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_collation_d.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/column.h"
#include "base/init.h"
#include "base/note.h"
#include "base/place.h"
#include "base/table.h"
#include "counter/trending.h"
#include "worker/worker.h"

PG_FUNCTION_INFO_V1(social_trend_amount);
PG_FUNCTION_INFO_V1(social_trend_merge);
PG_FUNCTION_INFO_V1(social_trend_floor);

/* After so many half-lives an act is forgotten; what is worth less is not kept. */
#define FORGOTTEN  60
#define NEGLIGIBLE 1e-9

/* Kinds of notes. */
enum
{
	OF_POST,
	OF_COMMENTER /* of a post and somebody who comments on it */
};

struct note
{
	struct social_note_key key;
	/* of a post */
	int64 author;  /* 0: the post is gone */
	double amount; /* what the acts are worth at the transaction's start */
	/* of a commenter */
	int added;
	int removed;
	double added_worth; /* of the earliest one */
	double removed_worth;
};

static struct social_notes notes = {"social trend notes", sizeof(struct note), social_trend_apply};
static bool enabled;
static int half_life; /* minutes */

/* ---- notes ---------------------------------------------------------------------------------- */

/* The author of a post, new in this statement perhaps; 0 when it is gone. */
static int64
author_of(int64 post_id)
{
	Relation posts = social_table_open("posts", AccessShareLock);
	HeapTuple post = social_place_find(posts, post_id, SnapshotSelf);
	int64 author = 0;
	bool isnull;

	if (post != NULL)
	{
		author = DatumGetInt64(
			heap_getattr(post, SOCIAL_POSTS_AUTHOR_ID, RelationGetDescr(posts), &isnull));
		heap_freetuple(post);
	}
	table_close(posts, NoLock);
	return author;
}

/* The note of a post, whose author may be known to the caller (else 0). */
static struct note *
note_of(int64 post_id, int64 author)
{
	bool is_new;
	struct note *note = social_notes_take(&notes, post_id, OF_POST, &is_new);

	if (is_new)
		note->author = author != 0 ? author : author_of(post_id);
	return note;
}

/* How many half-lives lie between two times; never negative. */
static double
half_lives(TimestampTz from, TimestampTz to)
{
	return from >= to ? 0 : (double) (to - from) / (half_life * 60.0 * USECS_PER_SEC);
}

static bool
counts(const struct social_trend_source *source, TupleDesc columns, HeapTuple row)
{
	return row != NULL && (source->when == 0 || source->when > columns->natts ||
						   !heap_attisnull(row, source->when, columns));
}

/*
 * What an act of this row was worth, as of this transaction: old rows, loaded or taken back, are
 * worth less, and nothing comes from the future.
 */
static double
worth(const struct social_trend_source *source, TupleDesc columns, HeapTuple row)
{
	bool isnull;
	Datum at = heap_getattr(row, source->at, columns, &isnull);
	double age =
		isnull ? 0 : half_lives(DatumGetTimestampTz(at), GetCurrentTransactionStartTimestamp());

	if (age > FORGOTTEN)
		return 0;
	return source->weight * (age == 0 ? 1.0 : exp2(-age));
}

static void
note_commenter(int64 post_id, int64 actor, double worth, bool added)
{
	struct note *note = social_notes_take_pair(&notes, post_id, actor, OF_COMMENTER, NULL);

	if (added)
	{
		note->added_worth = note->added == 0 ? worth : Min(note->added_worth, worth);
		note->added++;
	}
	else
	{
		note->removed_worth = note->removed == 0 ? worth : Min(note->removed_worth, worth);
		note->removed++;
	}
}

static void
note_row(const struct social_trend_source *source, TupleDesc columns, HeapTuple row, bool added)
{
	bool isnull;
	bool is_post = source->actor == 0;
	int64 post_id = DatumGetInt64(heap_getattr(row, source->post, columns, &isnull));
	int64 actor = DatumGetInt64(
		heap_getattr(row, is_post ? SOCIAL_POSTS_AUTHOR_ID : source->actor, columns, &isnull));
	struct note *note = note_of(post_id, is_post ? actor : 0);

	if (note->author == 0 || (!is_post && actor == note->author))
		return;
	if (source->once != 0)
		note_commenter(post_id, actor, worth(source, columns, row), added);
	else
		note->amount += (added ? 1 : -1) * worth(source, columns, row);
}

/* How many rows an index has under these first keys, `most` at most. */
static int
count_rows(Relation table, const char *index_name, ScanKey keys, int nkeys, Snapshot snapshot,
		   int most)
{
	Relation index = index_open(social_relation_oid(index_name), AccessShareLock);
	TupleTableSlot *slot = table_slot_create(table, NULL);
	IndexScanDesc scan = social_compat_beginscan(table, index, snapshot, nkeys, 0);
	int count = 0;

	index_rescan(scan, keys, nkeys, NULL, 0);
	while (count < most && index_getnext_slot(scan, ForwardScanDirection, slot))
		count++;
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	index_close(index, NoLock);
	return count;
}

/* A view, which is for good. An anonymous visitor's key is another one in each window. */
static void
note_view(const struct social_trend_source *source, Relation views, HeapTuple view)
{
	TupleDesc columns = RelationGetDescr(views);
	bool isnull;
	Datum post_id = heap_getattr(view, source->post, columns, &isnull);
	Datum key = heap_getattr(view, source->once, columns, &isnull);
	Datum user = heap_getattr(view, source->actor, columns, &isnull);
	struct note *note = note_of(DatumGetInt64(post_id), 0);
	ScanKeyData keys[2];

	if (note->author == 0 || (!isnull && DatumGetInt64(user) == note->author))
		return;
	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, post_id);
	ScanKeyEntryInitialize(&keys[1], 0, 2, BTEqualStrategyNumber, InvalidOid, C_COLLATION_OID,
						   F_TEXTEQ, key);
	if (isnull || count_rows(views, "post_views_pkey", keys, 2, SnapshotSelf, 2) < 2)
		note->amount += source->weight;
}

void
social_trend_row(const struct social_trend_source *source, Relation table, HeapTuple before,
				 HeapTuple after)
{
	TupleDesc columns = RelationGetDescr(table);
	bool was;
	bool is;

	if (!enabled)
		return;
	was = counts(source, columns, before);
	is = counts(source, columns, after);
	if (source->once != 0 && source->once != source->actor)
		note_view(source, table, after);
	/* A deleted post takes its score along. */
	else if (was && !is && !(after == NULL && source->actor == 0))
		note_row(source, columns, before, false);
	else if (is && !was)
		note_row(source, columns, after, true);
}

/* ---- events --------------------------------------------------------------------------------- */

/*
 * Makes of what commenters have added and removed what their posts have won or lost: somebody's
 * first comment counts, and goes with their last one.
 */
static void
apply_commenters(void)
{
	HASH_SEQ_STATUS walk;
	Relation comments = NULL;
	Snapshot snapshot = NULL;
	struct note note;

	hash_seq_init(&walk, notes.table);
	while (social_notes_next(&notes, &walk, OF_COMMENTER, &note))
	{
		ScanKeyData keys[2];
		struct note *post;
		int there;

		if (comments == NULL)
		{
			CommandCounterIncrement();
			snapshot = RegisterSnapshot(GetLatestSnapshot());
			comments = social_table_open("comments", AccessShareLock);
		}
		ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ,
					Int64GetDatum(note.key.object_id));
		ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(note.key.other_id));
		there = count_rows(comments, "comments_post_author_idx", keys, 2, snapshot, note.added + 1);
		/* Its post has a note already, so that the walk goes on undisturbed. */
		post = note_of(note.key.object_id, 0);
		if (there > 0 && note.removed == 0 && there <= note.added)
			post->amount += note.added_worth;
		else if (there == 0 && note.removed > 0)
			post->amount -= note.removed_worth;
	}
	if (comments == NULL)
		return;
	UnregisterSnapshot(snapshot);
	table_close(comments, NoLock);
}

void
social_trend_apply(void)
{
	HASH_SEQ_STATUS walk;
	struct note note;
	Relation table = NULL;
	Oid oid;

	if (social_notes_are_empty(&notes))
		return;
	apply_commenters();
	oid = social_relation_find("trend_events");
	hash_seq_init(&walk, notes.table);
	while (social_notes_next(&notes, &walk, OF_POST, &note))
	{
		Datum values[SOCIAL_TREND_EVENTS_NCOLUMNS];
		bool isnull[SOCIAL_TREND_EVENTS_NCOLUMNS] = {false};

		values[SOCIAL_TREND_EVENTS_POST_ID - 1] = Int64GetDatum(note.key.object_id);
		values[SOCIAL_TREND_EVENTS_AMOUNT - 1] = Float8GetDatum(note.amount);
		values[SOCIAL_TREND_EVENTS_AT - 1] =
			TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
		/* Between a new library and ALTER EXTENSION UPDATE there is nowhere to put it. */
		if (!OidIsValid(oid) || note.amount == 0)
			continue;
		if (table == NULL)
			table = table_open(oid, RowExclusiveLock);
		social_table_append(table, values, isnull, lengthof(values));
	}
	if (table == NULL)
		return;
	table_close(table, NoLock);
	social_worker_wake_at_commit();
}

/* ---- what the fold reads -------------------------------------------------------------------- */

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
