/*
 * counter.h owns the counters, and the never-waiting way to change a count. What counts where is in
 * the registry (observed.h).
 *
 * Lock order (mission P-02, design D4)
 * - A counted row's foreign key checks come first (their triggers sort before ours), so whoever
 *   changes a count of an object that is being deleted has waited for that before.
 * - A counter row is only ever locked with SKIP LOCKED, or changed where nobody holds it: who does
 *   not get it appends a delta row instead. So no transaction waits for a counter, whatever order
 * it likes posts in, and counters take no part in any deadlock. The one exception is the removal of
 * a counter row together with its object: there the object's own row lock, taken before, has
 * already outwaited the writers.
 * - The fold takes one counter row at a time, also with SKIP LOCKED, then that object's deltas
 *   (those that somebody else deletes are left out), under a lock of the delta table that only
 *   folds and VACUUM conflict on and that it does not wait for either.
 */
#ifndef SOCIAL_COUNTER_H
#define SOCIAL_COUNTER_H

#include "postgres.h"
#include "access/htup.h"
#include "access/tupdesc.h"
#include "utils/rel.h"
#include "executor/tuptable.h"
#include "utils/snapshot.h"

#include "event/event.h"

#define SOCIAL_COUNTER_COLUMNS_MAX 8

/* A counter table; column 1 is the object's id, the counts follow in the order of `columns`. */
struct social_counter
{
	const char *table;
	const char *deltas;       /* same columns; what found the counter row locked */
	const char *deltas_index; /* on the object's id */
	const char *key;
	const char *objects;          /* the table of the counted objects, key column id */
	enum social_event_type event; /* that tells of changed counts */
	int ncolumns;
	const char *columns[SOCIAL_COUNTER_COLUMNS_MAX];
};

/*
 * The counts of each counter table in the order of its columns: the number by which C knows one,
 * and its column.
 */
#define SOCIAL_USER_COUNTS(COUNT)                                                                  \
	COUNT(USER_FOLLOWERS, "followers_count")                                                       \
	COUNT(USER_FOLLOWING, "following_count")                                                       \
	COUNT(USER_POSTS, "posts_count")
#define SOCIAL_POST_COUNTS(COUNT)                                                                  \
	COUNT(POST_LIKES, "likes_count")                                                               \
	COUNT(POST_COMMENTS, "comments_count")                                                         \
	COUNT(POST_REPOSTS, "reposts_count")                                                           \
	COUNT(POST_VIEWS, "views_count")
#define SOCIAL_COMMENT_COUNTS(COUNT)                                                               \
	COUNT(COMMENT_LIKES, "likes_count")                                                            \
	COUNT(COMMENT_REPLIES, "replies_count")
#define SOCIAL_HASHTAG_COUNTS(COUNT) COUNT(HASHTAG_POSTS, "posts_count")
#define SOCIAL_SUBJECT_COUNTS(COUNT) COUNT(SUBJECT_FOLLOWERS, "followers_count")

/* Indexes into social_counters, and into the columns of each. */
enum
{
	SOCIAL_USER_COUNTERS,
	SOCIAL_POST_COUNTERS,
	SOCIAL_COMMENT_COUNTERS,
	SOCIAL_HASHTAG_COUNTERS,
	SOCIAL_SUBJECT_COUNTERS,
	SOCIAL_NCOUNTERS
};
#define SOCIAL_COUNT_NUMBER(name, column) SOCIAL_##name##_COUNT,
enum
{
	SOCIAL_USER_COUNTS(SOCIAL_COUNT_NUMBER) SOCIAL_USER_NCOUNTS
};
enum
{
	SOCIAL_POST_COUNTS(SOCIAL_COUNT_NUMBER) SOCIAL_POST_NCOUNTS
};
enum
{
	SOCIAL_COMMENT_COUNTS(SOCIAL_COUNT_NUMBER) SOCIAL_COMMENT_NCOUNTS
};
enum
{
	SOCIAL_HASHTAG_COUNTS(SOCIAL_COUNT_NUMBER) SOCIAL_HASHTAG_NCOUNTS
};
enum
{
	SOCIAL_SUBJECT_COUNTS(SOCIAL_COUNT_NUMBER) SOCIAL_SUBJECT_NCOUNTS
};

/* A row adds 1 to a count of the object that it names. */
struct social_counted
{
	int object;  /* column: the object's id */
	int counter; /* index into social_counters */
	int count;   /* index into its columns */
	int when;    /* column: counts only while it is not null; 0: always */
};

extern const struct social_counter social_counters[];
extern const int social_ncounters;

/* What a try to lock a counter row found. */
enum social_counter_lock
{
	SOCIAL_COUNTER_LOCKED, /* the newest version is in the slot, and ours until commit */
	SOCIAL_COUNTER_BUSY,   /* somebody else holds it */
	SOCIAL_COUNTER_MISSING /* there is no such row */
};

/*
 * Notes a change of a count; it is applied when the statement ends, or at the latest before the
 * (sub)transaction commits.
 */
extern void social_counter_add(int counter, int count, int64 object_id, int change);

/* Notes what the old and the new version of a row (either may be NULL) mean for one count. */
extern void social_counted_row(const struct social_counted *counted, TupleDesc columns,
							   HeapTuple before, HeapTuple after);

/* Notes that an object (a row whose first column is its id) has come or gone. */
extern void social_counter_object_row(const struct social_counter *counter, TupleDesc columns,
									  HeapTuple before, HeapTuple after);

/* Applies what this subtransaction has noted; called when a statement ends. */
extern void social_counter_apply(void);

/*
 * Tries to lock a counter row without waiting. The snapshot must see this transaction's own
 * changes, and newer versions than it sees are followed.
 */
extern enum social_counter_lock social_counter_try_lock(Relation table, int64 object_id,
														Snapshot snapshot, TupleTableSlot *slot);

/* Adds changes[0 .. ncolumns) to the counter row that try_lock has put into the slot. */
extern void social_counter_change(Relation table, TupleTableSlot *slot, int ncolumns,
								  const int64 *changes);

/*
 * Adds changes to the counter row of an object without waiting, and has it locked until commit; the
 * slot is for its use. The snapshot is as for try_lock.
 */
extern enum social_counter_lock social_counter_try_change(Relation table, int64 object_id,
														  Snapshot snapshot, TupleTableSlot *slot,
														  int ncolumns, const int64 *changes);

/* Makes the counter row of a new object. */
extern void social_counter_create(const struct social_counter *counter, Relation table,
								  int64 object_id, const int64 *counts);

/* Removes the counter row and the deltas of an object that is gone; waits for their holders. */
extern void social_counter_remove(const struct social_counter *counter, Relation table,
								  TupleTableSlot *slot, int64 object_id);

/* The counts of an object as the running statement sees them, waiting deltas included. */
extern void social_counter_read(const struct social_counter *counter, int64 object_id,
								int64 *counts);

/* Appends a delta row. */
extern void social_counter_append_delta(const struct social_counter *counter, Relation deltas,
										int64 object_id, const int64 *changes);

#endif /* SOCIAL_COUNTER_H */
