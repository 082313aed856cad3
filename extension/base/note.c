/*
 * note.c owns what row triggers note in memory until their statement ends (see note.h).
 */
#include "postgres.h"

#include "access/xact.h"

#include "base/note.h"

void *
social_notes_take(struct social_notes *notes, int64 object_id, int32 kind, bool *is_new)
{
	return social_notes_take_pair(notes, object_id, 0, kind, is_new);
}

void *
social_notes_take_pair(struct social_notes *notes, int64 object_id, int64 other_id, int32 kind,
					   bool *is_new)
{
	struct social_note_key key = {object_id, other_id, GetCurrentSubTransactionId(), kind};
	void *note;
	bool found;

	if (notes->table == NULL)
	{
		HASHCTL control = {.keysize = sizeof(key), .entrysize = notes->size};

		notes->table = hash_create(notes->name, 64, &control, HASH_ELEM | HASH_BLOBS);
	}
	note = hash_search(notes->table, &key, HASH_ENTER, &found);
	if (!found)
		memset((char *) note + sizeof(key), 0, notes->size - sizeof(key));
	if (is_new != NULL)
		*is_new = !found;
	return note;
}

bool
social_notes_are_empty(const struct social_notes *notes)
{
	return notes->table == NULL || hash_get_num_entries(notes->table) == 0;
}

bool
social_notes_next(struct social_notes *notes, HASH_SEQ_STATUS *walk, int32 kind, void *note)
{
	struct social_note_key *key;

	while ((key = hash_seq_search(walk)) != NULL)
	{
		if (key->kind != kind || key->subtransaction != GetCurrentSubTransactionId())
			continue;
		memcpy(note, key, notes->size);
		hash_search(notes->table, note, HASH_REMOVE, NULL);
		return true;
	}
	return false;
}

/* Forgets the notes of one subtransaction, or all of them (InvalidSubTransactionId). */
static void
forget(struct social_notes *notes, SubTransactionId subtransaction)
{
	HASH_SEQ_STATUS walk;
	struct social_note_key *key;

	hash_seq_init(&walk, notes->table);
	while ((key = hash_seq_search(&walk)) != NULL)
	{
		if (subtransaction == InvalidSubTransactionId || key->subtransaction == subtransaction)
			hash_search(notes->table, key, HASH_REMOVE, NULL);
	}
}

static void
on_transaction(XactEvent event, void *notes)
{
	if (social_notes_are_empty(notes))
		return;
	if (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE)
		((struct social_notes *) notes)->apply();
	else if (event == XACT_EVENT_ABORT)
		forget(notes, InvalidSubTransactionId);
}

static void
on_subtransaction(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *notes)
{
	if (social_notes_are_empty(notes))
		return;
	if (event == SUBXACT_EVENT_PRE_COMMIT_SUB)
		((struct social_notes *) notes)->apply();
	else if (event == SUBXACT_EVENT_ABORT_SUB)
		forget(notes, mine);
}

void
social_notes_init(struct social_notes *notes)
{
	RegisterXactCallback(on_transaction, notes);
	RegisterSubXactCallback(on_subtransaction, notes);
}
