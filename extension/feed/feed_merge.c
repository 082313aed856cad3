/*
 * feed_merge.c owns the second part of a home feed: the people and the subjects in it, each with an
 * index scan of their own, merged. Readers whose people seldom post find their page here.
 *
 * Everybody stands in one heap, twice: with their posts and with their reposts; a subject once,
 * with the posts about it, and as nobody knows where the newest is, all of them are looked up.
 * Whoever has not been looked up yet stands at the position of their last activity; that is never
 * too low, so nobody is looked up before the page reaches them. Looking up reads a few entries of
 * the person's part of the index, without the rows. A row is read when its turn comes.
 */
#include "postgres.h"

#include "common/int.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "feed/feed.h"
#include "counter/last_position.h"

/* Entries read at once: few at first, because most people stand on a page once or not at all. */
#define CHUNK_FIRST 2
#define CHUNK_MAX   64

struct entry
{
	int64 position;
	ItemPointerData tid;
};

/* What a source has. */
enum kind
{
	POSTS,
	REPOSTS,
	SUBJECT,
	KINDS
};

/* How each is read: by the source's id and the position; and what becomes of a row. */
static const struct
{
	const char *table;
	const char *index;
	void (*offer)(struct social_feed *feed, TupleTableSlot *slot);
} kinds[KINDS] = {
	[POSTS] = {"posts", "posts_author_position_idx", social_feed_offer_post},
	[REPOSTS] = {"reposts", "reposts_user_position_idx", social_feed_offer_repost},
	[SUBJECT] = {"post_subjects", "post_subjects_page_idx", social_feed_offer_subject},
};

/* One person's posts, or reposts, or the posts about one subject. */
struct source
{
	int64 id;
	int64 read_to; /* what lies beyond it, itself left out, is not read yet */
	struct entry *entry;
	int16 entries; /* read */
	int16 taken;
	int16 chunk; /* entries to read next */
	uint8 reads;
	uint8 kind;
	bool is_last; /* there is nothing beyond the entries */
};

/* A source and the key of its next entry, or of where it stands before it is looked up. */
struct node
{
	int64 key; /* higher goes first: the position, or its complement on the way up */
	int source;
};

struct merge
{
	struct social_feed *feed;
	int64 from;
	int64 window; /* positions that a source's first read covers; 0: all */
	struct social_walk walks[KINDS];
	struct source *sources;
	struct node *heap;
	int count;
};

/* ---- the heap ------------------------------------------------------------------------------- */

static int64
key_of(const struct merge *merge, int64 position)
{
	return merge->feed->newest_first ? position : ~position;
}

/* Puts the node at `i` where it belongs among its descendants. */
static void
sift_down(struct merge *merge, int i)
{
	struct node node = merge->heap[i];

	for (;;)
	{
		int child = 2 * i + 1;

		if (child >= merge->count)
			break;
		if (child + 1 < merge->count && merge->heap[child + 1].key > merge->heap[child].key)
			child++;
		if (merge->heap[child].key <= node.key)
			break;
		merge->heap[i] = merge->heap[child];
		i = child;
	}
	merge->heap[i] = node;
}

static void
drop_top(struct merge *merge)
{
	merge->heap[0] = merge->heap[--merge->count];
	if (merge->count > 0)
		sift_down(merge, 0);
}

/* ---- sources -------------------------------------------------------------------------------- */

/* Where a source that has nothing above `last` begins; false when it has nothing for this page. */
static bool
begins_at(const struct social_feed *feed, int64 from, int64 last, int64 *position)
{
	*position = feed->newest_first ? Min(last, from) : from;
	return last != SOCIAL_LAST_POSITION_NONE && (feed->newest_first || last >= from);
}

static void
add_source(struct merge *merge, int64 id, enum kind kind, int64 last)
{
	int64 position;

	if (!begins_at(merge->feed, merge->from, last, &position))
		return;
	merge->sources[merge->count] =
		(struct source){.id = id,
						.kind = kind,
						.read_to = social_feed_walk_start(merge->feed, position),
						.chunk = CHUNK_FIRST};
	merge->heap[merge->count] = (struct node){key_of(merge, position), merge->count};
	merge->count++;
}

