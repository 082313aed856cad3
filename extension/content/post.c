/*
 * post.c owns what a post carries besides its text: tags, text vector, position, edit marks, and
 * the rows that link a listed post with its hashtags and the people it mentions.
 *
 * Both title and content carry tags and mentions. A post is listed while it is published and not
 * deleted; only then does it have a position and links. Links of a post that is not public to all,
 * or hidden, do not count for their tags; a private post mentions nobody. A post that is deleted or
 * taken back keeps its place aside, and gets it back when it is listed again. All this holds for a
 * plain UPDATE as well.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "commands/sequence.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "base/column.h"
#include "base/guard.h"
#include "base/init.h"
#include "base/limit.h"
#include "base/place.h"
#include "notification/notification.h"
#include "content/post.h"
#include "counter/recount.h"
#include "content/search_vector.h"
#include "base/table.h"
#include "content/text.h"

PG_FUNCTION_INFO_V1(social_post_before);
PG_FUNCTION_INFO_V1(social_post_after);

static int title_max_length;
static int content_max_length;
static int restore_window;
static int view_window;
static int pinned_posts_max;

void
social_post_init(void)
{
	social_limit_define("social.title_max_length", "The longest title, in characters.",
						&title_max_length, 255);
	social_limit_define("social.content_max_length", "The longest post, in characters.",
						&content_max_length, 10000);
	social_limit_define("social.pinned_posts_max", "The most posts that one person may pin.",
						&pinned_posts_max, 3);
	DefineCustomIntVariable("social.restore_window", "How long a deleted post can be restored.",
							"Older ones are purged.", &restore_window, 30 * 24 * 60 * 60, 0,
							INT_MAX, PGC_SUSET, GUC_UNIT_S, NULL, NULL, NULL);
	DefineCustomIntVariable(
		"social.view_window", "How long further views by the same viewer do not count.", NULL,
		&view_window, 60 * 60, 1, INT_MAX, PGC_SUSET, GUC_UNIT_S, NULL, NULL, NULL);
}

/* ---- columns -------------------------------------------------------------------------------- */

/* A version of a row, for looking at its columns. */
struct row
{
	const TriggerData *trigger;
	HeapTuple tuple;
};

/* One column; null where the installed version does not have it yet. */
static Datum
column_of(const struct row *row, int column, bool *isnull)
{
	TupleDesc columns = RelationGetDescr(row->trigger->tg_relation);

	if (column > columns->natts)
	{
		*isnull = true;
		return (Datum) 0;
	}
	return heap_getattr(row->tuple, column, columns, isnull);
}

static bool
is_set(const struct row *row, int column)
{
	bool isnull;

	(void) column_of(row, column, &isnull);
	return !isnull;
}

static bool
is_published(const struct row *row)
{
	bool isnull;
	Datum value = column_of(row, SOCIAL_POSTS_IS_PUBLISHED, &isnull);

	return !isnull && DatumGetBool(value);
}

static bool
is_deleted(const struct row *row)
{
	return is_set(row, SOCIAL_POSTS_DELETED_AT);
}

static bool
is_listed(const struct row *row)
{
	return is_published(row) && !is_deleted(row);
}

static bool
has_visibility(const struct row *row, const char *visibility)
{
	bool isnull;
	Datum value = column_of(row, SOCIAL_POSTS_VISIBILITY, &isnull);

	if (isnull)
		return strcmp(visibility, "public") == 0;
	return strcmp(TextDatumGetCString(value), visibility) == 0;
}

/* May everybody see the post (as far as it goes by the post alone)? */
static bool
is_public(const struct row *row)
{
	return !is_set(row, SOCIAL_POSTS_HIDDEN_AT) && has_visibility(row, "public");
}

static text *
text_of(const struct row *row, int column)
{
	bool isnull;
	Datum value = column_of(row, column, &isnull);

	return isnull ? NULL : DatumGetTextPP(value);
}

static bool
is_blank(const text *value)
{
	return value == NULL || VARSIZE_ANY_EXHDR(value) == 0;
}

/* Does a text column differ between two versions of a row? */
static bool
text_changed(const struct row *old, const struct row *new, int column)
{
	text *before = text_of(old, column);
	text *after = text_of(new, column);

	if (before == NULL || after == NULL)
		return before != after;
	return VARSIZE_ANY_EXHDR(before) != VARSIZE_ANY_EXHDR(after) ||
		   memcmp(VARDATA_ANY(before), VARDATA_ANY(after), VARSIZE_ANY_EXHDR(after)) != 0;
}

static bool
is_edit(const struct row *old, const struct row *new)
{
	return text_changed(old, new, SOCIAL_POSTS_TITLE) ||
		   text_changed(old, new, SOCIAL_POSTS_CONTENT);
}

/* ---- before: what stands on the row --------------------------------------------------------- */

/* Columns that the trigger sets. */
struct changes
{
	Datum *values;
	bool *isnull;
	bool *replace;
	int ncolumns;
};

