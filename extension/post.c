/*
 * post.c owns what a post carries besides its text: tags, text vector, position, and the rows that
 * link a public post with its hashtags and the people it mentions.
 *
 * Both title and content carry tags and mentions. A draft has its tags and vector on the row, but
 * no links: what may not be seen neither counts for a tag nor mentions anybody.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "commands/sequence.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "guard.h"
#include "init.h"
#include "limit.h"
#include "post.h"
#include "search.h"
#include "table.h"
#include "text.h"

PG_FUNCTION_INFO_V1(social_post_before);
PG_FUNCTION_INFO_V1(social_post_after);

static int title_max_length;
static int content_max_length;

/* Columns of social.posts by number; an upgrade only ever appends columns. */
enum
{
	POST_ID = 1,
	POST_AUTHOR_ID,
	POST_TITLE,
	POST_CONTENT,
	POST_IS_PUBLISHED,
	POST_POSITION,
	POST_HASHTAGS,
	POST_SEARCH_VECTOR,
	POST_CREATED_AT,
	POST_UPDATED_AT,
	POST_NCOLUMNS = POST_UPDATED_AT
};

void
social_post_init(void)
{
	social_limit_define("social.title_max_length", "The longest title, in characters.",
						&title_max_length, 255);
	social_limit_define("social.content_max_length", "The longest post, in characters.",
						&content_max_length, 10000);
}

/* ---- before: what stands on the row --------------------------------------------------------- */

/* One column of a row that a trigger looks at. */
static Datum
column_of(const TriggerData *trigger, HeapTuple row, int column, bool *isnull)
{
	return heap_getattr(row, column, RelationGetDescr(trigger->tg_relation), isnull);
}

static bool
is_published(const TriggerData *trigger, HeapTuple row)
{
	bool isnull;
	Datum value = column_of(trigger, row, POST_IS_PUBLISHED, &isnull);

	return !isnull && DatumGetBool(value);
}

/* Does a text column differ between the row's old and new version? */
static bool
text_changed(const TriggerData *trigger, const char *column)
{
	text *before = social_row_text(trigger, trigger->tg_trigtuple, column);
	text *after = social_row_text(trigger, trigger->tg_newtuple, column);

	if (before == NULL || after == NULL)
		return before != after;
	return VARSIZE_ANY_EXHDR(before) != VARSIZE_ANY_EXHDR(after) ||
		   memcmp(VARDATA_ANY(before), VARDATA_ANY(after), VARSIZE_ANY_EXHDR(after)) != 0;
}

/* Checks the text of a post and sets the columns that follow from it. */
static void
set_text_columns(const TriggerData *trigger, HeapTuple row, Datum *values, bool *replace)
{
	text *parts[] = {social_row_text(trigger, row, "title"),
					 social_row_text(trigger, row, "content")};
	struct social_text_names names;

	social_limit_require("title", parts[0]);
	social_limit_check("title", parts[0], title_max_length);
	social_limit_require("content", parts[1]);
	social_limit_check("content", parts[1], content_max_length);

	social_text_hashtags((const text *const *) parts, 2, SOCIAL_POST_HASHTAGS_MAX, &names);
	values[POST_HASHTAGS - 1] = PointerGetDatum(social_text_keys_array(&names));
	replace[POST_HASHTAGS - 1] = true;
	values[POST_SEARCH_VECTOR - 1] = social_search_vector(parts[0], parts[1]);
	replace[POST_SEARCH_VECTOR - 1] = true;
}

/* A post gets its position when it becomes public, and loses it when it no longer is. */
static void
set_position(HeapTuple row, bool was_public, bool is_public, Datum *values, bool *isnull,
			 bool *replace)
{
	if (was_public == is_public)
		return;
	replace[POST_POSITION - 1] = true;
	if (is_public)
		values[POST_POSITION - 1] =
			Int64GetDatum(nextval_internal(social_relation_oid("post_position_seq"), false));
	else
		isnull[POST_POSITION - 1] = true;
}

/*
 * BEFORE INSERT OR UPDATE on posts. Setting search_vector to null makes it anew, for instance
 * after a change of social.search_config.
 */
Datum
social_post_before(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = social_row_trigger(fcinfo);
	HeapTuple row = social_row_trigger_result(trigger);
	bool is_update = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event);
	bool was_public = is_update && is_published(trigger, trigger->tg_trigtuple);
	int ncolumns = RelationGetDescr(trigger->tg_relation)->natts;
	Datum *values = palloc0(ncolumns * sizeof(Datum));
	bool *isnull = palloc0(ncolumns * sizeof(bool));
	bool *replace = palloc0(ncolumns * sizeof(bool));
	bool edited;
	bool vector_missing;

	if (social_restoring())
		return PointerGetDatum(row);
	(void) column_of(trigger, row, POST_SEARCH_VECTOR, &vector_missing);
	edited = is_update && (text_changed(trigger, "title") || text_changed(trigger, "content"));
	if (!is_update || edited || vector_missing)
		set_text_columns(trigger, row, values, replace);
	if (edited)
	{
		values[POST_UPDATED_AT - 1] = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
		replace[POST_UPDATED_AT - 1] = true;
	}
	if (!is_update)
	{
		isnull[POST_POSITION - 1] = true;
		replace[POST_POSITION - 1] = true;
	}
	set_position(row, was_public, is_published(trigger, row), values, isnull, replace);
	if (is_published(trigger, row))
		isnull[POST_POSITION - 1] = false;
	return PointerGetDatum(
		heap_modify_tuple(row, RelationGetDescr(trigger->tg_relation), values, isnull, replace));
}

/* ---- after: links --------------------------------------------------------------------------- */

/* Did anything change that the links follow from? */
static bool
links_changed(const TriggerData *trigger)
{
	bool was_null;
	bool is_null;
	Datum was = column_of(trigger, trigger->tg_trigtuple, POST_POSITION, &was_null);
	Datum is = column_of(trigger, trigger->tg_newtuple, POST_POSITION, &is_null);

	return was_null != is_null || (!is_null && was != is) || text_changed(trigger, "title") ||
		   text_changed(trigger, "content");
}

/* AFTER INSERT OR UPDATE on posts; a deleted post's links go by their foreign keys. */
Datum
social_post_after(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = social_row_trigger(fcinfo);
	HeapTuple row = social_row_trigger_result(trigger);
	bool is_update = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event);
	struct social_text_names hashtags = {0};
	struct social_text_names mentions = {0};
	bool is_draft;
	bool isnull;
	int64 position = DatumGetInt64(column_of(trigger, row, POST_POSITION, &is_draft));
	int64 post_id = DatumGetInt64(column_of(trigger, row, POST_ID, &isnull));

	if (social_restoring() || (is_update ? !links_changed(trigger) : is_draft))
		return PointerGetDatum(NULL);
	if (!is_draft)
	{
		text *parts[] = {social_row_text(trigger, row, "title"),
						 social_row_text(trigger, row, "content")};

		social_text_hashtags((const text *const *) parts, 2, SOCIAL_POST_HASHTAGS_MAX, &hashtags);
		social_text_mentions((const text *const *) parts, 2, SOCIAL_POST_MENTIONS_MAX, &mentions);
	}
	social_post_keep_hashtags(post_id, is_draft ? 0 : position, &hashtags, is_update);
	social_post_keep_mentions(post_id, &mentions, is_update);
	return PointerGetDatum(NULL);
}
