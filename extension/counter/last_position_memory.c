/*
 * last_position_memory.c owns the last positions in shared memory, for a server that has preloaded
 * the library: an open-addressing hash of (database, person), as large as social.feed_people_max
 * says. Whoever has no room is read as unknown.
 *
 * Lock protocol
 * - `lock` guards new entries and the list of databases. Entries are only added; all of them go
 *   together when a table was written past us (reset), which changes `generation`.
 * - Readers and raises take no lock: an entry's user_id is written last, and positions only rise. A
 *   raise that meets a reset can at worst raise somebody else's entry, which is harmless; readers
 *   compare `generation` before and after, and answer nothing when it changed.
 * - `lock` is an LWLock, under which nothing is read from disk and no other lock is waited for:
 * whoever holds one hears of no cancel. Loading reads a table, so the one that loads holds a lock
 * on that table instead, which the others do not wait for.
 * - A database is LOADING from before the table is read until all of it is in memory. Writers raise
 *   from then on; readers read from its end. A load that a reset has met starts anew.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/relscan.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xlog.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/lmgr.h"
#include "storage/lwlock.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"

#include "base/column.h"
#include "base/init.h"
#include "base/shared_memory.h"
#include "counter/last_position.h"
#include "base/table.h"

#define DATABASES_MAX 64

enum state
{
	STATE_NONE,
	STATE_LOADING,
	STATE_LOADED
};

struct entry
{
	pg_atomic_uint64 user_id; /* 0: free */
	pg_atomic_uint64 post;    /* int64 bits */
	pg_atomic_uint64 repost;
	Oid database;
};

struct database
{
	Oid oid;
	enum state state;
};

struct memory
{
	LWLock *lock;
	pg_atomic_uint64 generation;
	uint64 capacity;
	uint64 used;
	int ndatabases;
	struct database databases[DATABASES_MAX];
	struct entry entries[FLEXIBLE_ARRAY_MEMBER];
};

static struct memory *memory; /* NULL unless preloaded */
static int people_max;

/* ---- entries -------------------------------------------------------------------------------- */

/* The slot of this person: their entry, or the free one where it would be. */
static struct entry *
slot_of(int64 user_id, bool *found)
{
	uint64 hash =
		((uint64) user_id ^ ((uint64) MyDatabaseId << 40)) * UINT64CONST(0x9E3779B97F4A7C15);
	uint64 i = (hash >> 32) * memory->capacity >> 32;

	for (;;)
	{
		struct entry *entry = &memory->entries[i];
		int64 id = (int64) pg_atomic_read_u64(&entry->user_id);

		pg_read_barrier();
		*found = id == user_id && entry->database == MyDatabaseId;
		if (*found || id == 0)
			return entry;
		i = i + 1 == memory->capacity ? 0 : i + 1;
	}
}

static void
raise_value(pg_atomic_uint64 *value, int64 position)
{
	uint64 old = pg_atomic_read_u64(value);

	while ((int64) old < position && !pg_atomic_compare_exchange_u64(value, &old, position))
		;
}

/* Raises a person's entry, or makes it where there is room. */
static void
raise_entry(int64 user_id, const struct social_last_position *last)
{
	bool found;
	struct entry *entry;

	if (user_id == 0)
		return;
	entry = slot_of(user_id, &found);
	if (!found)
	{
		LWLockAcquire(memory->lock, LW_EXCLUSIVE);
		entry = slot_of(user_id, &found);
		if (!found && memory->used < people_max)
		{
			entry->database = MyDatabaseId;
			pg_atomic_write_u64(&entry->post, last->post);
			pg_atomic_write_u64(&entry->repost, last->repost);
			pg_write_barrier();
			pg_atomic_write_u64(&entry->user_id, user_id);
			memory->used++;
		}
		LWLockRelease(memory->lock);
	}
	if (found)
	{
		raise_value(&entry->post, last->post);
		raise_value(&entry->repost, last->repost);
	}
}

/* ---- databases ------------------------------------------------------------------------------ */

/* This database, or NULL when it is not listed. Its state may change at any time. */
static volatile struct database *
my_database(void)
{
	for (int i = 0; i < memory->ndatabases; i++)
	{
		if (memory->databases[i].oid == MyDatabaseId)
			return &memory->databases[i];
	}
	return NULL;
}

/* Lists this database as LOADING; false when there is no room for it. */
static bool
begin_loading(void)
{
	volatile struct database *mine;

	LWLockAcquire(memory->lock, LW_EXCLUSIVE);
	mine = my_database();
	if (mine == NULL && memory->ndatabases < DATABASES_MAX)
	{
		mine = &memory->databases[memory->ndatabases];
		mine->oid = MyDatabaseId;
		mine->state = STATE_LOADING;
		pg_write_barrier();
		memory->ndatabases++;
	}
	if (mine != NULL)
		mine->state = STATE_LOADING;
	LWLockRelease(memory->lock);
	return mine != NULL;
}

static void
end_loading(uint64 generation)
{
	volatile struct database *mine;

	LWLockAcquire(memory->lock, LW_EXCLUSIVE);
	mine = my_database();
	if (mine != NULL && pg_atomic_read_u64(&memory->generation) == generation)
		mine->state = STATE_LOADED;
	LWLockRelease(memory->lock);
}