/* Sets a column; a column that the installed version does not have yet is left out. */
static void
set_column(struct changes *changes, int column, Datum value)
{
	if (column > changes->ncolumns)
		return;
	changes->values[column - 1] = value;
	changes->isnull[column - 1] = false;
	changes->replace[column - 1] = true;
}

static void
set_null(struct changes *changes, int column)
{
	if (column > changes->ncolumns)
		return;
	changes->isnull[column - 1] = true;
	changes->replace[column - 1] = true;
}

/*
 * The language of a post's text: what its row says, else what the script suggests. A language that
 * the script of the old text suggested is no longer said when the text is a new one.
 */
static const char *
language_of(const struct row *old, const struct row *row, text *const *parts)
{
	const char *code = social_language(text_of(row, SOCIAL_POSTS_LANGUAGE));

	if (code != NULL && old != NULL && is_edit(old, row) &&
		!text_changed(old, row, SOCIAL_POSTS_LANGUAGE))
	{
		text *before[] = {text_of(old, SOCIAL_POSTS_TITLE), text_of(old, SOCIAL_POSTS_CONTENT)};
		const char *guess = social_guess_language((const text *const *) before, 2);

		if (guess != NULL && strcmp(guess, code) == 0)
			code = NULL;
	}
	return code != NULL ? code : social_guess_language((const text *const *) parts, 2);
}

/*
 * Checks what of a post's text is new. Only a quote has no title; it stays without one when the
 * quoted post is gone.
 */
static void
check_text(const struct row *old, const struct row *row)
{
	text *title = text_of(row, SOCIAL_POSTS_TITLE);
	text *content = text_of(row, SOCIAL_POSTS_CONTENT);
	bool untitled = title != NULL && is_blank(title) &&
					(is_set(row, SOCIAL_POSTS_QUOTED_POST_ID) ||
					 (old != NULL && is_blank(text_of(old, SOCIAL_POSTS_TITLE))));

	if (old == NULL || text_changed(old, row, SOCIAL_POSTS_TITLE))
	{
		if (!untitled)
			social_limit_require("title", title);
		social_limit_check("title", title, title_max_length);
		social_limit_check_form("title", title, true);
	}
	if (old == NULL || text_changed(old, row, SOCIAL_POSTS_CONTENT))
	{
		social_limit_require("content", content);
		social_limit_check("content", content, content_max_length);
		social_limit_check_form("content", content, false);
	}
}

/* Sets the columns that follow from a post's text. */
static void
set_text_columns(struct changes *changes, const struct row *old, const struct row *row)
{
	text *parts[] = {text_of(row, SOCIAL_POSTS_TITLE), text_of(row, SOCIAL_POSTS_CONTENT)};
	struct social_text_names names;
	const char *language;

	social_text_hashtags((const text *const *) parts, 2, SOCIAL_POST_HASHTAGS_MAX, &names);
	set_column(changes, SOCIAL_POSTS_HASHTAGS, PointerGetDatum(social_text_keys_array(&names)));
	language = language_of(old, row, parts);
	if (language == NULL)
		set_null(changes, SOCIAL_POSTS_LANGUAGE);
	else
		set_column(changes, SOCIAL_POSTS_LANGUAGE, CStringGetTextDatum(language));
	set_column(changes, SOCIAL_POSTS_SEARCH_VECTOR,
			   social_search_vector(parts[0], parts[1], language));
}

static Datum
next_position(void)
{
	return Int64GetDatum(nextval_internal(social_relation_oid("post_position_seq"), false));
}

/*
 * A post gets its position when it first becomes listed, and loses it while it is not: it keeps it
 * aside, whether it was deleted or taken back from publication, so that nobody can lift an old post
 * to the top again and again.
 */
static void
set_position(struct changes *changes, const struct row *old, const struct row *row)
{
	bool was_listed = old != NULL && is_listed(old);
	bool isnull;

	if (was_listed && is_listed(row))
		return;
	if (is_listed(row))
	{
		Datum kept = old == NULL ? (Datum) 0 : column_of(old, SOCIAL_POSTS_KEPT_POSITION, &isnull);

		set_column(changes, SOCIAL_POSTS_POSITION, old == NULL || isnull ? next_position() : kept);
		set_null(changes, SOCIAL_POSTS_KEPT_POSITION);
		return;
	}
	set_null(changes, SOCIAL_POSTS_POSITION);
	if (was_listed)
		set_column(changes, SOCIAL_POSTS_KEPT_POSITION,
				   column_of(old, SOCIAL_POSTS_POSITION, &isnull));
}

/*
 * BEFORE INSERT OR UPDATE on posts. Setting search_vector to null makes it anew, for instance
 * after a change of social.search_config (reindex_posts does).
 */
