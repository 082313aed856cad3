/*
 * sight.h owns whether the viewer sees a row, for C that reads rows by their ids or through an
 * index: what the visible_* and listed_* views say. It reads with the snapshot of the running
 * statement.
 */
#ifndef SOCIAL_SIGHT_H
#define SOCIAL_SIGHT_H

#include "postgres.h"
#include "access/htup.h"
#include "access/tupdesc.h"
#include "utils/rel.h"

/* A copy of this person's row; NULL when the viewer does not see them. `users` is the open table.
 */
extern HeapTuple social_sight_person(Relation users, int64 user_id);

/*
 * A copy of this post's row; NULL when the viewer does not see it, apart from its author, whom the
 * caller asks for. `posts` is the open table.
 */
extern HeapTuple social_sight_post(Relation posts, int64 post_id);

/*
 * A row of posts or comments, its author included: does the viewer see it, and does it belong into
 * their lists?
 */
extern bool social_sight_shows_post(HeapTuple row, TupleDesc columns, bool in_lists);
extern bool social_sight_shows_comment(HeapTuple row, TupleDesc columns, bool in_lists);

/* Does the viewer see this stream, its host included? By its id, or its row. */
extern bool social_sight_sees_stream(int64 stream_id);
extern bool social_sight_shows_stream(HeapTuple row, TupleDesc columns);

/* Has the viewer not muted this person's posts? */
extern bool social_sight_lists_person(int64 user_id);

/* Does the viewer see this person, post or comment? */
extern bool social_sight_sees_person(int64 user_id);
extern bool social_sight_sees_post(int64 post_id);
extern bool social_sight_sees_comment(int64 comment_id);

#endif /* SOCIAL_SIGHT_H */
