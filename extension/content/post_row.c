/*
 * post_row.c owns making rows of visible_posts in C (see post_row.h).
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "storage/bufmgr.h"

#include "base/column.h"
#include "counter/counter.h"
#include "viewer/listing.h"
#include "content/post_row.h"

/* Where a column comes from: above 0 a column of posts, below the count -source - 1 (from 0), or */
#define SOURCE_CALLER    0
#define SOURCE_IS_EDITED PG_INT32_MAX

static int
source_of(const struct social_post_rows *rows, const char *name)
{
	const struct social_counter *counter = &social_counters[SOCIAL_POST_COUNTERS];

	for (int i = 0; i < counter->ncolumns; i++)
	{
		if (strcmp(name, counter->columns[i]) == 0)
			return -i - 1;
	}
	for (int i = 0; i < rows->posts->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(rows->posts, i);

		if (!column->attisdropped && strcmp(name, NameStr(column->attname)) == 0)
			return i + 1;
	}
	return strcmp(name, "is_edited") == 0 ? SOURCE_IS_EDITED : SOURCE_CALLER;
}

static int
column_named(TupleDesc columns, const char *name)
{
	for (int i = 0; i < columns->natts; i++)
	{
		if (strcmp(NameStr(TupleDescAttr(columns, i)->attname), name) == 0)
			return i;
	}
	elog(ERROR, "social.posts has no column %s", name);
}

void
social_post_rows_begin(struct social_post_rows *rows, TupleDesc output, Relation posts)
{
	const struct social_counter *counter = &social_counters[SOCIAL_POST_COUNTERS];

	rows->output = output;
	rows->posts = RelationGetDescr(posts);
	rows->sources = palloc(output->natts * sizeof(*rows->sources));
	for (int i = 0; i < output->natts; i++)
		rows->sources[i] = source_of(rows, NameStr(TupleDescAttr(output, i)->attname));
	rows->edited_at = column_named(rows->posts, "edited_at");
	rows->post_values = palloc(rows->posts->natts * sizeof(Datum));
	rows->post_isnull = palloc(rows->posts->natts * sizeof(bool));
	social_walk_open(&rows->counters, counter->table, "post_counters_pkey");
	social_walk_open(&rows->deltas, counter->deltas, counter->deltas_index);
	rows->has_deltas = RelationGetNumberOfBlocks(rows->deltas.table) > 0;
}

void
social_post_rows_end(struct social_post_rows *rows)
{
	social_walk_close(&rows->counters);
	social_walk_close(&rows->deltas);
}

/* Counts of a post: its counter row and the deltas that wait for it. */
static void
read_counts(struct social_post_rows *rows, int64 post_id, int64 *counts)
{
	int ncounts = social_counters[SOCIAL_POST_COUNTERS].ncolumns;
	bool isnull;

	memset(counts, 0, ncounts * sizeof(*counts));
	if (social_walk_find(&rows->counters, 1, &post_id))
	{
		for (int i = 0; i < ncounts; i++)
			counts[i] = social_walk_int64(&rows->counters, i + 2);
	}
	if (!rows->has_deltas)
		return;
	social_walk_start_equal(&rows->deltas, 1, &post_id);
	while (social_walk_next(&rows->deltas))
	{
		for (int i = 0; i < ncounts; i++)
			counts[i] += DatumGetInt32(slot_getattr(rows->deltas.slot, i + 2, &isnull));
	}
}

void
social_post_rows_make(struct social_post_rows *rows, HeapTuple post, Datum *values, bool *isnull)
{
	int64 counts[SOCIAL_COUNTER_COLUMNS_MAX];

	heap_deform_tuple(post, rows->posts, rows->post_values, rows->post_isnull);
	read_counts(rows, DatumGetInt64(rows->post_values[SOCIAL_POSTS_ID - 1]), counts);
	for (int i = 0; i < rows->output->natts; i++)
	{
		int source = rows->sources[i];

		isnull[i] = source == SOURCE_CALLER;
		values[i] = (Datum) 0;
		if (source == SOURCE_IS_EDITED)
			values[i] = BoolGetDatum(!rows->post_isnull[rows->edited_at]);
		else if (source < 0)
			values[i] = Int64GetDatum(counts[-source - 1]);
		else if (source > 0)
		{
			values[i] = rows->post_values[source - 1];
			isnull[i] = rows->post_isnull[source - 1];
		}
	}
}
