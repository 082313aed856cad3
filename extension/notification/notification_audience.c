/*
 * notification_audience.c owns who may be told what somebody does (see notification_audience.h).
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/column.h"
#include "base/index_probe.h"
#include "base/place.h"
#include "notification/notification_audience.h"
#include "base/table.h"
#include "account/user.h"

/* What is looked up: a table through one of its indexes, or by id, opened at first use. */
enum place
{
	USERS,
	POSTS,
	COMMENTS,
	BLOCKS,
	BLOCKED,
	MUTES,
	PREFERENCES,
	FOLLOWS,
	MENTIONS,
	NPLACES
};
static const struct
{
	const char *table;
	const char *index; /* NULL: rows by their id, where this request has found them before */
} places[] = {
	[USERS] = {"users"},
	[POSTS] = {"posts"},
	[COMMENTS] = {"comments"},
	[BLOCKS] = {"blocks", "blocks_pkey"},
	[BLOCKED] = {"blocks", "blocks_blocked_idx"},
	[MUTES] = {"mutes", "mutes_pkey"},
	[PREFERENCES] = {"notification_preferences", "notification_preferences_pkey"},
	[FOLLOWS] = {"follows", "follows_pkey"},
	[MENTIONS] = {"mentions", "mentions_post_user_key"},
};

#define KEYS_MAX 2

/* So many blocks and mutes of a recipient are remembered; of more, each is looked up. */
#define SILENT_MAX 16

/* What is remembered about a person; the second half once they were a recipient. */
struct person
{
	int64 id;
	char status;
	bool is_there;
	bool is_active;   /* and not suspended */
	bool has_filters; /* see struct social_account */
	bool is_known_as_recipient;
	bool has_many;     /* blocks and mutes, so that they are not in `silent` */
	uint32 turned_off; /* bit for each type */
	int nsilent;
	int64 *silent; /* who is blocked, either way, or muted */
};

#define SH_PREFIX       person_table
#define SH_ELEMENT_TYPE struct person
#include "base/id_table.h"

#define SH_PREFIX       post_table
#define SH_ELEMENT_TYPE struct social_audience_post
#include "base/id_table.h"

struct social_audience
{
	Snapshot snapshot;
	TimestampTz now;
	post_table_hash *posts;
	person_table_hash *people;
	struct social_audience_comment comment; /* the last one */
	struct
	{
		Relation table;
		Relation index;
		IndexScanDesc scans[KEYS_MAX]; /* by one key, by two: begun once, as that costs most */
		TupleTableSlot *slot;
	} open[NPLACES];
};

/* ---- looking up ----------------------------------------------------------------------------- */

struct social_audience *
social_audience_begin(void)
{
	struct social_audience *audience = palloc0(sizeof(*audience));

	CommandCounterIncrement();
	audience->snapshot = RegisterSnapshot(GetLatestSnapshot());
	audience->now = GetCurrentTimestamp();
	audience->posts = post_table_create(CurrentMemoryContext, 16, NULL);
	audience->people = person_table_create(CurrentMemoryContext, 16, NULL);
	return audience;
}

void
social_audience_end(struct social_audience *audience)
{
	for (int i = 0; i < NPLACES; i++)
	{
		if (audience->open[i].table == NULL)
			continue;
		for (int nkeys = 1; nkeys <= KEYS_MAX; nkeys++)
		{
			if (audience->open[i].scans[nkeys - 1] != NULL)
				index_endscan(audience->open[i].scans[nkeys - 1]);
		}
		ExecDropSingleTupleTableSlot(audience->open[i].slot);
		if (audience->open[i].index != NULL)
			index_close(audience->open[i].index, NoLock);
		table_close(audience->open[i].table, NoLock);
	}
	UnregisterSnapshot(audience->snapshot);
	post_table_destroy(audience->posts);
	person_table_destroy(audience->people);
	pfree(audience);
}

static void
open_place(struct social_audience *audience, enum place place)
{
	Relation table;

	if (audience->open[place].table != NULL)
		return;
	table = audience->open[place].table = social_table_open(places[place].table, AccessShareLock);
	if (places[place].index == NULL)
	{
		audience->open[place].slot =
			MakeSingleTupleTableSlot(RelationGetDescr(table), &TTSOpsHeapTuple);
		return;
	}
	audience->open[place].index =
		index_open(social_relation_oid(places[place].index), AccessShareLock);
	audience->open[place].slot = table_slot_create(table, NULL);
}

/* Begins to walk the rows whose index key starts with these ids; until the next walk like it. */
static IndexScanDesc
walk(struct social_audience *audience, enum place place, int nkeys, const int64 *ids)
{
	ScanKeyData keys[KEYS_MAX];
	IndexScanDesc *scan = &audience->open[place].scans[nkeys - 1];

	open_place(audience, place);
	for (int i = 0; i < nkeys; i++)
		ScanKeyInit(&keys[i], i + 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(ids[i]));
	if (*scan == NULL)
		*scan = social_compat_beginscan(audience->open[place].table, audience->open[place].index,
										audience->snapshot, nkeys, 0);
	index_rescan(*scan, keys, nkeys, NULL, 0);
	return *scan;
}

