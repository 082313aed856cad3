/*
 * visibility.h owns the viewer's standing towards others, for the C side. All of it reads with the
 * snapshot of the running statement.
 */
#ifndef SOCIAL_VISIBILITY_H
#define SOCIAL_VISIBILITY_H

#include "postgres.h"

/* Does either of these two people block the other? */
extern bool social_blocked_between(int64 one, int64 other);

/* Does the first of these people follow the second? */
extern bool social_follows(int64 follower, int64 followed);

/* Does the post name this person? */
extern bool social_mentioned(int64 post_id, int64 user_id);

#endif /* SOCIAL_VISIBILITY_H */
