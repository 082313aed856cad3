/*
 * lock.c owns locks on what is no row (see lock.h).
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/builtins.h"

#include "base/lock.h"

PG_FUNCTION_INFO_V1(social_hold_task);

enum kind
{
	PAIR = 1,
	TASK
};

/* Two keys with one hash are one lock, which makes somebody wait and harms nobody. */
static bool
lock(enum kind kind, uint64 key, LOCKMODE mode, bool wait)
{
	LOCKTAG tag = {.locktag_field1 = MyDatabaseId,
				   .locktag_field2 = (uint32) (key >> 32),
				   .locktag_field3 = (uint32) key,
				   .locktag_field4 = kind,
				   .locktag_type = LOCKTAG_USERLOCK,
				   .locktag_lockmethodid = DEFAULT_LOCKMETHOD};

	return LockAcquire(&tag, mode, false, !wait) != LOCKACQUIRE_NOT_AVAIL;
}

bool
social_lock_pair(int64 one, int64 other, bool ending)
{
	int64 people[2] = {Min(one, other), Max(one, other)};
	uint64 key = hash_bytes_extended((const unsigned char *) people, sizeof(people), 0);

	return lock(PAIR, key, ending ? ShareLock : RowExclusiveLock, false);
}

bool
social_lock_task(const char *name, bool wait)
{
	uint64 key = hash_bytes_extended((const unsigned char *) name, (int) strlen(name), 0);

	return lock(TASK, key, ExclusiveLock, wait);
}

/* hold_task(name text, wait boolean) boolean */
Datum
social_hold_task(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(social_lock_task(text_to_cstring(PG_GETARG_TEXT_PP(0)), PG_GETARG_BOOL(1)));
}
