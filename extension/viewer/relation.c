/*
 * relation.c owns holding two people while something between them begins or ends (base/lock.h).
 */
#include "postgres.h"

#include "fmgr.h"

#include "base/lock.h"
#include "worker/worker.h"

PG_FUNCTION_INFO_V1(social_hold_pair);

/* hold_pair(one bigint, other bigint, ending boolean) boolean */
Datum
social_hold_pair(PG_FUNCTION_ARGS)
{
	bool ending = PG_GETARG_BOOL(2);
	bool held = social_lock_pair(PG_GETARG_INT64(0), PG_GETARG_INT64(1), ending);

	/* What is being added will have to be ended later. */
	if (ending && !held)
		social_worker_wake_at_commit();
	PG_RETURN_BOOL(held);
}