/* Makes the heap of everybody and everything in the feed. */
static void
add_sources(struct merge *merge, const struct social_feed_people *people)
{
	int nsubjects;
	const int64 *subjects = social_listing_subjects(merge->feed->listing, &nsubjects);
	Size count = 2 * (Size) people->count + nsubjects;

	merge->sources = MemoryContextAllocHuge(CurrentMemoryContext, count * sizeof(*merge->sources));
	merge->heap = MemoryContextAllocHuge(CurrentMemoryContext, count * sizeof(*merge->heap));
	for (int i = 0; i < people->count; i++)
		add_source(merge, people->ids[i], POSTS, people->last[i].post);
	for (int i = 0; i < people->count; i++)
		add_source(merge, people->ids[i], REPOSTS, people->last[i].repost);
	for (int i = 0; i < nsubjects; i++)
		add_source(merge, subjects[i], SUBJECT, SOCIAL_LAST_POSITION_UNKNOWN);
}

/* How far the next read of a source goes: as far as most pages reach, then twice as far. */
static int64
limit_of(const struct merge *merge, const struct source *source)
{
	bool newest_first = merge->feed->newest_first;
	int64 limit = newest_first ? SOCIAL_WALK_OLDEST : SOCIAL_WALK_NEWEST;
	int64 window;

	if (merge->window == 0 || source->reads > 30 ||
		merge->window > PG_INT64_MAX >> (source->reads + 1))
		return limit;
	window = merge->window << source->reads;
	if (newest_first ? pg_sub_s64_overflow(source->read_to, window, &limit)
					 : pg_add_s64_overflow(source->read_to, window, &limit))
		return newest_first ? SOCIAL_WALK_OLDEST : SOCIAL_WALK_NEWEST;
	return limit;
}

/*
 * Reads the source's next entries. Entries with one position stay together, because the next read
 * starts beyond the last one's.
 */
static void
read_entries(struct merge *merge, struct source *source)
{
	struct social_walk *walk = &merge->walks[source->kind];
	int64 limit = limit_of(merge, source);
	int capacity = source->chunk + 1;
	struct entry entry;

	if (source->entry != NULL)
		pfree(source->entry);
	source->entry = palloc(capacity * sizeof(*source->entry));
	source->entries = 0;
	source->taken = 0;
	if (limit == SOCIAL_WALK_OLDEST || limit == SOCIAL_WALK_NEWEST)
		social_walk_start(walk, 1, &source->id, merge->feed->newest_first, source->read_to,
						  SOCIAL_WALK_NO_BUDGET);
	else
		social_walk_start_between(walk, 1, &source->id, merge->feed->newest_first, source->read_to,
								  limit, SOCIAL_WALK_NO_BUDGET);
	while (social_walk_next_entry(walk, 2, &entry.position, &entry.tid))
	{
		if (source->entries >= source->chunk &&
			entry.position != source->entry[source->entries - 1].position)
			break;
		if (source->entries == capacity)
			source->entry = repalloc(source->entry, (capacity *= 2) * sizeof(*source->entry));
		source->entry[source->entries++] = entry;
	}
	if (!walk->at_end)
		source->read_to = source->entry[source->entries - 1].position;
	else if (limit == SOCIAL_WALK_OLDEST || limit == SOCIAL_WALK_NEWEST)
		source->is_last = true;
	else
		source->read_to = social_feed_walk_start(merge->feed, limit);
	source->chunk = Min(source->chunk * 2, CHUNK_MAX);
	source->reads++;
}

/* The key of where a source's next entry stands or may stand; false when there is none. */
static bool
next_key(const struct merge *merge, const struct source *source, int64 *key)
{
	if (source->taken < source->entries)
		*key = key_of(merge, source->entry[source->taken].position);
	else if (!source->is_last)
		*key = key_of(merge, merge->feed->newest_first ? source->read_to - 1 : source->read_to + 1);
	else
		return false;
	return true;
}

