/*
 * notification.c owns the notes that are taken of rows that tell somebody something, and when they
 * are written. Which rows those are is in the registry (counter/observed.h).
 *
 * Like counts, notes are taken by row triggers and applied by the statement trigger that follows,
 * so that a bulk load looks each author up once. Who may be told is notification_audience.c's.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "utils/guc.h"

#include "base/init.h"
#include "notification/notification.h"
#include "notification/notification_row.h"

/* Notes kept (5 MB) before they are written even in the middle of a statement. Few batches are
 * best: each looks people and posts up anew. */
#define NOTES_MAX 65536

#define NAME(type, name) name,
const char *const social_notification_types[] = {SOCIAL_NOTIFICATION_TYPES(NAME)};
#undef NAME

static struct social_notes notes = {.name = "social notification notes",
									.size = sizeof(struct social_notice),
									.apply = social_notify_apply,
									.list_max = NOTES_MAX};
static bool enabled;

/* ---- notes ---------------------------------------------------------------------------------- */

static void
add_note(const struct social_notice *notice)
{
	struct social_notice *note = social_notes_append(&notes);
	struct social_note_key key = note->key;

	*note = *notice;
	note->key = key;
}

void
social_notify_mentions(int64 post_id, int64 author_id, const int64 *user_ids, int n, bool is_new)
{
	for (int i = 0; i < n && enabled; i++)
	{
		struct social_notice notice = {.type = SOCIAL_NOTIFY_MENTION,
									   .is_first = is_new,
									   .actor = author_id,
									   .recipient = user_ids[i],
									   .post = post_id};

		if (user_ids[i] != 0)
			add_note(&notice);
	}
}

/* An id column of a row; 0 for null, for column 0 and for one the table does not have yet. */
static int64
id_of(TupleDesc columns, HeapTuple row, int column)
{
	bool isnull;
	Datum value;

	if (column == 0 || column > columns->natts)
		return 0;
	value = heap_getattr(row, column, columns, &isnull);
	return isnull ? 0 : DatumGetInt64(value);
}

static bool
is_set(TupleDesc columns, HeapTuple row, int column)
{
	return column <= columns->natts && !heap_attisnull(row, column, columns);
}

/* Does this row tell anybody anything? */
static bool
tells(const struct social_notified *source, TupleDesc columns, HeapTuple row)
{
	return row != NULL && (source->when == 0 || is_set(columns, row, source->when)) &&
		   (source->unless == 0 || !is_set(columns, row, source->unless)) &&
		   (source->quote == 0 || is_set(columns, row, source->post));
}

static void
note_row(const struct social_notified *source, TupleDesc columns, HeapTuple row, bool undone,
		 bool is_first)
{
	struct social_notice notice = {
		.type = source->type,
		.undone = undone,
		.is_first = is_first,
		.actor = id_of(columns, row, source->actor),
		.recipient = id_of(columns, row, source->recipient),
		.post = id_of(columns, row, source->post),
		.comment = id_of(columns, row, source->comment),
		.parent = id_of(columns, row, source->parent),
		.quote = id_of(columns, row, source->quote),
	};

	add_note(&notice);
}

void
social_notify_row(const struct social_notified *source, TupleDesc columns, HeapTuple before,
				  HeapTuple after)
{
	if (before == NULL && enabled && tells(source, columns, after))
		note_row(source, columns, after, false, !source->undo);
	else if (after == NULL && source->undo)
		note_row(source, columns, before, true, false);
	/* A draft that quotes tells when it is published. */
	else if (before != NULL && after != NULL && enabled && source->quote != 0 &&
			 !tells(source, columns, before) && tells(source, columns, after))
		note_row(source, columns, after, false, false);
}

/* ---- writing them --------------------------------------------------------------------------- */

void
social_notify_apply(void)
{
	struct social_notice *due;
	int count;

	if (social_notes_are_empty(&notes))
		return;
	due = social_notes_take_list(&notes, &count);
	if (count > 0)
		social_notification_write(due, count);
	pfree(due);
}

void
social_notification_init(void)
{
	DefineCustomBoolVariable("social.notifications", "Tells people what others do.",
							 "Turn it off for a load of old data.", &enabled, true, PGC_SUSET, 0,
							 NULL, NULL, NULL);
	social_notes_init(&notes);
}