/* Are there no rows whose index key starts with this id? Of most people there are none. */
static bool
has_none(struct social_audience *audience, enum place place, int64 id)
{
	Datum value = Int64GetDatum(id);

	open_place(audience, place);
	return social_index_lacks(audience->open[place].table, audience->open[place].index, 1, &value,
							  audience->snapshot);
}

/* Finds the first such row; its slot is the caller's until the next look-up in this place. */
static TupleTableSlot *
find(struct social_audience *audience, enum place place, int nkeys, int64 first, int64 second)
{
	int64 ids[] = {first, second};
	IndexScanDesc scan = walk(audience, place, nkeys, ids);
	TupleTableSlot *slot = audience->open[place].slot;

	/* The slot keeps its own pin on the row's page. */
	return index_getnext_slot(scan, ForwardScanDirection, slot) ? slot : NULL;
}

/* Likewise the row of an id. */
static TupleTableSlot *
find_id(struct social_audience *audience, enum place place, int64 id)
{
	HeapTuple row;

	open_place(audience, place);
	row = social_place_find(audience->open[place].table, id, audience->snapshot);
	return row == NULL ? NULL : ExecStoreHeapTuple(row, audience->open[place].slot, true);
}

static Datum
column(TupleTableSlot *slot, int number, bool *isnull)
{
	if (number > slot->tts_tupleDescriptor->natts)
	{
		*isnull = true;
		return (Datum) 0;
	}
	return slot_getattr(slot, number, isnull);
}

static bool
is_set(TupleTableSlot *slot, int number)
{
	bool isnull;

	(void) column(slot, number, &isnull);
	return !isnull;
}

static int64
id_in(TupleTableSlot *slot, int number)
{
	bool isnull;

	return DatumGetInt64(slot_getattr(slot, number, &isnull));
}

/* ---- posts and comments --------------------------------------------------------------------- */

static void
read_post(TupleTableSlot *slot, struct social_audience_post *post)
{
	bool isnull;
	Datum value = column(slot, SOCIAL_POSTS_VISIBILITY, &isnull);
	char *visibility = isnull ? pstrdup("public") : TextDatumGetCString(value);
	bool is_shown = is_set(slot, SOCIAL_POSTS_POSITION) && !is_set(slot, SOCIAL_POSTS_HIDDEN_AT);

	post->author = id_in(slot, SOCIAL_POSTS_AUTHOR_ID);
	post->is_there = !is_set(slot, SOCIAL_POSTS_DELETED_AT);
	post->is_public = is_shown && strcmp(visibility, "public") == 0;
	post->for_followers = strcmp(visibility, "followers") == 0;
	post->is_listed = is_shown && strcmp(visibility, "private") != 0;
	pfree(visibility);
}

const struct social_audience_post *
social_audience_post(struct social_audience *audience, int64 id)
{
	bool found;
	struct social_audience_post *post = post_table_insert(audience->posts, id, &found);
	TupleTableSlot *slot;

	if (found)
		return post;
	post->is_there = post->is_public = post->is_listed = post->for_followers = false;
	post->author = 0;
	slot = find_id(audience, POSTS, id);
	if (slot != NULL)
		read_post(slot, post);
	return post;
}

const struct social_audience_comment *
social_audience_comment(struct social_audience *audience, int64 id)
{
	struct social_audience_comment *comment = &audience->comment;
	TupleTableSlot *slot;

	if (comment->id == id)
		return comment;
	memset(comment, 0, sizeof(*comment));
	comment->id = id;
	slot = find_id(audience, COMMENTS, id);
	if (slot == NULL)
		return comment;
	comment->post = id_in(slot, SOCIAL_COMMENTS_POST_ID);
	comment->author = id_in(slot, SOCIAL_COMMENTS_AUTHOR_ID);
	comment->is_there = !is_set(slot, SOCIAL_COMMENTS_DELETED_AT);
	comment->is_hidden = is_set(slot, SOCIAL_COMMENTS_HIDDEN_AT);
	return comment;
}

bool
social_audience_sees(struct social_audience *audience, int64 recipient,
					 const struct social_audience_post *post)
{
	if (!post->is_there)
		return false;
	if (post->author == recipient || post->is_public)
		return true;
	return post->is_listed &&
		   ((post->for_followers && find(audience, FOLLOWS, 2, recipient, post->author) != NULL) ||
			find(audience, MENTIONS, 2, post->id, recipient) != NULL);
}

/* ---- people --------------------------------------------------------------------------------- */

