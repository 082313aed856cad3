/*
 * user.c owns look-ups of accounts, and the checks of a profile's fields.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_collation.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/column.h"
#include "base/compat.h"
#include "base/guard.h"
#include "base/init.h"
#include "base/limit.h"
#include "base/place.h"
#include "base/table.h"
#include "account/user.h"

PG_FUNCTION_INFO_V1(social_profile_check);
PG_FUNCTION_INFO_V1(social_hold_user);

static int bio_max_length;

void
social_user_init(void)
{
	social_limit_define("social.bio_max_length", "The longest profile text, in characters.",
						&bio_max_length, 500);
}

/* May the account in this row act? It is active, and not suspended at this moment. */
static bool
may_act(const Datum *values, const bool *isnull)
{
	if (!DatumGetBool(values[SOCIAL_USERS_IS_ACTIVE - 1]))
		return false;
	if (isnull[SOCIAL_USERS_SUSPENDED_AT - 1])
		return true;
	return !isnull[SOCIAL_USERS_SUSPENDED_UNTIL - 1] &&
		   DatumGetTimestampTz(values[SOCIAL_USERS_SUSPENDED_UNTIL - 1]) <=
			   GetCurrentTransactionStartTimestamp();
}

/*
 * Waits also for who has changed the row first, which conflicts with nothing, and then deleted it.
 */
#define AS_FOREIGN_KEY (TUPLE_LOCK_FLAG_LOCK_UPDATE_IN_PROGRESS | TUPLE_LOCK_FLAG_FIND_LAST_VERSION)

/* ---- the account that acts ------------------------------------------------------------------- */

/*
 * The account that was read last, and what the snapshot of that moment saw. Two snapshots of one
 * transaction that has written nothing see the same rows when these are equal: below one xmax,
 * transactions only ever leave the set of those under way, so sets of one size are the same set.
 */
static struct
{
	struct social_account account;
	LocalTransactionId transaction;
	TransactionId xmin;
	TransactionId xmax;
	uint32 xcnt;
	int32 subxcnt;
	bool suboverflowed;
} last_read;

static bool
sees_what_was_read(Snapshot snapshot)
{
	return last_read.transaction == SOCIAL_LOCAL_TRANSACTION_ID &&
		   last_read.xmax == snapshot->xmax && last_read.xmin == snapshot->xmin &&
		   last_read.xcnt == snapshot->xcnt && last_read.subxcnt == snapshot->subxcnt &&
		   last_read.suboverflowed == snapshot->suboverflowed;
}

static void
note_as_read(const struct social_account *account, Snapshot snapshot)
{
	last_read.account = *account;
	last_read.transaction = SOCIAL_LOCAL_TRANSACTION_ID;
	last_read.xmin = snapshot->xmin;
	last_read.xmax = snapshot->xmax;
	last_read.xcnt = snapshot->xcnt;
	last_read.subxcnt = snapshot->subxcnt;
	last_read.suboverflowed = snapshot->suboverflowed;
}

static struct social_account
read_account(int64 user_id, Snapshot snapshot)
{
	Relation users = social_table_open("users", AccessShareLock);
	TupleDesc columns = RelationGetDescr(users);
	HeapTuple row = social_place_find(users, user_id, snapshot);
	struct social_account account = {.has_filters = true};

	if (row != NULL)
	{
		/* Each request reads it: all columns at once, as to look for one behind texts is to pass
		 * those before it. */
		Datum *values = palloc(columns->natts * (sizeof(Datum) + sizeof(bool)));
		bool *isnull = (bool *) (values + columns->natts);

		heap_deform_tuple(row, columns, values, isnull);
		account.id = user_id;
		account.may_act = may_act(values, isnull);
		account.is_staff = DatumGetBool(values[SOCIAL_USERS_IS_STAFF - 1]) ||
						   DatumGetBool(values[SOCIAL_USERS_IS_SUPERUSER - 1]);
		account.has_filters = DatumGetBool(values[SOCIAL_USERS_HAS_FILTERS - 1]);
		pfree(values);
		heap_freetuple(row);
	}
	/* The lock stays: what the viewer reads next joins this table. */
	table_close(users, NoLock);
	return account;
}

struct social_account
social_user_account(int64 user_id, Snapshot snapshot)
{
	bool has_written = TransactionIdIsValid(GetTopTransactionIdIfAny());
	struct social_account account;

	if (!has_written && last_read.account.id == user_id && sees_what_was_read(snapshot))
		return last_read.account;
	account = read_account(user_id, snapshot);
	if (!has_written)
		note_as_read(&account, snapshot);
	return account;
}

