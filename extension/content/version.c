/*
 * version.c owns what tells one state of a post's or comment's own row from the next.
 *
 * It is the transaction that wrote the row: whatever changes the row changes it, and what others
 * add beside it (likes, comments, counts) does not. A restore or a subscriber writes rows anew, so
 * what somebody remembers from before fits no more, which is the safe way round.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "fmgr.h"
#include "utils/snapmgr.h"

#include "base/place.h"
#include "base/table.h"

PG_FUNCTION_INFO_V1(social_post_version);
PG_FUNCTION_INFO_V1(social_comment_version);

/* 0 when there is no such row. */
static int64
version_of(const char *name, int64 id)
{
	Relation table = social_table_open(name, AccessShareLock);
	HeapTuple row = social_place_find(table, id, GetActiveSnapshot());

	table_close(table, NoLock);
	return row == NULL ? 0 : (int64) HeapTupleHeaderGetRawXmin(row->t_data);
}

static Datum
answer(FunctionCallInfo fcinfo, const char *name)
{
	int64 version = version_of(name, PG_GETARG_INT64(0));

	if (version == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT64(version);
}

/* post_version(post_id bigint) bigint */
Datum
social_post_version(PG_FUNCTION_ARGS)
{
	return answer(fcinfo, "posts");
}

/* comment_version(comment_id bigint) bigint */
Datum
social_comment_version(PG_FUNCTION_ARGS)
{
	return answer(fcinfo, "comments");
}
