/*
 * notification.h owns telling people what others do: notes made row by row, and the rows of
 * social.notifications that they become when the statement ends (mission items 105, 133).
 *
 * Rows are written by direct access, without foreign key checks. What the checks would hold, holds
 * by other means: each notification follows from a row whose own foreign keys have locked the
 * people and the target FOR KEY SHARE, and a recipient who is being deleted takes along the post,
 * comment or follow that the notification hangs on, and so the notification.
 *
 * Nobody waits for anybody: an insert locks nothing that others want. An undo withdraws the one row
 * that belongs to the row undone, and functions that mark rows read skip those that it holds. A
 * withdrawn row is seen by nobody and remembers that the recipient has been told: who likes,
 * follows or passes on again brings it back as it was, for as long as notifications are kept.
 */
#ifndef SOCIAL_NOTIFICATION_H
#define SOCIAL_NOTIFICATION_H

#include "postgres.h"
#include "access/htup.h"
#include "access/tupdesc.h"

#include "base/note.h"

/* The kinds that C makes, and their names. */
#define SOCIAL_NOTIFICATION_TYPES(TYPE)                                                            \
	TYPE(LIKE, "like")                                                                             \
	TYPE(COMMENT_LIKE, "comment_like")                                                             \
	TYPE(COMMENT, "comment")                                                                       \
	TYPE(REPLY, "reply")                                                                           \
	TYPE(FOLLOW, "follow")                                                                         \
	TYPE(FOLLOW_REQUEST, "follow_request")                                                         \
	TYPE(REPOST, "repost")                                                                         \
	TYPE(MENTION, "mention")

#define SOCIAL_NOTIFICATION_NUMBER(type, name) SOCIAL_NOTIFY_##type,
enum social_notification_type
{
	SOCIAL_NOTIFICATION_TYPES(SOCIAL_NOTIFICATION_NUMBER) SOCIAL_NOTIFY_NTYPES
};

extern const char *const social_notification_types[];

/* One thing that somebody did, or undid, to something. Ids are 0 where they do not apply. */
struct social_notice
{
	struct social_note_key key;
	enum social_notification_type type;
	bool undone;
	bool is_first; /* of something new, which nobody can have been told of yet */
	int64 actor;
	int64 recipient; /* 0: the author of the target */
	int64 post;
	int64 comment;
	int64 parent; /* of a comment that is a reply */
	int64 quote;  /* the post that quotes `post` */
};

/*
 * Tells people that a published post names them. For the post's trigger, with newly added names
 * only; applied when the statement on posts ends. Ids of 0 are left out. `is_new`: the post is.
 */
extern void social_notify_mentions(int64 post_id, int64 author_id, const int64 *user_ids, int n,
								   bool is_new);

/*
 * A row is something that its `actor` does; columns by number, 0 where there is none. `when` must
 * not be null for the row to tell anything; `unless` must be.
 */
struct social_notified
{
	enum social_notification_type type;
	int actor;
	int recipient;
	int post;
	int comment;
	int parent;
	int quote;
	int when;
	int unless;
	bool undo; /* a deleted row withdraws its notification; else foreign keys delete it */
};

/* Notes what a changed row (before or after may be NULL) means for anybody. */
extern void social_notify_row(const struct social_notified *source, TupleDesc columns,
							  HeapTuple before, HeapTuple after);

/* Writes what this subtransaction has noted; called when a statement ends. */
extern void social_notify_apply(void);

#endif /* SOCIAL_NOTIFICATION_H */
