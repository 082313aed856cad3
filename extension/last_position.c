/*
 * last_position.c owns noting where a statement's people were active, to write it once when the
 * statement ends (see last_position.h).
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "utils/hsearch.h"

#include "init.h"
#include "last_position_row.h"
#include "listing.h"
#include "share.h"

struct note_key
{
	int64 user_id;
	int64 subtransaction; /* no padding in a hash key */
};

struct note
{
	struct note_key key;
	struct social_last_position last;
	bool created; /* the account is new */
};

static HTAB *notes; /* lives in TopMemoryContext; empty between statements */

/* ---- notes ---------------------------------------------------------------------------------- */

static struct note *
take_note(int64 user_id)
{
	struct note_key key = {user_id, GetCurrentSubTransactionId()};
	struct note *note;
	bool found;

	if (notes == NULL)
	{
		HASHCTL control = {.keysize = sizeof(struct note_key), .entrysize = sizeof(struct note)};

		notes = hash_create("social last position notes", 64, &control, HASH_ELEM | HASH_BLOBS);
	}
	note = hash_search(notes, &key, HASH_ENTER, &found);
	if (!found)
	{
		note->last =
			(struct social_last_position){SOCIAL_LAST_POSITION_NONE, SOCIAL_LAST_POSITION_NONE};
		note->created = false;
	}
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
		take_note(column_of(after, 1, columns))->created = true;
}

void
social_last_position_apply(void)
{
	struct social_last_position_keeper keeper = {NULL};
	HASH_SEQ_STATUS walk;
	struct note *entry;

	if (notes == NULL || hash_get_num_entries(notes) == 0)
		return;
	hash_seq_init(&walk, notes);
	while ((entry = hash_seq_search(&walk)) != NULL)
	{
		struct note note = *entry;

		if (note.key.subtransaction != GetCurrentSubTransactionId())
			continue;
		hash_search(notes, &note.key, HASH_REMOVE, NULL);
		if (keeper.table == NULL)
			social_last_position_keeper_begin(&keeper);
		social_last_position_keep(&keeper, note.key.user_id, note.last, note.created);
	}
	if (keeper.table != NULL)
		social_last_position_keeper_end(&keeper);
}

/* ---- ends of transactions ------------------------------------------------------------------- */

/* Forgets the notes of one subtransaction, or all of them (InvalidSubTransactionId). */
static void
forget_notes(SubTransactionId subtransaction)
{
	HASH_SEQ_STATUS walk;
	struct note *note;

	hash_seq_init(&walk, notes);
	while ((note = hash_seq_search(&walk)) != NULL)
	{
		if (subtransaction == InvalidSubTransactionId || note->key.subtransaction == subtransaction)
			hash_search(notes, &note->key, HASH_REMOVE, NULL);
	}
}

static void
on_transaction(XactEvent event, void *arg)
{
	if (notes == NULL || hash_get_num_entries(notes) == 0)
		return;
	if (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE)
		social_last_position_apply();
	else if (event == XACT_EVENT_ABORT)
		forget_notes(InvalidSubTransactionId);
}

static void
on_subtransaction(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	if (notes == NULL || hash_get_num_entries(notes) == 0)
		return;
	if (event == SUBXACT_EVENT_PRE_COMMIT_SUB)
		social_last_position_apply();
	else if (event == SUBXACT_EVENT_ABORT_SUB)
		forget_notes(mine);
}

void
social_last_position_init(void)
{
	RegisterXactCallback(on_transaction, NULL);
	RegisterSubXactCallback(on_subtransaction, NULL);
	social_last_position_memory_init();
}
