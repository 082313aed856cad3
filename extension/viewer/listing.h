/*
 * listing.h owns the C form of the views visible_posts and listed_posts: which posts belong into
 * somebody's lists. sql/api/visibility.sql is the same predicate in SQL; both change together, and
 * test/pgtap/visibility_matrix.sql holds them to one table of truth. mission P-22, design D2.
 *
 * C that reads posts below SQL asks here before it returns, counts or skips by a post. All of it
 * reads with the active snapshot, and remembers what it has found out about people.
 */
#ifndef SOCIAL_LISTING_H
#define SOCIAL_LISTING_H

#include "postgres.h"
#include "executor/tuptable.h"

struct social_listing;

/*
 * What this viewer (0: nobody) may have in lists. Loads the staff flag, blocks and mutes; whom the
 * viewer follows is looked up as it is asked for. In the current memory context, until end.
 */
extern struct social_listing *social_listing_begin(int64 viewer);
extern void social_listing_end(struct social_listing *listing);

extern int64 social_listing_viewer(const struct social_listing *listing);
extern bool social_listing_is_staff(const struct social_listing *listing);

/* Is the post in `slot` (a row of social.posts) in listed_posts of this viewer? */
extern bool social_listing_admits(struct social_listing *listing, TupleTableSlot *slot);

/*
 * May this person's posts be in lists at all: no mute, and visible? What admits() asks about an
 * author, for those who can leave out posts before they read them.
 */
extern bool social_listing_admits_person(struct social_listing *listing, int64 user_id);

/*
 * What admits() asks about the post apart from its author, for those who want to know about authors
 * later, and of fewer posts.
 */
extern bool social_listing_admits_post(struct social_listing *listing, TupleTableSlot *slot);

/* Is this person in visible_users of this viewer? A mute does not matter. */
extern bool social_listing_sees_person(struct social_listing *listing, int64 user_id);

/* Does the viewer follow this person? */
extern bool social_listing_follows(struct social_listing *listing, int64 user_id);

/* Whom the viewer follows, in order of id; read at once, and remembered. */
extern const int64 *social_listing_followed(struct social_listing *listing, int *count);

/* Does the viewer follow this league, team or athlete? */
extern bool social_listing_follows_subject(struct social_listing *listing, int64 subject_id);

/* Which leagues, teams and athletes the viewer follows, in order of id; read once. */
extern const int64 *social_listing_subjects(struct social_listing *listing, int *count);

/* About how many people the viewer follows, without reading them. */
extern int64 social_listing_followed_estimate(struct social_listing *listing);

#endif /* SOCIAL_LISTING_H */
