/*
 * user.c owns look-ups of accounts, and the checks of a profile's fields.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_collation.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "guard.h"
#include "init.h"
#include "limit.h"
#include "table.h"
#include "user.h"

PG_FUNCTION_INFO_V1(social_profile_check);

static int bio_max_length;

void
social_user_init(void)
{
	social_limit_define("social.bio_max_length", "The longest profile text, in characters.",
						&bio_max_length, 500);
}

/* May the account in `slot` act? It is active, and not suspended at this moment. */
static bool
may_act(TupleTableSlot *slot)
{
	bool isnull;
	Datum until;

	if (!DatumGetBool(slot_getattr(slot, SOCIAL_USERS_IS_ACTIVE, &isnull)))
		return false;
	(void) slot_getattr(slot, SOCIAL_USERS_SUSPENDED_AT, &isnull);
	if (isnull)
		return true;
	until = slot_getattr(slot, SOCIAL_USERS_SUSPENDED_UNTIL, &isnull);
	return !isnull && DatumGetTimestampTz(until) <= GetCurrentTransactionStartTimestamp();
}

/* The id of the account that `key` finds in an index of users, when it may act; else 0. */
static int64
find_active(Relation users, Relation index, RegProcedure equality, Datum key)
{
	TupleTableSlot *slot = table_slot_create(users, NULL);
	Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
	int64 user_id = 0;
	bool isnull;

	if (social_table_find(users, index, equality, key, snapshot, slot) && may_act(slot))
		user_id = DatumGetInt64(slot_getattr(slot, SOCIAL_USERS_ID, &isnull));
	UnregisterSnapshot(snapshot);
	ExecDropSingleTupleTableSlot(slot);
	return user_id;
}

bool
social_user_is_active(int64 user_id)
{
	Relation users = social_table_open("users", AccessShareLock);
	Relation index = social_table_primary_key(users, AccessShareLock);
	int64 found = find_active(users, index, F_INT8EQ, Int64GetDatum(user_id));

	index_close(index, AccessShareLock);
	table_close(users, AccessShareLock);
	return found != 0;
}

int64
social_active_user_named(const char *username)
{
	Relation users = social_table_open("users", AccessShareLock);
	Relation index = index_open(social_relation_oid("users_username_key"), AccessShareLock);
	Datum key =
		DirectFunctionCall1Coll(lower, index->rd_indcollation[0], CStringGetTextDatum(username));
	int64 found = find_active(users, index, F_TEXTEQ, key);

	index_close(index, AccessShareLock);
	table_close(users, AccessShareLock);
	return found;
}

void
social_users_named(const Datum *names, int count, int64 *ids)
{
	Relation users = social_table_open("users", RowShareLock);
	Relation index = index_open(social_relation_oid("users_username_key"), AccessShareLock);
	TupleTableSlot *slot = table_slot_create(users, NULL);
	Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());

	for (int i = 0; i < count; i++)
	{
		TM_FailureData failure;
		bool isnull;

		ids[i] = 0;
		if (!social_table_find(users, index, F_TEXTEQ, names[i], snapshot, slot) ||
			!DatumGetBool(slot_getattr(slot, SOCIAL_USERS_IS_ACTIVE, &isnull)))
			continue;
		if (table_tuple_lock(users, &slot->tts_tid, snapshot, slot, GetCurrentCommandId(true),
							 LockTupleKeyShare, LockWaitBlock, TUPLE_LOCK_FLAG_FIND_LAST_VERSION,
							 &failure) == TM_Ok)
			ids[i] = DatumGetInt64(slot_getattr(slot, SOCIAL_USERS_ID, &isnull));
	}
	UnregisterSnapshot(snapshot);
	ExecDropSingleTupleTableSlot(slot);
	index_close(index, AccessShareLock);
	table_close(users, NoLock);
}

/* BEFORE INSERT OR UPDATE on profiles: the text keeps to social.bio_max_length (SM400). */
Datum
social_profile_check(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = social_row_trigger(fcinfo);

	if (!social_restoring())
		social_limit_check_column(trigger, "bio", bio_max_length);
	return PointerGetDatum(social_row_trigger_result(trigger));
}
