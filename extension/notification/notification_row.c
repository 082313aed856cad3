/*
 * notification_row.c owns the rows of social.notifications (see notification_row.h).
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_collation.h"
#include "commands/sequence.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "notification/notification_audience.h"
#include "notification/notification_row.h"
#include "base/table.h"

/* What writing a batch needs open. */
struct batch
{
	Relation table;
	Oid sequence;
	Datum types[SOCIAL_NOTIFY_NTYPES];
	Datum no_message;
	struct social_table_writer writer;
	struct social_audience *audience;
};

/* ---- rows that are there -------------------------------------------------------------------- */

static bool
is_id(TupleTableSlot *slot, int column, int64 id)
{
	bool isnull;
	Datum value = slot_getattr(slot, column, &isnull);

	return isnull ? id == 0 : DatumGetInt64(value) == id;
}

/* Is this the row of the notice? `type` is that of its row. */
static bool
belongs(TupleTableSlot *slot, const struct social_notice *notice, Datum type)
{
	bool isnull;

	return DatumGetBool(DirectFunctionCall2Coll(
			   texteq, C_COLLATION_OID, slot_getattr(slot, NOTIFICATION_TYPE, &isnull), type)) &&
		   is_id(slot, NOTIFICATION_ACTOR_ID, notice->actor) &&
		   is_id(slot, NOTIFICATION_QUOTE_ID, notice->quote) &&
		   (notice->recipient == 0 || is_id(slot, NOTIFICATION_RECIPIENT_ID, notice->recipient));
}

/*
 * Begins to walk the rows among which that of a notice is: those of its actor about its target
 * or, where the target is the recipient, those of its actor for its recipient.
 */
static IndexScanDesc
walk(Relation table, Relation *index, const struct social_notice *notice, Datum type,
	 Snapshot snapshot)
{
	ScanKeyData keys[3];
	int64 target = notice->comment != 0 ? notice->comment : notice->post;
	const char *name = notice->comment != 0 ? "notifications_comment_idx"
					   : notice->post != 0  ? "notifications_post_idx"
											: "notifications_actor_idx";
	int nkeys = target != 0 ? 3 : 2;
	IndexScanDesc scan;

	*index = index_open(social_relation_oid(name), RowExclusiveLock);
	if (target != 0)
	{
		ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(target));
		ScanKeyEntryInitialize(&keys[1], 0, 2, BTEqualStrategyNumber, InvalidOid,
							   (*index)->rd_indcollation[1], F_TEXTEQ, type);
		ScanKeyInit(&keys[2], 3, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(notice->actor));
	}
	else
	{
		ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(notice->actor));
		ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(notice->recipient));
	}
	scan = social_compat_beginscan(table, *index, snapshot, nkeys, 0);
	index_rescan(scan, keys, nkeys, NULL, 0);
	return scan;
}

/* Withdraws the row in the slot, which this transaction has locked, or brings it back. */
static void
set_withdrawn(Relation table, TupleTableSlot *slot, bool withdrawn)
{
	int column = NOTIFICATION_WITHDRAWN_AT;
	Datum now = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
	bool isnull = !withdrawn;
	HeapTuple tuple = heap_modify_tuple_by_cols(ExecFetchSlotHeapTuple(slot, false, NULL),
												RelationGetDescr(table), 1, &column, &now, &isnull);

	social_table_update(table, &slot->tts_tid, tuple);
	heap_freetuple(tuple);
}

/*
 * Finds the row of a notice, withdraws it or brings it back; waits only for a session that is about
 * to mark it read or to delete it. What somebody did who is gone is not remembered. Returns whether
 * there is a row.
 */
static bool
find_row(struct batch *batch, const struct social_notice *notice, bool withdraw)
{
	Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
	TupleTableSlot *slot = table_slot_create(batch->table, NULL);
	Datum type = batch->types[notice->type];
	TM_FailureData failure;
	Relation index;
	IndexScanDesc scan = walk(batch->table, &index, notice, type, snapshot);
	bool found = false;

	while (!found && index_getnext_slot(scan, ForwardScanDirection, slot))
		found = belongs(slot, notice, type);
	index_endscan(scan);
	if (found && slot_attisnull(slot, NOTIFICATION_WITHDRAWN_AT) == withdraw)
	{
		found = table_tuple_lock(batch->table, &slot->tts_tid, snapshot, slot,
								 GetCurrentCommandId(true), LockTupleExclusive, LockWaitBlock,
								 TUPLE_LOCK_FLAG_FIND_LAST_VERSION, &failure) == TM_Ok;
		if (found && withdraw && !social_audience_has(batch->audience, notice->actor))
			simple_heap_delete(batch->table, &slot->tts_tid);
		else if (found)
			set_withdrawn(batch->table, slot, withdraw);
	}
	index_close(index, NoLock);
	ExecDropSingleTupleTableSlot(slot);
	UnregisterSnapshot(snapshot);
	return found;
}

/* ---- new rows ------------------------------------------------------------------------------- */

