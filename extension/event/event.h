/*
 * event.h owns events: that something happened to what people make, appended to an outbox by those
 * who make it happen, and numbered in commit order by the worker (sql/api/event.sql).
 *
 * An event holds ids only. What somebody gets to see of it is made when it is delivered, so that
 * nothing arrives that was deleted or made private meanwhile (content/event_document.c).
 *
 * Nobody waits for anybody: an outbox row gets its id from a sequence and is locked by nobody. Ids
 * of the outbox follow cause and effect: who begins after a commit draws a later one.
 */
#ifndef SOCIAL_EVENT_H
#define SOCIAL_EVENT_H

#include "postgres.h"
#include "access/htup.h"
#include "access/tupdesc.h"

#include "base/note.h"

/* The kinds of events, and their names. */
#define SOCIAL_EVENT_TYPES(TYPE)                                                                   \
	TYPE(POST_CREATED, "post.created")                                                             \
	TYPE(POST_EDITED, "post.edited")                                                               \
	TYPE(POST_DELETED, "post.deleted")                                                             \
	TYPE(POST_RESTORED, "post.restored")                                                           \
	TYPE(POST_COUNTS, "post.counts")                                                               \
	TYPE(COMMENT_CREATED, "comment.created")                                                       \
	TYPE(COMMENT_EDITED, "comment.edited")                                                         \
	TYPE(COMMENT_DELETED, "comment.deleted")                                                       \
	TYPE(COMMENT_COUNTS, "comment.counts")                                                         \
	TYPE(REPOST_CREATED, "repost.created")                                                         \
	TYPE(REPOST_DELETED, "repost.deleted")                                                         \
	TYPE(NOTIFICATION_CREATED, "notification.created")                                             \
	TYPE(NOTIFICATION_READ, "notification.read")                                                   \
	TYPE(FOLLOW_CREATED, "follow.created")                                                         \
	TYPE(FOLLOW_DELETED, "follow.deleted")                                                         \
	TYPE(PROFILE_EDITED, "profile.edited")                                                         \
	TYPE(PROFILE_COUNTS, "profile.counts")                                                         \
	TYPE(SESSION_ENDED, "session.ended")                                                           \
	TYPE(MEDIA_CHANGED, "media.changed")                                                           \
	TYPE(STREAM_STATUS, "stream.status")                                                           \
	TYPE(STREAM_EDITED, "stream.edited")                                                           \
	TYPE(STREAM_DELETED, "stream.deleted")                                                         \
	TYPE(STREAM_VIEWERS, "stream.viewers")                                                         \
	TYPE(STREAM_JOINED, "stream.joined")                                                           \
	TYPE(STREAM_LEFT, "stream.left")                                                               \
	TYPE(CHAT_MESSAGE, "chat.message")                                                             \
	TYPE(CHAT_DELETED, "chat.deleted")                                                             \
	TYPE(CHAT_BANNED, "chat.banned")                                                               \
	TYPE(CHAT_UNBANNED, "chat.unbanned")                                                           \
	TYPE(EXPORT_CHANGED, "export.changed")                                                         \
	TYPE(RELATION_CHANGED, "relation.changed")                                                     \
	TYPE(VISIBILITY_CHANGED, "visibility.changed")

#define SOCIAL_EVENT_NUMBER(type, name) SOCIAL_EVENT_##type,
enum social_event_type
{
	SOCIAL_EVENT_NONE,
	SOCIAL_EVENT_TYPES(SOCIAL_EVENT_NUMBER) SOCIAL_EVENT_NTYPES
};

extern const char *const social_event_types[];

/* One thing that happened. Ids are 0 where they do not apply. */
struct social_event
{
	struct social_note_key key;
	enum social_event_type type;
	int64 author; /* who did it, or whose it is */
	int64 post;
	int64 comment;
	int64 recipient; /* it is this person's business alone; 0: whoever sees what it is about */
	int64 subject;   /* the other person, the notification, session or message that it is about */
	int64 stream;
};

/* Notes an event; it is appended to the outbox when the statement ends. Does nothing where
 * social.events is off. */
extern void social_event_add(const struct social_event *event);

/* Appends what this subtransaction has noted; called when a statement ends. */
extern void social_event_apply(void);

/*
 * Appends that counts of an object have changed, which one event tells for all changes of a while.
 * Cheap: likes come through here. Does nothing for SOCIAL_EVENT_NONE.
 */
extern void social_event_counts(enum social_event_type type, int64 object_id);

/* What a changed row means, by the table that it is of. */
enum social_event_source
{
	SOCIAL_EVENT_OF_NOTHING,
	SOCIAL_EVENT_OF_POST,
	SOCIAL_EVENT_OF_COMMENT,
	SOCIAL_EVENT_OF_REPOST,
	SOCIAL_EVENT_OF_FOLLOW,
	SOCIAL_EVENT_OF_BLOCK,
	SOCIAL_EVENT_OF_MUTE,
	SOCIAL_EVENT_OF_USER,
	SOCIAL_EVENT_OF_PROFILE,
	SOCIAL_EVENT_OF_SESSION,
	SOCIAL_EVENT_OF_NOTIFICATION,
	SOCIAL_EVENT_OF_MEDIA,
	SOCIAL_EVENT_OF_STREAM,
	SOCIAL_EVENT_OF_VIEW,
	SOCIAL_EVENT_OF_CHAT,
	SOCIAL_EVENT_OF_BAN,
	SOCIAL_EVENT_OF_INVITATION,
	SOCIAL_EVENT_OF_EXPORT
};

/* Their names in social.observed_tables(); NULL for OF_NOTHING. */
extern const char *const social_event_sources[];

/* Notes what a changed row (before or after may be NULL) means for anybody. */
extern void social_event_row(enum social_event_source source, TupleDesc columns, HeapTuple before,
							 HeapTuple after);

#endif /* SOCIAL_EVENT_H */
