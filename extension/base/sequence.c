/*
 * sequence.c owns sequences that keep up with ids that somebody else chose (see sequence.h).
 *
 * Counting on is always right, whoever else counts. Only what is too far is set: others would have
 * to draw more than STEPS_MAX numbers between our look and our setting to draw one of them twice.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/pg_sequence.h"
#include "commands/sequence.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/bufpage.h"
#include "utils/fmgrprotos.h"
#include "utils/rel.h"

#include "base/sequence.h"
#include "base/table.h"

#define STEPS_MAX 1000

/* The last number that the sequence gave out; *owner is whose the sequence is. */
static int64
last_value(Oid oid, Oid *owner)
{
	Relation sequence = relation_open(oid, AccessShareLock);
	Buffer buffer = ReadBuffer(sequence, 0);
	HeapTupleHeader tuple;
	Form_pg_sequence_data data;
	int64 last;

	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	tuple = (HeapTupleHeader) PageGetItem(BufferGetPage(buffer),
										  PageGetItemId(BufferGetPage(buffer), FirstOffsetNumber));
	data = (Form_pg_sequence_data) ((char *) tuple + tuple->t_hoff);
	last = data->is_called ? data->last_value : data->last_value - 1;
	UnlockReleaseBuffer(buffer);
	*owner = sequence->rd_rel->relowner;
	relation_close(sequence, NoLock);
	return last;
}

static void
set(Oid sequence, Oid owner, int64 value)
{
	Oid user;
	int context;

	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(owner, context | SECURITY_LOCAL_USERID_CHANGE);
	DirectFunctionCall2(setval_oid, ObjectIdGetDatum(sequence), Int64GetDatum(value));
	SetUserIdAndSecContext(user, context);
}

void
social_sequence_pass(const char *table, int64 id)
{
	char name[NAMEDATALEN];
	Oid sequence;
	Oid owner;
	int64 last;

	snprintf(name, sizeof(name), "%s_id_seq", table);
	sequence = social_relation_oid(name);
	last = last_value(sequence, &owner);
	if (last >= id)
		return;
	if (id - last <= STEPS_MAX)
	{
		for (int i = 0; i < STEPS_MAX && last < id; i++)
			last = nextval_internal(sequence, false);
	}
	if (last < id)
		set(sequence, owner, id);
}
