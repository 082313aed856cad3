/*
 * counter_read.c owns counts as a statement sees them: the counter row, and the deltas that wait.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "fmgr.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

#include "base/column.h"
#include "base/errors.h"
#include "base/moment.h"
#include "base/place.h"
#include "base/table.h"
#include "counter/counter.h"
#include "viewer/sight.h"

PG_FUNCTION_INFO_V1(social_waiting_count);

/*
 * Does the running statement see any delta? It is asked for many objects, so what was found is
 * remembered.
 */
static bool
deltas_wait(const struct social_counter *counter, Relation deltas)
{
	static struct
	{
		struct social_moment moment;
		bool wait;
	} last[SOCIAL_NCOUNTERS];
	Snapshot snapshot = GetActiveSnapshot();
	int i = (int) (counter - social_counters);

	if (!social_moment_lasts(&last[i].moment, snapshot))
	{
		last[i].moment.transaction = InvalidLocalTransactionId;
		last[i].wait = false;
		if (RelationGetNumberOfBlocks(deltas) > 0)
		{
			/* The index, from which entries of deltas that were folded go. */
			SysScanDesc scan = systable_beginscan(
				deltas, social_relation_oid(counter->deltas_index), true, snapshot, 0, NULL);

			last[i].wait = HeapTupleIsValid(systable_getnext(scan));
			systable_endscan(scan);
		}
		last[i].moment = social_moment_of(snapshot);
	}
	return last[i].wait;
}

static void
add_deltas(const struct social_counter *counter, Relation deltas, int64 object_id, int64 *counts)
{
	SysScanDesc scan;
	ScanKeyData key;
	HeapTuple row;
	bool isnull;

	ScanKeyInit(&key, SOCIAL_COLUMN_ID, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(object_id));
	scan = systable_beginscan(deltas, social_relation_oid(counter->deltas_index), true,
							  GetActiveSnapshot(), 1, &key);
	while (HeapTupleIsValid(row = systable_getnext(scan)))
	{
		for (int i = 0; i < counter->ncolumns; i++)
			counts[i] += DatumGetInt32(heap_getattr(row, i + 2, RelationGetDescr(deltas), &isnull));
	}
	systable_endscan(scan);
}

void
social_counter_read(const struct social_counter *counter, int64 object_id, int64 *counts)
{
	Relation table = social_table_open(counter->table, AccessShareLock);
	Relation deltas = social_table_open(counter->deltas, AccessShareLock);
	HeapTuple row = social_place_find(table, object_id, GetActiveSnapshot());
	bool isnull;

	for (int i = 0; i < counter->ncolumns; i++)
		counts[i] = row == NULL
						? 0
						: DatumGetInt64(heap_getattr(row, i + 2, RelationGetDescr(table), &isnull));
	if (row != NULL)
		heap_freetuple(row);
	if (deltas_wait(counter, deltas))
		add_deltas(counter, deltas, object_id, counts);
	table_close(deltas, NoLock);
	table_close(table, NoLock);
}

/* ---- for the views -------------------------------------------------------------------------- */

static bool
is_named(const text *name, const char *word)
{
	return VARSIZE_ANY_EXHDR(name) == strlen(word) &&
		   memcmp(VARDATA_ANY(name), word, VARSIZE_ANY_EXHDR(name)) == 0;
}

static void
refuse(const text *table, const text *column)
{
	ereport(ERROR,
			(errcode(ERRCODE_SOCIAL_BAD_REQUEST), errmsg("there is no such count"),
			 errdetail("It is \"%s\".\"%s\".", text_to_cstring(table), text_to_cstring(column))));
}

/*
 * A view asks about what the viewer sees; anybody may ask about anything. How many posts for
 * everybody carry a tag is no secret.
 */
static bool
may_know(int counter, int64 object_id)
{
	switch (counter)
	{
		case SOCIAL_USER_COUNTERS:
			return social_sight_sees_person(object_id);
		case SOCIAL_POST_COUNTERS:
			return social_sight_sees_post(object_id);
		case SOCIAL_COMMENT_COUNTERS:
			return social_sight_sees_comment(object_id);
		default:
			return true;
	}
}

/* waiting_count(counter_table text, object_id bigint, counter_column text) bigint. SM400. */
Datum
social_waiting_count(PG_FUNCTION_ARGS)
{
	const text *table = PG_GETARG_TEXT_PP(0);
	int64 object_id = PG_GETARG_INT64(1);
	const text *column = PG_GETARG_TEXT_PP(2);
	int64 counts[SOCIAL_COUNTER_COLUMNS_MAX] = {0};
	const struct social_counter *counter;
	Relation deltas;
	int i = 0;
	int at = 0;

	while (i < social_ncounters && !is_named(table, social_counters[i].table))
		i++;
	if (i == social_ncounters)
		refuse(table, column);
	counter = &social_counters[i];
	while (at < counter->ncolumns && !is_named(column, counter->columns[at]))
		at++;
	if (at == counter->ncolumns)
		refuse(table, column);
	deltas = social_table_open(counter->deltas, AccessShareLock);
	if (deltas_wait(counter, deltas) && may_know(i, object_id))
		add_deltas(counter, deltas, object_id, counts);
	table_close(deltas, NoLock);
	PG_RETURN_INT64(counts[at]);
}
