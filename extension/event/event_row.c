/*
 * event_row.c owns which events a changed row is (see event.h). Which tables those rows are of is
 * in the registry (counter/observed.h).
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "utils/datum.h"

#include "base/column.h"
#include "base/compat.h"
#include "event/event.h"

/* A row that comes (no `before`), changes, or goes (no `after`). */
struct change
{
	TupleDesc columns;
	HeapTuple before;
	HeapTuple after;
};

/* ---- what a row says ------------------------------------------------------------------------ */

/* Any version of the row, the newest that there is. */
static HeapTuple
newest(const struct change *change)
{
	return change->after != NULL ? change->after : change->before;
}

static bool
is_set(const struct change *change, HeapTuple row, int column)
{
	return !heap_attisnull(row, column, change->columns);
}

static int64
id_of(const struct change *change, HeapTuple row, int column)
{
	bool isnull;
	Datum value = heap_getattr(row, column, change->columns, &isnull);

	return isnull ? 0 : DatumGetInt64(value);
}

/* Do both versions say the same in a column? */
static bool
is_same(const struct change *change, int column)
{
	Form_pg_attribute attribute = TupleDescAttr(change->columns, column - 1);
	bool before_isnull;
	bool after_isnull;
	Datum before = heap_getattr(change->before, column, change->columns, &before_isnull);
	Datum after = heap_getattr(change->after, column, change->columns, &after_isnull);

	if (before_isnull || after_isnull)
		return before_isnull == after_isnull;
	return datum_image_eq(before, after, attribute->attbyval, attribute->attlen);
}

/* Has one of these columns (0 ends them) another value than before? */
static bool
has_changed(const struct change *change, const int *columns)
{
	for (; *columns != 0; columns++)
	{
		if (*columns <= change->columns->natts && !is_same(change, *columns))
			return true;
	}
	return false;
}

static void
add(enum social_event_type type, struct social_event event)
{
	event.type = type;
	social_event_add(&event);
}

/* ---- posts ---------------------------------------------------------------------------------- */

static const int post_columns[] = {
	SOCIAL_POSTS_TITLE,          SOCIAL_POSTS_CONTENT,   SOCIAL_POSTS_VISIBILITY,
	SOCIAL_POSTS_REPLY_SETTINGS, SOCIAL_POSTS_IS_PINNED, SOCIAL_POSTS_IS_HIGHLIGHTED,
	SOCIAL_POSTS_QUOTED_POST_ID, SOCIAL_POSTS_IMAGE,     SOCIAL_POSTS_VIDEO,
	SOCIAL_POSTS_LANGUAGE,       SOCIAL_POSTS_EDITED_AT, 0};
static const int post_audience[] = {SOCIAL_POSTS_VISIBILITY, 0};

static bool
post_is_shown(const struct change *change, HeapTuple row)
{
	return row != NULL && is_set(change, row, SOCIAL_POSTS_POSITION) &&
		   !is_set(change, row, SOCIAL_POSTS_DELETED_AT) &&
		   !is_set(change, row, SOCIAL_POSTS_HIDDEN_AT);
}

static bool
post_is_public(const struct change *change, HeapTuple row)
{
	bool isnull;
	text *visibility =
		DatumGetTextPP(heap_getattr(row, SOCIAL_POSTS_VISIBILITY, change->columns, &isnull));

	return VARSIZE_ANY_EXHDR(visibility) == 6 && memcmp(VARDATA_ANY(visibility), "public", 6) == 0;
}

static void
note_post(const struct change *change)
{
	bool was = post_is_shown(change, change->before);
	bool is = post_is_shown(change, change->after);
	HeapTuple row = newest(change);
	struct social_event event = {.author = id_of(change, row, SOCIAL_POSTS_AUTHOR_ID),
								 .post = id_of(change, row, SOCIAL_POSTS_ID)};

	if (was && is)
	{
		if (has_changed(change, post_audience))
			add(SOCIAL_EVENT_VISIBILITY_CHANGED, event);
		if (has_changed(change, post_columns))
			add(SOCIAL_EVENT_POST_EDITED, event);
	}
	else if (was)
	{
		if (change->after != NULL)
			add(SOCIAL_EVENT_VISIBILITY_CHANGED, event);
		/* Of a row that is gone nobody can tell any more who could see it. */
		else if (!post_is_public(change, row))
			event.recipient = event.author;
		add(SOCIAL_EVENT_POST_DELETED, event);
	}
	else if (is && change->before != NULL &&
			 (is_set(change, change->before, SOCIAL_POSTS_KEPT_POSITION) ||
			  is_set(change, change->before, SOCIAL_POSTS_POSITION)))
	{
		add(SOCIAL_EVENT_VISIBILITY_CHANGED, event);
		add(SOCIAL_EVENT_POST_RESTORED, event);
	}
	else if (is)
		add(SOCIAL_EVENT_POST_CREATED, event);
}

