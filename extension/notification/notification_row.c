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

#include "base/column.h"
#include "base/compat.h"
#include "base/index_probe.h"
#include "base/place.h"
#include "event/event.h"
#include "notification/notification_audience.h"
#include "notification/notification_row.h"
#include "base/table.h"

/* The ways to the row of a notice: by its target, or by whom it is for where that is the target. */
enum way
{
	BY_POST,
	BY_COMMENT,
	BY_RECIPIENT,
	NWAYS
};
static const struct
{
	const char *index;
	int nkeys;
} ways[] = {
	[BY_POST] = {"notifications_post_actor_idx", 3},
	[BY_COMMENT] = {"notifications_comment_actor_idx", 3},
	[BY_RECIPIENT] = {"notifications_actor_idx", 2},
};

/* A post that was asked about more than once with one look. */
struct target
{
	int64 id;
	char status;
	bool is_asked; /* about all of its rows */
	bool is_bare;  /* it has none */
};

#define SH_PREFIX       target_table
#define SH_ELEMENT_TYPE struct target
#include "base/id_table.h"

/* What writing a batch needs open. */
struct batch
{
	Relation table;
	Oid sequence;
	Datum types[SOCIAL_NOTIFY_NTYPES]; /* at first use; 0: not yet */
	Datum no_message;
	struct social_table_writer writer;
	struct social_audience *audience;
	Snapshot snapshot;          /* finds the rows that are there; see begin_look() */
	target_table_hash *targets; /* what it has found of targets */
	TupleTableSlot *slot;       /* the row found */
	struct
	{
		Relation index;     /* at first use */
		IndexScanDesc scan; /* once there is something to walk */
	} open[NWAYS];
};

/* The name of a kind, as its column has it. */
static Datum
type_of(struct batch *batch, const struct social_notice *notice)
{
	if (batch->types[notice->type] == 0)
		batch->types[notice->type] = CStringGetTextDatum(social_notification_types[notice->type]);
	return batch->types[notice->type];
}

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
			   texteq, C_COLLATION_OID, slot_getattr(slot, SOCIAL_NOTIFICATIONS_TYPE, &isnull),
			   type)) &&
		   is_id(slot, SOCIAL_NOTIFICATIONS_ACTOR_ID, notice->actor) &&
		   is_id(slot, SOCIAL_NOTIFICATIONS_QUOTE_ID, notice->quote) &&
		   (notice->recipient == 0 ||
			is_id(slot, SOCIAL_NOTIFICATIONS_RECIPIENT_ID, notice->recipient));
}

/*
 * Is it known that nobody was told of anything about this post? A statement with many likes of one
 * asks that once, when it comes to the second of them.
 */
static bool
is_bare(struct batch *batch, Relation index, int64 post)
{
	Datum value = Int64GetDatum(post);
	bool found;
	struct target *target = target_table_insert(batch->targets, post, &found);

	if (!found)
		target->is_asked = target->is_bare = false;
	else if (!target->is_asked)
	{
		target->is_bare = social_index_lacks(batch->table, index, 1, &value, batch->snapshot);
		target->is_asked = true;
	}
	return target->is_bare;
}

/*
 * Puts the row that an entry of the notice's target points to into the slot; false when there is
 * none that is seen, or one of another target by now.
 */
static bool
read_entry(struct batch *batch, enum way way, const struct social_notice *notice,
		   const ItemPointerData *line)
{
	TupleTableSlot *slot = batch->slot;
	HeapTuple row = social_place_read(batch->table, line, batch->snapshot);
	ItemPointerData place;

	if (row == NULL)
		return false;
	place = row->t_self;
	ExecForceStoreHeapTuple(row, slot, true);
	slot->tts_tid = place;
	return way == BY_COMMENT ? is_id(slot, SOCIAL_NOTIFICATIONS_COMMENT_ID, notice->comment)
							 : is_id(slot, SOCIAL_NOTIFICATIONS_POST_ID, notice->post);
}

