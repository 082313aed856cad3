/*
 * post_link.c owns the rows that link a public post with its hashtags and mentions (see post.h).
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "utils/array.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/column.h"
#include "counter/counter.h"
#include "content/post.h"
#include "base/query.h"
#include "base/table.h"
#include "account/user.h"
#include "viewer/viewer.h"
#include "viewer/visibility.h"

/* Columns that C reads by number; an upgrade only ever appends columns. */

/* In key order, so that two posts that make the same new tags cannot deadlock. */
static struct social_query create_hashtags = {
	"INSERT INTO social.hashtags (tag, display, created_at, is_public) "
	"SELECT w.tag, CASE WHEN $3 THEN w.display ELSE w.tag END, "
	"CASE WHEN $3 THEN pg_catalog.now() ELSE '-infinity' END, $3 "
	"FROM unnest($1, $2) AS w (tag, display) "
	"ORDER BY w.tag COLLATE \"C\" ON CONFLICT DO NOTHING",
	3,
	{TEXTARRAYOID, TEXTARRAYOID, BOOLOID}};

/* The first public use of a tag gives it its spelling and time; likewise in key order. */
static struct social_query publish_hashtags = {
	"WITH held AS (SELECT h.id, w.display "
	"FROM unnest($1, $2) AS w (tag, display) JOIN social.hashtags h ON h.tag = w.tag "
	"WHERE NOT h.is_public ORDER BY h.tag FOR NO KEY UPDATE OF h) "
	"UPDATE social.hashtags h SET display = held.display, created_at = pg_catalog.now(), "
	"is_public = true FROM held WHERE h.id = held.id",
	2,
	{TEXTARRAYOID, TEXTARRAYOID}};

/* An editor who is no user (a DBA's own UPDATE) is null. */
static struct social_query append_revision = {
	"INSERT INTO social.post_revisions (post_id, revision, title, content, editor_id) "
	"SELECT $1, (SELECT coalesce(pg_catalog.max(r.revision), 0) + 1 "
	"FROM social.post_revisions r WHERE r.post_id = $1), $2, $3, "
	"(SELECT u.id FROM social.users u WHERE u.id = $4)",
	4,
	{INT8OID, TEXTOID, TEXTOID, INT8OID}};

/* ---- rows that are there -------------------------------------------------------------------- */

/* A link that an edited post has already; `keep` when it stays. */
struct link
{
	int64 target; /* hashtag or user */
	int64 position;
	ItemPointerData tid;
	bool is_public; /* counts for its hashtag */
	bool keep;
};

/*
 * Reads the post's rows from a link table through an index whose first column is the post's id.
 * are_hashtags says which of the two tables it is; mentions have neither position nor is_public.
 */
static struct link *
read_links(Relation table, const char *index_name, int64 post_id, bool are_hashtags, int *count)
{
	Relation index = index_open(social_relation_oid(index_name), RowExclusiveLock);
	TupleTableSlot *slot = table_slot_create(table, NULL);
	Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
	IndexScanDesc scan = social_compat_beginscan(table, index, snapshot, 1, 0);
	int capacity = 32;
	struct link *links = palloc(capacity * sizeof(*links));
	int target_column =
		are_hashtags ? SOCIAL_POST_HASHTAGS_HASHTAG_ID : SOCIAL_MENTIONS_MENTIONED_USER_ID;
	ScanKeyData key;
	bool isnull;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(post_id));
	index_rescan(scan, &key, 1, NULL, 0);
	*count = 0;
	while (index_getnext_slot(scan, ForwardScanDirection, slot))
	{
		struct link *link;

		if (*count == capacity)
			links = repalloc(links, (capacity *= 2) * sizeof(*links));
		link = &links[(*count)++];
		link->target = DatumGetInt64(slot_getattr(slot, target_column, &isnull));
		link->position = 0;
		link->is_public = false;
		if (are_hashtags)
		{
			link->position =
				DatumGetInt64(slot_getattr(slot, SOCIAL_POST_HASHTAGS_POSITION, &isnull));
			(void) slot_getattr(slot, SOCIAL_POST_HASHTAGS_IS_PUBLIC, &isnull);
			link->is_public = !isnull;
		}
		link->tid = slot->tts_tid;
		link->keep = false;
	}
	index_endscan(scan);
	UnregisterSnapshot(snapshot);
	ExecDropSingleTupleTableSlot(slot);
	index_close(index, NoLock);
	return links;
}

