/*
 * listing.c owns the C form of the views visible_posts and listed_posts (see listing.h).
 */
#include "postgres.h"

#include "access/xact.h"
#include "port/pg_bitutils.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/column.h"
#include "viewer/listing.h"
#include "account/user.h"
#include "viewer/visibility.h"
#include "base/pair_index.h"
#include "base/walk.h"

/* What is known about a person; flags come in pairs of "asked" and the answer. */
enum
{
	PERSON_BLOCKED = 1 << 0,
	PERSON_MUTED = 1 << 1,
	PERSON_STANDING_ASKED = 1 << 2,
	PERSON_ACTIVE = 1 << 3,
	PERSON_SUSPENDED = 1 << 4,
	PERSON_FOLLOW_ASKED = 1 << 5,
	PERSON_FOLLOWED = 1 << 6
};

struct person
{
	int64 id;
	char status; /* the hash table's own */
	uint8 flags;
};

/* Good in its high bits. */
static inline uint64
hash_of(int64 id)
{
	return (uint64) id * UINT64CONST(0x9E3779B97F4A7C15);
}

#define SH_PREFIX            people
#define SH_ELEMENT_TYPE      struct person
#define SH_HASH_KEY(tb, key) ((uint32) (hash_of(key) >> 32))
#include "base/id_table.h"

/* Whom, or what, the viewer follows. */
struct followed
{
	int64 *ids; /* in order, once they have been read; else NULL */
	int count;
	uint64 *sieve;  /* a bit for the hash of each; most others find theirs not set */
	int sieve_bits; /* log2 of how many */
};

struct social_listing
{
	int64 viewer;
	bool is_staff;
	people_hash *people;
	struct followed followed;
	struct followed subjects;
	int follow_probes;
	int64 followed_estimate; /* -1: not asked yet */
	struct social_walk users;
	struct social_pair_probe *follows; /* NULL until the first single question */
};

/*
 * Whoever has asked about single people as often as it costs to read all follows reads them: a
 * question costs a thousand instructions on a leaf that it has, a follow that is read five hundred.
 */
#define FOLLOWS_PER_PROBE 2
#define FOLLOW_PROBES_MIN 100 /* before it is looked up how many there are */

static struct person *
person_of(struct social_listing *listing, int64 user_id)
{
	bool found;
	struct person *person = people_insert(listing->people, user_id, &found);

	if (!found)
		person->flags = 0;
	return person;
}

/* ---- begin ---------------------------------------------------------------------------------- */

/* Marks column `other` of every block whose column `key` (the index's first) is the viewer. */
static void
load_blocks(struct social_listing *listing, const char *index, int other)
{
	struct social_walk blocks;

	social_walk_open(&blocks, "blocks", index);
	social_walk_start_equal(&blocks, 1, &listing->viewer);
	while (social_walk_next(&blocks))
		person_of(listing, social_walk_int64(&blocks, other))->flags |= PERSON_BLOCKED;
	social_walk_close(&blocks);
}

/* Marks whose posts the viewer has muted, for good or for a time that is not over. */
static void
load_mutes(struct social_listing *listing)
{
	struct social_walk mutes;

	social_walk_open(&mutes, "mutes", "mutes_pkey");
	social_walk_start_equal(&mutes, 1, &listing->viewer);
	while (social_walk_next(&mutes))
	{
		bool isnull;
		Datum expires_at = slot_getattr(mutes.slot, SOCIAL_MUTES_EXPIRES_AT, &isnull);

		if (!isnull && DatumGetTimestampTz(expires_at) <= GetCurrentTransactionStartTimestamp())
			continue;
		if (DatumGetBool(slot_getattr(mutes.slot, SOCIAL_MUTES_POSTS, &isnull)))
			person_of(listing, social_walk_int64(&mutes, SOCIAL_MUTES_MUTED_ID))->flags |=
				PERSON_MUTED;
	}
	social_walk_close(&mutes);
}

struct social_listing *
social_listing_begin(int64 viewer)
{
	struct social_listing *listing = palloc0(sizeof(*listing));
	struct social_account account;

	listing->viewer = viewer;
	listing->followed_estimate = -1;
	listing->people = people_create(CurrentMemoryContext, 64, NULL);
	social_walk_open(&listing->users, "users", "users_pkey");
	if (viewer == 0)
		return listing;
	account = social_user_account(viewer, GetActiveSnapshot());
	listing->is_staff = account.is_staff;
	if (!account.has_filters)
		return listing;
	load_blocks(listing, "blocks_pkey", SOCIAL_BLOCKS_BLOCKED_ID);
	load_blocks(listing, "blocks_blocked_idx", SOCIAL_BLOCKS_BLOCKER_ID);
	load_mutes(listing);
	return listing;
}

