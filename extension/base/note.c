/*
 * note.c owns what row triggers note in memory until their statement ends (see note.h).
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/memutils.h"

#include "base/note.h"

/* Notes that a set keeps room for between statements; a walk over sums passes all its room. */
#define KEPT 1024

/* Gives back what an unusually large statement has needed, once it is empty. */
static void
release(struct social_notes *notes)
{
	if (notes->count == 0 && notes->capacity > KEPT)
	{
		pfree(notes->list);
		notes->list = NULL;
		notes->capacity = 0;
	}
	if (notes->most > KEPT && hash_get_num_entries(notes->table) == 0)
	{
		hash_destroy(notes->table);
		notes->table = NULL;
		notes->most = 0;
	}
}

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
	{
		memset((char *) note + sizeof(key), 0, notes->size - sizeof(key));
		notes->most = Max(notes->most, hash_get_num_entries(notes->table));
	}
	if (is_new != NULL)
		*is_new = !found;
	return note;
}

static struct social_note_key *
listed(const struct social_notes *notes, int i)
{
	return (struct social_note_key *) (notes->list + i * notes->size);
}

void *
social_notes_append(struct social_notes *notes)
{
	struct social_note_key *note;

	if (notes->appended >= notes->list_max)
	{
		notes->apply();
		notes->appended = 0; /* what is left is of subtransactions above us */
	}
	if (notes->count == notes->capacity)
	{
		int capacity = Max(64, notes->capacity * 2);

		notes->list = notes->list == NULL
						  ? MemoryContextAlloc(TopMemoryContext, capacity * notes->size)
						  : repalloc_huge(notes->list, capacity * notes->size);
		notes->capacity = capacity;
	}
	note = listed(notes, notes->count++);
	notes->appended++;
	memset(note, 0, notes->size);
	note->subtransaction = GetCurrentSubTransactionId();
	return note;
}

/* Takes the notes of one subtransaction out of a list, into `taken` unless that is NULL. */
static int
take_listed(struct social_notes *notes, SubTransactionId subtransaction, char *taken)
{
	int ntaken = 0;
	int rest = 0;

	for (int i = 0; i < notes->count; i++)
	{
		if (listed(notes, i)->subtransaction != subtransaction)
		{
			if (rest != i)
				memcpy(listed(notes, rest), listed(notes, i), notes->size);
			rest++;
			continue;
		}
		if (taken != NULL)
			memcpy(taken + ntaken * notes->size, listed(notes, i), notes->size);
		ntaken++;
	}
	notes->count = rest;
	notes->appended = rest;
	return ntaken;
}

void *
social_notes_take_list(struct social_notes *notes, int *count)
{
	char *taken = palloc_extended((Size) Max(notes->count, 1) * notes->size, MCXT_ALLOC_HUGE);

	*count = take_listed(notes, GetCurrentSubTransactionId(), taken);
	release(notes);
	return taken;
}

bool
social_notes_are_empty(const struct social_notes *notes)
{
	return notes->count == 0 && (notes->table == NULL || hash_get_num_entries(notes->table) == 0);
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
	release(notes);
	return false;
}

/* Forgets the notes of one subtransaction, or all of them (InvalidSubTransactionId). */
static void
forget(struct social_notes *notes, SubTransactionId subtransaction)
{
	HASH_SEQ_STATUS walk;
	struct social_note_key *key;

	if (subtransaction == InvalidSubTransactionId)
		notes->count = notes->appended = 0;
	else
		(void) take_listed(notes, subtransaction, NULL);
	if (notes->table != NULL)
	{
		hash_seq_init(&walk, notes->table);
		while ((key = hash_seq_search(&walk)) != NULL)
		{
			if (subtransaction == InvalidSubTransactionId || key->subtransaction == subtransaction)
				hash_search(notes->table, key, HASH_REMOVE, NULL);
		}
	}
	release(notes);
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
