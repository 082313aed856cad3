/*
 * last_position.h owns the question where in the newest-first order somebody was last active, so
 * that the home feed opens only the people who may stand on the page.
 */
#ifndef SOCIAL_LAST_POSITION_H
#define SOCIAL_LAST_POSITION_H

#include "postgres.h"

#define SOCIAL_LAST_POSITION_NONE    PG_INT64_MIN
#define SOCIAL_LAST_POSITION_UNKNOWN PG_INT64_MAX

/* The positions that no post and no repost of a person, visible to anybody, lies above. */
struct social_last_position
{
	int64 post;
	int64 repost;
};

/* Reads last[i] of each person; UNKNOWN where it is not known, NONE where there is nothing. */
extern void social_last_positions_read(const int64 *user_ids, int count,
									   struct social_last_position *last);

#endif /* SOCIAL_LAST_POSITION_H */