static void
forget_followed(struct followed *followed)
{
	if (followed->ids == NULL)
		return;
	pfree(followed->ids);
	pfree(followed->sieve);
}

void
social_listing_end(struct social_listing *listing)
{
	social_walk_close(&listing->users);
	if (listing->follows != NULL)
		social_pair_probe_close(listing->follows);
	forget_followed(&listing->followed);
	forget_followed(&listing->subjects);
	people_destroy(listing->people);
	pfree(listing);
}

int64
social_listing_viewer(const struct social_listing *listing)
{
	return listing->viewer;
}

bool
social_listing_is_staff(const struct social_listing *listing)
{
	return listing->is_staff;
}

/* ---- people --------------------------------------------------------------------------------- */

/* Asks, once for each person, whether the account is active or suspended. */
static uint8
standing_of(struct social_listing *listing, struct person *person)
{
	TupleTableSlot *slot = listing->users.slot;
	bool isnull;
	Datum until;

	if (person->flags & PERSON_STANDING_ASKED)
		return person->flags;
	person->flags |= PERSON_STANDING_ASKED;
	if (!social_walk_find(&listing->users, 1, &person->id))
		return person->flags;
	if (DatumGetBool(slot_getattr(slot, SOCIAL_USERS_IS_ACTIVE, &isnull)))
		person->flags |= PERSON_ACTIVE;
	(void) slot_getattr(slot, SOCIAL_USERS_SUSPENDED_AT, &isnull);
	if (!isnull)
	{
		until = slot_getattr(slot, SOCIAL_USERS_SUSPENDED_UNTIL, &isnull);
		if (isnull || DatumGetTimestampTz(until) > GetCurrentTransactionStartTimestamp())
			person->flags |= PERSON_SUSPENDED;
	}
	return person->flags;
}

static bool
sees(struct social_listing *listing, struct person *person)
{
	uint8 flags;

	if ((person->flags & PERSON_BLOCKED) && !listing->is_staff)
		return false;
	flags = standing_of(listing, person);
	return (flags & PERSON_ACTIVE) && (!(flags & PERSON_SUSPENDED) || listing->is_staff);
}

bool
social_listing_sees_person(struct social_listing *listing, int64 user_id)
{
	return sees(listing, person_of(listing, user_id));
}

bool
social_listing_admits_person(struct social_listing *listing, int64 user_id)
{
	struct person *person = person_of(listing, user_id);

	return !(person->flags & PERSON_MUTED) && sees(listing, person);
}

/* ---- follows -------------------------------------------------------------------------------- */

/* Makes the sieve: 16 bits or more for each. */
static void
make_sieve(struct followed *followed)
{
	followed->sieve_bits = Max(pg_ceil_log2_32(Max(followed->count, 1)) + 4, 6);
	followed->sieve = palloc0(((Size) 1 << followed->sieve_bits) / 8);
	for (int i = 0; i < followed->count; i++)
	{
		uint64 bit = hash_of(followed->ids[i]) >> (64 - followed->sieve_bits);

		followed->sieve[bit / 64] |= UINT64CONST(1) << bit % 64;
	}
}

/*
 * Reads what the viewer follows from the index alone where the visibility map allows it: with
 * thousands of follows the rows would cost several times as much.
 */
static void
read_followed(struct followed *followed, const char *table, const char *index, int64 viewer)
{
	struct social_walk walk;
	int capacity = 64;
	int64 id;

	followed->ids = palloc(capacity * sizeof(int64));
	social_walk_open_keys(&walk, table, index);
	social_walk_start_equal(&walk, 1, &viewer);
	while (social_walk_next_key(&walk, 2, &id))
	{
		if (followed->count == capacity)
			followed->ids = repalloc_huge(followed->ids, (Size) (capacity *= 2) * sizeof(int64));
		followed->ids[followed->count++] = id;
	}
	social_walk_close(&walk);
	make_sieve(followed);
}

const int64 *
social_listing_followed(struct social_listing *listing, int *count)
{
	if (listing->followed.ids == NULL)
		read_followed(&listing->followed, "follows", "follows_pkey", listing->viewer);
	*count = listing->followed.count;
	return listing->followed.ids;
}

const int64 *
social_listing_subjects(struct social_listing *listing, int *count)
{
	if (listing->subjects.ids == NULL)
		read_followed(&listing->subjects, "sport_follows", "sport_follows_pkey", listing->viewer);
	*count = listing->subjects.count;
	return listing->subjects.ids;
}

