/*
 * post_hold.h owns the post that an act is about.
 */
#ifndef SOCIAL_POST_HOLD_H
#define SOCIAL_POST_HOLD_H

#include "postgres.h"

/*
 * Holds a post that the viewer sees until the end of the transaction; its author. SM404 for an
 * unknown or deleted post. The active snapshot says what is there.
 */
extern int64 social_post_hold(int64 post_id);

#endif /* SOCIAL_POST_HOLD_H */