/* Reads every version of every row: what an open transaction has written may be committed soon. */
static void
load_table(void)
{
	Relation table = social_table_open("last_positions", AccessShareLock);
	TupleTableSlot *slot = table_slot_create(table, NULL);
	TableScanDesc scan = table_beginscan(table, SnapshotAny, 0, NULL);

	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		struct social_last_position last;
		bool isnull;
		int64 user_id = DatumGetInt64(slot_getattr(slot, SOCIAL_LAST_POSITIONS_USER_ID, &isnull));

		CHECK_FOR_INTERRUPTS();
		last.post = DatumGetInt64(slot_getattr(slot, SOCIAL_LAST_POSITIONS_POST_POSITION, &isnull));
		if (isnull)
			last.post = SOCIAL_LAST_POSITION_NONE;
		last.repost =
			DatumGetInt64(slot_getattr(slot, SOCIAL_LAST_POSITIONS_REPOST_POSITION, &isnull));
		if (isnull)
			last.repost = SOCIAL_LAST_POSITION_NONE;
		raise_entry(user_id, &last);
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	table_close(table, AccessShareLock);
}

/* ---- interface ------------------------------------------------------------------------------ */

void
social_last_position_memory_raise(int64 user_id, const struct social_last_position *last)
{
	volatile struct database *mine;

	if (memory == NULL)
		return;
	/* The table was written before this look, so whoever loads after it finds it there. */
	pg_memory_barrier();
	mine = my_database();
	if (mine != NULL && mine->state != STATE_NONE)
		raise_entry(user_id, last);
}

static bool
is_loaded(void)
{
	volatile struct database *mine = my_database();

	return mine != NULL && mine->state == STATE_LOADED;
}

void
social_last_position_memory_load(void)
{
	Oid table;
	uint64 generation;

	/* On a standby nobody raises what the primary writes. */
	if (memory == NULL || people_max == 0 || RecoveryInProgress() || is_loaded())
		return;
	table = social_relation_oid("last_positions");
	if (!ConditionalLockRelationOid(table, ShareUpdateExclusiveLock))
		return;
	generation = pg_atomic_read_u64(&memory->generation);
	if (!is_loaded() && begin_loading())
	{
		load_table();
		end_loading(generation);
	}
	UnlockRelationOid(table, ShareUpdateExclusiveLock);
}

bool
social_last_position_memory_is_ready(void)
{
	if (memory == NULL || people_max == 0 || RecoveryInProgress())
		return false;
	social_last_position_memory_load();
	return is_loaded();
}

bool
social_last_position_memory_read(const int64 *user_ids, int count,
								 struct social_last_position *last)
{
	uint64 generation;

	if (memory == NULL)
		return false;
	generation = pg_atomic_read_u64(&memory->generation);
	pg_read_barrier();
	if (!social_last_position_memory_is_ready())
		return false;
	for (int i = 0; i < count; i++)
	{
		bool found = false;
		struct entry *entry = user_ids[i] == 0 ? NULL : slot_of(user_ids[i], &found);

		last[i].post =
			found ? (int64) pg_atomic_read_u64(&entry->post) : SOCIAL_LAST_POSITION_UNKNOWN;
		last[i].repost =
			found ? (int64) pg_atomic_read_u64(&entry->repost) : SOCIAL_LAST_POSITION_UNKNOWN;
	}
	pg_read_barrier();
	return generation == pg_atomic_read_u64(&memory->generation);
}

void
social_last_position_memory_reset(void)
{
	if (memory == NULL)
		return;
	LWLockAcquire(memory->lock, LW_EXCLUSIVE);
	pg_atomic_fetch_add_u64(&memory->generation, 1);
	memory->ndatabases = 0;
	memory->used = 0;
	for (uint64 i = 0; i < memory->capacity; i++)
		pg_atomic_write_u64(&memory->entries[i].user_id, 0);
	pg_atomic_fetch_add_u64(&memory->generation, 1);
	LWLockRelease(memory->lock);
}

/* ---- start ---------------------------------------------------------------------------------- */

/* A third of the slots stays free, so that a search ends soon. */
static uint64
capacity_of(int people)
{
	return (uint64) people * 3 / 2 + 1;
}

static Size
memory_size(void)
{
	return add_size(offsetof(struct memory, entries),
					mul_size(capacity_of(people_max), sizeof(struct entry)));
}

static void
attach_shared_memory(void *block, LWLockPadded *locks, bool is_new)
{
	memory = block;
	if (!is_new)
		return;
	memory->lock = &locks->lock;
	memory->capacity = capacity_of(people_max);
	pg_atomic_init_u64(&memory->generation, 0);
	for (uint64 i = 0; i < memory->capacity; i++)
	{
		pg_atomic_init_u64(&memory->entries[i].user_id, 0);
		pg_atomic_init_u64(&memory->entries[i].post, 0);
		pg_atomic_init_u64(&memory->entries[i].repost, 0);
	}
}

static struct social_shared_memory shared_memory = {.name = "social last positions",
													.size = memory_size,
													.nlocks = 1,
													.attach = attach_shared_memory};

void
social_last_position_memory_init(void)
{
	DefineCustomIntVariable("social.feed_people_max",
							"For how many people shared memory keeps where they were last active.",
							"Of all databases; home feeds look up others one by one. Needs the "
							"library preloaded.",
							&people_max, 200000, 0, 100 * 1000 * 1000,
							process_shared_preload_libraries_in_progress ? PGC_POSTMASTER
																		 : PGC_BACKEND,
							0, NULL, NULL, NULL);
	if (!process_shared_preload_libraries_in_progress)
		return;
	social_shared_memory_want(&shared_memory);
}