/* ---- comments ------------------------------------------------------------------------------- */

static const int comment_columns[] = {SOCIAL_COMMENTS_CONTENT, SOCIAL_COMMENTS_EDITED_AT, 0};

static bool
comment_is_shown(const struct change *change, HeapTuple row)
{
	return row != NULL && !is_set(change, row, SOCIAL_COMMENTS_DELETED_AT) &&
		   !is_set(change, row, SOCIAL_COMMENTS_HIDDEN_AT);
}

static void
note_comment(const struct change *change)
{
	bool was = comment_is_shown(change, change->before);
	bool is = comment_is_shown(change, change->after);
	HeapTuple row = newest(change);
	struct social_event event = {.author = id_of(change, row, SOCIAL_COMMENTS_AUTHOR_ID),
								 .post = id_of(change, row, SOCIAL_COMMENTS_POST_ID),
								 .comment = id_of(change, row, SOCIAL_COMMENTS_ID)};

	if (was && !is)
		add(SOCIAL_EVENT_COMMENT_DELETED, event);
	else if (is && !was)
		add(SOCIAL_EVENT_COMMENT_CREATED, event);
	else if (was && has_changed(change, comment_columns))
		add(SOCIAL_EVENT_COMMENT_EDITED, event);
}

/* ---- what is between people ----------------------------------------------------------------- */

static void
note_repost(const struct change *change)
{
	HeapTuple row = newest(change);

	if (change->before != NULL && change->after != NULL)
		return;
	add(change->after != NULL ? SOCIAL_EVENT_REPOST_CREATED : SOCIAL_EVENT_REPOST_DELETED,
		(struct social_event){.author = id_of(change, row, SOCIAL_REPOSTS_USER_ID),
							  .post = id_of(change, row, SOCIAL_REPOSTS_POST_ID)});
}

static void
note_follow(const struct change *change)
{
	HeapTuple row = newest(change);

	if (change->before != NULL && change->after != NULL)
		return;
	add(change->after != NULL ? SOCIAL_EVENT_FOLLOW_CREATED : SOCIAL_EVENT_FOLLOW_DELETED,
		(struct social_event){.author = id_of(change, row, SOCIAL_FOLLOWS_FOLLOWER_ID),
							  .subject = id_of(change, row, SOCIAL_FOLLOWS_FOLLOWED_ID)});
}

/* A block's is_settled is bookkeeping. */
static void
note_block(const struct change *change)
{
	HeapTuple row = newest(change);

	if (change->before != NULL && change->after != NULL)
		return;
	add(SOCIAL_EVENT_RELATION_CHANGED,
		(struct social_event){.author = id_of(change, row, SOCIAL_BLOCKS_BLOCKER_ID),
							  .subject = id_of(change, row, SOCIAL_BLOCKS_BLOCKED_ID)});
}

static void
note_mute(const struct change *change)
{
	HeapTuple row = newest(change);

	add(SOCIAL_EVENT_RELATION_CHANGED,
		(struct social_event){.author = id_of(change, row, SOCIAL_MUTES_MUTER_ID),
							  .subject = id_of(change, row, SOCIAL_MUTES_MUTED_ID)});
}

/* ---- people --------------------------------------------------------------------------------- */

static const int user_columns[] = {SOCIAL_USERS_USERNAME, SOCIAL_USERS_FIRST_NAME,
								   SOCIAL_USERS_LAST_NAME, SOCIAL_USERS_IS_LOCKED, 0};