/* Puts the row of a notice into the slot; false when there is none. `type` is that of its row. */
static bool
look_up(struct batch *batch, const struct social_notice *notice, Datum type)
{
	enum way way = notice->comment != 0 ? BY_COMMENT : notice->post != 0 ? BY_POST : BY_RECIPIENT;
	ScanKeyData keys[3];
	Datum values[3];
	ItemPointerData line;
	enum social_index_answer answer;
	bool found = false;

	if (way == BY_RECIPIENT)
	{
		ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(notice->actor));
		ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(notice->recipient));
	}
	else
	{
		ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ,
					Int64GetDatum(way == BY_COMMENT ? notice->comment : notice->post));
		ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(notice->actor));
		ScanKeyEntryInitialize(&keys[2], 0, 3, BTEqualStrategyNumber, InvalidOid, C_COLLATION_OID,
							   F_TEXTEQ, type);
	}
	for (int i = 0; i < ways[way].nkeys; i++)
		values[i] = keys[i].sk_argument;
	if (batch->open[way].index == NULL)
		batch->open[way].index = index_open(social_relation_oid(ways[way].index), RowExclusiveLock);
	if (way == BY_POST && is_bare(batch, batch->open[way].index, notice->post))
		return false;
	answer = social_index_ask(batch->table, batch->open[way].index, ways[way].nkeys, values,
							  batch->snapshot, &line);
	if (answer == SOCIAL_INDEX_LACKS)
		return false;
	if (answer == SOCIAL_INDEX_HAS_ONE && read_entry(batch, way, notice, &line))
		return belongs(batch->slot, notice, type);
	if (batch->open[way].scan == NULL)
		batch->open[way].scan = social_compat_beginscan(batch->table, batch->open[way].index,
														batch->snapshot, ways[way].nkeys, 0);
	index_rescan(batch->open[way].scan, keys, ways[way].nkeys, NULL, 0);
	while (!found && index_getnext_slot(batch->open[way].scan, ForwardScanDirection, batch->slot))
		found = belongs(batch->slot, notice, type);
	return found;
}

/* How many are unread is another number now; the event says whose. */
static void
tell_recipient(struct batch *batch)
{
	bool isnull;

	if (DatumGetBool(slot_getattr(batch->slot, SOCIAL_NOTIFICATIONS_IS_READ, &isnull)))
		return;
	social_event_add(&(struct social_event){
		.type = SOCIAL_EVENT_NOTIFICATION_READ,
		.recipient =
			DatumGetInt64(slot_getattr(batch->slot, SOCIAL_NOTIFICATIONS_RECIPIENT_ID, &isnull)),
	});
}

/* Withdraws the row in the slot or brings it back; false when it is not there any more. */
static bool
set_withdrawn(struct batch *batch, bool withdrawn)
{
	int column = SOCIAL_NOTIFICATIONS_WITHDRAWN_AT;
	Datum now = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
	bool isnull = !withdrawn;
	HeapTuple tuple =
		heap_modify_tuple_by_cols(ExecFetchSlotHeapTuple(batch->slot, false, NULL),
								  RelationGetDescr(batch->table), 1, &column, &now, &isnull);
	bool done = social_table_rewrite(&batch->writer, &batch->slot->tts_tid, tuple);

	heap_freetuple(tuple);
	return done;
}

/* Locks the row in the slot, wherever it has been moved to; false when it is gone. */
static bool
lock_row(struct batch *batch)
{
	TM_FailureData failure;

	return table_tuple_lock(batch->table, &batch->slot->tts_tid, batch->snapshot, batch->slot,
							GetCurrentCommandId(true), LockTupleExclusive, LockWaitBlock,
							TUPLE_LOCK_FLAG_FIND_LAST_VERSION, &failure) == TM_Ok;
}

/*
 * Finds the row of a notice, withdraws it or brings it back; waits only for a session that is about
 * to mark it read or to delete it. What somebody did who is gone is not remembered. Returns whether
 * there is a row.
 */
