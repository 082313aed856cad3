/*
 * recount.c owns which rows stop counting with the person behind them, and noting that they may
 * have to (recount.h).
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "commands/sequence.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/column.h"
#include "base/compat.h"
#include "base/init.h"
#include "base/note.h"
#include "counter/recount.h"
#include "base/table.h"
#include "account/user.h"
#include "worker/worker.h"

PG_FUNCTION_INFO_V1(social_recount_sources);

/*
 * A row of `source` counts while `flag` is not null, which follows the account in its column
 * `person`. An index leads from the person through their rows in the order of `place`.
 */
struct recounted
{
	const char *source;
	const char *flag;
	const char *person_name;
	int person; /* column by number */
	const char *place;
	const char *place_type;
};

static const struct recounted recounted[] = {
	{"post_likes", "is_counted", "user_id", 2, "created_at", "timestamptz"},
	{"comment_likes", "is_counted", "user_id", 2, "created_at", "timestamptz"},
	{"reposts", "is_counted", "user_id", 2, "position", "bigint"},
	{"follows", "follower_is_counted", "follower_id", 1, "created_at", "timestamptz"},
	{"follows", "followed_is_counted", "followed_id", 2, "created_at", "timestamptz"},
	{"comments", "author_is_counted", "author_id", 3, "created_at", "timestamptz"},
};

static struct social_notes notes = {"social recount notes", sizeof(struct social_note_key),
									social_recount_apply};

void
social_recount_row(const char *source, TupleDesc columns, HeapTuple before, HeapTuple after)
{
	if (before != NULL)
		return;
	for (int i = 0; i < lengthof(recounted); i++)
	{
		bool isnull;
		Datum person;

		if (strcmp(recounted[i].source, source) != 0)
			continue;
		person = heap_getattr(after, recounted[i].person, columns, &isnull);
		(void) social_notes_take(&notes, DatumGetInt64(person), 0, NULL);
	}
}

bool
social_user_counts(int64 user_id)
{
	Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
	bool counts = social_user_is_active(user_id, snapshot);

	UnregisterSnapshot(snapshot);
	return counts;
}

static void
append(int64 user_id)
{
	Relation table = social_table_open("recounts", RowExclusiveLock);
	Datum values[SOCIAL_RECOUNTS_NCOLUMNS] = {0};
	bool isnull[SOCIAL_RECOUNTS_NCOLUMNS] = {[SOCIAL_RECOUNTS_PLACE - 1] = true,
											 [SOCIAL_RECOUNTS_HORIZON - 1] = true};

	values[SOCIAL_RECOUNTS_ID - 1] =
		Int64GetDatum(nextval_internal(social_relation_oid("recounts_id_seq"), false));
	values[SOCIAL_RECOUNTS_USER_ID - 1] = Int64GetDatum(user_id);
	values[SOCIAL_RECOUNTS_DUE - 1] = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
	social_table_insert(table, values, isnull);
	table_close(table, NoLock);
	social_worker_wake_at_commit();
}

void
social_recount_apply(void)
{
	HASH_SEQ_STATUS walk;
	struct social_note_key key;

	if (social_notes_are_empty(&notes))
		return;
	hash_seq_init(&walk, notes.table);
	while (social_notes_next(&notes, &walk, 0, &key))
	{
		if (!social_user_counts(key.object_id))
			append(key.object_id);
	}
}

/* recount_sources(): the rows above, for the sweep. */
Datum
social_recount_sources(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *output = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < lengthof(recounted); i++)
	{
		Datum values[] = {Int32GetDatum(i + 1),
						  CStringGetTextDatum(recounted[i].source),
						  CStringGetTextDatum(recounted[i].flag),
						  CStringGetTextDatum(recounted[i].person_name),
						  CStringGetTextDatum(recounted[i].place),
						  CStringGetTextDatum(recounted[i].place_type)};
		bool isnull[lengthof(values)] = {false};

		tuplestore_putvalues(output->setResult, output->setDesc, values, isnull);
	}
	return (Datum) 0;
}

void
social_recount_init(void)
{
	social_notes_init(&notes);
}
