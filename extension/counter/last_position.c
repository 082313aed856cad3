/*
 * last_position.c owns noting where a statement's people were active, to write it once when the
 * statement ends (see last_position.h).
 */
#include "postgres.h"

#include "access/htup_details.h"

#include "base/column.h"
#include "base/init.h"
#include "counter/last_position_row.h"
#include "viewer/listing.h"
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

/* Where somebody's row of this kind came to stand; false when it stands where it stood. */
static bool
came_to(HeapTuple before, HeapTuple after, TupleDesc columns, int owner_column, int place_column,
		int64 *owner, int64 *place)
{
	*owner = column_of(after, owner_column, columns);
	*place = column_of(after, place_column, columns);
	return *place != SOCIAL_LAST_POSITION_NONE &&
		   (*place != column_of(before, place_column, columns) ||
			*owner != column_of(before, owner_column, columns));
}

void
social_last_position_row(const char *source, TupleDesc columns, HeapTuple before, HeapTuple after)
{
	int64 owner;
	int64 place;

	if (after == NULL)
		return;
	if (strcmp(source, "posts") == 0)
	{
		if (came_to(before, after, columns, SOCIAL_POSTS_AUTHOR_ID, SOCIAL_POSTS_POSITION, &owner,
					&place))
			take_note(owner)->last.post = Max(take_note(owner)->last.post, place);
	}
	else if (strcmp(source, "reposts") == 0)
	{
		if (came_to(before, after, columns, SOCIAL_REPOSTS_USER_ID, SOCIAL_REPOSTS_POSITION, &owner,
					&place))
			take_note(owner)->last.repost = Max(take_note(owner)->last.repost, place);
	}
	else if (before == NULL && strcmp(source, "users") == 0)
		take_note(column_of(after, SOCIAL_USERS_ID, columns))->created = true;
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