/* Marks the link to `target` as staying; false when there is none. */
static bool
keep_link(struct link *links, int count, int64 target, int64 position, bool is_public)
{
	for (int i = 0; i < count; i++)
	{
		if (links[i].target == target && links[i].position == position &&
			links[i].is_public == is_public)
			return links[i].keep = true;
	}
	return false;
}

/*
 * Deletes the links that do not stay; the hashtags of public ones lose one post. A link that a
 * deleted user or hashtag has taken along meanwhile is gone already, and counted there.
 */
static void
delete_links(Relation table, struct link *links, int count)
{
	Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());

	for (int i = 0; i < count; i++)
	{
		TM_FailureData failure;

		if (links[i].keep ||
			table_tuple_delete(table, &links[i].tid, GetCurrentCommandId(true), snapshot,
							   InvalidSnapshot, true, &failure, false) != TM_Ok)
			continue;
		if (links[i].is_public)
			social_counter_add(SOCIAL_HASHTAG_COUNTERS, SOCIAL_HASHTAG_POSTS_COUNT, links[i].target,
							   -1);
	}
	UnregisterSnapshot(snapshot);
	CommandCounterIncrement();
}

/* ---- hashtags ------------------------------------------------------------------------------- */

static Datum
text_array(const Datum *elements, int count)
{
	return PointerGetDatum(
		construct_array((Datum *) elements, count, TEXTOID, -1, false, TYPALIGN_INT));
}

/*
 * Looks the keys up; ids[i] is 0 for a tag that does not exist. Returns how many exist, and whether
 * all of those are public.
 */
static int
find_hashtags(Relation hashtags, Relation index, const struct social_text_names *names, int64 *ids,
			  bool *all_public)
{
	TupleTableSlot *slot = table_slot_create(hashtags, NULL);
	Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
	int found = 0;
	bool isnull;

	*all_public = true;
	for (int i = 0; i < names->count; i++)
	{
		ids[i] = 0;
		if (!social_table_find(hashtags, index, F_TEXTEQ, names->keys[i], snapshot, slot))
			continue;
		ids[i] = DatumGetInt64(slot_getattr(slot, SOCIAL_HASHTAGS_ID, &isnull));
		*all_public &= DatumGetBool(slot_getattr(slot, SOCIAL_HASHTAGS_IS_PUBLIC, &isnull));
		found++;
	}
	UnregisterSnapshot(snapshot);
	ExecDropSingleTupleTableSlot(slot);
	return found;
}

/* The ids of these tags, made where they are missing, and public from now on when the post is. */
static void
resolve_hashtags(const struct social_text_names *names, bool is_public, int64 *ids)
{
	Relation hashtags = social_table_open("hashtags", AccessShareLock);
	Relation index = index_open(social_relation_oid("hashtags_tag_key"), AccessShareLock);
	Datum arguments[] = {text_array(names->keys, names->count),
						 text_array(names->spellings, names->count), BoolGetDatum(is_public)};
	bool all_public;

	if (find_hashtags(hashtags, index, names, ids, &all_public) < names->count)
	{
		social_query_run_once(&create_hashtags, hashtags, arguments, NULL);
		if (find_hashtags(hashtags, index, names, ids, &all_public) < names->count)
			ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
							errmsg("could not create hashtags"), errhint("Try again.")));
	}
	if (is_public && !all_public)
		social_query_run_once(&publish_hashtags, hashtags, arguments, NULL);
	index_close(index, AccessShareLock);
	table_close(hashtags, AccessShareLock);
}

