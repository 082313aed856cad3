/*
 * feed_walk.c owns the first part of a home feed: all posts and reposts in their order, as long as
 * a budget lasts, and what posts are about where the reader follows a subject. It reads a stretch
 * of positions at a time, from indexes alone, and fetches the rows of whom and what the feed
 * includes. Most readers find their page here.
 */
#include "postgres.h"

#include "feed/feed.h"
#include "feed/position_scan.h"

/* How many positions a stretch covers, at first and at most. */
#define STRETCH_FIRST 256
#define STRETCH_MAX   65536

/* What beginning a stretch costs, in entries. */
#define STRETCH_COST 512

/* A stretch of one table, and how many of its entries have been passed. */
struct lane
{
	struct social_position_scan scan;
	bool (*includes)(const struct social_feed *feed, int64 id);
	void (*offer)(struct social_feed *feed, TupleTableSlot *slot);
	int passed;
};

#define LANES_MAX 3

/* Where entries of several stand at one place, the first goes first. */
struct lanes
{
	struct social_feed *feed;
	int count;
	struct lane lane[LANES_MAX];
};

static void
lanes_end(struct lanes *lanes)
{
	for (int i = 0; i < lanes->count; i++)
		social_position_scan_close(&lanes->lane[i].scan);
}

static bool
add_lane(struct lanes *lanes, const char *table, const char *index,
		 bool (*includes)(const struct social_feed *feed, int64 id),
		 void (*offer)(struct social_feed *feed, TupleTableSlot *slot))
{
	struct lane *lane = &lanes->lane[lanes->count++];

	lane->includes = includes;
	lane->offer = offer;
	return social_position_scan_open(&lane->scan, table, index);
}

static bool
lanes_begin(struct lanes *lanes, struct social_feed *feed)
{
	*lanes = (struct lanes){.feed = feed};
	if (add_lane(lanes, "posts", "posts_position_key", social_feed_includes,
				 social_feed_offer_post) &&
		add_lane(lanes, "reposts", "reposts_position_idx", social_feed_includes,
				 social_feed_offer_repost) &&
		(feed->nsubjects == 0 || add_lane(lanes, "post_subjects", "post_subjects_position_idx",
										  social_feed_includes_subject, social_feed_offer_subject)))
		return true;
	lanes_end(lanes);
	return false;
}

/* ---- a stretch ------------------------------------------------------------------------------ */

/* The positions from .. to, in the feed's direction, as many as `span`. */
static int64
end_of_stretch(const struct social_feed *feed, int64 from, int64 span)
{
	if (feed->newest_first)
		return from < SOCIAL_POSITION_MIN + span ? SOCIAL_POSITION_MIN : from - span + 1;
	return from > SOCIAL_POSITION_MAX - span ? SOCIAL_POSITION_MAX : from + span - 1;
}

static int64
read_stretch(struct lanes *lanes, int64 from, int64 to)
{
	int64 count = 0;

	for (int i = 0; i < lanes->count; i++)
	{
		social_position_scan_read(&lanes->lane[i].scan, Min(from, to), Max(from, to));
		lanes->lane[i].passed = 0;
		count += lanes->lane[i].scan.count;
	}
	return count;
}

/* The lane's next entry in the feed's direction, or NULL. */
static struct social_position_entry *
peek(const struct lanes *lanes, const struct lane *lane)
{
	const struct social_position_scan *scan = &lane->scan;

	if (lane->passed == scan->count)
		return NULL;
	return &scan->entries[lanes->feed->newest_first ? scan->count - 1 - lane->passed
													: lane->passed];
}

/* The lane whose next entry is the next of all, with this entry; NULL at the end. */
static struct lane *
next_lane(struct lanes *lanes, struct social_position_entry **entry)
{
	bool newest_first = lanes->feed->newest_first;
	struct lane *next = NULL;

	*entry = NULL;
	for (int i = 0; i < lanes->count; i++)
	{
		struct social_position_entry *other = peek(lanes, &lanes->lane[i]);

		if (other == NULL ||
			(next != NULL && (newest_first ? other->position <= (*entry)->position
										   : other->position >= (*entry)->position)))
			continue;
		next = &lanes->lane[i];
		*entry = other;
	}
	return next;
}

/* Offers the entries of the stretch that was read; true when the page is complete before its end.
 */
static bool
offer_stretch(struct lanes *lanes)
{
	struct social_feed *feed = lanes->feed;
	struct social_position_entry *entry;
	struct lane *lane;

	while ((lane = next_lane(lanes, &entry)) != NULL)
	{
		if (social_feed_is_full(feed, entry->position))
			return true;
		lane->passed++;
		feed->walked_entries++;
		if (lane->includes(feed, entry->person_id) &&
			social_walk_fetch(&lane->scan.walk, &entry->tid))
			lane->offer(feed, lane->scan.walk.slot);
	}
	return false;
}

/* ---- from stretch to stretch ---------------------------------------------------------------- */

/* Moves *reached over positions that nobody has; false when there is nothing beyond. */
static bool
skip_gap(struct lanes *lanes, int64 *reached)
{
	bool newest_first = lanes->feed->newest_first;
	int64 from = *reached;
	bool found = false;

	for (int i = 0; i < lanes->count; i++)
	{
		int64 position;

		if (!social_position_scan_find(&lanes->lane[i].scan, newest_first, from, &position))
			continue;
		if (!found || (newest_first ? position > *reached : position < *reached))
			*reached = position;
		found = true;
	}
	return found;
}

/* How far to the page's end, if the rest is as dense as what was walked, and a bit more. */
static int64
next_span(const struct social_feed *feed, int64 span)
{
	double expected = (double) feed->walked_span * (feed->wanted - feed->nitems + 1) * 1.25;

	if (feed->nitems > 0 && expected / feed->nitems < span * 4)
		return Max(expected / feed->nitems, STRETCH_FIRST);
	return Min(span * 4, STRETCH_MAX);
}

/* Reads and offers the next stretch; true when the page is complete. */
static bool
walk_stretch(struct lanes *lanes, int64 span, int64 *reached, int64 *cost)
{
	struct social_feed *feed = lanes->feed;
	int64 to = end_of_stretch(feed, *reached, span);
	int64 count = read_stretch(lanes, *reached, to);
	bool complete;

	*cost = count + STRETCH_COST;
	if (count == 0)
		return !skip_gap(lanes, reached);
	complete = offer_stretch(lanes) || to == SOCIAL_POSITION_MIN || to == SOCIAL_POSITION_MAX;
	feed->walked_span += Max(*reached, to) - Min(*reached, to) + 1;
	*reached = feed->newest_first ? to - 1 : to + 1;
	return complete || social_feed_is_full(feed, *reached);
}

bool
social_feed_walk(struct social_feed *feed, int64 budget, int64 *reached)
{
	struct lanes lanes;
	int64 span = feed->walked_span == 0 ? STRETCH_FIRST : next_span(feed, STRETCH_MAX);
	bool complete = false;

	if (budget <= 0 || !lanes_begin(&lanes, feed))
		return false;
	if (*reached < SOCIAL_POSITION_MIN || *reached > SOCIAL_POSITION_MAX)
	{
		*reached = feed->newest_first ? SOCIAL_POSITION_MAX : SOCIAL_POSITION_MIN;
		complete = !skip_gap(&lanes, reached);
	}
	while (!complete && budget > 0)
	{
		int64 cost;

		complete = walk_stretch(&lanes, Min(span, budget), reached, &cost);
		budget -= cost;
		span = next_span(feed, span);
	}
	lanes_end(&lanes);
	return complete;
}
