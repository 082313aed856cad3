/*
 * post_document.c owns a post as REST shows it: a page holds twenty and more of them, and as SQL
 * the sub-selects of each cost several times what they read.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/json.h"
#include "utils/snapmgr.h"

#include "base/column.h"
#include "base/place.h"
#include "base/table.h"
#include "content/post_document.h"
#include "counter/counter.h"
#include "viewer/sight.h"

PG_FUNCTION_INFO_V1(social_post_document);
PG_FUNCTION_INFO_V1(social_person_document);

/* The indexes into a post's counts that a document shows. */
enum
{
	LIKES = 0,
	COMMENTS = 1
};

/* The largest text of a time, as JsonEncodeDateTime() wants it. */
#define TIME_SIZE 128

static void
add_text(StringInfo out, Datum value)
{
	char *string = TextDatumGetCString(value);

	escape_json(out, string);
	pfree(string);
}

/* Writes `"name":` and a text column of a row, null included. */
static void
add_column(StringInfo out, const char *name, HeapTuple row, int column, TupleDesc columns)
{
	bool isnull;
	Datum value = heap_getattr(row, column, columns, &isnull);

	appendStringInfoString(out, name);
	if (isnull)
		appendStringInfoString(out, "null");
	else
		add_text(out, value);
}

static void
add_time(StringInfo out, const char *name, HeapTuple row, int column, TupleDesc columns)
{
	char text[TIME_SIZE];
	bool isnull;
	Datum value = heap_getattr(row, column, columns, &isnull);

	appendStringInfoString(out, name);
	if (isnull)
	{
		appendStringInfoString(out, "null");
		return;
	}
	JsonEncodeDateTime(text, value, TIMESTAMPTZOID, NULL);
	appendStringInfo(out, "\"%s\"", text);
}

/* ---- people --------------------------------------------------------------------------------- */

/* Writes `,"avatar":…,"profile_image":…`, which are the same. */
static void
add_avatar(StringInfo out, int64 user_id)
{
	Relation profiles = social_table_open("profiles", AccessShareLock);
	HeapTuple row = social_place_find(profiles, user_id, GetActiveSnapshot());

	if (row == NULL)
		appendStringInfoString(out, ",\"avatar\":null,\"profile_image\":null");
	else
	{
		add_column(out, ",\"avatar\":", row, SOCIAL_PROFILES_AVATAR, RelationGetDescr(profiles));
		add_column(out, ",\"profile_image\":", row, SOCIAL_PROFILES_AVATAR,
				   RelationGetDescr(profiles));
		heap_freetuple(row);
	}
	table_close(profiles, NoLock);
}

static void
add_person(StringInfo out, HeapTuple person, TupleDesc columns)
{
	bool isnull;
	int64 user_id = DatumGetInt64(heap_getattr(person, SOCIAL_USERS_ID, columns, &isnull));

	appendStringInfo(out, "{\"id\":" INT64_FORMAT, user_id);
	add_column(out, ",\"username\":", person, SOCIAL_USERS_USERNAME, columns);
	add_column(out, ",\"first_name\":", person, SOCIAL_USERS_FIRST_NAME, columns);
	add_column(out, ",\"last_name\":", person, SOCIAL_USERS_LAST_NAME, columns);
	add_avatar(out, user_id);
	appendStringInfoChar(out, '}');
}

static Datum
json_datum(const StringInfoData *json)
{
	return PointerGetDatum(cstring_to_text_with_len(json->data, json->len));
}

/* person_document(user_id bigint) json: null for somebody whom the viewer does not see. */
Datum
social_person_document(PG_FUNCTION_ARGS)
{
	Relation users = social_table_open("users", AccessShareLock);
	HeapTuple person = social_sight_person(users, PG_GETARG_INT64(0));
	StringInfoData json;

	table_close(users, NoLock);
	if (person == NULL)
		PG_RETURN_NULL();
	initStringInfo(&json);
	add_person(&json, person, RelationGetDescr(users));
	PG_RETURN_DATUM(json_datum(&json));
}

/* ---- posts ---------------------------------------------------------------------------------- */

static void
add_hashtags(StringInfo out, HeapTuple post, TupleDesc columns)
{
	bool isnull;
	Datum hashtags = heap_getattr(post, SOCIAL_POSTS_HASHTAGS, columns, &isnull);
	Datum *tags;
	bool *nulls;
	int ntags;

	if (isnull)
	{
		appendStringInfoString(out, ",\"hashtags\":null");
		return;
	}
	appendStringInfoString(out, ",\"hashtags\":[");
	deconstruct_array(DatumGetArrayTypeP(hashtags), TEXTOID, -1, false, TYPALIGN_INT, &tags, &nulls,
					  &ntags);
	for (int i = 0; i < ntags; i++)
	{
		if (i > 0)
			appendStringInfoChar(out, ',');
		if (nulls[i])
			appendStringInfoString(out, "null");
		else
			add_text(out, tags[i]);
	}
	appendStringInfoChar(out, ']');
}

struct mention
{
	int64 id;
	int64 user_id;
};

static int
compare_mentions(const void *one, const void *other)
{
	int64 a = ((const struct mention *) one)->id;
	int64 b = ((const struct mention *) other)->id;

	return (a > b) - (a < b);
}

