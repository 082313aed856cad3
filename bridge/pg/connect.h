/*
 * connect.h owns the life of one connection to PostgreSQL: begun, set up, lost, begun again by
 * itself. Units go in and come out in the same order.
 */
#ifndef SB_PG_CONNECT_H
#define SB_PG_CONNECT_H

#include "pg/conn.h"

/* Prepares the object, with STATEMENT_TIMEOUT; the connection begins with the first
 * sb_pg_conn_settle(). */
extern void sb_pg_conn_init(struct sb_pg_conn *conn, struct sb_loop *loop, bool read_only,
							int lock_timeout_ms, void (*on_change)(struct sb_pg_conn *),
							void *owner);

/* Closes and frees what conn holds; units in flight end as SB_PG_LOST. */
extern void sb_pg_conn_finish(struct sb_pg_conn *conn);

/* Whether a unit may be sent now. */
extern bool sb_pg_conn_usable(const struct sb_pg_conn *conn);

/* Whether it will most likely be usable in a moment: it connects, and has not failed lately. */
extern bool sb_pg_conn_hopeful(const struct sb_pg_conn *conn);

/* Whether the server is a standby, which takes no writes; it tells by itself when that changes. */
extern bool sb_pg_conn_is_standby(const struct sb_pg_conn *conn);

/* Ends the connection when it is idle or down, until it is woken. */
extern void sb_pg_conn_sleep(struct sb_pg_conn *conn);
extern void sb_pg_conn_wake(struct sb_pg_conn *conn);

/* The connection does what it is for: the next pause after a loss is short again. */
extern void sb_pg_conn_trust(struct sb_pg_conn *conn);

/* Does what is due: ends a broken or silent connection, begins a new one. Once an iteration. */
extern void sb_pg_conn_settle(struct sb_pg_conn *conn);

#endif /* SB_PG_CONNECT_H */
