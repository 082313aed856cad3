/*
 * index_set.c owns keeping what inserting into the indexes of a table needs (see index_set.h).
 *
 * A set has one user at a time: while it has one, or was left by one who met an error, the next
 * gets another in its place. Access methods keep things of their own in it (ii_AmCache), which
 * point at the index in the relation cache; a message that makes that cache forget an index reaches
 * us too.
 */
#include "postgres.h"

#include "access/genam.h"
#include "catalog/index.h"
#include "common/hashfn.h"
#include "executor/executor.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "base/index_set.h"

struct social_index_set
{
	MemoryContext memory; /* of the set itself, too */
	Oid table;
	bool is_speculative;
	bool is_used;
	bool is_stale;
	int count;
	Oid *indexes;
	Relation *relations; /* where the relation cache had them */
	IndexInfo **infos;
	Relation *open; /* by the user; NULL: not */
};

#define SETS 64 /* a power of two */

static struct social_index_set *sets[SETS]; /* see place_of() */
static uint64 changes;                      /* that we were told of */

/* ---- until something changes ----------------------------------------------------------------- */

static bool
is_about(const struct social_index_set *set, Oid relation)
{
	bool found = set->table == relation;

	for (int i = 0; i < set->count && !found; i++)
		found = set->indexes[i] == relation;
	return found;
}

/* A relation has changed; InvalidOid: any may have. */
static void
on_relation(Datum arg, Oid relation)
{
	changes++;
	for (int i = 0; i < SETS; i++)
	{
		if (sets[i] != NULL && (!OidIsValid(relation) || is_about(sets[i], relation)))
			sets[i]->is_stale = true;
	}
}

/* A function has changed, which may be one of an index. */
static void
on_function(Datum arg, int cache, uint32 hash)
{
	on_relation(arg, InvalidOid);
}

static void
watch(void)
{
	static bool watching;

	if (watching)
		return;
	CacheRegisterRelcacheCallback(on_relation, (Datum) 0);
	CacheRegisterSyscacheCallback(PROCOID, on_function, (Datum) 0);
	watching = true;
}

/* ---- sets ------------------------------------------------------------------------------------ */

/*
 * Where the set of a table is, or will be. Tables that share a place by their OIDs must not take it
 * from one another: the OIDs of an extension's tables are as far apart in each database.
 */
static struct social_index_set **
place_of(Oid table, bool speculative)
{
	uint32 home = murmurhash32(table);

	for (uint32 i = 0; i < SETS; i++)
	{
		struct social_index_set **place = &sets[(home + i) & (SETS - 1)];

		if (*place == NULL || ((*place)->table == table && (*place)->is_speculative == speculative))
			return place;
	}
	return &sets[home & (SETS - 1)];
}

/* Its user, if there is one, ends with the transaction. */
static void
give_up(struct social_index_set *set)
{
	if (set->is_used)
		MemoryContextSetParent(set->memory, TopTransactionContext);
	else
		MemoryContextDelete(set->memory);
}

static IndexInfo *
prepare(Relation index, bool speculative, EState *estate)
{
	IndexInfo *info = BuildIndexInfo(index);

	if (speculative && info->ii_Unique && !index->rd_index->indisexclusion)
		BuildSpeculativeIndexInfo(index, info);
	info->ii_PredicateState = ExecPrepareQual(info->ii_Predicate, estate);
	info->ii_ExpressionsState = ExecPrepareExprList(info->ii_Expressions, estate);
	return info;
}

/* Opens an index, unless it is open. */
static void
open_index(struct social_index_set *set, int i)
{
	MemoryContext caller;

	if (set->open[i] != NULL)
		return;
	set->open[i] = index_open(set->indexes[i], RowExclusiveLock);
	if (set->open[i] == set->relations[i])
		return;
	/* It has not been seen yet, or it is somewhere else now than what was kept points to. */
	caller = MemoryContextSwitchTo(set->memory);
	set->infos[i] = prepare(set->open[i], set->is_speculative, CreateExecutorState());
	set->relations[i] = set->open[i];
	MemoryContextSwitchTo(caller);
}

