/*
 * table.c owns direct access to the extension's own tables (see table.h).
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/relscan.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/namespace.h"
#include "commands/trigger.h"
#include "common/hashfn.h"
#include "executor/executor.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "base/index_set.h"
#include "base/insert.h"
#include "base/row.h"
#include "base/table.h"
#include "base/version.h"

/*
 * Names that were looked up, until the catalog changes: every request opens a dozen of our tables
 * and indexes, and two look-ups for each are a good part of what opening costs.
 */
#define KNOWN_NAMES 256 /* a power of two */

static struct
{
	NameData name;
	Oid oid; /* InvalidOid: the place is empty */
} known[KNOWN_NAMES];

static void
forget_names(Datum arg, int cache, uint32 hash)
{
	memset(known, 0, sizeof(known));
}

static void
watch_names(void)
{
	static bool watching;

	if (watching)
		return;
	CacheRegisterSyscacheCallback(RELNAMENSP, forget_names, (Datum) 0);
	CacheRegisterSyscacheCallback(NAMESPACENAME, forget_names, (Datum) 0);
	watching = true;
}

Oid
social_relation_find(const char *name)
{
	size_t len = strlen(name);
	uint32 place = hash_bytes((const unsigned char *) name, (int) len) & (KNOWN_NAMES - 1);
	Oid schema;
	Oid oid;

	if (OidIsValid(known[place].oid) && strcmp(NameStr(known[place].name), name) == 0)
		return known[place].oid;
	watch_names();
	schema = get_namespace_oid("social", true);
	oid = OidIsValid(schema) ? get_relname_relid(name, schema) : InvalidOid;
	if (OidIsValid(oid) && len < NAMEDATALEN)
	{
		namestrcpy(&known[place].name, name);
		known[place].oid = oid;
	}
	return oid;
}

Oid
social_relation_oid(const char *name)
{
	Oid relation = social_relation_find(name);

	if (!OidIsValid(relation))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
						errmsg("relation \"social.%s\" does not exist", name),
						errhint("Run CREATE EXTENSION social.")));
	return relation;
}

Relation
social_table_open(const char *name, LOCKMODE lockmode)
{
	social_version_require();
	return table_open(social_relation_oid(name), lockmode);
}

bool
social_table_has_rows(const char *name)
{
	Oid oid = social_relation_find(name);
	Relation table;
	TupleTableSlot *slot;
	TableScanDesc scan;
	Snapshot snapshot;
	bool found;

	if (!OidIsValid(oid))
		return false;
	table = table_open(oid, AccessShareLock);
	slot = table_slot_create(table, NULL);
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	scan = table_beginscan(table, snapshot, 0, NULL);
	found = table_scan_getnextslot(scan, ForwardScanDirection, slot);
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	UnregisterSnapshot(snapshot);
	table_close(table, AccessShareLock);
	return found;
}

bool
social_table_find(Relation table, Relation index, RegProcedure equality, Datum key,
				  Snapshot snapshot, TupleTableSlot *slot)
{
	ScanKeyData scankey;
	IndexScanDesc scan;
	bool found;

	ScanKeyEntryInitialize(&scankey, 0, 1, BTEqualStrategyNumber, InvalidOid,
						   index->rd_indcollation[0], equality, key);
	scan = social_compat_beginscan(table, index, snapshot, 1, 0);
	index_rescan(scan, &scankey, 1, NULL, 0);
	found = index_getnext_slot(scan, ForwardScanDirection, slot);
	if (found)
		ExecMaterializeSlot(slot);
	index_endscan(scan);
	return found;
}

Relation
social_table_primary_key(Relation table, LOCKMODE lockmode)
{
	Oid index = social_compat_primary_key(table);

	if (!OidIsValid(index))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("relation \"%s\" has no primary key", RelationGetRelationName(table))));
	return index_open(index, lockmode);
}

void
social_table_writer_begin(struct social_table_writer *writer, Relation table)
{
	writer->table = table;
	writer->estate = CreateExecutorState();
	/* No more than its indexes want: InitResultRelInfo() would copy the triggers, which do not
	 * fire. */
	writer->target = makeNode(ResultRelInfo);
	writer->target->ri_RelationDesc = table;
	writer->indexes = social_index_set_take(writer->target, false);
	writer->slot = MakeSingleTupleTableSlot(RelationGetDescr(table), &TTSOpsHeapTuple);
	writer->is_watched = false;
	writer->nrows = 0;
	memset(writer->rows, 0, sizeof(writer->rows));
}

/* Enters a row that has just been stored into the indexes of its table that want it. */
static void
enter_row(struct social_table_writer *writer, TupleTableSlot *row,
		  enum social_index_entries entries)
{
	row->tts_tableOid = RelationGetRelid(writer->table);
	social_index_set_open_for(writer->indexes, writer->target, row, writer->estate);
	(void) social_compat_insert_index_tuples(writer->target, row, writer->estate, entries);
	ExecClearTuple(row);
	ResetPerTupleExprContext(writer->estate);
}

static void
write_index_entries(struct social_table_writer *writer, HeapTuple tuple,
					enum social_index_entries entries)
{
	ExecStoreHeapTuple(tuple, writer->slot, false);
	enter_row(writer, writer->slot, entries);
}

void
social_table_writer_tell(struct social_table_writer *writer, int nchecks)
{
	writer->is_watched = social_table_is_watched(writer->table, nchecks);
}

