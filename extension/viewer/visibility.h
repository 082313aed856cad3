/*
 * visibility.h owns the viewer's standing towards others, for the C side. All of it reads with the
 * snapshot of the running statement.
 */
#ifndef SOCIAL_VISIBILITY_H
#define SOCIAL_VISIBILITY_H

#include "postgres.h"

/* Ids of people as Datums, palloc'd, in any order. */
struct social_ids
{
	Datum *ids;
	int count;
	int capacity;
};

/* Whom the viewer blocks and who blocks the viewer; whose posts the viewer has muted. */
extern struct social_ids social_blocked_people(void);
extern struct social_ids social_muted_people(void);

/* Does either of these two people block the other? */
extern bool social_blocked_between(int64 one, int64 other);

/* Does the first of these people follow the second? */
extern bool social_follows(int64 follower, int64 followed);

/* Does this person follow the league, team or athlete? */
extern bool social_follows_subject(int64 user_id, int64 subject_id);

/* What a post, or a stream, is about: at most so many subjects; returns how many. */
extern int social_subjects_of_post(int64 post_id, int64 *subjects, int max);
extern int social_subjects_of_stream(int64 stream_id, int64 *subjects, int max);

/* Does the post name this person? */
extern bool social_mentioned(int64 post_id, int64 user_id);

/* Is this person invited to the stream? */
extern bool social_invited(int64 stream_id, int64 user_id);

/*
 * Is a published post of this visibility also for the viewer, who is not its author? Those whom a
 * post names may read it even when it is for followers.
 */
extern bool social_in_audience(int64 post_id, int64 author_id, const text *visibility);

#endif /* SOCIAL_VISIBILITY_H */