static const int user_standing[] = {SOCIAL_USERS_IS_ACTIVE,
									SOCIAL_USERS_IS_STAFF,
									SOCIAL_USERS_IS_SUPERUSER,
									SOCIAL_USERS_SUSPENDED_AT,
									SOCIAL_USERS_SUSPENDED_UNTIL,
									SOCIAL_USERS_DELETED_AT,
									0};

static void
note_user(const struct change *change)
{
	struct social_event event = {.author = id_of(change, newest(change), SOCIAL_USERS_ID)};

	if (change->before == NULL)
		return;
	if (change->after == NULL || has_changed(change, user_standing))
		add(SOCIAL_EVENT_VISIBILITY_CHANGED, event);
	if (change->after != NULL && has_changed(change, user_columns))
		add(SOCIAL_EVENT_PROFILE_EDITED, event);
}

static const int profile_columns[] = {SOCIAL_PROFILES_BIO,          SOCIAL_PROFILES_AVATAR,
									  SOCIAL_PROFILES_BANNER_IMAGE, SOCIAL_PROFILES_LOCATION,
									  SOCIAL_PROFILES_WEBSITE,      0};

static void
note_profile(const struct change *change)
{
	if (change->after == NULL || (change->before != NULL && !has_changed(change, profile_columns)))
		return;
	add(SOCIAL_EVENT_PROFILE_EDITED,
		(struct social_event){.author = id_of(change, change->after, SOCIAL_PROFILES_USER_ID)});
}

/* A session that expires ends without an event: its tokens say when that is. */
static void
note_session(const struct change *change)
{
	HeapTuple row = newest(change);
	int64 user;

	if (change->before == NULL || is_set(change, change->before, SOCIAL_USER_SESSIONS_REVOKED_AT) ||
		(change->after != NULL && !is_set(change, change->after, SOCIAL_USER_SESSIONS_REVOKED_AT)))
		return;
	user = id_of(change, row, SOCIAL_USER_SESSIONS_USER_ID);
	add(SOCIAL_EVENT_SESSION_ENDED,
		(struct social_event){
			.author = user, .recipient = user, .subject = id_of(change, row, SOCIAL_COLUMN_ID)});
}

/* What statements write; what others' deeds tell, notification_row.c writes and adds itself. */
static void
note_notification(const struct change *change)
{
	static const int read_columns[] = {SOCIAL_NOTIFICATIONS_IS_READ, 0};
	HeapTuple row = newest(change);
	int64 recipient = id_of(change, row, SOCIAL_NOTIFICATIONS_RECIPIENT_ID);

	if (change->before == NULL)
		add(SOCIAL_EVENT_NOTIFICATION_CREATED,
			(struct social_event){.author = id_of(change, row, SOCIAL_NOTIFICATIONS_ACTOR_ID),
								  .post = id_of(change, row, SOCIAL_NOTIFICATIONS_POST_ID),
								  .comment = id_of(change, row, SOCIAL_NOTIFICATIONS_COMMENT_ID),
								  .recipient = recipient,
								  .subject = id_of(change, row, SOCIAL_NOTIFICATIONS_ID)});
	else if (change->after != NULL && has_changed(change, read_columns))
		add(SOCIAL_EVENT_NOTIFICATION_READ, (struct social_event){.recipient = recipient});
}

/* ---- files ---------------------------------------------------------------------------------- */

/* Its owner hears what has become of it; one that goes has come to nothing before, or was deleted.
 */
static void
note_media(const struct change *change)
{
	static const int media_columns[] = {SOCIAL_MEDIA_STATE, 0};
	int64 owner = id_of(change, newest(change), SOCIAL_MEDIA_OWNER_ID);

	if (change->after == NULL || (change->before != NULL && !has_changed(change, media_columns)))
		return;
	add(SOCIAL_EVENT_MEDIA_CHANGED,
		(struct social_event){.author = owner,
							  .recipient = owner,
							  .subject = id_of(change, change->after, SOCIAL_MEDIA_ID)});
}

/* ---- streams -------------------------------------------------------------------------------- */