bool
social_table_write(struct social_table_writer *writer, const Datum *values, const bool *isnull,
				   int ncolumns)
{
	struct social_insert insert = {.table = writer->table,
								   .is_quiet = true,
								   .values = values,
								   .isnull = isnull,
								   .ncolumns = ncolumns};
	TupleTableSlot **row;
	MemoryContext caller;

	if (writer->is_watched)
		return social_insert(&insert) == SOCIAL_INSERTED;
	row = &writer->rows[writer->nrows++];
	/* The caller's memory may last no longer than the row. */
	caller = MemoryContextSwitchTo(writer->estate->es_query_cxt);
	if (*row == NULL)
		*row = MakeSingleTupleTableSlot(RelationGetDescr(writer->table), &TTSOpsHeapTuple);
	ExecStoreHeapTuple(social_row_form(writer->table, ncolumns, values, isnull), *row, true);
	MemoryContextSwitchTo(caller);
	if (writer->nrows == SOCIAL_TABLE_WRITER_ROWS)
		social_table_writer_flush(writer);
	return true;
}

void
social_table_writer_flush(struct social_table_writer *writer)
{
	int nrows = writer->nrows;

	writer->nrows = 0;
	if (nrows == 1)
	{
		HeapTuple tuple = ExecFetchSlotHeapTuple(writer->rows[0], true, NULL);

		simple_heap_insert(writer->table, tuple);
		writer->rows[0]->tts_tid = tuple->t_self;
	}
	else if (nrows > 1)
		heap_multi_insert(writer->table, writer->rows, nrows, GetCurrentCommandId(true), 0, NULL);
	for (int i = 0; i < nrows; i++)
		enter_row(writer, writer->rows[i], SOCIAL_INDEX_ENTRIES_ALL);
}

static bool
rewrite(struct social_table_writer *writer, ItemPointer old, HeapTuple tuple, bool wait)
{
	enum social_index_entries entries;

	if (social_compat_try_heap_update(writer->table, old, tuple, wait, &entries) != TM_Ok)
		return false;
	if (entries != SOCIAL_INDEX_ENTRIES_NONE)
		write_index_entries(writer, tuple, entries);
	return true;
}

bool
social_table_rewrite(struct social_table_writer *writer, ItemPointer old, HeapTuple tuple)
{
	return rewrite(writer, old, tuple, true);
}

bool
social_table_try_rewrite(struct social_table_writer *writer, ItemPointer old, HeapTuple tuple)
{
	return rewrite(writer, old, tuple, false);
}

void
social_table_writer_end(struct social_table_writer *writer)
{
	social_table_writer_flush(writer);
	social_index_set_done(writer->indexes);
	for (int i = 0; i < SOCIAL_TABLE_WRITER_ROWS && writer->rows[i] != NULL; i++)
		ExecDropSingleTupleTableSlot(writer->rows[i]);
	ExecDropSingleTupleTableSlot(writer->slot);
	FreeExecutorState(writer->estate);
}

/* Enters a single row that has just been stored, or its new version. */
static void
enter(Relation table, HeapTuple tuple, enum social_index_entries entries)
{
	struct social_table_writer writer;

	if (entries == SOCIAL_INDEX_ENTRIES_NONE)
		return;
	social_table_writer_begin(&writer, table);
	write_index_entries(&writer, tuple, entries);
	social_table_writer_end(&writer);
}

void
social_table_insert(Relation table, const Datum *values, const bool *isnull, int ncolumns)
{
	HeapTuple tuple = social_row_form(table, ncolumns, values, isnull);

	simple_heap_insert(table, tuple);
	enter(table, tuple, SOCIAL_INDEX_ENTRIES_ALL);
	heap_freetuple(tuple);
}

void
social_table_append(Relation table, const Datum *values, const bool *isnull, int ncolumns)
{
	HeapTuple tuple;

	/* Somebody may have given it an index after all. */
	if (table->rd_rel->relhasindex)
	{
		social_table_insert(table, values, isnull, ncolumns);
		return;
	}
	tuple = social_row_form(table, ncolumns, values, isnull);
	simple_heap_insert(table, tuple);
	heap_freetuple(tuple);
}

bool
social_trigger_is_ours(Relation table, const Trigger *trigger)
{
	/* Others may call theirs as ours are called. */
	return strncmp(trigger->tgname, "social_", 7) == 0 &&
		   get_func_namespace(trigger->tgfoid) == RelationGetNamespace(table);
}

/* Ours, or of a foreign key of ours to another table of our schema. */
static bool
is_of_ours(Relation table, const Trigger *trigger)
{
	if (!trigger->tgisinternal)
		return social_trigger_is_ours(table, trigger);
	return RI_FKey_trigger_type(trigger->tgfoid) == RI_TRIGGER_FK &&
		   get_rel_namespace(trigger->tgconstrrelid) == RelationGetNamespace(table);
}

bool
social_table_is_watched(Relation table, int nchecks)
{
	const TriggerDesc *triggers = table->trigdesc;
	const TupleConstr *constraints = RelationGetDescr(table)->constr;

	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		if (!is_of_ours(table, &triggers->triggers[i]))
			return true;
	}
	return (constraints == NULL ? 0 : constraints->num_check) != nchecks;
}

void
social_table_update(Relation table, ItemPointer old, HeapTuple tuple)
{
	enter(table, tuple, social_compat_heap_update(table, old, tuple));
}

bool
social_table_try_update(Relation table, ItemPointer old, HeapTuple tuple)
{
	enum social_index_entries entries;

	if (social_compat_try_heap_update(table, old, tuple, false, &entries) != TM_Ok)
		return false;
	enter(table, tuple, entries);
	return true;
}
