/*
 * worker.h owns the background worker: what wakes it, and its round.
 */
#ifndef SOCIAL_WORKER_H
#define SOCIAL_WORKER_H

#include "postgres.h"
#include "datatype/timestamp.h"

/* Asks for a round soon after this transaction commits; forgotten when it aborts. */
extern void social_worker_wake_at_commit(void);

/* The same, and for the steps that are in a hurry at once, or a few milliseconds after their last
 * run. */
extern void social_worker_hurry_at_commit(void);

/*
 * One round of the worker: each step that is due, in a transaction of its own. Returns how many
 * things were done, or -1 when the extension is not there. Errors are logged and stop no step.
 */
extern int64 social_worker_round(void);

/* The same of the steps that are in a hurry alone. */
extern int64 social_worker_hurry(void);

/*
 * From a step of the round: the worker sleeps until this time at most, and then does a round. To be
 * said in each round.
 */
extern void social_worker_sleep_until(TimestampTz time);

/* The name of the database that the worker serves (social.database). */
extern char *social_worker_database;

/* Makes the worker leave its database, and the launcher stay away, for a while. Only preloaded. */
extern void social_worker_step_aside(void);

/* Watches for statements that need the worker's database free. Only preloaded. */
extern void social_worker_aside_init(void);

extern PGDLLEXPORT void social_worker_main(Datum argument);

#endif /* SOCIAL_WORKER_H */
