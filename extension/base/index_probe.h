/*
 * index_probe.h owns asking an index about one key by nothing but the leaf where it stands or would
 * stand. Most of what is looked up when somebody writes is not there (another like of theirs, a
 * kind of notification turned off), and most of the rest is there once: a scan costs three times as
 * much.
 */
#ifndef SOCIAL_INDEX_PROBE_H
#define SOCIAL_INDEX_PROBE_H

#include "postgres.h"
#include "storage/itemptr.h"
#include "utils/rel.h"
#include "utils/snapshot.h"

enum social_index_answer
{
	SOCIAL_INDEX_LACKS,   /* the key: no row that the snapshot sees has it */
	SOCIAL_INDEX_HAS_ONE, /* entry of the key, of a row that may be dead */
	SOCIAL_INDEX_UNCLEAR  /* a scan tells */
};

/*
 * Asks for entries that begin with these `nkeys` values, none of which is null. Where there is one,
 * *line is what it points to, and holds another row by now where no snapshot of ours sees that one.
 * Without a snapshot (NULL) a key is lacked that no row has, dead ones included. Both are open.
 */
extern enum social_index_answer social_index_ask(Relation table, Relation index, int nkeys,
												 const Datum *values, Snapshot snapshot,
												 ItemPointer line);

/* Is the key certainly lacked? */
extern bool social_index_lacks(Relation table, Relation index, int nkeys, const Datum *values,
							   Snapshot snapshot);

#endif /* SOCIAL_INDEX_PROBE_H */
