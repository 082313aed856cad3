/*
 * last_position.h owns the question where in the newest-first order somebody was last active, so
 * that the home feed looks up only the people who may stand on its page.
 *
 * Never too low
 * - A stored position may be too high (after a deletion, a rollback): then somebody is looked up
 *   for nothing. It is never too low for anything that a snapshot sees. A person of whom nothing is
 *   stored is looked up.
 *
 * Never waiting
 * - Writers note what a statement does and write once, when it ends. A row that somebody else has
 *   locked is not waited for: a second row is added. Whoever next finds several rows of a person
 *   merges those that nobody holds; readers take the highest. A new row's key ends with a random
 *   number, so inserting waits for nobody either. Nobody locks rows of two people in an order that
 * matters, because nobody waits.
 *
 * In memory, where the library is preloaded (last_position_memory.c)
 * - Writers raise memory after the table and before they commit, so that whoever sees what they
 *   wrote finds it there.
 * - Loading reads all versions of all rows, also of transactions that are still open, while writers
 *   raise what they write.
 */
#ifndef SOCIAL_LAST_POSITION_H
#define SOCIAL_LAST_POSITION_H

#include "postgres.h"
#include "access/htup.h"
#include "access/tupdesc.h"

#define SOCIAL_LAST_POSITION_NONE    PG_INT64_MIN
#define SOCIAL_LAST_POSITION_UNKNOWN PG_INT64_MAX

/* No post and no repost of a person lies above these. */
struct social_last_position
{
	int64 post;
	int64 repost;
};

/* What a row says about where its person was active. */
enum social_position_of
{
	SOCIAL_POSITION_OF_NOTHING,
	SOCIAL_POSITION_OF_POST,
	SOCIAL_POSITION_OF_REPOST,
	SOCIAL_POSITION_OF_NEW_PERSON /* who has not been, yet */
};
struct social_positioned
{
	enum social_position_of of;
	int person;   /* column: whose it is */
	int position; /* column: where it stands; null: nowhere */
};

/* Notes what a changed row (before or after may be NULL) says. */
extern void social_last_position_row(const struct social_positioned *source, TupleDesc columns,
									 HeapTuple before, HeapTuple after);

/* Writes what this subtransaction has noted; called when a statement ends. */
extern void social_last_position_apply(void);

/* Reads last[i] of each person; UNKNOWN where it is not known, NONE where there is nothing. */
extern void social_last_positions_read(const int64 *user_ids, int count,
									   struct social_last_position *last);

/* ---- in memory ------------------------------------------------------------------------------ */

/* Raises a person's positions in memory; `last` is all that the caller can see of them. */
extern void social_last_position_memory_raise(int64 user_id,
											  const struct social_last_position *last);

/* Makes memory ready, unless it is or somebody else is at it; reads the whole table. */
extern void social_last_position_memory_load(void);

/* Is memory ready to be read? */
extern bool social_last_position_memory_is_ready(void);

/* As social_last_positions_read, from memory; false when it cannot answer. */
extern bool social_last_position_memory_read(const int64 *user_ids, int count,
											 struct social_last_position *last);

/* Forgets all, so that it is loaded anew. */
extern void social_last_position_memory_reset(void);

extern void social_last_position_memory_init(void);

#endif /* SOCIAL_LAST_POSITION_H */
