/*
 * post_hold.c owns the post that an act is about (a like, a comment, a repost): one that the viewer
 * sees, and that stays until the act is done.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/snapmgr.h"

#include "base/column.h"
#include "base/errors.h"
#include "base/table.h"
#include "content/post_hold.h"
#include "viewer/sight.h"

PG_FUNCTION_INFO_V1(social_require_post);

static void
refuse(void)
{
	ereport(ERROR, (errcode(ERRCODE_SOCIAL_NOT_FOUND), errmsg("post not found"),
					errdetail("It does not exist, or the viewer may not see it."),
					errhint("Check the id, and who acts: SELECT social.viewer_id().")));
}

/* The author of a post that is not deleted, 0 when the viewer does not see them. */
static int64
seen_author(HeapTuple post, TupleDesc columns)
{
	Relation users = social_table_open("users", AccessShareLock);
	HeapTuple author = NULL;
	int64 author_id;
	bool isnull;

	author_id = DatumGetInt64(heap_getattr(post, SOCIAL_POSTS_AUTHOR_ID, columns, &isnull));
	if (heap_attisnull(post, SOCIAL_POSTS_DELETED_AT, columns))
		author = social_sight_person(users, author_id);
	table_close(users, NoLock);
	return author == NULL ? 0 : author_id;
}

/* Locks the row FOR KEY SHARE, as the executor would; false when it is deleted meanwhile. */
static bool
hold(Relation posts, HeapTuple post)
{
	int flags = TUPLE_LOCK_FLAG_LOCK_UPDATE_IN_PROGRESS;
	TupleTableSlot *slot = table_slot_create(posts, NULL);
	TM_FailureData failure;
	TM_Result result;
	bool held = false;

	if (!IsolationUsesXactSnapshot())
		flags |= TUPLE_LOCK_FLAG_FIND_LAST_VERSION;
	result =
		table_tuple_lock(posts, &post->t_self, GetActiveSnapshot(), slot, GetCurrentCommandId(true),
						 LockTupleKeyShare, LockWaitBlock, flags, &failure);
	if (result == TM_Ok)
	{
		slot_getsomeattrs(slot, SOCIAL_POSTS_DELETED_AT);
		held = slot->tts_isnull[SOCIAL_POSTS_DELETED_AT - 1];
	}
	else if (IsolationUsesXactSnapshot())
		ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
						errmsg("could not serialize access due to concurrent update")));
	ExecDropSingleTupleTableSlot(slot);
	return held;
}

int64
social_post_hold(int64 post_id)
{
	Relation posts;
	HeapTuple post;
	int64 author_id = 0;

	PreventCommandIfReadOnly("social.require_post()");
	posts = social_table_open("posts", RowShareLock);
	post = social_sight_post(posts, post_id);
	if (post != NULL)
		author_id = seen_author(post, RelationGetDescr(posts));
	if (author_id == 0 || !hold(posts, post))
		refuse();
	table_close(posts, NoLock);
	return author_id;
}

/* require_post(post_id bigint) bigint: see sql/api/post.sql. */
Datum
social_require_post(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		refuse();
	PG_RETURN_INT64(social_post_hold(PG_GETARG_INT64(0)));
}