static void
set_id(Datum *values, bool *isnull, int column, int64 id)
{
	values[column - 1] = Int64GetDatum(id);
	isnull[column - 1] = id == 0;
}

static void
insert(struct batch *batch, const struct social_notice *notice)
{
	Datum values[NOTIFICATION_NCOLUMNS];
	bool isnull[NOTIFICATION_NCOLUMNS] = {false};

	if (!social_audience_admits(batch->audience, notice->recipient, notice->actor, notice->type))
		return;
	/* What comes and goes, with an undo, an edit or a restore, is told once. A comment is a new
	 * one. */
	if (notice->type != SOCIAL_NOTIFY_COMMENT && notice->type != SOCIAL_NOTIFY_REPLY &&
		find_row(batch, notice, false))
		return;
	values[NOTIFICATION_ID - 1] = Int64GetDatum(nextval_internal(batch->sequence, false));
	values[NOTIFICATION_TYPE - 1] = batch->types[notice->type];
	values[NOTIFICATION_MESSAGE - 1] = batch->no_message;
	values[NOTIFICATION_IS_READ - 1] = BoolGetDatum(false);
	isnull[NOTIFICATION_READ_AT - 1] = true;
	isnull[NOTIFICATION_WITHDRAWN_AT - 1] = true;
	values[NOTIFICATION_CREATED_AT - 1] =
		TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
	set_id(values, isnull, NOTIFICATION_RECIPIENT_ID, notice->recipient);
	set_id(values, isnull, NOTIFICATION_ACTOR_ID, notice->actor);
	set_id(values, isnull, NOTIFICATION_POST_ID, notice->post);
	set_id(values, isnull, NOTIFICATION_COMMENT_ID, notice->comment);
	set_id(values, isnull, NOTIFICATION_QUOTE_ID, notice->quote);
	social_table_write(&batch->writer, values, isnull);
}

/* A comment tells the parent's author, and the post's author unless that is the same person. */
static void
insert_for_comment(struct batch *batch, struct social_notice notice)
{
	const struct social_audience_post *post = social_audience_post(batch->audience, notice.post);
	int64 answered = 0;

	if (notice.parent != 0)
	{
		const struct social_audience_comment *parent =
			social_audience_comment(batch->audience, notice.parent);

		answered = parent->is_there ? parent->author : 0;
		notice.type = SOCIAL_NOTIFY_REPLY;
		notice.recipient = answered;
		if (social_audience_sees(batch->audience, answered, post))
			insert(batch, &notice);
	}
	notice.type = SOCIAL_NOTIFY_COMMENT;
	notice.recipient = post->author;
	if (post->is_there && notice.recipient != answered)
		insert(batch, &notice);
}

/* Completes a notice with the recipient and target that its row does not name, and writes it. */
static void
write_notice(struct batch *batch, struct social_notice notice)
{
	const struct social_audience_comment *comment;
	const struct social_audience_post *post;

	switch (notice.type)
	{
		case SOCIAL_NOTIFY_COMMENT:
			insert_for_comment(batch, notice);
			return;
		case SOCIAL_NOTIFY_COMMENT_LIKE:
			comment = social_audience_comment(batch->audience, notice.comment);
			if (!comment->is_there)
				return;
			notice.recipient = comment->author;
			notice.post = comment->post;
			break;
		case SOCIAL_NOTIFY_LIKE:
		case SOCIAL_NOTIFY_REPOST:
			notice.recipient = social_audience_post(batch->audience, notice.post)->author;
			break;
		default:
			break;
	}
	if (notice.post != 0)
	{
		post = social_audience_post(batch->audience, notice.quote ? notice.quote : notice.post);
		if (!social_audience_sees(batch->audience, notice.recipient, post))
			return;
	}
	insert(batch, &notice);
}

void
social_notification_write(const struct social_notice *notices, int n)
{
	MemoryContext context;
	MemoryContext caller;
	struct batch batch;

	if (!OidIsValid(social_relation_find("notifications")))
		return;
	context =
		AllocSetContextCreate(CurrentMemoryContext, "social notifications", ALLOCSET_SMALL_SIZES);
	caller = MemoryContextSwitchTo(context);
	batch.table = social_table_open("notifications", RowExclusiveLock);
	batch.sequence = social_relation_oid("notifications_id_seq");
	batch.no_message = CStringGetTextDatum("");
	for (int i = 0; i < SOCIAL_NOTIFY_NTYPES; i++)
		batch.types[i] = CStringGetTextDatum(social_notification_types[i]);
	batch.audience = social_audience_begin();
	social_table_writer_begin(&batch.writer, batch.table);
	for (int i = 0; i < n; i++)
	{
		if (notices[i].undone)
			(void) find_row(&batch, &notices[i], true);
		else
			write_notice(&batch, notices[i]);
	}
	social_table_writer_end(&batch.writer);
	social_audience_end(batch.audience);
	table_close(batch.table, NoLock);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	CommandCounterIncrement();
}