/* Moves the top of the heap to where its source goes on, or out. */
static void
place_top(struct merge *merge, struct source *source)
{
	if (!next_key(merge, source, &merge->heap[0].key))
		drop_top(merge);
	else
		sift_down(merge, 0);
}

/*
 * Reads those that stand at the start of the page, which come before all others anyway. In the
 * order of the index their descents share more of its pages than in that of a heap of equals.
 */
static void
read_at_start(struct merge *merge)
{
	int64 start = key_of(merge, merge->from);
	int kept = 0;

	for (int i = 0; i < merge->count; i++)
	{
		struct node node = merge->heap[i];
		struct source *source = &merge->sources[node.source];

		CHECK_FOR_INTERRUPTS();
		if (node.key == start)
		{
			read_entries(merge, source);
			if (!next_key(merge, source, &node.key))
				continue;
		}
		merge->heap[kept++] = node;
	}
	merge->count = kept;
}

/* Offers the row of the source's next entry. */
static void
offer_next(struct merge *merge, struct source *source)
{
	struct social_walk *walk = &merge->walks[source->kind];
	struct entry *entry = &source->entry[source->taken++];

	if (social_walk_fetch(walk, &entry->tid))
		kinds[source->kind].offer(merge->feed, walk->slot);
}

/* ---- interface ------------------------------------------------------------------------------ */

void
social_feed_people_read(const struct social_feed *feed, struct social_feed_people *people)
{
	int nfollowed;
	const int64 *followed = social_listing_followed(feed->listing, &nfollowed);
	Size count = (Size) nfollowed + 1;

	people->count = count;
	people->ids = MemoryContextAllocHuge(CurrentMemoryContext, count * sizeof(*people->ids));
	people->last = MemoryContextAllocHuge(CurrentMemoryContext, count * sizeof(*people->last));
	people->ids[0] = social_listing_viewer(feed->listing);
	memcpy(people->ids + 1, followed, nfollowed * sizeof(*people->ids));
	social_last_positions_read(people->ids, count, people->last);
}

int64
social_feed_merge_scans(const struct social_feed *feed, const struct social_feed_people *people,
						int64 from)
{
	int64 scans = feed->nsubjects;
	int64 position;

	for (int i = 0; i < people->count; i++)
	{
		scans += begins_at(feed, from, people->last[i].post, &position) && position == from;
		scans += begins_at(feed, from, people->last[i].repost, &position) && position == from;
	}
	return scans;
}

/* How far most sources need to be read, from what the walk before has found; 0 when it is unknown.
 */
static int64
window_of(const struct social_feed *feed)
{
	if (feed->nitems < 2)
		return 0;
	return Min((double) feed->walked_span / feed->nitems * (feed->wanted - feed->nitems + 1) * 2 +
				   1,
			   1e18);
}

void
social_feed_merge(struct social_feed *feed, const struct social_feed_people *people, int64 from)
{
	struct merge merge = {.feed = feed, .from = from, .window = window_of(feed)};
	int nkinds = feed->nsubjects == 0 ? SUBJECT : KINDS;

	for (int i = 0; i < nkinds; i++)
		social_walk_open_keys(&merge.walks[i], kinds[i].table, kinds[i].index);
	add_sources(&merge, people);
	read_at_start(&merge);
	for (int i = merge.count / 2 - 1; i >= 0; i--)
		sift_down(&merge, i);
	while (merge.count > 0 && !social_feed_is_full(feed, key_of(&merge, merge.heap[0].key)))
	{
		struct source *source = &merge.sources[merge.heap[0].source];

		CHECK_FOR_INTERRUPTS();
		if (source->taken < source->entries)
			offer_next(&merge, source);
		else
			read_entries(&merge, source);
		place_top(&merge, source);
	}
	for (int i = 0; i < nkinds; i++)
		social_walk_close(&merge.walks[i]);
}
