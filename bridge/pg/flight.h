/*
 * flight.h owns what travels on a connection: units out, results in, in the same order.
 */
#ifndef SB_PG_FLIGHT_H
#define SB_PG_FLIGHT_H

#include "pg/conn.h"

/*
 * Sends a unit: statements not yet prepared here are prepared first, in the same flight. One that
 * shares a transaction waits for sb_pg_conn_flush().
 */
extern void sb_pg_conn_send(struct sb_pg_conn *conn, struct sb_pg_unit *unit);

/* Ends the transaction that takes in more, and sends it. */
extern void sb_pg_conn_flush(struct sb_pg_conn *conn);

/* Hands libpq's buffer to the socket, and watches for room when not all of it went. */
extern void sb_pg_flight_flush(struct sb_pg_conn *conn);

/* Keeps what the server tells of itself; sb_pg_flight_receive() does so, too. */
extern void sb_pg_flight_note_server(struct sb_pg_conn *conn);

/* Takes in what has come, and ends the units that are complete. */
extern void sb_pg_flight_receive(struct sb_pg_conn *conn);

/*
 * Sends a statement of the connection's own, outside of any request; a failure is logged. on_done
 * gets the connection as unit->owner and must not keep the unit.
 */
extern void sb_pg_flight_send_own(struct sb_pg_conn *conn, const char *sql, int nparams,
								  const char *const *values,
								  void (*on_done)(struct sb_pg_unit *, enum sb_pg_outcome));

#endif /* SB_PG_FLIGHT_H */
