/*
 * position_scan.h owns reading a stretch of everything in its order of positions, from an index on
 * (position) INCLUDE (person) alone: some nanoseconds an entry, where a row costs a microsecond. A
 * reader then fetches the rows of the few people that matter. design D5.
 *
 * It reads the leaves of the B-tree itself, from left to right, as an index scan does, without what
 * a scan does for each entry: comparing, copying and handing out one by one.
 */
#ifndef SOCIAL_POSITION_SCAN_H
#define SOCIAL_POSITION_SCAN_H

#include "postgres.h"
#include "access/nbtree.h"
#include "storage/itemptr.h"

#include "base/walk.h"

/* Positions that can be read; what lies outside is nobody's. */
#define SOCIAL_POSITION_MIN (PG_INT64_MIN + 1)
#define SOCIAL_POSITION_MAX (PG_INT64_MAX - 1)

/* An index entry. Its row may be one that the snapshot does not see. */
struct social_position_entry
{
	int64 position;
	int64 person_id;
	ItemPointerData tid; /* for social_walk_fetch() */
};

struct social_position_scan
{
	struct social_walk walk; /* the table and the index; `slot` holds what was fetched last */
	struct social_position_entry *entries; /* of the stretch read last, from low to high */
	int count;
	int room;
	BTScanInsert key; /* of the descent; NULL before the first */
	bool skips_dead;
};

/*
 * Opens social.<table> and its social.<index>; in the current memory context, until close. False
 * when the index has another shape, as before ALTER EXTENSION UPDATE; then nothing can be read.
 */
extern bool social_position_scan_open(struct social_position_scan *scan, const char *table,
									  const char *index);
extern void social_position_scan_close(struct social_position_scan *scan);

/* Reads the entries of positions from .. to, both included, both within MIN .. MAX. */
extern void social_position_scan_read(struct social_position_scan *scan, int64 from, int64 to);

/* The first position at or below `from` (or at or above it); false when there is none. */
extern bool social_position_scan_find(struct social_position_scan *scan, bool newest_first,
									  int64 from, int64 *position);

#endif /* SOCIAL_POSITION_SCAN_H */
