/*
 * moment.h owns telling whether two snapshots of this session see the same rows, for what is
 * remembered from one call to the next.
 *
 * Of others' transactions two snapshots of one transaction see the same when these figures are
 * equal: below one xmax, transactions only ever leave the set of those under way, so sets of one
 * size are the same set. Of our own they see what came before the command, in this subtransaction:
 * one that is rolled back leaves its number to no other.
 */
#ifndef SOCIAL_MOMENT_H
#define SOCIAL_MOMENT_H

#include "postgres.h"
#include "storage/lock.h"
#include "utils/snapshot.h"

struct social_moment
{
	LocalTransactionId transaction; /* InvalidLocalTransactionId: none yet */
	SubTransactionId subtransaction;
	CommandId command;
	TransactionId xmin;
	TransactionId xmax;
	uint32 xcnt;
	int32 subxcnt;
	bool suboverflowed;
};

extern struct social_moment social_moment_of(Snapshot snapshot);

/* Does the snapshot see what was seen at this moment? */
extern bool social_moment_lasts(const struct social_moment *moment, Snapshot snapshot);

#endif /* SOCIAL_MOMENT_H */
