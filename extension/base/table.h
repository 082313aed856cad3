/*
 * table.h owns direct access to the extension's own tables: rows found by index and changed without
 * the planner, for the paths that run on every write or request.
 *
 * It checks no permissions and fires no triggers; callers are the triggers and functions that stand
 * in for them. Raises SQLSTATE undefined_table when the extension's tables are gone, and what
 * version.h says when they are another version's.
 */
#ifndef SOCIAL_TABLE_H
#define SOCIAL_TABLE_H

#include "postgres.h"
#include "access/htup.h"
#include "executor/tuptable.h"
#include "nodes/execnodes.h"
#include "utils/rel.h"
#include "utils/snapshot.h"

/* The OID of social.<name>, or InvalidOid; any relation kind. */
extern Oid social_relation_find(const char *name);

/* The same, raising undefined_table when it does not exist. */
extern Oid social_relation_oid(const char *name);

/* Opens social.<name>; the caller closes it (NoLock keeps the lock to the end of transaction). */
extern Relation social_table_open(const char *name, LOCKMODE lockmode);

/* True when the table has a row that a fresh snapshot sees. */
extern bool social_table_has_rows(const char *name);

/*
 * Puts the row whose first column of `index` equals `key` into `slot` (made by
 * table_slot_create); false when there is none. `equality` is the operator's function (F_INT8EQ,
 * F_TEXTEQ). The index must be open.
 */
extern bool social_table_find(Relation table, Relation index, RegProcedure equality, Datum key,
							  Snapshot snapshot, TupleTableSlot *slot);

/* Opens the primary key's index. */
extern Relation social_table_primary_key(Relation table, LOCKMODE lockmode);

/* Is it one of ours, as our scripts make them: by its name, and a function of our schema? */
extern bool social_trigger_is_ours(Relation table, const Trigger *trigger);

#define SOCIAL_TABLE_WRITER_ROWS 64 /* that are written at once */

/*
 * Inserts rows with their index entries; duplicate keys raise as usual. The values are those of our
 * columns, all of them; what others have added has its default. Foreign keys are the caller's
 * business. The table must be open with RowExclusiveLock from begin to end.
 */
struct social_table_writer
{
	Relation table;
	EState *estate;
	ResultRelInfo *target;
	struct social_index_set *indexes;
	TupleTableSlot *slot;
	bool is_watched; /* rows go by social_insert() */
	int nrows;       /* that wait to be written */
	TupleTableSlot *rows[SOCIAL_TABLE_WRITER_ROWS];
};

extern void social_table_writer_begin(struct social_table_writer *writer, Relation table);

/*
 * Said after the beginning: what others have hung on the table (see social_table_is_watched())
 * hears of the rows; triggers of ours do not, as before.
 */
extern void social_table_writer_tell(struct social_table_writer *writer, int nchecks);

/*
 * Takes a row, and writes it with others, which costs the page and the log of changes much less:
 * at the latest in _flush(), and in _end(). Until then nobody can find it, this transaction
 * neither. False when a trigger of somebody's has left it out.
 */
extern bool social_table_write(struct social_table_writer *writer, const Datum *values,
							   const bool *isnull, int ncolumns);
extern void social_table_writer_flush(struct social_table_writer *writer);
extern void social_table_writer_end(struct social_table_writer *writer);

/* Replaces the row at `old` with its index entries; false when it is not there any more. */
extern bool social_table_rewrite(struct social_table_writer *writer, ItemPointer old,
								 HeapTuple tuple);

/* The same without waiting; false when somebody holds the row, or has changed it, too. */
extern bool social_table_try_rewrite(struct social_table_writer *writer, ItemPointer old,
									 HeapTuple tuple);

/* The same for a single row. */
extern void social_table_insert(Relation table, const Datum *values, const bool *isnull,
								int ncolumns);

/* The same, cheapest for a table without indexes. */
extern void social_table_append(Relation table, const Datum *values, const bool *isnull,
								int ncolumns);

/*
 * Has the table triggers or foreign keys, from it or to it, that are not ours, or another number of
 * CHECKs than we have? Whoever writes rows of it here does it by statements then.
 */
extern bool social_table_is_watched(Relation table, int nchecks);

/*
 * Replaces the row at `old`, which this transaction has locked, by `tuple`, with the index entries
 * that it needs: none where the update is heap-only, but for indexes that summarize (BRIN).
 */
extern void social_table_update(Relation table, ItemPointer old, HeapTuple tuple);

/* The same of a row that nobody holds, without waiting; false when somebody does, or has changed
 * it. */
extern bool social_table_try_update(Relation table, ItemPointer old, HeapTuple tuple);

#endif /* SOCIAL_TABLE_H */
