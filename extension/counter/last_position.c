/*
 * last_position.c owns noting where a statement's people were active, to write it once when the
 * statement ends (see last_position.h).
 */
#include "postgres.h"

#include "access/htup_details.h"

#include "base/init.h"
#include "counter/last_position_row.h"
#include "base/note.h"

struct note
{
	struct social_note_key key; /* of a person */
	struct social_last_position last;
	bool created; /* the account is new */
};

static struct social_notes notes = {"social last position notes", sizeof(struct note),
									social_last_position_apply};

/* ---- notes ---------------------------------------------------------------------------------- */

static struct note *
take_note(int64 user_id)
{
	bool is_new;
	struct note *note = social_notes_take(&notes, user_id, 0, &is_new);

	if (is_new)
		note->last =
			(struct social_last_position){SOCIAL_LAST_POSITION_NONE, SOCIAL_LAST_POSITION_NONE};
	return note;
}

/* A bigint column; NONE when it, or the row, is null. */
static int64
column_of(HeapTuple row, int column, TupleDesc columns)
{
	bool isnull = true;
	Datum value = row == NULL ? (Datum) 0 : heap_getattr(row, column, columns, &isnull);

	return isnull ? SOCIAL_LAST_POSITION_NONE : DatumGetInt64(value);
}

void
social_last_position_row(const struct social_positioned *source, TupleDesc columns,
						 HeapTuple before, HeapTuple after)
{
	int64 person;
	int64 position;
	struct social_last_position *last;

	if (after == NULL)
		return;
	person = column_of(after, source->person, columns);
	if (source->of == SOCIAL_POSITION_OF_NEW_PERSON)
	{
		if (before == NULL)
			take_note(person)->created = true;
		return;
	}
	position = column_of(after, source->position, columns);
	/* It is nowhere, or stands where it stood. */
	if (position == SOCIAL_LAST_POSITION_NONE ||
		(position == column_of(before, source->position, columns) &&
		 person == column_of(before, source->person, columns)))
		return;
	last = &take_note(person)->last;
	if (source->of == SOCIAL_POSITION_OF_POST)
		last->post = Max(last->post, position);
	else
		last->repost = Max(last->repost, position);
}

void
social_last_position_apply(void)
{
	struct social_last_position_keeper keeper = {NULL};
	HASH_SEQ_STATUS walk;
	struct note note;

	if (social_notes_are_empty(&notes))
		return;
	hash_seq_init(&walk, notes.table);
	while (social_notes_next(&notes, &walk, 0, &note))
	{
		if (keeper.table == NULL)
			social_last_position_keeper_begin(&keeper);
		social_last_position_keep(&keeper, note.key.object_id, note.last, note.created);
	}
	if (keeper.table != NULL)
		social_last_position_keeper_end(&keeper);
}

void
social_last_position_init(void)
{
	social_notes_init(&notes);
	social_last_position_memory_init();
}
