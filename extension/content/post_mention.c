/*
 * post_mention.c owns the names of those whom a post mentions, as JSON.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/json.h"
#include "utils/snapmgr.h"

#include "base/column.h"
#include "base/table.h"
#include "content/post_mention.h"
#include "viewer/sight.h"

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

/* Names stand behind a sign, @ or the wide one (EF BC A0). */
bool
social_post_may_mention(Datum value)
{
	const text *string = DatumGetTextPP(value);

	return memchr(VARDATA_ANY(string), '@', VARSIZE_ANY_EXHDR(string)) != NULL ||
		   memchr(VARDATA_ANY(string), 0xEF, VARSIZE_ANY_EXHDR(string)) != NULL;
}

void
social_post_mentions_add(StringInfo out, int64 post_id, const Datum *values, Relation users)
{
	int count = 0;
	struct mention *mentions = NULL;
	const char *separator = "";

	if (social_post_may_mention(values[SOCIAL_POSTS_TITLE - 1]) ||
		social_post_may_mention(values[SOCIAL_POSTS_CONTENT - 1]))
		mentions = read_mentions(post_id, &count);
	appendStringInfoChar(out, '[');
	for (int i = 0; i < count; i++)
	{
		HeapTuple person = social_sight_person(users, mentions[i].user_id);
		bool isnull;

		if (person == NULL)
			continue;
		appendStringInfoString(out, separator);
		escape_json(out, TextDatumGetCString(heap_getattr(person, SOCIAL_USERS_USERNAME,
														  RelationGetDescr(users), &isnull)));
		separator = ",";
		heap_freetuple(person);
	}
	appendStringInfoChar(out, ']');
}