void
social_post_keep_hashtags(int64 post_id, int64 position, bool is_public,
						  const struct social_text_names *names, bool update)
{
	struct social_table_writer writer;
	struct link *links = NULL;
	Relation table;
	int64 *ids;
	int nlinks = 0;

	if (names->count == 0 && !update)
		return;
	table = social_table_open("post_hashtags", RowExclusiveLock);
	ids = palloc(sizeof(*ids) * (names->count + 1));
	if (names->count > 0)
		resolve_hashtags(names, is_public, ids);
	if (update)
	{
		links = read_links(table, "post_hashtags_pkey", post_id, true, &nlinks);
		for (int i = 0; i < names->count; i++)
		{
			if (keep_link(links, nlinks, ids[i], position, is_public))
				ids[i] = 0;
		}
		delete_links(table, links, nlinks);
	}
	social_table_writer_begin(&writer, table);
	social_table_writer_tell(&writer, SOCIAL_POST_HASHTAGS_NCHECKS);
	for (int i = 0; i < names->count; i++)
	{
		Datum values[SOCIAL_POST_HASHTAGS_NCOLUMNS] = {
			Int64GetDatum(post_id), Int64GetDatum(ids[i]), Int64GetDatum(position),
			TimestampTzGetDatum(GetCurrentTransactionStartTimestamp()), BoolGetDatum(true)};
		bool isnull[SOCIAL_POST_HASHTAGS_NCOLUMNS] = {[SOCIAL_POST_HASHTAGS_IS_PUBLIC - 1] =
														  !is_public};

		if (ids[i] != 0 && social_table_write(&writer, values, isnull, lengthof(values)) &&
			is_public)
			social_counter_add(SOCIAL_HASHTAG_COUNTERS, SOCIAL_HASHTAG_POSTS_COUNT, ids[i], 1);
	}
	social_table_writer_end(&writer);
	table_close(table, NoLock);
}

/* ---- mentions ------------------------------------------------------------------------------- */

int
social_post_keep_mentions(int64 post_id, int64 author_id, const struct social_text_names *names,
						  bool update, int64 **added)
{
	struct social_table_writer writer;
	struct link *links = NULL;
	Relation table;
	Oid sequence;
	int nlinks = 0;
	int nadded = 0;
	int64 *ids;
	bool *has_filters;

	if (names->count == 0 && !update)
		return 0;
	table = social_table_open("mentions", RowExclusiveLock);
	ids = palloc(sizeof(*ids) * (names->count + 1));
	has_filters = palloc0(sizeof(*has_filters) * (names->count + 1));
	social_users_named(names->keys, names->alternatives, names->count, ids, has_filters);
	for (int i = 0; i < names->count; i++)
	{
		for (int earlier = 0; earlier < i && ids[i] != 0; earlier++)
		{
			if (ids[earlier] == ids[i])
				ids[i] = 0;
		}
		if (ids[i] != 0 && ids[i] != author_id && has_filters[i] &&
			social_blocked_between(author_id, ids[i]))
			ids[i] = 0;
	}
	if (update)
	{
		links = read_links(table, "mentions_post_user_key", post_id, false, &nlinks);
		for (int i = 0; i < names->count; i++)
		{
			if (keep_link(links, nlinks, ids[i], 0, false))
				ids[i] = 0;
		}
		delete_links(table, links, nlinks);
	}
	sequence = social_relation_oid("mentions_id_seq");
	social_table_writer_begin(&writer, table);
	social_table_writer_tell(&writer, SOCIAL_MENTIONS_NCHECKS);
	for (int i = 0; i < names->count; i++)
	{
		Datum values[SOCIAL_MENTIONS_NCOLUMNS];
		bool isnull[SOCIAL_MENTIONS_NCOLUMNS] = {false};

		if (ids[i] == 0)
			continue;
		values[SOCIAL_MENTIONS_ID - 1] = Int64GetDatum(nextval_internal(sequence, false));
		values[SOCIAL_MENTIONS_POST_ID - 1] = Int64GetDatum(post_id);
		values[SOCIAL_MENTIONS_MENTIONED_USER_ID - 1] = Int64GetDatum(ids[i]);
		values[SOCIAL_MENTIONS_CREATED_AT - 1] =
			TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
		if (social_table_write(&writer, values, isnull, lengthof(values)))
			ids[nadded++] = ids[i];
	}
	social_table_writer_end(&writer);
	table_close(table, NoLock);
	*added = ids;
	return nadded;
}

/* ---- revisions ------------------------------------------------------------------------------ */

void
social_post_keep_revision(int64 post_id, text *title, text *content)
{
	Relation table = social_table_open("post_revisions", RowExclusiveLock);
	Datum arguments[] = {Int64GetDatum(post_id), PointerGetDatum(title), PointerGetDatum(content),
						 Int64GetDatum(social_viewer())};

	social_query_run_once(&append_revision, table, arguments, NULL);
	table_close(table, NoLock);
}