/* Is it among those that have been read? */
static bool
is_followed(const struct followed *followed, int64 id)
{
	uint64 bit = hash_of(id) >> (64 - followed->sieve_bits);
	int low = 0;
	int high = followed->count;

	if (!(followed->sieve[bit / 64] >> bit % 64 & 1))
		return false;
	while (low < high)
	{
		int middle = low + (high - low) / 2;

		if (followed->ids[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < followed->count && followed->ids[low] == id;
}

bool
social_listing_follows_subject(struct social_listing *listing, int64 subject_id)
{
	int count;

	(void) social_listing_subjects(listing, &count);
	return count > 0 && is_followed(&listing->subjects, subject_id);
}

static bool
has_asked_enough(struct social_listing *listing)
{
	return listing->follow_probes >= FOLLOW_PROBES_MIN &&
		   listing->follow_probes >= social_listing_followed_estimate(listing) / FOLLOWS_PER_PROBE;
}

bool
social_listing_follows(struct social_listing *listing, int64 user_id)
{
	struct person *person;

	if (listing->viewer == 0)
		return false;
	if (listing->followed.ids == NULL && has_asked_enough(listing))
		(void) social_listing_followed(listing, &(int){0});
	if (listing->followed.ids != NULL)
		return is_followed(&listing->followed, user_id);
	person = person_of(listing, user_id);
	if (!(person->flags & PERSON_FOLLOW_ASKED))
	{
		if (listing->follows == NULL)
		{
			listing->follows = palloc(sizeof(*listing->follows));
			social_pair_probe_open(listing->follows, "follows", "follows_pkey", listing->viewer);
		}
		listing->follow_probes++;
		person->flags |= PERSON_FOLLOW_ASKED;
		if (social_pair_probe_find(listing->follows, user_id))
			person->flags |= PERSON_FOLLOWED;
	}
	return (person->flags & PERSON_FOLLOWED) != 0;
}

int64
social_listing_followed_estimate(struct social_listing *listing)
{
	struct social_walk counters;
	int64 estimate = 0;

	if (listing->followed.ids != NULL)
		return listing->followed.count;
	if (listing->followed_estimate >= 0)
		return listing->followed_estimate;
	social_walk_open(&counters, "user_counters", "user_counters_pkey");
	if (social_walk_find(&counters, 1, &listing->viewer))
		estimate = Max(social_walk_int64(&counters, SOCIAL_USER_COUNTERS_FOLLOWING_COUNT), 0);
	social_walk_close(&counters);
	listing->followed_estimate = estimate;
	return estimate;
}

/* ---- posts ---------------------------------------------------------------------------------- */

static bool
is_null(TupleTableSlot *slot, int column)
{
	bool isnull;

	(void) slot_getattr(slot, column, &isnull);
	return isnull;
}

/* Is a post of this visibility also for the viewer, who is not its author? */
static bool
in_audience(struct social_listing *listing, TupleTableSlot *slot, int64 author_id)
{
	bool isnull;
	text *visibility = DatumGetTextPP(slot_getattr(slot, SOCIAL_POSTS_VISIBILITY, &isnull));
	const char *name = VARDATA_ANY(visibility);
	int len = VARSIZE_ANY_EXHDR(visibility);
	bool followers = len == 9 && memcmp(name, "followers", 9) == 0;

	if (len == 6 && memcmp(name, "public", 6) == 0)
		return true;
	if (listing->viewer == 0 || !(followers || (len == 9 && memcmp(name, "mentioned", 9) == 0)))
		return false;
	return (followers && social_listing_follows(listing, author_id)) ||
		   social_mentioned(DatumGetInt64(slot_getattr(slot, SOCIAL_POSTS_ID, &isnull)),
							listing->viewer);
}

bool
social_listing_admits_post(struct social_listing *listing, TupleTableSlot *slot)
{
	bool isnull;
	int64 author_id = DatumGetInt64(slot_getattr(slot, SOCIAL_POSTS_AUTHOR_ID, &isnull));

	if (is_null(slot, SOCIAL_POSTS_POSITION) || !is_null(slot, SOCIAL_POSTS_DELETED_AT))
		return false;
	if (listing->is_staff || author_id == listing->viewer)
		return true;
	return is_null(slot, SOCIAL_POSTS_HIDDEN_AT) && in_audience(listing, slot, author_id);
}

bool
social_listing_admits(struct social_listing *listing, TupleTableSlot *slot)
{
	bool isnull;
	Datum author_id = slot_getattr(slot, SOCIAL_POSTS_AUTHOR_ID, &isnull);

	return social_listing_admits_person(listing, DatumGetInt64(author_id)) &&
		   social_listing_admits_post(listing, slot);
}
