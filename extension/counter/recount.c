/*
 * recount.c owns noting that rows may have to stop counting with the person behind them
 * (recount.h).
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "commands/sequence.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/column.h"
#include "base/init.h"
#include "base/note.h"
#include "counter/recount.h"
#include "base/table.h"
#include "account/user.h"
#include "worker/worker.h"

static struct social_notes notes = {"social recount notes", sizeof(struct social_note_key),
									social_recount_apply};

void
social_recount_row(const struct social_recounted *source, TupleDesc columns, HeapTuple before,
				   HeapTuple after)
{
	bool isnull;

	if (before == NULL)
		(void) social_notes_take(
			&notes, DatumGetInt64(heap_getattr(after, source->person, columns, &isnull)), 0, NULL);
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
	social_table_insert(table, values, isnull, lengthof(values));
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

void
social_recount_init(void)
{
	social_notes_init(&notes);
}
