/*
 * compat.h owns what differs between the server versions that the extension compiles for (15-18).
 */
#ifndef SOCIAL_COMPAT_H
#define SOCIAL_COMPAT_H

#include "postgres.h"
#include "access/genam.h"
#include "access/gin_private.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/nbtree.h"
#include "catalog/pg_database.h"
#include "catalog/pg_proc.h"
#include "catalog/namespace.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/tidbitmap.h"
#include "storage/proc.h"
#include "tsearch/ts_utils.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/regproc.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* A number that no other transaction of this backend has had for a very long time. */
#if PG_VERSION_NUM >= 170000
#define SOCIAL_LOCAL_TRANSACTION_ID (MyProc->vxid.lxid)
#else
#define SOCIAL_LOCAL_TRANSACTION_ID (MyProc->lxid)
#endif

/* Raises when a page has changed since a snapshot that is too old, where the server knows that. */
#if PG_VERSION_NUM >= 170000
#define SOCIAL_TEST_FOR_OLD_SNAPSHOT(snapshot, relation, page) ((void) (snapshot))
#else
#define SOCIAL_TEST_FOR_OLD_SNAPSHOT(snapshot, relation, page)                                     \
	TestForOldSnapshot(snapshot, relation, page)
#endif

/* Which file a table is in. */
#if PG_VERSION_NUM >= 160000
#define social_compat_locator(table) ((table)->rd_locator)
#else
#define social_compat_locator(table) ((table)->rd_node)
#endif

/* The table that the statistics of a transaction are about (PgStat_TableStatus). */
#if PG_VERSION_NUM >= 160000
#define social_compat_counted_table(status) ((status)->id)
#else
#define social_compat_counted_table(status) ((status)->t_id)
#endif

static inline bool
social_compat_owns_database(Oid database, Oid role)
{
#if PG_VERSION_NUM >= 160000
	return object_ownercheck(DatabaseRelationId, database, role);
#else
	return pg_database_ownercheck(database, role);
#endif
}

/* Memory for the `extra` of a setting's check hook. */
#if PG_VERSION_NUM >= 160000
#define SOCIAL_GUC_MALLOC(size)  guc_malloc(LOG, size)
#define SOCIAL_GUC_FREE(pointer) guc_free(pointer)
#else
#define SOCIAL_GUC_MALLOC(size)  malloc(size)
#define SOCIAL_GUC_FREE(pointer) free(pointer)
#endif

/*
 * Lets statements see pg_catalog only, until social_compat_unpin_search_path(level) or the end of
 * the (sub)transaction; cheap where the server allows it.
 */
static inline int
social_compat_pin_search_path(void)
{
#if PG_VERSION_NUM >= 170000
	int level = NewGUCNestLevel();

	RestrictSearchPath();
	return level;
#else
	OverrideSearchPath path = {.schemas = NIL, .addCatalog = true, .addTemp = false};

	PushOverrideSearchPath(&path);
	return 0;
#endif
}

static inline void
social_compat_unpin_search_path(int level)
{
#if PG_VERSION_NUM >= 170000
	AtEOXact_GUC(false, level);
#else
	PopOverrideSearchPath();
#endif
}

/* The parts of a possibly qualified name; raises for a malformed one. */
static inline List *
social_compat_name_list(const char *name)
{
#if PG_VERSION_NUM >= 160000
	return stringToQualifiedNameList(name, NULL);
#else
	return stringToQualifiedNameList(name);
#endif
}

/*
 * Which indexes need an entry for a row's new version. From 16 on a heap-only update may change
 * columns that indexes summarize by blocks (BRIN): those want to know of it, and the others must
 * not, as no entry of theirs may point to a heap-only row.
 */
enum social_index_entries
{
	SOCIAL_INDEX_ENTRIES_NONE,
	SOCIAL_INDEX_ENTRIES_ALL,
	SOCIAL_INDEX_ENTRIES_SUMMARIZING
};

/*
 * Updates a row where it still is at `old`; waits for whoever is changing or holding it, or else
 * returns TM_BeingModified.
 */