bool
social_user_is_active(int64 user_id, Snapshot snapshot)
{
	return social_user_account(user_id, snapshot).may_act;
}

/* ---- accounts by name ------------------------------------------------------------------------ */

int64
social_active_user_named(const char *username)
{
	Relation users = social_table_open("users", AccessShareLock);
	Relation index = index_open(social_relation_oid("users_username_key"), AccessShareLock);
	TupleTableSlot *slot = table_slot_create(users, NULL);
	Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
	Datum key =
		DirectFunctionCall1Coll(lower, index->rd_indcollation[0], CStringGetTextDatum(username));
	int64 found = 0;

	if (social_table_find(users, index, F_TEXTEQ, key, snapshot, slot))
	{
		slot_getallattrs(slot);
		if (may_act(slot->tts_values, slot->tts_isnull))
			found = DatumGetInt64(slot->tts_values[SOCIAL_USERS_ID - 1]);
	}
	UnregisterSnapshot(snapshot);
	ExecDropSingleTupleTableSlot(slot);
	index_close(index, AccessShareLock);
	table_close(users, AccessShareLock);
	return found;
}

bool
social_user_hold(int64 user_id)
{
	Relation users;
	HeapTuple row;
	TupleTableSlot *slot;
	Snapshot snapshot;
	TM_FailureData failure;
	bool held;

	PreventCommandIfReadOnly("social.hold_user()"); /* as the executor would: a lock is a write */
	users = social_table_open("users", RowShareLock);
	slot = table_slot_create(users, NULL);
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	row = social_place_find(users, user_id, snapshot);
	held = row != NULL &&
		   table_tuple_lock(users, &row->t_self, snapshot, slot, GetCurrentCommandId(true),
							LockTupleKeyShare, LockWaitBlock, AS_FOREIGN_KEY, &failure) == TM_Ok;
	UnregisterSnapshot(snapshot);
	ExecDropSingleTupleTableSlot(slot);
	table_close(users, NoLock);
	return held;
}

/* hold_user(user_id bigint) boolean */
Datum
social_hold_user(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(social_user_hold(PG_GETARG_INT64(0)));
}

void
social_users_named(const Datum *names, const Datum *alternatives, int count, int64 *ids,
				   bool *has_filters)
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
		if (!social_table_find(users, index, F_TEXTEQ, names[i], snapshot, slot) &&
			(alternatives[i] == 0 ||
			 !social_table_find(users, index, F_TEXTEQ, alternatives[i], snapshot, slot)))
			continue;
		if (!DatumGetBool(slot_getattr(slot, SOCIAL_USERS_IS_ACTIVE, &isnull)))
			continue;
		if (table_tuple_lock(users, &slot->tts_tid, snapshot, slot, GetCurrentCommandId(true),
							 LockTupleKeyShare, LockWaitBlock, AS_FOREIGN_KEY, &failure) == TM_Ok &&
			DatumGetBool(slot_getattr(slot, SOCIAL_USERS_IS_ACTIVE, &isnull)))
		{
			ids[i] = DatumGetInt64(slot_getattr(slot, SOCIAL_USERS_ID, &isnull));
			has_filters[i] = DatumGetBool(slot_getattr(slot, SOCIAL_USERS_HAS_FILTERS, &isnull));
		}
	}
	UnregisterSnapshot(snapshot);
	ExecDropSingleTupleTableSlot(slot);
	index_close(index, AccessShareLock);
	table_close(users, NoLock);
}

/* Checks a column that is new; `limit` 0: of any length. */
static void
check_column(const TriggerData *trigger, const char *column, bool is_line, int limit)
{
	text *value = social_row_text(trigger, social_row_trigger_result(trigger), column);

	if (value == NULL || !social_row_text_is_new(trigger, column))
		return;
	if (limit > 0)
		social_limit_check(column, value, limit);
	social_limit_check_form(column, value, is_line);
}

/* BEFORE INSERT OR UPDATE on profiles: what is new can be seen, and the text is not over-long. */
Datum
social_profile_check(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = social_row_trigger(fcinfo);

	if (!social_restoring())
	{
		check_column(trigger, "bio", false, bio_max_length);
		check_column(trigger, "location", true, 0);
	}
	return PointerGetDatum(social_row_trigger_result(trigger));
}
