/*
 * lock.h owns locks on what is no row: what is between two people, and tasks that one session at a
 * time does. They end with the transaction.
 *
 * Not advisory locks: any role that may connect can take those, and would stop what waits for them.
 * Nothing in SQL takes these (the server keeps their kind of lock, "userlock", for C alone).
 */
#ifndef SOCIAL_LOCK_H
#define SOCIAL_LOCK_H

#include "postgres.h"

/*
 * Holds what is between two people, for adding to it or for ending it. Those who add do not get in
 * each other's way, nor do those who end; false, at once, when the others are at it.
 */
extern bool social_lock_pair(int64 one, int64 other, bool ending);

/* Holds a task by its name, alone; without `wait` false when another session does it. */
extern bool social_lock_task(const char *name, bool wait);

#endif /* SOCIAL_LOCK_H */
