/*
 * last_position.c owns the question where somebody was last active (see last_position.h).
 */
#include "postgres.h"

#include "last_position.h"

void
social_last_positions_read(const int64 *user_ids, int count, struct social_last_position *last)
{
	for (int i = 0; i < count; i++)
		last[i] = (struct social_last_position){SOCIAL_LAST_POSITION_UNKNOWN,
												SOCIAL_LAST_POSITION_UNKNOWN};
}
