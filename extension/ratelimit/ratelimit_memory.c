/*
 * ratelimit_memory.c owns the limiter's store in shared memory.
 *
 * A fixed table of buckets with WAYS places each, made when the server starts. A window's place is
 * found by a keyed hash of its database and key, under a secret drawn at each start, so that nobody
 * can choose keys that meet, and one database never sees another's. A full bucket gives up the
 * place that is whole again first: one that is whole already loses nothing.
 *
 * Locks: the buckets belong to PARTITIONS lightweight locks by number. A request takes the locks of
 * all its windows in ascending order before it looks at the first, and gives them back before it
 * raises anything; between lies only the arithmetic. Looking takes one lock at a time, shared.
 * Nothing outlives a crash: the server makes its shared memory anew.
 */
#include "postgres.h"

#include <sodium.h>

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "port/pg_bitutils.h"
#include "storage/lwlock.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "base/shared_memory.h"
#include "ratelimit/ratelimit.h"

PG_FUNCTION_INFO_V1(social_rate_limit_memory);

#define WAYS       8
#define PARTITIONS 128

struct place
{
	uint64 hash; /* 0 = free */
	int64 timestamp;
};

struct bucket
{
	struct place places[WAYS];
};

struct memory_shared
{
	uint64 secret[2];                             /* drawn at start, never changed */
	uint64 nbuckets;                              /* a power of two */
	pg_atomic_uint64 evictions;                   /* windows given up before they were whole */
	struct bucket buckets[FLEXIBLE_ARRAY_MEMBER]; /* under their partition's lock */
};

static struct memory_shared *shared; /* NULL unless preloaded */
static LWLockPadded *locks;
static int entries;

/* ---- places ---------------------------------------------------------------------------------- */

static uint64
hash_of(const struct social_limit_window *window)
{
	uint64 secret[2] = {shared->secret[0] ^ MyDatabaseId, shared->secret[1]};
	uint64 hash;

	StaticAssertDecl(sizeof(secret) == crypto_shorthash_KEYBYTES, "the secret is the hash's key");
	StaticAssertDecl(sizeof(hash) == crypto_shorthash_BYTES, "the hash is a word");
	crypto_shorthash((unsigned char *) &hash, (const unsigned char *) window->key, window->key_len,
					 (const unsigned char *) secret);
	return hash == 0 ? 1 : hash;
}

static uint64
bucket_of(uint64 hash)
{
	return hash & (shared->nbuckets - 1);
}

static LWLock *
lock_of(uint64 hash)
{
	return &locks[bucket_of(hash) % PARTITIONS].lock;
}

static struct place *
find(uint64 hash)
{
	struct bucket *bucket = &shared->buckets[bucket_of(hash)];

	for (int i = 0; i < WAYS; i++)
		if (bucket->places[i].hash == hash)
			return &bucket->places[i];
	return NULL;
}

static bool
is_among(const struct place *place, struct place *const *kept, int nkept)
{
	for (int i = 0; i < nkept; i++)
		if (kept[i] == place)
			return true;
	return false;
}

/* The place that a new window gets: none of `kept`, which are the request's own. */
static struct place *
give_up(uint64 hash, int64 now, struct place *const *kept, int nkept)
{
	struct bucket *bucket = &shared->buckets[bucket_of(hash)];
	struct place *victim = NULL;

	for (int i = 0; i < WAYS; i++)
	{
		struct place *place = &bucket->places[i];

		if (!is_among(place, kept, nkept) &&
			(victim == NULL || place->timestamp < victim->timestamp))
			victim = place;
	}
	if (victim != NULL && victim->hash != 0 && victim->timestamp > now)
		(void) pg_atomic_fetch_add_u64(&shared->evictions, 1);
	return victim;
}

/* ---- the store ------------------------------------------------------------------------------- */

bool
social_limit_memory_exists(void)
{
	return shared != NULL;
}

/* The partitions of the windows in ascending order, each once; how many. */
static int
partitions_of(const uint64 *hashes, int count, int *partitions)
{
	int n = 0;

	for (int i = 0; i < count; i++)
	{
		int partition = (int) (bucket_of(hashes[i]) % PARTITIONS);
		int at = n;

		while (at > 0 && partitions[at - 1] > partition)
			at--;
		if (at > 0 && partitions[at - 1] == partition)
			continue;
		memmove(&partitions[at + 1], &partitions[at], (n - at) * sizeof(int));
		partitions[at] = partition;
		n++;
	}
	return n;
}

/* Under all locks: the arithmetic, and what it changes. */
static bool
take(const struct social_limit_windows *windows, const uint64 *hashes, int64 now,
	 struct social_rate_figures *figures)
{
	struct social_rate_draw draws[SOCIAL_LIMIT_WINDOWS_MAX];
	int64 timestamps[SOCIAL_LIMIT_WINDOWS_MAX];
	struct place *places[SOCIAL_LIMIT_WINDOWS_MAX];

