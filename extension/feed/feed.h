/*
 * feed.h owns what the parts of the home feed share: the page that is being filled, and how
 * candidates are offered to it.
 *
 * A feed holds the posts and reposts of a person and of those whom they follow, and the posts about
 * the leagues, teams and athletes that they follow, each post once, at its newest place. Places are
 * ordered by (position, post id). Candidates come in that order of positions, from a walk over
 * everything (feed_walk.c) and then from a merge of single people and subjects (feed_merge.c); what
 * is offered twice is taken once.
 */
#ifndef SOCIAL_FEED_H
#define SOCIAL_FEED_H

#include "postgres.h"
#include "access/htup.h"
#include "datatype/timestamp.h"

#include "counter/last_position.h"
#include "viewer/listing.h"
#include "base/walk.h"

struct social_feed_item
{
	int64 position; /* the post's, or the repost's */
	int64 post_id;
	int64 reposter; /* 0: the post itself */
	TimestampTz reposted_at;
	HeapTuple post;
};

struct social_feed
{
	struct social_listing *listing;
	bool newest_first; /* false: the page that lies before a cursor */
	bool has_start;
	int64 start_position; /* only what lies beyond (start_position, start_id) belongs here */
	int64 start_id;
	int64 top; /* for this page nothing newer than this exists, so that pages fit together */

	int wanted;
	int nitems;
	struct social_feed_item *items; /* in the order they came; places with one position unordered */

	int64 walked_entries; /* that walks have passed, */
	int64 walked_span;    /* and the positions that these cover */

	struct social_walk posts;  /* by id */
	struct social_walk shares; /* of a post, by position */
	int nsubjects;             /* that the person follows */
};

/* Below 0 when the first of two places is older, above 0 when it is newer. */
extern int social_feed_compare_places(int64 position, int64 id, int64 other_position,
									  int64 other_id);

/* The position from which on, itself included, a page's candidates are looked for. */
extern int64 social_feed_first_position(const struct social_feed *feed);

/* An exclusive start for walks that shall include this position. */
extern int64 social_feed_walk_start(const struct social_feed *feed, int64 position);

/* Is the page full, so that nothing at this position or beyond can belong to it? */
extern bool social_feed_is_full(const struct social_feed *feed, int64 position);

/* Do this person's posts and reposts belong into the feed? */
extern bool social_feed_includes(const struct social_feed *feed, int64 user_id);

/* Do posts about this league, team or athlete? */
extern bool social_feed_includes_subject(const struct social_feed *feed, int64 subject_id);

/* Offers the post in `slot`, by somebody whom the feed includes. */
extern void social_feed_offer_post(struct social_feed *feed, TupleTableSlot *slot);

/* Offers the repost in `slot`, by somebody whom the feed includes. */
extern void social_feed_offer_repost(struct social_feed *feed, TupleTableSlot *slot);

/* Offers the post of the row of post_subjects in `slot`, about something that the feed includes. */
extern void social_feed_offer_subject(struct social_feed *feed, TupleTableSlot *slot);

/*
 * Offers what comes from *reached on in the order of everything, up to `budget` index entries, and
 * notes how far that is. True when the page is complete; else everything before *reached has been
 * offered.
 */
extern bool social_feed_walk(struct social_feed *feed, int64 budget, int64 *reached);

/* The people of a feed, with where they were last active. */
struct social_feed_people
{
	int count;
	int64 *ids;
	struct social_last_position *last;
};

extern void social_feed_people_read(const struct social_feed *feed,
									struct social_feed_people *people);

/* How many index scans a merge from this position begins with. */
extern int64 social_feed_merge_scans(const struct social_feed *feed,
									 const struct social_feed_people *people, int64 from);

/* Offers what comes from this position on by merging people and subjects, until the page is
 * complete. */
extern void social_feed_merge(struct social_feed *feed, const struct social_feed_people *people,
							  int64 from);

#endif /* SOCIAL_FEED_H */