static bool
find_row(struct batch *batch, const struct social_notice *notice, bool withdraw)
{
	TupleTableSlot *slot = batch->slot;
	bool found = look_up(batch, notice, type_of(batch, notice));

	if (found && slot_attisnull(slot, SOCIAL_NOTIFICATIONS_WITHDRAWN_AT) == withdraw)
	{
		if (withdraw && !social_audience_has(batch->audience, notice->actor))
		{
			found = lock_row(batch);
			if (found)
				simple_heap_delete(batch->table, &slot->tts_tid);
		}
		else if (!set_withdrawn(batch, withdraw))
			found = lock_row(batch) && set_withdrawn(batch, withdraw);
		if (found)
			tell_recipient(batch);
	}
	ExecClearTuple(slot);
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
	Datum values[SOCIAL_NOTIFICATIONS_NCOLUMNS];
	bool isnull[SOCIAL_NOTIFICATIONS_NCOLUMNS] = {false};

	if (!social_audience_admits(batch->audience, notice->recipient, notice->actor, notice->type))
		return;
	/* What comes and goes, with an undo, an edit or a restore, is told once. */
	if (!notice->is_first && find_row(batch, notice, false))
		return;
	values[SOCIAL_NOTIFICATIONS_ID - 1] = Int64GetDatum(nextval_internal(batch->sequence, false));
	values[SOCIAL_NOTIFICATIONS_TYPE - 1] = type_of(batch, notice);
	values[SOCIAL_NOTIFICATIONS_MESSAGE - 1] = batch->no_message;
	values[SOCIAL_NOTIFICATIONS_IS_READ - 1] = BoolGetDatum(false);
	isnull[SOCIAL_NOTIFICATIONS_READ_AT - 1] = true;
	isnull[SOCIAL_NOTIFICATIONS_WITHDRAWN_AT - 1] = true;
	isnull[SOCIAL_NOTIFICATIONS_STREAM_ID - 1] = true;
	values[SOCIAL_NOTIFICATIONS_CREATED_AT - 1] =
		TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
	set_id(values, isnull, SOCIAL_NOTIFICATIONS_RECIPIENT_ID, notice->recipient);
	set_id(values, isnull, SOCIAL_NOTIFICATIONS_ACTOR_ID, notice->actor);
	set_id(values, isnull, SOCIAL_NOTIFICATIONS_POST_ID, notice->post);
	set_id(values, isnull, SOCIAL_NOTIFICATIONS_COMMENT_ID, notice->comment);
	set_id(values, isnull, SOCIAL_NOTIFICATIONS_QUOTE_ID, notice->quote);
	if (!social_table_write(&batch->writer, values, isnull, lengthof(values)))
		return;
	social_event_add(&(struct social_event){
		.type = SOCIAL_EVENT_NOTIFICATION_CREATED,
		.author = notice->actor,
		.post = notice->post,
		.comment = notice->comment,
		.recipient = notice->recipient,
		.subject = DatumGetInt64(values[SOCIAL_NOTIFICATIONS_ID - 1]),
	});
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

static void
end_look(struct batch *batch)
{
	social_table_writer_flush(&batch->writer);
	target_table_reset(batch->targets);
	for (int i = 0; i < NWAYS; i++)
	{
		if (batch->open[i].index == NULL)
			continue;
		if (batch->open[i].scan != NULL)
			index_endscan(batch->open[i].scan);
		batch->open[i].scan = NULL;
		index_close(batch->open[i].index, NoLock);
		batch->open[i].index = NULL;
	}
	UnregisterSnapshot(batch->snapshot);
}

/*
 * Lets look-ups see what is committed by now and what this transaction has written. One look does
 * for many notices, in spite of those who like, unlike and like the same at the same time: each of
 * these rows waits, on the unique key of actor and target, for the end of whoever has inserted or
 * deleted one like it. All rows of the batch are in their table (after triggers tell of them), so
 * what others did to the same has ended, its notification with it, and nobody does anything to it
 * until we end. Only an undo after a deed within the batch, or the other way round, needs another.
 */
static void
begin_look(struct batch *batch)
{
	CommandCounterIncrement();
	batch->snapshot = RegisterSnapshot(GetLatestSnapshot());
}

void
social_notification_write(const struct social_notice *notices, int n)
{
	MemoryContext context;
	MemoryContext caller;
	struct batch batch = {0};

	if (!OidIsValid(social_relation_find("notifications")))
		return;
	context =
		AllocSetContextCreate(CurrentMemoryContext, "social notifications", ALLOCSET_SMALL_SIZES);
	caller = MemoryContextSwitchTo(context);
	batch.table = social_table_open("notifications", RowExclusiveLock);
	batch.sequence = social_relation_oid("notifications_id_seq");
	batch.no_message = CStringGetTextDatum("");
	batch.audience = social_audience_begin();
	batch.targets = target_table_create(context, 16, NULL);
	batch.slot = table_slot_create(batch.table, NULL);
	social_table_writer_begin(&batch.writer, batch.table);
	social_table_writer_tell(&batch.writer, SOCIAL_NOTIFICATIONS_NCHECKS);
	begin_look(&batch);
	for (int i = 0; i < n; i++)
	{
		if (i > 0 && notices[i].undone != notices[i - 1].undone)
		{
			end_look(&batch);
			begin_look(&batch);
		}
		if (notices[i].undone)
			(void) find_row(&batch, &notices[i], true);
		else
			write_notice(&batch, notices[i]);
	}
	end_look(&batch);
	social_table_writer_end(&batch.writer);
	ExecDropSingleTupleTableSlot(batch.slot);
	social_audience_end(batch.audience);
	table_close(batch.table, NoLock);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	CommandCounterIncrement();
}