static inline TM_Result
social_compat_try_heap_update(Relation table, ItemPointer old, HeapTuple tuple, bool wait,
							  enum social_index_entries *entries)
{
	TM_FailureData failure;
	LockTupleMode mode;
	TM_Result result;
#if PG_VERSION_NUM >= 160000
	TU_UpdateIndexes indexes;

	result = heap_update(table, old, tuple, GetCurrentCommandId(true), InvalidSnapshot, wait,
						 &failure, &mode, &indexes);
	*entries = indexes == TU_None          ? SOCIAL_INDEX_ENTRIES_NONE
			   : indexes == TU_Summarizing ? SOCIAL_INDEX_ENTRIES_SUMMARIZING
										   : SOCIAL_INDEX_ENTRIES_ALL;
#else

	result = heap_update(table, old, tuple, GetCurrentCommandId(true), InvalidSnapshot, wait,
						 &failure, &mode);
	*entries = HeapTupleIsHeapOnly(tuple) ? SOCIAL_INDEX_ENTRIES_NONE : SOCIAL_INDEX_ENTRIES_ALL;
#endif
	return result;
}

/* Updates a row that this transaction has locked. */
static inline enum social_index_entries
social_compat_heap_update(Relation table, ItemPointer old, HeapTuple tuple)
{
	enum social_index_entries entries;

	if (social_compat_try_heap_update(table, old, tuple, true, &entries) != TM_Ok)
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
						errmsg_internal("row of \"%s\" was changed though it was locked",
										RelationGetRelationName(table))));
	return entries;
}

/* The indexes of deferred constraints that have to look at the row again. */
static inline List *
social_compat_insert_index_tuples(ResultRelInfo *target, TupleTableSlot *slot, EState *estate,
								  enum social_index_entries entries)
{
#if PG_VERSION_NUM >= 160000
	return ExecInsertIndexTuples(target, slot, estate, false, false, NULL, NIL,
								 entries == SOCIAL_INDEX_ENTRIES_SUMMARIZING);
#else
	return ExecInsertIndexTuples(target, slot, estate, false, false, NULL, NIL);
#endif
}

/*
 * The same of a row that may yet be given up; *conflict when one of `keys`, which are unique and
 * checked at once, has its key already.
 */
static inline List *
social_compat_insert_speculative(ResultRelInfo *target, TupleTableSlot *slot, EState *estate,
								 List *keys, bool *conflict)
{
	*conflict = false;
#if PG_VERSION_NUM >= 160000
	return ExecInsertIndexTuples(target, slot, estate, false, true, conflict, keys, false);
#else
	return ExecInsertIndexTuples(target, slot, estate, false, true, conflict, keys);
#endif
}

/*
 * Has none of these indexes the key of this row? Waits for whoever is about to enter one or to take
 * it out.
 */
static inline bool
social_compat_key_is_free(ResultRelInfo *target, TupleTableSlot *slot, EState *estate, List *keys)
{
	ItemPointerData conflict;
#if PG_VERSION_NUM >= 180000
	ItemPointerData nobody;

	ItemPointerSetInvalid(&nobody);
	return ExecCheckIndexConstraints(target, slot, estate, &conflict, &nobody, keys);
#else
	return ExecCheckIndexConstraints(target, slot, estate, &conflict, keys);
#endif
}

/* Ends what insertions into an index have kept between them, pinned pages among it, before it is
 * closed. */
static inline void
social_compat_insert_cleanup(Relation index, IndexInfo *info)
{
#if PG_VERSION_NUM >= 170000
	index_insert_cleanup(index, info);
#endif
}

/* The index of a table's primary key, which is checked at once; InvalidOid for none. */
static inline Oid
social_compat_primary_key(Relation table)
{
#if PG_VERSION_NUM >= 180000
	return RelationGetPrimaryKeyIndex(table, false);
#else
	return RelationGetPrimaryKeyIndex(table);
#endif
}

