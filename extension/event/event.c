/*
 * event.c owns appending events to the outbox (see event.h), and what their numbering in SQL needs
 * of C.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "base/column.h"
#include "base/init.h"
#include "base/lock.h"
#include "base/table.h"
#include "event/event.h"
#include "worker/worker.h"

PG_FUNCTION_INFO_V1(social_hold_events);
PG_FUNCTION_INFO_V1(social_event_identity);

/* Notes kept (5 MB) before they are written even in the middle of a statement. */
#define NOTES_MAX 65536

/*
 * A row of the outbox has its event, and those of the same kind that follow it in their statement:
 * so many, by their ids, that the row is not stored apart (2 kB). A row and its entry in the index
 * cost as much as all of them.
 */
#define MORE_MAX 32
#define MORE_IDS 6

#define NAME(type, name) name,
const char *const social_event_types[] = {NULL, SOCIAL_EVENT_TYPES(NAME)};
#undef NAME

static struct social_notes notes = {.name = "social event notes",
									.size = sizeof(struct social_event),
									.apply = social_event_apply,
									.list_max = NOTES_MAX};
static bool enabled;
static int kept_max;

/* ---- notes ---------------------------------------------------------------------------------- */

void
social_event_add(const struct social_event *event)
{
	struct social_event *note;
	struct social_note_key key;

	if (!enabled)
		return;
	note = social_notes_append(&notes);
	key = note->key;
	*note = *event;
	note->key = key;
}

/* ---- writing them --------------------------------------------------------------------------- */

static void
set_id(Datum *values, bool *isnull, int column, int64 id)
{
	values[column - 1] = Int64GetDatum(id);
	isnull[column - 1] = id == 0;
}

