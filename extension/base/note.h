/*
 * note.h owns what row triggers note in memory until their statement ends. A set is of sums: one
 * note for each object, so that a bulk load writes one row for each object and not one for each
 * row; or of a list: a note for each thing that happened, in order.
 *
 * A note belongs to the subtransaction that made it, and is applied or forgotten with it. Normally
 * the statement trigger applies all of them; where only row triggers fire (a logical replication
 * worker), the end of the (sub)transaction does.
 */
#ifndef SOCIAL_NOTE_H
#define SOCIAL_NOTE_H

#include "postgres.h"
#include "utils/hsearch.h"

/* How every note begins; no padding, for it is hashed as bytes. */
struct social_note_key
{
	int64 object_id;
	int64 other_id; /* where a note is of two objects; else 0 */
	SubTransactionId subtransaction;
	int32 kind; /* for notes of several kinds in one set; else 0 */
};

/* A set of notes; static, with the first three fields set. Empty between statements. */
struct social_notes
{
	const char *name;    /* of its memory */
	Size size;           /* of a note, key included */
	void (*apply)(void); /* applies the notes of the current subtransaction */
	int list_max; /* applies a list even in the middle of a statement when it grows so long */

	HTAB *table;  /* sums: in TopMemoryContext from the first note on */
	long most;    /* notes that it has held */
	char *list;   /* a list, likewise */
	int count;    /* its notes */
	int capacity; /* what it has room for */
	int appended; /* since it was to be applied for its length */
};

/* Makes the ends of transactions see to the set. Once, when the library is loaded. */
extern void social_notes_init(struct social_notes *notes);

/* The current subtransaction's note of an object; a new one is zero behind its key. */
extern void *social_notes_take(struct social_notes *notes, int64 object_id, int32 kind,
							   bool *is_new);

/* The same of two objects. */
extern void *social_notes_take_pair(struct social_notes *notes, int64 object_id, int64 other_id,
									int32 kind, bool *is_new);

/* A new note at the end of a list, zero behind its key; until the next. */
extern void *social_notes_append(struct social_notes *notes);

/* Moves the current subtransaction's notes out of a list, in order; palloc'd. */
extern void *social_notes_take_list(struct social_notes *notes, int *count);

extern bool social_notes_are_empty(const struct social_notes *notes);

/*
 * Moves a note of the current subtransaction and this kind out of the set into `note` (size bytes);
 * false at the end. Start `walk` with hash_seq_init() on a set that is not empty; go on to the end
 * unless an error is raised.
 */
extern bool social_notes_next(struct social_notes *notes, HASH_SEQ_STATUS *walk, int32 kind,
							  void *note);

#endif /* SOCIAL_NOTE_H */
