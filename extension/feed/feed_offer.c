/*
 * feed_offer.c owns what belongs on a home feed's page: beyond its start, listed, each post once,
 * at its newest place.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "base/column.h"
#include "feed/feed.h"
#include "viewer/visibility.h"

/* What a post may be about (hold_subjects). */
#define SUBJECTS_MAX 5

/* ---- places --------------------------------------------------------------------------------- */

int
social_feed_compare_places(int64 position, int64 id, int64 other_position, int64 other_id)
{
	if (position != other_position)
		return position < other_position ? -1 : 1;
	return id == other_id ? 0 : id < other_id ? -1 : 1;
}

/* Is (position, id) above, in the feed's direction beyond, its start? */
static bool
is_beyond_start(const struct social_feed *feed, int64 position, int64 id)
{
	int order = social_feed_compare_places(position, id, feed->start_position, feed->start_id);

	return !feed->has_start || (feed->newest_first ? order < 0 : order > 0);
}

int64
social_feed_first_position(const struct social_feed *feed)
{
	if (feed->has_start)
		return feed->start_position;
	return feed->newest_first ? SOCIAL_WALK_NEWEST : SOCIAL_WALK_OLDEST;
}

int64
social_feed_walk_start(const struct social_feed *feed, int64 position)
{
	if (feed->newest_first)
		return position == SOCIAL_WALK_NEWEST ? position : position + 1;
	return position == SOCIAL_WALK_OLDEST ? position : position - 1;
}

/* ---- offers --------------------------------------------------------------------------------- */

bool
social_feed_is_full(const struct social_feed *feed, int64 position)
{
	return feed->nitems >= feed->wanted && feed->items[feed->nitems - 1].position != position;
}

bool
social_feed_includes(const struct social_feed *feed, int64 user_id)
{
	return user_id == social_listing_viewer(feed->listing) ||
		   social_listing_follows(feed->listing, user_id);
}

bool
social_feed_includes_subject(const struct social_feed *feed, int64 subject_id)
{
	return social_listing_follows_subject(feed->listing, subject_id);
}

/* Is the post about something that the feed includes? */
static bool
is_about_included(const struct social_feed *feed, int64 post_id)
{
	int64 subjects[SUBJECTS_MAX];
	int count = feed->nsubjects == 0 ? 0 : social_subjects_of_post(post_id, subjects, SUBJECTS_MAX);

	for (int i = 0; i < count; i++)
	{
		if (social_feed_includes_subject(feed, subjects[i]))
			return true;
	}
	return false;
}

/*
 * Is the post here already? Of several at one place the post itself stays, then the repost by the
 * person with the lowest id.
 */
static bool
is_taken(struct social_feed *feed, const struct social_feed_item *offered)
{
	for (int i = feed->nitems - 1; i >= 0; i--)
	{
		struct social_feed_item *item = &feed->items[i];

		if (item->post_id != offered->post_id)
			continue;
		if (item->position == offered->position && item->reposter > offered->reposter)
		{
			item->reposter = offered->reposter;
			item->reposted_at = offered->reposted_at;
		}
		return true;
	}
	return false;
}

/* Does a place of this post lie newer than the offered one, but outside what this page covers? */
static bool
counts_as_newer(const struct social_feed *feed, const struct social_feed_item *offered,
				int64 position)
{
	if (!feed->newest_first)
		return position > offered->position;
	return position <= feed->top && !is_beyond_start(feed, position, offered->post_id);
}

/* Does a repost by this person, whom the feed includes, stand newer than the offered item? */
static bool
reposts_newer(struct social_feed *feed, const struct social_feed_item *offered,
			  struct social_walk *reposts, int64 user_id)
{
	int64 keys[] = {offered->post_id, user_id};

	return social_walk_find(reposts, 2, keys) &&
		   counts_as_newer(feed, offered, social_walk_int64(reposts, SOCIAL_REPOSTS_POSITION)) &&
		   social_listing_admits_person(feed->listing, user_id);
}

/* Asks everybody in the feed for a newer repost of the offered post. */
static bool
somebody_reposts_newer(struct social_feed *feed, const struct social_feed_item *offered)
{
	struct social_walk reposts;
	int nfollowed;
	const int64 *followed = social_listing_followed(feed->listing, &nfollowed);
	bool found;

	social_walk_open(&reposts, "reposts", "reposts_pkey");
	found = reposts_newer(feed, offered, &reposts, social_listing_viewer(feed->listing));
	for (int i = 0; i < nfollowed && !found; i++)
		found = reposts_newer(feed, offered, &reposts, followed[i]);
	social_walk_close(&reposts);
	return found;
}

