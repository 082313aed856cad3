/*
 * reaction.c owns liking a post, which is the commonest thing that people write, without a
 * statement (base/insert.h): the person and the post are held first, and the reaction is checked by
 * the same function as everywhere. Where there is a like already a statement does it.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "account/user.h"
#include "base/column.h"
#include "base/insert.h"
#include "base/query.h"
#include "base/table.h"
#include "content/post_hold.h"
#include "viewer/viewer.h"

PG_FUNCTION_INFO_V1(social_like_post);

#define USUAL_REACTION "heart"

static struct social_query check_reaction = {"SELECT social.check_reaction($1)", 1, {TEXTOID}};

static struct social_query put_like = {
	"INSERT INTO social.post_likes AS l (post_id, user_id, reaction) VALUES ($1, $2, $3) "
	"ON CONFLICT ON CONSTRAINT post_likes_pkey DO UPDATE SET reaction = EXCLUDED.reaction "
	"WHERE l.reaction <> EXCLUDED.reaction",
	3,
	{INT8OID, INT8OID, TEXTOID}};

/* The reaction, the usual one for null; SM400 when none can look like that. */
static Datum
chosen_reaction(FunctionCallInfo fcinfo, Relation table)
{
	Datum reaction;

	if (PG_ARGISNULL(1))
		return CStringGetTextDatum(USUAL_REACTION);
	reaction = PG_GETARG_DATUM(1);
	if (strcmp(TextDatumGetCString(reaction), USUAL_REACTION) != 0)
		social_query_run_once(&check_reaction, table, &reaction, NULL);
	return reaction;
}

static void
like(Relation table, int64 post_id, int64 user_id, Datum reaction)
{
	Datum values[SOCIAL_POST_LIKES_NCOLUMNS];
	bool isnull[SOCIAL_POST_LIKES_NCOLUMNS] = {false};
	Datum arguments[] = {Int64GetDatum(post_id), Int64GetDatum(user_id), reaction};
	struct social_insert insert = {.table = table,
								   .nchecks = SOCIAL_POST_LIKES_NCHECKS,
								   .if_new = true,
								   .values = values,
								   .isnull = isnull,
								   .ncolumns = lengthof(values)};

	values[SOCIAL_POST_LIKES_POST_ID - 1] = Int64GetDatum(post_id);
	values[SOCIAL_POST_LIKES_USER_ID - 1] = Int64GetDatum(user_id);
	values[SOCIAL_POST_LIKES_CREATED_AT - 1] =
		TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
	values[SOCIAL_POST_LIKES_REACTION - 1] = reaction;
	values[SOCIAL_POST_LIKES_IS_COUNTED - 1] = BoolGetDatum(true);
	if (social_insert(&insert) == SOCIAL_NOT_NEW)
		social_query_run_once(&put_like, table, arguments, NULL);
}

/* like_post(post_id bigint, reaction text) bigint: see sql/api/reaction.sql. */
Datum
social_like_post(PG_FUNCTION_ARGS)
{
	int64 viewer = social_viewer_required_writer();
	Relation table = social_table_open("post_likes", RowExclusiveLock);
	Datum reaction = chosen_reaction(fcinfo, table);
	int64 post_id = PG_ARGISNULL(0) ? 0 : PG_GETARG_INT64(0);

	/* As for a statement of its own: what the calling one has written before is there. */
	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	social_post_hold(post_id);
	like(table, post_id, viewer, reaction);
	PopActiveSnapshot();
	table_close(table, NoLock);
	PG_RETURN_INT64(post_id);
}
