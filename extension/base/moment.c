/*
 * moment.c owns telling whether two snapshots of this session see the same rows (see moment.h).
 */
#include "postgres.h"

#include "access/xact.h"
#include "storage/proc.h"

#include "base/compat.h"
#include "base/moment.h"

struct social_moment
social_moment_of(Snapshot snapshot)
{
	return (struct social_moment){.transaction = SOCIAL_LOCAL_TRANSACTION_ID,
								  .subtransaction = GetCurrentSubTransactionId(),
								  .command = snapshot->curcid,
								  .xmin = snapshot->xmin,
								  .xmax = snapshot->xmax,
								  .xcnt = snapshot->xcnt,
								  .subxcnt = snapshot->subxcnt,
								  .suboverflowed = snapshot->suboverflowed};
}

bool
social_moment_lasts(const struct social_moment *moment, Snapshot snapshot)
{
	return moment->transaction == SOCIAL_LOCAL_TRANSACTION_ID &&
		   moment->command == snapshot->curcid &&
		   moment->subtransaction == GetCurrentSubTransactionId() &&
		   moment->xmax == snapshot->xmax && moment->xmin == snapshot->xmin &&
		   moment->xcnt == snapshot->xcnt && moment->subxcnt == snapshot->subxcnt &&
		   moment->suboverflowed == snapshot->suboverflowed;
}