Datum
social_post_before(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = social_row_trigger(fcinfo);
	struct row row = {trigger, social_row_trigger_result(trigger)};
	struct row before = {trigger, trigger->tg_trigtuple};
	struct row *old = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? &before : NULL;
	int ncolumns = RelationGetDescr(trigger->tg_relation)->natts;
	Datum now = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
	struct changes changes = {palloc0(ncolumns * sizeof(Datum)), palloc0(ncolumns * sizeof(bool)),
							  palloc0(ncolumns * sizeof(bool)), ncolumns};
	bool edited;

	if (social_restoring())
		return PointerGetDatum(row.tuple);
	edited = old != NULL && is_edit(old, &row);
	if (old == NULL || edited)
		check_text(old, &row);
	if (old == NULL || edited || text_changed(old, &row, SOCIAL_POSTS_LANGUAGE) ||
		!is_set(&row, SOCIAL_POSTS_SEARCH_VECTOR))
		set_text_columns(&changes, old, &row);
	if (edited)
	{
		set_column(&changes, SOCIAL_POSTS_UPDATED_AT, now);
		if (is_published(old))
			set_column(&changes, SOCIAL_POSTS_EDITED_AT, now);
	}
	set_position(&changes, old, &row);
	if (is_published(&row) && is_set(&row, SOCIAL_POSTS_PUBLISH_AT))
		set_null(&changes, SOCIAL_POSTS_PUBLISH_AT);
	return PointerGetDatum(heap_modify_tuple(row.tuple, RelationGetDescr(trigger->tg_relation),
											 changes.values, changes.isnull, changes.replace));
}

/* ---- after: links and revisions ------------------------------------------------------------- */

/* Did anything change that the links follow from? */
static bool
links_changed(const struct row *old, const struct row *new)
{
	bool was_null;
	bool is_null;
	Datum was = column_of(old, SOCIAL_POSTS_POSITION, &was_null);
	Datum is = column_of(new, SOCIAL_POSTS_POSITION, &is_null);

	return was_null != is_null ||
		   (!is_null && (was != is || text_changed(old, new, SOCIAL_POSTS_VISIBILITY) ||
						 is_public(old) != is_public(new) || is_edit(old, new)));
}

/* Makes the links of a post what its text says; `old` is NULL for a new post. */
static void
keep_links(const struct row *old, const struct row *row)
{
	struct social_text_names hashtags = {0};
	struct social_text_names mentions = {0};
	bool is_draft;
	bool isnull;
	int64 position = DatumGetInt64(column_of(row, SOCIAL_POSTS_POSITION, &is_draft));
	int64 post_id = DatumGetInt64(column_of(row, SOCIAL_POSTS_ID, &isnull));
	int64 author_id = DatumGetInt64(column_of(row, SOCIAL_POSTS_AUTHOR_ID, &isnull));
	int64 *added;
	int nadded;

	if (!is_draft)
	{
		text *parts[] = {text_of(row, SOCIAL_POSTS_TITLE), text_of(row, SOCIAL_POSTS_CONTENT)};

		social_text_hashtags((const text *const *) parts, 2, SOCIAL_POST_HASHTAGS_MAX, &hashtags);
		if (!has_visibility(row, "private"))
			social_text_mentions((const text *const *) parts, 2, SOCIAL_POST_MENTIONS_MAX,
								 &mentions);
	}
	/* The links of somebody who does not count do not count either. */
	social_post_keep_hashtags(post_id, is_draft ? 0 : position,
							  hashtags.count > 0 && is_public(row) && social_user_counts(author_id),
							  &hashtags, old != NULL);
	nadded = social_post_keep_mentions(post_id, author_id, &mentions, old != NULL, &added);
	/* Restoring a post brings mentions back that were told of long ago. */
	if (nadded > 0 && (old == NULL || !is_deleted(old)))
		social_notify_mentions(post_id, author_id, added, nadded, old == NULL);
}

/* Who is told, and the answer to the request, look at a new post soon. */
static void
note_place(const struct row *row)
{
	bool isnull;

	social_place_note(row->trigger->tg_relation,
					  DatumGetInt64(column_of(row, SOCIAL_POSTS_ID, &isnull)), &row->tuple->t_self);
}

/* AFTER INSERT OR UPDATE on posts; a purged post's links go by their foreign keys. */
Datum
social_post_after(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = social_row_trigger(fcinfo);
	struct row row = {trigger, social_row_trigger_result(trigger)};
	struct row before = {trigger, trigger->tg_trigtuple};
	struct row *old = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? &before : NULL;

	if (social_restoring())
		return PointerGetDatum(NULL);
	if (old == NULL)
		note_place(&row);
	if (old == NULL ? is_set(&row, SOCIAL_POSTS_POSITION) : links_changed(old, &row))
		keep_links(old, &row);
	if (old != NULL && is_published(old) && is_edit(old, &row) &&
		RelationGetDescr(trigger->tg_relation)->natts >= SOCIAL_POSTS_KEPT_POSITION)
	{
		bool isnull;

		social_post_keep_revision(DatumGetInt64(column_of(&row, SOCIAL_POSTS_ID, &isnull)),
								  text_of(old, SOCIAL_POSTS_TITLE),
								  text_of(old, SOCIAL_POSTS_CONTENT));
	}
	return PointerGetDatum(NULL);
}