/* The mentions of a post in order of appearance; palloc'd. */
static struct mention *
read_mentions(int64 post_id, int *count)
{
	Relation table = social_table_open("mentions", AccessShareLock);
	TupleDesc columns = RelationGetDescr(table);
	int capacity = 4;
	struct mention *mentions = palloc(capacity * sizeof(*mentions));
	SysScanDesc scan;
	ScanKeyData key;
	HeapTuple row;
	bool isnull;

	*count = 0;
	ScanKeyInit(&key, SOCIAL_MENTIONS_POST_ID, BTEqualStrategyNumber, F_INT8EQ,
				Int64GetDatum(post_id));
	scan = systable_beginscan(table, social_relation_oid("mentions_post_user_key"), true,
							  GetActiveSnapshot(), 1, &key);
	while (HeapTupleIsValid(row = systable_getnext(scan)))
	{
		if (*count == capacity)
			mentions = repalloc(mentions, (capacity *= 2) * sizeof(*mentions));
		mentions[*count].id =
			DatumGetInt64(heap_getattr(row, SOCIAL_MENTIONS_ID, columns, &isnull));
		mentions[(*count)++].user_id =
			DatumGetInt64(heap_getattr(row, SOCIAL_MENTIONS_MENTIONED_USER_ID, columns, &isnull));
	}
	systable_endscan(scan);
	table_close(table, NoLock);
	qsort(mentions, *count, sizeof(*mentions), compare_mentions);
	return mentions;
}

/* Could this text name anybody? Names stand behind a sign, @ or the wide one (EF BC A0). */
static bool
has_sign(HeapTuple post, int column, TupleDesc columns)
{
	bool isnull;
	Datum value = heap_getattr(post, column, columns, &isnull);
	text *string = isnull ? NULL : DatumGetTextPP(value);

	return string != NULL && (memchr(VARDATA_ANY(string), '@', VARSIZE_ANY_EXHDR(string)) != NULL ||
							  memchr(VARDATA_ANY(string), 0xEF, VARSIZE_ANY_EXHDR(string)) != NULL);
}

/* Writes the names of those mentioned whom the viewer sees. */
static void
add_mentions(StringInfo out, int64 post_id, HeapTuple post, TupleDesc columns, Relation users)
{
	int count = 0;
	struct mention *mentions = NULL;
	const char *separator = "";

	appendStringInfoString(out, ",\"mentions\":[");
	if (has_sign(post, SOCIAL_POSTS_TITLE, columns) ||
		has_sign(post, SOCIAL_POSTS_CONTENT, columns))
		mentions = read_mentions(post_id, &count);
	for (int i = 0; i < count; i++)
	{
		HeapTuple person = social_sight_person(users, mentions[i].user_id);

		if (person == NULL)
			continue;
		add_column(out, separator, person, SOCIAL_USERS_USERNAME, RelationGetDescr(users));
		separator = ",";
		heap_freetuple(person);
	}
	appendStringInfoChar(out, ']');
}

static void
add_post(StringInfo out, HeapTuple post, TupleDesc columns, HeapTuple author, Relation users)
{
	int64 counts[SOCIAL_COUNTER_COLUMNS_MAX];
	bool isnull;
	int64 post_id = DatumGetInt64(heap_getattr(post, SOCIAL_POSTS_ID, columns, &isnull));

	social_counter_read(&social_counters[SOCIAL_POST_COUNTERS], post_id, counts);
	appendStringInfo(out, "{\"id\":" INT64_FORMAT ",\"author\":", post_id);
	add_person(out, author, RelationGetDescr(users));
	add_column(out, ",\"title\":", post, SOCIAL_POSTS_TITLE, columns);
	add_column(out, ",\"content\":", post, SOCIAL_POSTS_CONTENT, columns);
	add_hashtags(out, post, columns);
	add_mentions(out, post_id, post, columns, users);
	appendStringInfo(
		out,
		",\"is_published\":%s,\"likes_count\":" INT64_FORMAT ",\"comments_count\":" INT64_FORMAT,
		DatumGetBool(heap_getattr(post, SOCIAL_POSTS_IS_PUBLISHED, columns, &isnull)) ? "true"
																					  : "false",
		counts[LIKES], counts[COMMENTS]);
	add_time(out, ",\"created_at\":", post, SOCIAL_POSTS_CREATED_AT, columns);
	add_time(out, ",\"updated_at\":", post, SOCIAL_POSTS_UPDATED_AT, columns);
	appendStringInfoChar(out, '}');
}

Datum
social_post_document_make(HeapTuple post, TupleDesc columns, Relation users)
{
	bool isnull;
	HeapTuple author = social_sight_person(
		users, DatumGetInt64(heap_getattr(post, SOCIAL_POSTS_AUTHOR_ID, columns, &isnull)));
	StringInfoData json;

	if (author == NULL)
		return (Datum) 0;
	initStringInfo(&json);
	add_post(&json, post, columns, author, users);
	return json_datum(&json);
}

/* post_document(post_id bigint) json: null for a post that the viewer does not see. */
Datum
social_post_document(PG_FUNCTION_ARGS)
{
	Relation posts = social_table_open("posts", AccessShareLock);
	Relation users = social_table_open("users", AccessShareLock);
	HeapTuple post = social_sight_post(posts, PG_GETARG_INT64(0));
	Datum document = (Datum) 0;

	if (post != NULL)
		document = social_post_document_make(post, RelationGetDescr(posts), users);
	table_close(users, NoLock);
	table_close(posts, NoLock);
	if (document == (Datum) 0)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(document);
}
