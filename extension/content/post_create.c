/*
 * post_create.c owns writing a post without a statement (base/insert.h). What stands on its row and
 * follows from it is post.c's, which its triggers call.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "fmgr.h"
#include "tsearch/ts_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/column.h"
#include "base/insert.h"
#include "base/query.h"
#include "base/table.h"
#include "viewer/viewer.h"

PG_FUNCTION_INFO_V1(social_create_post);

/* Larger ids than JSON holds are the table's to refuse. */
#define ID_MAX INT64CONST(9007199254740991)

enum argument
{
	TITLE,
	CONTENT,
	IS_PUBLISHED,
	VISIBILITY,
	REPLY_SETTINGS,
	PUBLISH_AT,
	IMAGE,
	VIDEO,
	LANGUAGE,
	SUBJECT_IDS
};

/* The arguments that this checks are the same, in the same order. */
static struct social_query check_settings = {
	"SELECT social.check_post_settings($1, $2, $3, $4, $5)",
	5,
	{TEXTOID, TEXTOID, TIMESTAMPTZOID, TEXTOID, TEXTOID}};

static struct social_query set_subjects = {
	"SELECT social.set_post_subjects($1, $2)", 2, {INT8OID, INT8ARRAYOID}};

/* Is a text argument this, or left out? */
static bool
is_or_null(FunctionCallInfo fcinfo, enum argument argument, const char *value)
{
	return PG_ARGISNULL(argument) ||
		   strcmp(TextDatumGetCString(PG_GETARG_DATUM(argument)), value) == 0;
}

/* Refuses settings that no post can have. */
static void
check(FunctionCallInfo fcinfo, Relation posts)
{
	Datum arguments[SOCIAL_QUERY_ARGUMENTS_MAX];
	char nulls[SOCIAL_QUERY_ARGUMENTS_MAX];

	if (is_or_null(fcinfo, VISIBILITY, "public") &&
		is_or_null(fcinfo, REPLY_SETTINGS, "everyone") && PG_ARGISNULL(PUBLISH_AT) &&
		PG_ARGISNULL(IMAGE) && PG_ARGISNULL(VIDEO))
		return;
	for (int i = 0; i < check_settings.narguments; i++)
	{
		arguments[i] = fcinfo->args[VISIBILITY + i].value;
		nulls[i] = fcinfo->args[VISIBILITY + i].isnull ? 'n' : ' ';
	}
	social_query_run_once(&check_settings, posts, arguments, nulls);
}

/* A row in the making: all of it null at first. */
struct row
{
	Datum values[SOCIAL_POSTS_NCOLUMNS];
	bool isnull[SOCIAL_POSTS_NCOLUMNS];
};

static void
set(struct row *row, int column, Datum value)
{
	row->values[column - 1] = value;
	row->isnull[column - 1] = false;
}

/* Sets a text that an argument gives. */
static void
set_text(struct row *row, int column, FunctionCallInfo fcinfo, enum argument argument)
{
	if (!PG_ARGISNULL(argument))
		set(row, column, PG_GETARG_DATUM(argument));
}

/* The same of one that says nothing when it is empty. */
static void
set_address(struct row *row, int column, FunctionCallInfo fcinfo, enum argument argument)
{
	if (!PG_ARGISNULL(argument) && VARSIZE_ANY_EXHDR(PG_GETARG_TEXT_PP(argument)) > 0)
		set(row, column, PG_GETARG_DATUM(argument));
}

static void
fill(struct row *row, FunctionCallInfo fcinfo, int64 post_id, int64 author_id)
{
	Datum now = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
	bool is_published = PG_ARGISNULL(IS_PUBLISHED) || PG_GETARG_BOOL(IS_PUBLISHED);

	memset(row->isnull, true, sizeof(row->isnull));
	set(row, SOCIAL_POSTS_ID, Int64GetDatum(post_id));
	set(row, SOCIAL_POSTS_AUTHOR_ID, Int64GetDatum(author_id));
	set_text(row, SOCIAL_POSTS_TITLE, fcinfo, TITLE);
	set_text(row, SOCIAL_POSTS_CONTENT, fcinfo, CONTENT);
	set(row, SOCIAL_POSTS_IS_PUBLISHED, BoolGetDatum(is_published && PG_ARGISNULL(PUBLISH_AT)));
	set(row, SOCIAL_POSTS_HASHTAGS, PointerGetDatum(construct_empty_array(TEXTOID)));
	set(row, SOCIAL_POSTS_SEARCH_VECTOR, DirectFunctionCall1(tsvectorin, CStringGetDatum("")));
	set(row, SOCIAL_POSTS_CREATED_AT, now);
	set(row, SOCIAL_POSTS_UPDATED_AT, now);
	set(row, SOCIAL_POSTS_VISIBILITY, CStringGetTextDatum("public"));
	set_text(row, SOCIAL_POSTS_VISIBILITY, fcinfo, VISIBILITY);
	set(row, SOCIAL_POSTS_REPLY_SETTINGS, CStringGetTextDatum("everyone"));
	set_text(row, SOCIAL_POSTS_REPLY_SETTINGS, fcinfo, REPLY_SETTINGS);
	if (!PG_ARGISNULL(PUBLISH_AT) && !TIMESTAMP_IS_NOEND(PG_GETARG_TIMESTAMPTZ(PUBLISH_AT)))
		set(row, SOCIAL_POSTS_PUBLISH_AT, PG_GETARG_DATUM(PUBLISH_AT));
	set(row, SOCIAL_POSTS_IS_PINNED, BoolGetDatum(false));
	set(row, SOCIAL_POSTS_IS_HIGHLIGHTED, BoolGetDatum(false));
	set_address(row, SOCIAL_POSTS_IMAGE, fcinfo, IMAGE);
	set_address(row, SOCIAL_POSTS_VIDEO, fcinfo, VIDEO);
	set_text(row, SOCIAL_POSTS_LANGUAGE, fcinfo, LANGUAGE);
}

/* create_post(...) bigint: see sql/api/post.sql; null when a trigger of somebody's left it out. */
Datum
social_create_post(PG_FUNCTION_ARGS)
{
	int64 viewer = social_viewer_required_writer();
	Relation posts = social_table_open("posts", RowExclusiveLock);
	struct row row;
	int64 post_id;
	struct social_insert insert = {.table = posts,
								   .values = row.values,
								   .isnull = row.isnull,
								   .ncolumns = lengthof(row.values)};
	enum social_inserted inserted;

	check(fcinfo, posts);
	post_id = nextval_internal(social_relation_oid("posts_id_seq"), false);
	insert.nchecks = post_id <= ID_MAX ? SOCIAL_POSTS_NCHECKS : 0;
	fill(&row, fcinfo, post_id, viewer);
	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	inserted = social_insert(&insert);
	PopActiveSnapshot();
	if (inserted != SOCIAL_LEFT_OUT && !PG_ARGISNULL(SUBJECT_IDS))
	{
		Datum arguments[] = {Int64GetDatum(post_id), PG_GETARG_DATUM(SUBJECT_IDS)};

		social_query_run_once(&set_subjects, posts, arguments, NULL);
	}
	table_close(posts, NoLock);
	if (inserted == SOCIAL_LEFT_OUT)
		PG_RETURN_NULL();
	PG_RETURN_INT64(post_id);
}
