/*
 * notification.c owns what makes a notification: the rows that tell somebody something, the notes
 * taken of them, and when these are written.
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

/* Notes kept before they are written even in the middle of a statement. */
#define NOTES_MAX 10000

const char *const social_notification_types[] = {
	[SOCIAL_NOTIFY_LIKE] = "like",       [SOCIAL_NOTIFY_COMMENT_LIKE] = "comment_like",
	[SOCIAL_NOTIFY_COMMENT] = "comment", [SOCIAL_NOTIFY_REPLY] = "reply",
	[SOCIAL_NOTIFY_FOLLOW] = "follow",   [SOCIAL_NOTIFY_FOLLOW_REQUEST] = "follow_request",
	[SOCIAL_NOTIFY_REPOST] = "repost",   [SOCIAL_NOTIFY_MENTION] = "mention",
};

/*
 * A row of `source` is something that its `actor` does; columns by number, 0 where there is none.
 * `when` must not be null for the row to count; `unless` must be.
 */
struct notified
{
	const char *source;
	enum social_notification_type type;
	int actor;
	int recipient;
	int post;
	int comment;
	int parent;
	int quote;
	int when;
	int unless;
	bool undo; /* a deleted row withdraws its notification; else foreign keys delete it */
};

static const struct notified notified[] = {
	{"post_likes", SOCIAL_NOTIFY_LIKE, .post = 1, .actor = 2, .undo = true},
	{"comment_likes", SOCIAL_NOTIFY_COMMENT_LIKE, .comment = 1, .actor = 2, .undo = true},
	{"follows", SOCIAL_NOTIFY_FOLLOW, .actor = 1, .recipient = 2, .undo = true},
	{"follow_requests", SOCIAL_NOTIFY_FOLLOW_REQUEST, .actor = 1, .recipient = 2, .undo = true},
	{"reposts", SOCIAL_NOTIFY_REPOST, .post = 1, .actor = 2, .undo = true},
	{"comments", SOCIAL_NOTIFY_COMMENT, .comment = 1, .post = 2, .actor = 3, .parent = 4,
	 .unless = 11},
	{"posts", SOCIAL_NOTIFY_REPOST, .quote = 1, .actor = 2, .when = 6, .post = 16},
};

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
social_notify_mentions(int64 post_id, int64 author_id, const int64 *user_ids, int n)
{
	for (int i = 0; i < n && enabled; i++)
	{
		struct social_notice notice = {.type = SOCIAL_NOTIFY_MENTION,
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
tells(const struct notified *source, TupleDesc columns, HeapTuple row)
{
	return row != NULL && (source->when == 0 || is_set(columns, row, source->when)) &&
		   (source->unless == 0 || !is_set(columns, row, source->unless)) &&
		   (source->quote == 0 || is_set(columns, row, source->post));
}

static void
note_row(const struct notified *source, TupleDesc columns, HeapTuple row, bool undone)
{
	struct social_notice notice = {
		.type = source->type,
		.undone = undone,
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
social_notify_row(const char *source, TupleDesc columns, HeapTuple before, HeapTuple after)
{
	for (int i = 0; i < lengthof(notified); i++)
	{
		const struct notified *row = &notified[i];

		if (strcmp(row->source, source) != 0)
			continue;
		if (before == NULL && enabled && tells(row, columns, after))
			note_row(row, columns, after, false);
		else if (after == NULL && row->undo)
			note_row(row, columns, before, true);
		/* A draft that quotes tells when it is published. */
		else if (before != NULL && after != NULL && enabled && row->quote != 0 &&
				 !tells(row, columns, before) && tells(row, columns, after))
			note_row(row, columns, after, false);
	}
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