static void
note_stream(const struct change *change)
{
	static const int status[] = {SOCIAL_STREAMS_STATUS, 0};
	static const int viewers[] = {SOCIAL_STREAMS_VIEWER_COUNT, SOCIAL_STREAMS_PEAK_VIEWERS, 0};
	static const int columns[] = {SOCIAL_STREAMS_TITLE,          SOCIAL_STREAMS_DESCRIPTION,
								  SOCIAL_STREAMS_IS_PRIVATE,     SOCIAL_STREAMS_IS_OPEN,
								  SOCIAL_STREAMS_HIDDEN_AT,      SOCIAL_STREAMS_PINNED_MESSAGE_ID,
								  SOCIAL_STREAMS_CHAT_ENABLED,   SOCIAL_STREAMS_SLOW_MODE_SECONDS,
								  SOCIAL_STREAMS_FOLLOWERS_ONLY, SOCIAL_STREAMS_FOLLOW_MINUTES,
								  SOCIAL_STREAMS_THUMBNAIL_URL,  SOCIAL_STREAMS_TAGS,
								  SOCIAL_STREAMS_PROVIDER_ID,    0};
	HeapTuple row = newest(change);
	struct social_event event = {.author = id_of(change, row, SOCIAL_STREAMS_HOST_ID),
								 .stream = id_of(change, row, SOCIAL_STREAMS_ID)};
	bool isnull;

	if (change->after == NULL)
	{
		/* Of a row that is gone nobody can tell any more who could see it. */
		if (DatumGetBool(heap_getattr(row, SOCIAL_STREAMS_IS_PRIVATE, change->columns, &isnull)) ||
			is_set(change, row, SOCIAL_STREAMS_HIDDEN_AT))
			event.recipient = event.author;
		add(SOCIAL_EVENT_STREAM_DELETED, event);
		return;
	}
	if (change->before == NULL || has_changed(change, status))
		add(SOCIAL_EVENT_STREAM_STATUS, event);
	else if (has_changed(change, columns))
		add(SOCIAL_EVENT_STREAM_EDITED, event);
	if (change->before != NULL && has_changed(change, viewers))
		add(SOCIAL_EVENT_STREAM_VIEWERS, event);
}

/* Somebody comes to watch, or goes; what a crowd does is a number alone (is_told). */
static void
note_view(const struct change *change)
{
	HeapTuple row = newest(change);
	int64 viewer = id_of(change, row, SOCIAL_STREAM_VIEWS_VIEWER_ID);
	bool isnull;
	bool was =
		change->before != NULL && !is_set(change, change->before, SOCIAL_STREAM_VIEWS_LEFT_AT);
	bool is = change->after != NULL && !is_set(change, change->after, SOCIAL_STREAM_VIEWS_LEFT_AT);

	if (was == is || viewer == 0 ||
		!DatumGetBool(heap_getattr(row, SOCIAL_STREAM_VIEWS_IS_TOLD, change->columns, &isnull)))
		return;
	add(is ? SOCIAL_EVENT_STREAM_JOINED : SOCIAL_EVENT_STREAM_LEFT,
		(struct social_event){.author = viewer,
							  .stream = id_of(change, row, SOCIAL_STREAM_VIEWS_STREAM_ID)});
}

static bool
chat_is_shown(const struct change *change, HeapTuple row)
{
	return row != NULL && !is_set(change, row, SOCIAL_STREAM_CHAT_MESSAGES_DELETED_AT) &&
		   !is_set(change, row, SOCIAL_STREAM_CHAT_MESSAGES_HIDDEN_AT);
}

static void
note_chat(const struct change *change)
{
	bool was = chat_is_shown(change, change->before);
	bool is = chat_is_shown(change, change->after);
	HeapTuple row = newest(change);

	if (was == is)
		return;
	add(is ? SOCIAL_EVENT_CHAT_MESSAGE : SOCIAL_EVENT_CHAT_DELETED,
		(struct social_event){.author = id_of(change, row, SOCIAL_STREAM_CHAT_MESSAGES_AUTHOR_ID),
							  .stream = id_of(change, row, SOCIAL_STREAM_CHAT_MESSAGES_STREAM_ID),
							  .subject = id_of(change, row, SOCIAL_STREAM_CHAT_MESSAGES_ID)});
}

static void
note_ban(const struct change *change)
{
	HeapTuple row = newest(change);

	add(change->after != NULL ? SOCIAL_EVENT_CHAT_BANNED : SOCIAL_EVENT_CHAT_UNBANNED,
		(struct social_event){.stream = id_of(change, row, SOCIAL_STREAM_BANS_STREAM_ID),
							  .subject = id_of(change, row, SOCIAL_STREAM_BANS_USER_ID)});
}

