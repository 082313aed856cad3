/*
 * feed_walk.c owns the first part of a home feed: all posts and reposts in their order, as long as
 * a budget lasts. Readers whose people post often find their page here.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "feed.h"
#include "share.h"

/* Posts and reposts in one order. */
struct stream
{
	struct social_walk posts;
	struct social_walk reposts;
	bool has_post;
	bool has_repost;
	int64 post_position;
	int64 repost_position;
};

static void
next_post(struct stream *stream)
{
	stream->has_post = social_walk_next(&stream->posts);
	if (stream->has_post)
		stream->post_position = social_walk_int64(&stream->posts, SOCIAL_POSTS_POSITION);
}

static void
next_repost(struct stream *stream)
{
	stream->has_repost = social_walk_next(&stream->reposts);
	if (stream->has_repost)
		stream->repost_position = social_walk_int64(&stream->reposts, SOCIAL_REPOSTS_POSITION);
}

static void
stream_begin(struct stream *stream, const struct social_feed *feed, int64 from)
{
	int64 start = social_feed_walk_start(feed, from);

	social_walk_open(&stream->posts, "posts", "posts_position_key");
	social_walk_open(&stream->reposts, "reposts", "reposts_position_idx");
	social_walk_start(&stream->posts, 0, NULL, feed->newest_first, start, SOCIAL_WALK_NO_BUDGET);
	social_walk_start(&stream->reposts, 0, NULL, feed->newest_first, start, SOCIAL_WALK_NO_BUDGET);
	next_post(stream);
	next_repost(stream);
}

static void
stream_end(struct stream *stream)
{
	social_walk_close(&stream->posts);
	social_walk_close(&stream->reposts);
}

/* Is the next in order a post? At one place the post goes before its repost. */
static bool
post_is_next(const struct stream *stream, bool newest_first)
{
	if (!stream->has_post || !stream->has_repost)
		return stream->has_post;
	return newest_first ? stream->post_position >= stream->repost_position
						: stream->post_position <= stream->repost_position;
}

static void
offer_post(struct social_feed *feed, struct stream *stream)
{
	if (social_feed_includes(feed, social_walk_int64(&stream->posts, SOCIAL_POSTS_AUTHOR_ID)))
		social_feed_offer_post(feed, stream->posts.slot);
	next_post(stream);
}

static void
offer_repost(struct social_feed *feed, struct stream *stream)
{
	struct social_walk *reposts = &stream->reposts;
	int64 reposter = social_walk_int64(reposts, SOCIAL_REPOSTS_USER_ID);

	if (social_feed_includes(feed, reposter))
		social_feed_offer_repost(feed, stream->repost_position,
								 social_walk_int64(reposts, SOCIAL_REPOSTS_POST_ID), reposter,
								 social_walk_int64(reposts, SOCIAL_REPOSTS_CREATED_AT));
	next_repost(stream);
}

bool
social_feed_walk(struct social_feed *feed, int64 budget, int64 *reached)
{
	struct stream stream;
	bool complete = false;
	int64 passed = 0;
	int64 first = 0;

	stream_begin(&stream, feed, *reached);
	for (;; passed++)
	{
		bool is_post = post_is_next(&stream, feed->newest_first);

		complete = !stream.has_post && !stream.has_repost;
		if (complete)
			break;
		*reached = is_post ? stream.post_position : stream.repost_position;
		if (passed == 0)
			first = *reached;
		complete = social_feed_is_full(feed, *reached);
		if (complete || passed >= budget)
			break;
		if (is_post)
			offer_post(feed, &stream);
		else
			offer_repost(feed, &stream);
	}
	stream_end(&stream);
	feed->walked_rows += passed;
	feed->walked_span += passed == 0 ? 0 : Abs((double) first - *reached);
	return complete;
}