/* Starts a scan of a table by one of its indexes. */
static inline IndexScanDesc
social_compat_beginscan(Relation table, Relation index, Snapshot snapshot, int nkeys, int norderbys)
{
#if PG_VERSION_NUM >= 180000
	return index_beginscan(table, index, snapshot, NULL, nkeys, norderbys);
#else
	return index_beginscan(table, index, snapshot, nkeys, norderbys);
#endif
}

/* A query in the syntax of websearch_to_tsquery, its words read by `push`. */
static inline TSQuery
social_compat_parse_websearch(char *query, PushFunction push, Datum opaque)
{
#if PG_VERSION_NUM >= 160000
	return parse_tsquery(query, push, opaque, P_TSQ_WEB, NULL);
#else
	return parse_tsquery(query, push, opaque, P_TSQ_WEB);
#endif
}

/* May the current role execute this function? */
static inline bool
social_compat_may_execute(Oid function)
{
#if PG_VERSION_NUM >= 160000
	return object_aclcheck(ProcedureRelationId, function, GetUserId(), ACL_EXECUTE) == ACLCHECK_OK;
#else
	return pg_proc_aclcheck(function, GetUserId(), ACL_EXECUTE) == ACLCHECK_OK;
#endif
}

/* The leaf of a GIN index's entries that holds the key of `tree`, or would; in share mode. */
static inline GinBtreeStack *
social_compat_gin_find_leaf(GinBtree tree, Snapshot snapshot)
{
#if PG_VERSION_NUM >= 170000
	return ginFindLeafPage(tree, true, false);
#else
	return ginFindLeafPage(tree, true, false, snapshot);
#endif
}

/* The leaf of a B-tree where `key` would stand, in this mode; InvalidBuffer for an empty tree. */
static inline Buffer
social_compat_bt_search(Relation index, Relation table, BTScanInsert key, int mode,
						Snapshot snapshot)
{
	Buffer buffer;
#if PG_VERSION_NUM >= 170000
	BTStack stack = _bt_search(index, table, key, &buffer, mode);
#elif PG_VERSION_NUM >= 160000
	BTStack stack = _bt_search(index, table, key, &buffer, mode, snapshot);
#else
	BTStack stack = _bt_search(index, key, &buffer, mode, snapshot);
#endif

	_bt_freestack(stack);
	return buffer;
}

/* Starts a scan of an index that fills a bitmap. */
static inline IndexScanDesc
social_compat_beginscan_bitmap(Relation index, Snapshot snapshot, int nkeys)
{
#if PG_VERSION_NUM >= 180000
	return index_beginscan_bitmap(index, snapshot, NULL, nkeys);
#else
	return index_beginscan_bitmap(index, snapshot, nkeys);
#endif
}

/*
 * The pages that a bitmap names, in rising order: *count rows at offsets (room for
 * MaxHeapTuplesPerPage), or -1 for all rows of the page.
 */
#if PG_VERSION_NUM >= 180000
typedef TBMPrivateIterator *social_compat_bitmap;
#define social_compat_bitmap_begin(bitmap) tbm_begin_private_iterate(bitmap)
#define social_compat_bitmap_end(iterator) tbm_end_private_iterate(iterator)
#else
typedef TBMIterator *social_compat_bitmap;
#define social_compat_bitmap_begin(bitmap) tbm_begin_iterate(bitmap)
#define social_compat_bitmap_end(iterator) tbm_end_iterate(iterator)
#endif

static inline bool
social_compat_bitmap_next(social_compat_bitmap iterator, BlockNumber *block, int *count,
						  OffsetNumber *offsets)
{
#if PG_VERSION_NUM >= 180000
	TBMIterateResult result;

	if (!tbm_private_iterate(iterator, &result))
		return false;
	*block = result.blockno;
	*count = result.lossy ? -1 : tbm_extract_page_tuple(&result, offsets, MaxHeapTuplesPerPage);
#else
	TBMIterateResult *result = tbm_iterate(iterator);

	if (result == NULL)
		return false;
	*block = result->blockno;
	*count = result->ntuples;
	if (*count > 0)
		memcpy(offsets, result->offsets, *count * sizeof(OffsetNumber));
#endif
	return true;
}

#endif /* SOCIAL_COMPAT_H */