/*
 * Does the post stand at a newer place of this feed, on an earlier page? On the first page it
 * cannot. `post` holds the post. A post that more people have passed on since than the feed has
 * people is looked for person by person.
 */
static bool
stands_earlier(struct social_feed *feed, const struct social_feed_item *offered,
			   TupleTableSlot *post)
{
	struct social_walk *shares = &feed->shares;
	bool isnull;
	int64 position = DatumGetInt64(slot_getattr(post, SOCIAL_POSTS_POSITION, &isnull));
	int64 author_id = DatumGetInt64(slot_getattr(post, SOCIAL_POSTS_AUTHOR_ID, &isnull));

	if (feed->newest_first && !feed->has_start)
		return false;
	if (offered->reposter != 0 && counts_as_newer(feed, offered, position) &&
		(social_feed_includes(feed, author_id) || is_about_included(feed, offered->post_id)))
		return true;
	social_walk_start(shares, 1, &offered->post_id, true,
					  feed->top == SOCIAL_WALK_NEWEST ? feed->top : feed->top + 1,
					  social_listing_followed_estimate(feed->listing) + 1);
	while (social_walk_next(shares))
	{
		int64 reposter = social_walk_int64(shares, SOCIAL_REPOSTS_USER_ID);

		if (!counts_as_newer(feed, offered, social_walk_int64(shares, SOCIAL_REPOSTS_POSITION)))
			return false;
		if (social_feed_includes(feed, reposter) &&
			social_listing_admits_person(feed->listing, reposter))
			return true;
	}
	return !shares->at_end && somebody_reposts_newer(feed, offered);
}

/* Appends the offered item, if the post in `post` may stand there. */
static void
offer(struct social_feed *feed, struct social_feed_item *offered, TupleTableSlot *post)
{
	if (is_taken(feed, offered) || !social_listing_admits(feed->listing, post) ||
		stands_earlier(feed, offered, post))
		return;
	offered->post = ExecCopySlotHeapTuple(post);
	if (feed->nitems >= feed->wanted)
		feed->items = repalloc(feed->items, (feed->nitems + 1) * sizeof(*feed->items));
	feed->items[feed->nitems++] = *offered;
}

void
social_feed_offer_post(struct social_feed *feed, TupleTableSlot *slot)
{
	struct social_feed_item offered = {0};
	bool isnull;

	offered.post_id = DatumGetInt64(slot_getattr(slot, SOCIAL_POSTS_ID, &isnull));
	offered.position = DatumGetInt64(slot_getattr(slot, SOCIAL_POSTS_POSITION, &isnull));
	if (is_beyond_start(feed, offered.position, offered.post_id))
		offer(feed, &offered, slot);
}

void
social_feed_offer_repost(struct social_feed *feed, TupleTableSlot *slot)
{
	struct social_feed_item offered = {0};
	bool isnull;

	offered.post_id = DatumGetInt64(slot_getattr(slot, SOCIAL_REPOSTS_POST_ID, &isnull));
	offered.position = DatumGetInt64(slot_getattr(slot, SOCIAL_REPOSTS_POSITION, &isnull));
	offered.reposter = DatumGetInt64(slot_getattr(slot, SOCIAL_REPOSTS_USER_ID, &isnull));
	offered.reposted_at =
		DatumGetTimestampTz(slot_getattr(slot, SOCIAL_REPOSTS_CREATED_AT, &isnull));
	if (is_beyond_start(feed, offered.position, offered.post_id) &&
		social_listing_admits_person(feed->listing, offered.reposter) &&
		social_walk_find(&feed->posts, 1, &offered.post_id))
		offer(feed, &offered, feed->posts.slot);
}

/* A post by somebody whom the feed includes is offered for that, and need not be looked at twice.
 */
void
social_feed_offer_subject(struct social_feed *feed, TupleTableSlot *slot)
{
	TupleTableSlot *post = feed->posts.slot;
	struct social_feed_item offered = {0};
	bool isnull;

	offered.post_id = DatumGetInt64(slot_getattr(slot, SOCIAL_POST_SUBJECTS_POST_ID, &isnull));
	offered.position = DatumGetInt64(slot_getattr(slot, SOCIAL_POST_SUBJECTS_POSITION, &isnull));
	if (is_beyond_start(feed, offered.position, offered.post_id) &&
		social_walk_find(&feed->posts, 1, &offered.post_id) &&
		DatumGetInt64(slot_getattr(post, SOCIAL_POSTS_POSITION, &isnull)) == offered.position &&
		!social_feed_includes(feed,
							  DatumGetInt64(slot_getattr(post, SOCIAL_POSTS_AUTHOR_ID, &isnull))))
		offer(feed, &offered, post);
}
