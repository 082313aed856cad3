/*
 * reference.c owns references of a table to itself: a quote's to the quoted post, a reply's to its
 * parent.
 *
 * They do what a foreign key does, with its locks (FOR KEY SHARE on what is named), its snapshots
 * and its place before our other triggers, whose names come later in the alphabet. But they are no
 * foreign keys, which no order of rows in a dump can satisfy: pg_dump warns of them, and a restore
 * row by row (--inserts) loses each row that comes before the one it names. These triggers are
 * silent while a dump is restored.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/rel.h"

#include "base/guard.h"
#include "base/limit.h"
#include "base/query.h"

PG_FUNCTION_INFO_V1(social_reference_check);
PG_FUNCTION_INFO_V1(social_reference_end);

/* A row names another by key columns of its own, which hold the values of that row's columns. */
struct reference
{
	const char *table;
	const char *name;
	int nkeys;
	const char *naming[2];
	const char *named[2];
	struct social_query find; /* what is named, locked as a foreign key locks it */
	struct social_query end;  /* what becomes of the rows that named a row that is gone */
	struct social_query used; /* is a row named by any? */
};

static struct reference references[] = {
	{"posts",
	 "posts_quoted_post_id_fkey",
	 1,
	 {"quoted_post_id"},
	 {"id"},
	 {"SELECT 1 FROM social.posts p WHERE p.id = $1 FOR KEY SHARE OF p", 1, {INT8OID}},
	 {"UPDATE social.posts SET quoted_post_id = NULL WHERE quoted_post_id = $1", 1, {INT8OID}},
	 {"SELECT 1 FROM social.posts WHERE quoted_post_id = $1 LIMIT 1", 1, {INT8OID}}},
	{"comments",
	 "comments_parent_fkey",
	 2,
	 {"post_id", "parent_id"},
	 {"post_id", "id"},
	 {"SELECT 1 FROM social.comments c WHERE c.post_id = $1 AND c.id = $2 FOR KEY SHARE OF c",
	  2,
	  {INT8OID, INT8OID}},
	 {"DELETE FROM social.comments WHERE post_id = $1 AND parent_id = $2", 2, {INT8OID, INT8OID}},
	 {"SELECT 1 FROM social.comments WHERE post_id = $1 AND parent_id = $2 LIMIT 1",
	  2,
	  {INT8OID, INT8OID}}},
};

static struct reference *
reference_of(Relation table)
{
	for (int i = 0; i < lengthof(references); i++)
	{
		if (strcmp(references[i].table, RelationGetRelationName(table)) == 0)
			return &references[i];
	}
	ereport(ERROR,
			(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
			 errmsg("table \"%s\" has no references to itself", RelationGetRelationName(table))));
}

/* A row's key values; false when one of them is null, so that the row names nothing. */
static bool
read_key(const struct reference *reference, Relation table, const char *const *columns,
		 HeapTuple row, Datum *key)
{
	for (int i = 0; i < reference->nkeys; i++)
	{
		int column = SPI_fnumber(RelationGetDescr(table), columns[i]);
		bool isnull;

		key[i] = SPI_getbinval(row, RelationGetDescr(table), column, &isnull);
		if (isnull)
			return false;
	}
	return true;
}

/* Has an UPDATE left the row's named columns as they were? */
static bool
keeps_key(const struct reference *reference, const TriggerData *trigger, const Datum *key)
{
	Datum after[2];

	if (!read_key(reference, trigger->tg_relation, reference->named, trigger->tg_newtuple, after))
		return false;
	for (int i = 0; i < reference->nkeys; i++)
	{
		if (DatumGetInt64(key[i]) != DatumGetInt64(after[i]))
			return false;
	}
	return true;
}

static uint64
run(struct social_query *query, Relation table, Datum *key, bool sees_new_rows)
{
	struct social_query_scope scope;
	uint64 rows;

	social_query_begin(&scope, table);
	rows = social_query_run_as_constraint(query, key, sees_new_rows);
	social_query_end(&scope);
	return rows;
}

/* Row trigger after INSERT or UPDATE of a naming column: what the row names is there, and stays. */
Datum
social_reference_check(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = social_row_trigger(fcinfo);
	Relation table = trigger->tg_relation;
	struct reference *reference = reference_of(table);
	HeapTuple row =
		TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple : trigger->tg_trigtuple;
	Datum key[2];

	if (!social_restoring() && read_key(reference, table, reference->naming, row, key) &&
		run(&reference->find, table, key, false) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("insert or update on table \"%s\" violates foreign key constraint \"%s\"",
						reference->table, reference->name),
				 errdetail("What the row names in %s is not there.",
						   reference->naming[reference->nkeys - 1]),
				 errtableconstraint(table, reference->name)));
	return PointerGetDatum(NULL);
}

/*
 * Row trigger after DELETE, or UPDATE of a named column: rows that named a deleted row follow it,
 * or name nothing any more; a row that is named keeps its key.
 */
Datum
social_reference_end(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = social_row_trigger(fcinfo);
	Relation table = trigger->tg_relation;
	struct reference *reference = reference_of(table);
	Datum key[2];

	if (social_restoring() ||
		!read_key(reference, table, reference->named, trigger->tg_trigtuple, key))
		return PointerGetDatum(NULL);
	if (TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
		(void) run(&reference->end, table, key, true);
	else if (!keeps_key(reference, trigger, key) && run(&reference->used, table, key, true) > 0)
		ereport(ERROR, (errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
						errmsg("update on table \"%s\" violates foreign key constraint \"%s\"",
							   reference->table, reference->name),
						errdetail("The row is still named in %s.",
								  reference->naming[reference->nkeys - 1]),
						errtableconstraint(table, reference->name)));
	return PointerGetDatum(NULL);
}
