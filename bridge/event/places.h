/*
 * places.h owns how many connections each account has at this bridge, which all loops share.
 */
#ifndef SB_EVENT_PLACES_H
#define SB_EVENT_PLACES_H

#include <stdbool.h>
#include <stdint.h>

/* Counts one more; false, and it is not counted, where the account has as many as it may. */
extern bool sb_places_take(int64_t user_id, int most);

extern void sb_places_give_back(int64_t user_id);

#endif /* SB_EVENT_PLACES_H */
