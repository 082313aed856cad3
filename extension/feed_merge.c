/*
 * feed_merge.c owns the second part of a home feed: the people in it, each with an index scan of
 * their own, merged. Readers whose people seldom post find their page here.
 *
 * Everybody stands in one heap, twice: with their posts and with their reposts. Whoever has not
 * been looked up yet stands at the position of their last activity; that is never too low, so
 * nobody is looked up before the page reaches them. Looking up reads a few entries of the person's
 * part of the index, without the rows. A row is read when its turn comes.
 */
#include "postgres.h"

#include "access/tableam.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "feed.h"
#include "last_position.h"
#include "share.h"

/* Entries read at once: few at first, because most people stand on a page once or not at all. */
#define CHUNK_FIRST 2
#define CHUNK_MAX   64

struct entry
{
	int64 position;
	ItemPointerData tid;
};

/* One person's posts, or reposts. */
struct source
{
	int64 user_id;
	bool is_reposts;
	bool is_last;  /* there is nothing beyond the entries */
	int16 chunk;   /* entries to read next */
	int16 entries; /* read */
	int16 taken;
	struct entry *entry;
};

/* A source and the key of its next entry, or of where it stands before it is looked up. */
struct node
{
	int64 key; /* higher goes first: the position, or its complement on the way up */
	int source;
};

/* A table read by the places of its rows, found in the index on (person, position). */
struct rows
{
	struct social_walk walk;
	IndexFetchTableData *fetch;
	TupleTableSlot *slot;
};

struct merge
{
	struct social_feed *feed;
	int64 from;
	struct rows posts;
	struct rows reposts;
	struct source *sources;
	struct node *heap;
	int count;
};

/* ---- rows ----------------------------------------------------------------------------------- */

static void
rows_begin(struct rows *rows, const char *table, const char *index)
{
	social_walk_open_keys(&rows->walk, table, index);
	rows->fetch = table_index_fetch_begin(rows->walk.table);
	rows->slot = table_slot_create(rows->walk.table, NULL);
}

static void
rows_end(struct rows *rows)
{
	ExecDropSingleTupleTableSlot(rows->slot);
	table_index_fetch_end(rows->fetch);
	social_walk_close(&rows->walk);
}

/* Reads the row of an entry; false when the snapshot does not see it. */
static bool
rows_read(struct rows *rows, struct entry *entry)
{
	bool call_again = false;
	bool all_dead;

	return table_index_fetch_tuple(rows->fetch, &entry->tid, GetActiveSnapshot(), rows->slot,
								   &call_again, &all_dead);
}

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

/* Adds a source that has nothing above `last`, unless it has nothing for this page. */
static void
add_source(struct merge *merge, int64 user_id, bool is_reposts, int64 last)
{
	bool newest_first = merge->feed->newest_first;
	int64 position = newest_first ? Min(last, merge->from) : merge->from;

	if (last == SOCIAL_LAST_POSITION_NONE || (!newest_first && last < merge->from))
		return;
	merge->sources[merge->count] =
		(struct source){.user_id = user_id, .is_reposts = is_reposts, .chunk = CHUNK_FIRST};
	merge->heap[merge->count] = (struct node){key_of(merge, position), merge->count};
	merge->count++;
}

/* Makes the heap of everybody in the feed. */
static void
add_sources(struct merge *merge)
{
	struct social_listing *listing = merge->feed->listing;
	int64 viewer = social_listing_viewer(listing);
	int nfollowed;
	const int64 *followed = social_listing_followed(listing, &nfollowed);
	Size count = (Size) nfollowed + 1;
	int64 *people = MemoryContextAllocHuge(CurrentMemoryContext, count * sizeof(*people));
	struct social_last_position *last =
		MemoryContextAllocHuge(CurrentMemoryContext, count * sizeof(*last));

	people[0] = viewer;
	memcpy(people + 1, followed, nfollowed * sizeof(*people));
	social_last_positions_read(people, count, last);
	merge->sources =
		MemoryContextAllocHuge(CurrentMemoryContext, 2 * count * sizeof(*merge->sources));
	merge->heap = MemoryContextAllocHuge(CurrentMemoryContext, 2 * count * sizeof(*merge->heap));
	for (int i = 0; i < count; i++)
	{
		add_source(merge, people[i], false, last[i].post);
		add_source(merge, people[i], true, last[i].repost);
	}
	for (int i = merge->count / 2 - 1; i >= 0; i--)
		sift_down(merge, i);
}

/*
 * Reads the source's next entries. Entries with one position stay together, because the next read
 * starts beyond the last one's.
 */
static void
read_entries(struct merge *merge, struct source *source)
{
	struct social_walk *walk = source->is_reposts ? &merge->reposts.walk : &merge->posts.walk;
	int64 start = source->entries > 0 ? source->entry[source->entries - 1].position
									  : social_feed_walk_start(merge->feed, merge->from);
	int capacity = source->chunk + 1;
	struct entry entry;

	if (source->entry != NULL)
		pfree(source->entry);
	source->entry = palloc(capacity * sizeof(*source->entry));
	source->entries = 0;
	source->taken = 0;
	social_walk_start(walk, 1, &source->user_id, merge->feed->newest_first, start,
					  SOCIAL_WALK_NO_BUDGET);
	while (social_walk_next_entry(walk, 2, &entry.position, &entry.tid))
	{
		if (source->entries >= source->chunk &&
			entry.position != source->entry[source->entries - 1].position)
			break;
		if (source->entries == capacity)
			source->entry = repalloc(source->entry, (capacity *= 2) * sizeof(*source->entry));
		source->entry[source->entries++] = entry;
	}
	source->is_last = walk->at_end;
	source->chunk = Min(source->chunk * 2, CHUNK_MAX);
}

/* Moves the top of the heap to where its source's next entry belongs, or out. */
static void
place_top(struct merge *merge, struct source *source)
{
	if (source->taken == source->entries && !source->is_last)
		read_entries(merge, source);
	if (source->taken == source->entries)
	{
		drop_top(merge);
		return;
	}
	merge->heap[0].key = key_of(merge, source->entry[source->taken].position);
	sift_down(merge, 0);
}

/* Offers the row of the source's next entry. */
static void
offer_next(struct merge *merge, struct source *source)
{
	struct rows *rows = source->is_reposts ? &merge->reposts : &merge->posts;
	struct entry *entry = &source->entry[source->taken++];
	TupleTableSlot *slot = rows->slot;
	bool isnull;

	if (!rows_read(rows, entry))
		return;
	if (!source->is_reposts)
		social_feed_offer_post(merge->feed, slot);
	else
		social_feed_offer_repost(
			merge->feed, entry->position,
			DatumGetInt64(slot_getattr(slot, SOCIAL_REPOSTS_POST_ID, &isnull)), source->user_id,
			DatumGetTimestampTz(slot_getattr(slot, SOCIAL_REPOSTS_CREATED_AT, &isnull)));
}

void
social_feed_merge(struct social_feed *feed, int64 from)
{
	struct merge merge = {.feed = feed, .from = from};

	rows_begin(&merge.posts, "posts", "posts_author_position_idx");
	rows_begin(&merge.reposts, "reposts", "reposts_user_position_idx");
	add_sources(&merge);
	while (merge.count > 0 && !social_feed_is_full(feed, key_of(&merge, merge.heap[0].key)))
	{
		struct source *source = &merge.sources[merge.heap[0].source];

		CHECK_FOR_INTERRUPTS();
		if (source->taken < source->entries)
			offer_next(&merge, source);
		place_top(&merge, source);
	}
	rows_end(&merge.posts);
	rows_end(&merge.reposts);
}