/* Who is invited no longer may not hear of a private stream any more. */
static void
note_invitation(const struct change *change)
{
	int64 invited;

	if (change->before == NULL || change->after != NULL)
		return;
	invited = id_of(change, change->before, SOCIAL_STREAM_INVITATIONS_USER_ID);
	add(SOCIAL_EVENT_RELATION_CHANGED,
		(struct social_event){
			.author = invited,
			.subject = invited,
			.stream = id_of(change, change->before, SOCIAL_STREAM_INVITATIONS_STREAM_ID)});
}

/* ---- exports -------------------------------------------------------------------------------- */

static void
note_export(const struct change *change)
{
	static const int columns[] = {SOCIAL_EXPORTS_STATE, SOCIAL_EXPORTS_PARTS_DONE, 0};
	int64 user = id_of(change, newest(change), SOCIAL_EXPORTS_USER_ID);

	if (change->after == NULL || (change->before != NULL && !has_changed(change, columns)))
		return;
	add(SOCIAL_EVENT_EXPORT_CHANGED,
		(struct social_event){.author = user,
							  .recipient = user,
							  .subject = id_of(change, change->after, SOCIAL_EXPORTS_ID)});
}

/* ---- all of them ---------------------------------------------------------------------------- */

static void (*const notes[])(const struct change *) = {
	[SOCIAL_EVENT_OF_POST] = note_post,       [SOCIAL_EVENT_OF_COMMENT] = note_comment,
	[SOCIAL_EVENT_OF_REPOST] = note_repost,   [SOCIAL_EVENT_OF_FOLLOW] = note_follow,
	[SOCIAL_EVENT_OF_BLOCK] = note_block,     [SOCIAL_EVENT_OF_MUTE] = note_mute,
	[SOCIAL_EVENT_OF_USER] = note_user,       [SOCIAL_EVENT_OF_PROFILE] = note_profile,
	[SOCIAL_EVENT_OF_SESSION] = note_session, [SOCIAL_EVENT_OF_NOTIFICATION] = note_notification,
	[SOCIAL_EVENT_OF_MEDIA] = note_media,     [SOCIAL_EVENT_OF_STREAM] = note_stream,
	[SOCIAL_EVENT_OF_VIEW] = note_view,       [SOCIAL_EVENT_OF_CHAT] = note_chat,
	[SOCIAL_EVENT_OF_BAN] = note_ban,         [SOCIAL_EVENT_OF_INVITATION] = note_invitation,
	[SOCIAL_EVENT_OF_EXPORT] = note_export,
};

const char *const social_event_sources[] = {
	[SOCIAL_EVENT_OF_NOTHING] = NULL,
	[SOCIAL_EVENT_OF_POST] = "post",
	[SOCIAL_EVENT_OF_COMMENT] = "comment",
	[SOCIAL_EVENT_OF_REPOST] = "repost",
	[SOCIAL_EVENT_OF_FOLLOW] = "follow",
	[SOCIAL_EVENT_OF_BLOCK] = "block",
	[SOCIAL_EVENT_OF_MUTE] = "mute",
	[SOCIAL_EVENT_OF_USER] = "user",
	[SOCIAL_EVENT_OF_PROFILE] = "profile",
	[SOCIAL_EVENT_OF_SESSION] = "session",
	[SOCIAL_EVENT_OF_NOTIFICATION] = "notification",
	[SOCIAL_EVENT_OF_MEDIA] = "media",
	[SOCIAL_EVENT_OF_STREAM] = "stream",
	[SOCIAL_EVENT_OF_VIEW] = "view",
	[SOCIAL_EVENT_OF_CHAT] = "chat",
	[SOCIAL_EVENT_OF_BAN] = "ban",
	[SOCIAL_EVENT_OF_INVITATION] = "invitation",
	[SOCIAL_EVENT_OF_EXPORT] = "export",
};

void
social_event_row(enum social_event_source source, TupleDesc columns, HeapTuple before,
				 HeapTuple after)
{
	struct change change = {columns, before, after};

	if (source != SOCIAL_EVENT_OF_NOTHING)
		notes[source](&change);
}
