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
#include "executor/executor.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/syscache.h"

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
};

#define SETS 64 /* a power of two */

static struct social_index_set *sets[SETS]; /* by table */
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

/* The set of a table whose indexes are open in `target`. */
static struct social_index_set *
make(const ResultRelInfo *target, bool speculative)
{
	MemoryContext memory =
		AllocSetContextCreate(CurrentMemoryContext, "social indexes", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(memory);
	struct social_index_set *set = palloc0(sizeof(*set));
	EState *estate = CreateExecutorState();
	uint64 before = changes;

	set->memory = memory;
	set->table = RelationGetRelid(target->ri_RelationDesc);
	set->is_speculative = speculative;
	set->count = target->ri_NumIndices;
	set->indexes = palloc(set->count * sizeof(Oid));
	set->relations = palloc(set->count * sizeof(Relation));
	set->infos = palloc(set->count * sizeof(*set->infos));
	for (int i = 0; i < set->count; i++)
	{
		set->indexes[i] = RelationGetRelid(target->ri_IndexRelationDescs[i]);
		set->relations[i] = target->ri_IndexRelationDescs[i];
		set->infos[i] = prepare(target->ri_IndexRelationDescs[i], speculative, estate);
	}
	MemoryContextSwitchTo(caller);
	/* What changes while it is being made, nobody else tells it. */
	set->is_stale = changes != before;
	MemoryContextSetParent(memory, TopMemoryContext);
	return set;
}

static bool
fits(const struct social_index_set *set, const ResultRelInfo *target, bool speculative)
{
	bool same = set != NULL && !set->is_stale && !set->is_used &&
				set->table == RelationGetRelid(target->ri_RelationDesc) &&
				set->is_speculative == speculative && set->count == target->ri_NumIndices;

	for (int i = 0; same && i < set->count; i++)
		same = set->relations[i] == target->ri_IndexRelationDescs[i];
	return same;
}

/* Opens the indexes themselves. */
static void
open_indexes(ResultRelInfo *target)
{
	List *indexes = RelationGetIndexList(target->ri_RelationDesc);
	ListCell *cell;

	target->ri_NumIndices = 0;
	target->ri_IndexRelationDescs = palloc(list_length(indexes) * sizeof(Relation));
	foreach (cell, indexes)
		target->ri_IndexRelationDescs[target->ri_NumIndices++] =
			index_open(lfirst_oid(cell), RowExclusiveLock);
	list_free(indexes);
}

struct social_index_set *
social_index_set_open(ResultRelInfo *target, bool speculative)
{
	struct social_index_set **place = &sets[RelationGetRelid(target->ri_RelationDesc) & (SETS - 1)];

	watch();
	open_indexes(target);
	if (!fits(*place, target, speculative))
	{
		struct social_index_set *made = make(target, speculative);

		if (*place != NULL)
			give_up(*place);
		*place = made;
	}
	(*place)->is_used = true;
	target->ri_IndexRelationInfo = (*place)->infos;
	return *place;
}

void
social_index_set_done(struct social_index_set *set)
{
	set->is_used = false;
}
