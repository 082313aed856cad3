/*
 * ask.h owns what threads of a worker ask the database: the loop sends it on the worker's one
 * connection, beside what the dispatcher says there, and again when the connection was lost. So
 * whatever is asked may happen twice.
 */
#ifndef SB_WORKER_ASK_H
#define SB_WORKER_ASK_H

#include <libpq-fe.h>

struct sb_asks;
struct sb_loop;
struct sb_pg_conn;

extern struct sb_asks *sb_asks_new(struct sb_loop *loop, struct sb_pg_conn *conn);
extern void sb_asks_free(struct sb_asks *asks);

/* In the loop, once an iteration: sends what can be sent. */
extern void sb_asks_settle(struct sb_asks *asks);

/* In the loop, when the connection is gone for good: nobody gets an answer any more. */
extern void sb_asks_close(struct sb_asks *asks);

/*
 * In a thread: a statement's rows, for the caller to PQclear(). NULL: *error says what the database
 * said, for the caller to free(), or is NULL where *is_cancelled (atomic) was set meanwhile.
 */
extern PGresult *sb_ask(struct sb_asks *asks, const int *is_cancelled, const char *sql, int nvalues,
						const char *const *values, char **error);

#endif /* SB_WORKER_ASK_H */
