/*
 * post_mention.h owns the names of those whom a post mentions, as JSON.
 */
#ifndef SOCIAL_POST_MENTION_H
#define SOCIAL_POST_MENTION_H

#include "postgres.h"
#include "lib/stringinfo.h"
#include "utils/rel.h"

/*
 * Appends the names of those mentioned whom the viewer sees, in order of appearance. `values` are
 * the columns of the post's row; `users` is the open table.
 */
extern void social_post_mentions_add(StringInfo out, int64 post_id, const Datum *values,
									 Relation users);

/* Could this text name anybody? */
extern bool social_post_may_mention(Datum value);

#endif /* SOCIAL_POST_MENTION_H */