static struct social_index_set *
make(Relation table, List *indexes, bool speculative)
{
	MemoryContext memory =
		AllocSetContextCreate(CurrentMemoryContext, "social indexes", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(memory);
	struct social_index_set *set = palloc0(sizeof(*set));
	uint64 before = changes;

	set->memory = memory;
	set->table = RelationGetRelid(table);
	set->is_speculative = speculative;
	set->count = list_length(indexes);
	set->indexes = palloc(set->count * sizeof(Oid));
	set->relations = palloc0(set->count * sizeof(Relation));
	set->infos = palloc0(set->count * sizeof(*set->infos));
	set->open = palloc0(set->count * sizeof(Relation));
	for (int i = 0; i < set->count; i++)
		set->indexes[i] = list_nth_oid(indexes, i);
	MemoryContextSwitchTo(caller);
	for (int i = 0; i < set->count; i++)
		open_index(set, i);
	/* What changes while it is being made, nobody else tells it. */
	set->is_stale = changes != before;
	MemoryContextSetParent(memory, TopMemoryContext);
	return set;
}

static bool
fits(const struct social_index_set *set, Relation table, List *indexes, bool speculative)
{
	bool same = set != NULL && !set->is_stale && !set->is_used &&
				set->table == RelationGetRelid(table) && set->is_speculative == speculative &&
				set->count == list_length(indexes);

	for (int i = 0; same && i < set->count; i++)
		same = set->indexes[i] == list_nth_oid(indexes, i);
	return same;
}

struct social_index_set *
social_index_set_take(ResultRelInfo *target, bool speculative)
{
	Relation table = target->ri_RelationDesc;
	struct social_index_set **place = place_of(RelationGetRelid(table), speculative);
	List *indexes = RelationGetIndexList(table);

	watch();
	if (!fits(*place, table, indexes, speculative))
	{
		struct social_index_set *made = make(table, indexes, speculative);

		if (*place != NULL)
			give_up(*place);
		*place = made;
	}
	(*place)->is_used = true;
	target->ri_NumIndices = 0;
	target->ri_IndexRelationDescs = palloc((*place)->count * sizeof(Relation));
	target->ri_IndexRelationInfo = palloc((*place)->count * sizeof(IndexInfo *));
	list_free(indexes);
	return *place;
}

/* Tells the target of those that are open. */
static void
show(const struct social_index_set *set, ResultRelInfo *target)
{
	target->ri_NumIndices = 0;
	for (int i = 0; i < set->count; i++)
	{
		if (set->open[i] == NULL)
			continue;
		target->ri_IndexRelationDescs[target->ri_NumIndices] = set->open[i];
		target->ri_IndexRelationInfo[target->ri_NumIndices++] = set->infos[i];
	}
}

void
social_index_set_open(struct social_index_set *set, ResultRelInfo *target)
{
	for (int i = 0; i < set->count; i++)
		open_index(set, i);
	show(set, target);
}

void
social_index_set_open_for(struct social_index_set *set, ResultRelInfo *target, TupleTableSlot *row,
						  EState *estate)
{
	ExprContext *context = GetPerTupleExprContext(estate);

	context->ecxt_scantuple = row;
	for (int i = 0; i < set->count; i++)
	{
		if (set->open[i] == NULL && (set->infos[i]->ii_PredicateState == NULL ||
									 ExecQual(set->infos[i]->ii_PredicateState, context)))
			open_index(set, i);
	}
	show(set, target);
}

void
social_index_set_done(struct social_index_set *set)
{
	for (int i = 0; i < set->count; i++)
	{
		if (set->open[i] == NULL)
			continue;
		social_compat_insert_cleanup(set->open[i], set->infos[i]);
		index_close(set->open[i], RowExclusiveLock);
		set->open[i] = NULL;
	}
	set->is_used = false;
}
