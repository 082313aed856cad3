/*
 * notification_audience.h owns the question who may be told what somebody does (mission items 083,
 * 133, P-22): active people, not oneself, no block either way, no mute of notifications, the
 * kind not turned off, and a target that the recipient may see.
 *
 * It reads with one fresh snapshot and remembers what it has read, so that a statement with many
 * rows looks each person and post up once.
 */
#ifndef SOCIAL_NOTIFICATION_AUDIENCE_H
#define SOCIAL_NOTIFICATION_AUDIENCE_H

#include "postgres.h"

#include "notification/notification.h"

struct social_audience;

/* What a notification needs to know about a post. */
struct social_audience_post
{
	int64 id;
	char status;    /* for the table of posts */
	bool is_there;  /* exists and is not deleted */
	bool is_public; /* published, not hidden, and for everybody */
	bool is_listed; /* published, not hidden, and for followers or those it names */
	bool for_followers;
	int64 author;
};

/* What it needs to know about a comment. */
struct social_audience_comment
{
	int64 id;
	char status;
	bool is_there;  /* exists and is not deleted */
	bool is_hidden; /* by a moderator or a rule */
	int64 author;
	int64 post;
};

/* palloc'd; _end closes what it opened. */
extern struct social_audience *social_audience_begin(void);
extern void social_audience_end(struct social_audience *audience);

/* Never NULL; valid until the next call. */
extern const struct social_audience_post *social_audience_post(struct social_audience *audience,
															   int64 id);
extern const struct social_audience_comment *
social_audience_comment(struct social_audience *audience, int64 id);

/* May `recipient` see this post? Blocks are not looked at: social_audience_admits does. */
extern bool social_audience_sees(struct social_audience *audience, int64 recipient,
								 const struct social_audience_post *post);

/* Is there still an account with this id? */
extern bool social_audience_has(struct social_audience *audience, int64 id);

/* May `recipient` be told that `actor` did something of this kind? */
extern bool social_audience_admits(struct social_audience *audience, int64 recipient, int64 actor,
								   enum social_notification_type type);

#endif /* SOCIAL_NOTIFICATION_AUDIENCE_H */
