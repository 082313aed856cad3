/*
 * post.h owns the rows that link a public post with its hashtags and the people it mentions.
 *
 * They are written by direct access, without triggers and foreign key checks, because these are
 * half the cost of a post. What the checks would hold, holds by other means:
 * - the post is the row that the calling trigger fires for;
 * - a mentioned user's row is locked FOR KEY SHARE, as the check would;
 * - a hashtag is looked up under a lock of post_hashtags that a DELETE of hashtags conflicts with
 *   (trigger social_hashtag_delete), so it cannot go between look-up and link.
 */
#ifndef SOCIAL_POST_H
#define SOCIAL_POST_H

#include "postgres.h"

#include "content/text.h"

/*
 * Makes the post's hashtag rows those of `names`, creating new hashtags in key order, so that two
 * posts cannot deadlock. Without `update` the post is known to have none. Only links of a post that
 * is public to all count for their tags. Mission items 103, 131.
 */
extern void social_post_keep_hashtags(int64 post_id, int64 position, bool is_public,
									  const struct social_text_names *names, bool update);

/*
 * The same for mentions; names of nobody stay text, and so do those of people whom the author
 * blocks or is blocked by. Puts the users who had no mention before into *added (palloc'd) and
 * returns how many there are. Mission item 104, P-09.
 */
extern int social_post_keep_mentions(int64 post_id, int64 author_id,
									 const struct social_text_names *names, bool update,
									 int64 **added);

/*
 * Appends what a post said before an edit to its revisions. The caller's update holds the post's
 * row, so that revisions are numbered without gaps.
 */
extern void social_post_keep_revision(int64 post_id, text *title, text *content);

#endif /* SOCIAL_POST_H */
