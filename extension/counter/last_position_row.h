/*
 * last_position_row.h owns the rows of social.last_positions for those who write them.
 */
#ifndef SOCIAL_LAST_POSITION_ROW_H
#define SOCIAL_LAST_POSITION_ROW_H

#include "postgres.h"
#include "executor/tuptable.h"
#include "utils/rel.h"

#include "counter/last_position.h"
#include "base/walk.h"

/* What writing needs open; `table` is NULL until begin. */
struct social_last_position_keeper
{
	Relation table;
	struct social_walk rows;
	TupleTableSlot *kept;
	TupleTableSlot *other;
};

/* Opens a run of writes that sees what this transaction has done so far. */
extern void social_last_position_keeper_begin(struct social_last_position_keeper *keeper);
extern void social_last_position_keeper_end(struct social_last_position_keeper *keeper);

/* Writes that a person was active there. `created` says that there can be no row yet. */
extern void social_last_position_keep(struct social_last_position_keeper *keeper, int64 user_id,
									  struct social_last_position last, bool created);

#endif /* SOCIAL_LAST_POSITION_ROW_H */