	for (int i = 0; i < windows->count; i++)
	{
		places[i] = find(hashes[i]);
		draws[i] = windows->list[i].draw;
		timestamps[i] = places[i] == NULL ? 0 : places[i]->timestamp;
	}
	if (!social_gcra_take(draws, windows->count, now, timestamps, figures))
		return false;
	for (int i = 0; i < windows->count; i++)
	{
		if (places[i] == NULL)
			places[i] = give_up(hashes[i], now, places, windows->count);
		if (places[i] == NULL)
			continue; /* more windows of one request in a bucket than it has places */
		places[i]->hash = hashes[i];
		places[i]->timestamp = timestamps[i];
	}
	return true;
}

enum social_limit_outcome
social_limit_memory_take(const struct social_limit_windows *windows, int64 now,
						 struct social_rate_figures *figures)
{
	uint64 hashes[SOCIAL_LIMIT_WINDOWS_MAX];
	int partitions[SOCIAL_LIMIT_WINDOWS_MAX];
	int npartitions;
	bool taken;

	for (int i = 0; i < windows->count; i++)
		hashes[i] = hash_of(&windows->list[i]);
	npartitions = partitions_of(hashes, windows->count, partitions);
	for (int i = 0; i < npartitions; i++)
		LWLockAcquire(&locks[partitions[i]].lock, LW_EXCLUSIVE);
	taken = take(windows, hashes, now, figures);
	for (int i = npartitions - 1; i >= 0; i--)
		LWLockRelease(&locks[partitions[i]].lock);
	return taken ? SOCIAL_LIMIT_TAKEN : SOCIAL_LIMIT_REFUSED;
}

void
social_limit_memory_read(const struct social_limit_windows *windows, int64 *timestamps)
{
	for (int i = 0; i < windows->count; i++)
	{
		uint64 hash = hash_of(&windows->list[i]);
		struct place *place;

		LWLockAcquire(lock_of(hash), LW_SHARED);
		place = find(hash);
		timestamps[i] = place == NULL ? 0 : place->timestamp;
		LWLockRelease(lock_of(hash));
	}
}

/*
 * rate_limit_memory() record: how many windows the store can keep (0: it does not exist), how many
 * are in use now, and how many were given up too early since the server started.
 */
Datum
social_rate_limit_memory(PG_FUNCTION_ARGS)
{
	Datum values[3] = {0};
	bool nulls[3] = {false};
	TupleDesc columns;
	int64 now = GetCurrentTimestamp() +
				(POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY * USECS_PER_SEC;
	int64 live = 0;

	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("a row type is expected")));
	for (int partition = 0; shared != NULL && partition < PARTITIONS; partition++)
	{
		LWLockAcquire(&locks[partition].lock, LW_SHARED);
		for (uint64 at = partition; at < shared->nbuckets; at += PARTITIONS)
			for (int way = 0; way < WAYS; way++)
				live += shared->buckets[at].places[way].timestamp > now;
		LWLockRelease(&locks[partition].lock);
	}
	values[0] = Int64GetDatum(shared == NULL ? 0 : (int64) shared->nbuckets * WAYS);
	values[1] = Int64GetDatum(live);
	values[2] = Int64GetDatum(shared == NULL ? 0 : (int64) pg_atomic_read_u64(&shared->evictions));
	return HeapTupleGetDatum(heap_form_tuple(columns, values, nulls));
}

/* ---- start ----------------------------------------------------------------------------------- */

/* As many as the setting has room for, rounded up to a power of two. */
static uint64
bucket_count(void)
{
	return pg_nextpower2_64((entries + WAYS - 1) / WAYS);
}

static Size
shared_size(void)
{
	return offsetof(struct memory_shared, buckets) + (Size) bucket_count() * sizeof(struct bucket);
}

static void
attach_shared_memory(void *memory, LWLockPadded *partitions, bool is_new)
{
	shared = memory;
	locks = partitions;
	if (!is_new)
		return;
	shared->nbuckets = bucket_count();
	pg_atomic_init_u64(&shared->evictions, 0);
	if (!pg_strong_random(shared->secret, sizeof(shared->secret)))
		ereport(FATAL, (errcode(ERRCODE_INTERNAL_ERROR),
						errmsg("could not draw a secret for the rate limits")));
}

static struct social_shared_memory shared_memory = {.name = "social rate limits",
													.size = shared_size,
													.nlocks = PARTITIONS,
													.attach = attach_shared_memory};

void
social_limit_memory_init(void)
{
	if (!process_shared_preload_libraries_in_progress || IsBinaryUpgrade)
		return;
	DefineCustomIntVariable("social.rate_limit_entries",
							"How many windows of rate limits shared memory keeps (16 bytes each).",
							NULL, &entries, 131072, 1024, 64 * 1024 * 1024, PGC_POSTMASTER, 0, NULL,
							NULL, NULL);
	social_shared_memory_want(&shared_memory);
}