static struct person *
person_of(struct social_audience *audience, int64 id)
{
	bool found;
	struct person *person = person_table_insert(audience->people, id, &found);
	TupleTableSlot *slot;
	bool isnull;
	Datum until;

	if (found)
		return person;
	person->is_active = person->is_known_as_recipient = false;
	person->has_filters = true;
	slot = find_id(audience, USERS, id);
	person->is_there = slot != NULL;
	if (slot == NULL || !DatumGetBool(slot_getattr(slot, SOCIAL_USERS_IS_ACTIVE, &isnull)))
		return person;
	person->is_active = true;
	person->has_filters = DatumGetBool(slot_getattr(slot, SOCIAL_USERS_HAS_FILTERS, &isnull));
	if (is_set(slot, SOCIAL_USERS_SUSPENDED_AT))
	{
		until = column(slot, SOCIAL_USERS_SUSPENDED_UNTIL, &isnull);
		person->is_active = !isnull && DatumGetTimestampTz(until) <= audience->now;
	}
	return person;
}

bool
social_audience_has(struct social_audience *audience, int64 id)
{
	return person_of(audience, id)->is_there;
}

/* The kinds that this person has turned off, as bits. */
static uint32
turned_off(struct social_audience *audience, int64 id)
{
	IndexScanDesc scan;
	TupleTableSlot *slot;
	uint32 types = 0;
	bool isnull;

	if (has_none(audience, PREFERENCES, id))
		return 0;
	scan = walk(audience, PREFERENCES, 1, &id);
	slot = audience->open[PREFERENCES].slot;
	while (index_getnext_slot(scan, ForwardScanDirection, slot))
	{
		char *type =
			TextDatumGetCString(slot_getattr(slot, SOCIAL_NOTIFICATION_PREFERENCES_TYPE, &isnull));

		for (int i = 0; i < SOCIAL_NOTIFY_NTYPES; i++)
		{
			if (strcmp(type, social_notification_types[i]) == 0 &&
				!DatumGetBool(
					slot_getattr(slot, SOCIAL_NOTIFICATION_PREFERENCES_IS_ENABLED, &isnull)))
				types |= 1 << i;
		}
	}
	return types;
}

/* Is this a mute of notifications that is not over? */
static bool
is_mute(struct social_audience *audience, TupleTableSlot *slot)
{
	bool isnull;
	Datum until;

	if (!DatumGetBool(slot_getattr(slot, SOCIAL_MUTES_NOTIFICATIONS, &isnull)))
		return false;
	until = slot_getattr(slot, SOCIAL_MUTES_EXPIRES_AT, &isnull);
	return isnull || DatumGetTimestampTz(until) > audience->now;
}

/* Reads whom this person has blocked or muted, and who has blocked them, unless there are many. */
static void
read_silent(struct social_audience *audience, struct person *person)
{
	static const struct
	{
		enum place place;
		int other;
	} lists[] = {
		{BLOCKS, SOCIAL_BLOCKS_BLOCKED_ID},
		{BLOCKED, SOCIAL_BLOCKS_BLOCKER_ID},
		{MUTES, SOCIAL_MUTES_MUTED_ID},
	};
	int nrows = 0;

	person->silent = palloc(SILENT_MAX * sizeof(int64));
	for (int i = 0; i < lengthof(lists); i++)
	{
		IndexScanDesc scan;
		TupleTableSlot *slot;

		if (has_none(audience, lists[i].place, person->id))
			continue;
		scan = walk(audience, lists[i].place, 1, &person->id);
		slot = audience->open[lists[i].place].slot;
		while (index_getnext_slot(scan, ForwardScanDirection, slot))
		{
			if (nrows++ == SILENT_MAX)
			{
				person->has_many = true;
				return;
			}
			if (lists[i].place != MUTES || is_mute(audience, slot))
				person->silent[person->nsilent++] = id_in(slot, lists[i].other);
		}
	}
}

/* Is there a block between the two, or has the recipient muted the actor? */
static bool
is_silent(struct social_audience *audience, const struct person *recipient, int64 actor)
{
	TupleTableSlot *mute;

	for (int i = 0; i < recipient->nsilent; i++)
	{
		if (recipient->silent[i] == actor)
			return true;
	}
	if (!recipient->has_many)
		return false;
	if (find(audience, BLOCKS, 2, recipient->id, actor) != NULL ||
		find(audience, BLOCKS, 2, actor, recipient->id) != NULL)
		return true;
	mute = find(audience, MUTES, 2, recipient->id, actor);
	return mute != NULL && is_mute(audience, mute);
}

bool
social_audience_admits(struct social_audience *audience, int64 recipient, int64 actor,
					   enum social_notification_type type)
{
	struct person *person;

	if (recipient == 0 || recipient == actor || !person_of(audience, actor)->is_active)
		return false;
	person = person_of(audience, recipient);
	if (!person->is_active)
		return false;
	if (!person->is_known_as_recipient)
	{
		person->turned_off = turned_off(audience, recipient);
		person->nsilent = 0;
		person->has_many = false;
		if (person->has_filters)
			read_silent(audience, person);
		person->is_known_as_recipient = true;
	}
	return !(person->turned_off & (1 << type)) && !is_silent(audience, person, actor);
}