/* The ids of events, as social.more_events() reads them. */
static Datum
ids_of(const struct social_event *events, int n)
{
	Datum ids[MORE_MAX * MORE_IDS];
	Datum *next = ids;

	for (int i = 0; i < n; i++)
	{
		*next++ = Int64GetDatum(events[i].author);
		*next++ = Int64GetDatum(events[i].post);
		*next++ = Int64GetDatum(events[i].comment);
		*next++ = Int64GetDatum(events[i].recipient);
		*next++ = Int64GetDatum(events[i].subject);
		*next++ = Int64GetDatum(events[i].stream);
	}
	return PointerGetDatum(construct_array(ids, n * MORE_IDS, INT8OID, sizeof(int64),
										   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* Appends events of one kind, as a row. */
static void
append(struct social_table_writer *writer, Oid sequence, const struct social_event *event, int n)
{
	Datum values[SOCIAL_EVENT_OUTBOX_NCOLUMNS];
	bool isnull[SOCIAL_EVENT_OUTBOX_NCOLUMNS] = {[SOCIAL_EVENT_OUTBOX_MORE - 1] = n == 1};

	if (n > 1)
		values[SOCIAL_EVENT_OUTBOX_MORE - 1] = ids_of(event + 1, n - 1);
	values[SOCIAL_EVENT_OUTBOX_ID - 1] = Int64GetDatum(nextval_internal(sequence, false));
	values[SOCIAL_EVENT_OUTBOX_AT - 1] = TimestampTzGetDatum(GetCurrentStatementStartTimestamp());
	values[SOCIAL_EVENT_OUTBOX_TYPE - 1] = CStringGetTextDatum(social_event_types[event->type]);
	set_id(values, isnull, SOCIAL_EVENT_OUTBOX_AUTHOR_ID, event->author);
	set_id(values, isnull, SOCIAL_EVENT_OUTBOX_POST_ID, event->post);
	set_id(values, isnull, SOCIAL_EVENT_OUTBOX_COMMENT_ID, event->comment);
	set_id(values, isnull, SOCIAL_EVENT_OUTBOX_RECIPIENT_ID, event->recipient);
	set_id(values, isnull, SOCIAL_EVENT_OUTBOX_SUBJECT_ID, event->subject);
	set_id(values, isnull, SOCIAL_EVENT_OUTBOX_STREAM_ID, event->stream);
	(void) social_table_write(writer, values, isnull, lengthof(values));
	pfree(DatumGetPointer(values[SOCIAL_EVENT_OUTBOX_TYPE - 1]));
	if (n > 1)
		pfree(DatumGetPointer(values[SOCIAL_EVENT_OUTBOX_MORE - 1]));
}

/* Does an event say what the one before it has said? Marking a thousand rows read is one. */
static bool
is_repeated(const struct social_event *before, const struct social_event *event)
{
	return before->type == event->type && before->author == event->author &&
		   before->post == event->post && before->comment == event->comment &&
		   before->recipient == event->recipient && before->subject == event->subject &&
		   before->stream == event->stream;
}

/* Leaves out what is repeated; how many are left. */
static int
without_repeated(struct social_event *events, int count)
{
	int kept = 0;

	for (int i = 0; i < count; i++)
	{
		if (kept == 0 || !is_repeated(&events[kept - 1], &events[i]))
			events[kept++] = events[i];
	}
	return kept;
}

/* How many of these events are of the kind of the first, and fit into a row. */
static int
of_one_kind(const struct social_event *events, int count)
{
	int n = 1;

	while (n < count && n <= MORE_MAX && events[n].type == events[0].type)
		n++;
	return n;
}

void
social_event_apply(void)
{
	struct social_table_writer writer;
	struct social_event *due;
	Relation outbox;
	Oid sequence;
	int count;

	if (social_notes_are_empty(&notes))
		return;
	due = social_notes_take_list(&notes, &count);
	if (count > 0 && OidIsValid(social_relation_find("event_outbox")))
	{
		outbox = social_table_open("event_outbox", RowExclusiveLock);
		sequence = social_relation_oid("event_outbox_id_seq");
		social_table_writer_begin(&writer, outbox);
		count = without_repeated(due, count);
		for (int i = 0, n; i < count; i += n)
		{
			n = of_one_kind(due + i, count - i);
			append(&writer, sequence, due + i, n);
		}
		social_table_writer_end(&writer);
		table_close(outbox, NoLock);
		social_worker_hurry_at_commit();
	}
	pfree(due);
}

void
social_event_counts(enum social_event_type type, int64 object_id)
{
	Datum values[SOCIAL_EVENT_COUNTS_NCOLUMNS];
	bool isnull[SOCIAL_EVENT_COUNTS_NCOLUMNS] = {false};
	Relation table;

	if (!enabled || type == SOCIAL_EVENT_NONE || !OidIsValid(social_relation_find("event_counts")))
		return;
	table = social_table_open("event_counts", RowExclusiveLock);
	values[SOCIAL_EVENT_COUNTS_OBJECT_ID - 1] = Int64GetDatum(object_id);
	values[SOCIAL_EVENT_COUNTS_TYPE - 1] = CStringGetTextDatum(social_event_types[type]);
	social_table_append(table, values, isnull, lengthof(values));
	table_close(table, NoLock);
	social_worker_wake_at_commit();
}

/* ---- what numbering needs ------------------------------------------------------------------- */

/*
 * hold_events() boolean: holds the numbering of events until the end of the transaction, which will
 * be on disk before anybody sees what it numbers: the worker's other commits may be lost in a
 * crash, but a number that somebody has seen must mean the same ever after. False while another
 * session holds it; then there is another round soon, for it may have looked before the last
 * commit.
 */
Datum
social_hold_events(PG_FUNCTION_ARGS)
{
	if (!social_lock_task("events", false))
	{
		social_worker_wake_at_commit();
		PG_RETURN_BOOL(false);
	}
	ForceSyncCommit();
	PG_RETURN_BOOL(true);
}

/*
 * event_identity() text: which history of this database goes on here. Another one does after a
 * fail-over, a recovery to a point in time, a restore, a move to another cluster: what followed in
 * the old one may be lost, and its numbers are not given out again.
 */
Datum
social_event_identity(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(
		cstring_to_text(psprintf(UINT64_FORMAT ".%u.%u", GetSystemIdentifier(),
								 GetWALInsertionTimeLine(), social_relation_oid("events"))));
}

void
social_event_init(void)
{
	DefineCustomBoolVariable("social.events", "Appends what happens to the event log.",
							 "Turn it off for a load of old data, or where nobody listens.",
							 &enabled, true, PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("social.events_max", "How many events the log keeps.",
							"Older ones go before their time (set_retention) is over.", &kept_max,
							1000000, 1000, INT_MAX, PGC_SIGHUP, 0, NULL, NULL, NULL);
	social_notes_init(&notes);
}
