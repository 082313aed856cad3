/*
 * conn.h owns what one connection to PostgreSQL is: non-blocking, in libpq's pipeline mode. What
 * travels on it is pg/flight.h, how it comes and goes pg/connect.h.
 */
#ifndef SB_PG_CONN_H
#define SB_PG_CONN_H

#include "loop/loop.h"
#include "pg/unit.h"

struct sb_pg_prepared;

enum sb_pg_conn_state
{
	SB_PG_DOWN,       /* waits for retry_at_ms, or to be woken */
	SB_PG_RESOLVING,  /* the names of its hosts are looked up */
	SB_PG_CONNECTING, /* PQconnectPoll() is not through */
	SB_PG_SETTING_UP, /* the session's settings are under way */
	SB_PG_READY
};

struct sb_pg_conn
{
	struct sb_watch watch; /* must stay first: on_ready gets its address */
	struct sb_loop *loop;
	bool read_only;                             /* every transaction is READ ONLY (design D15) */
	int lock_timeout_ms;                        /* for so long a statement waits for a lock */
	int statement_timeout_s;                    /* for so long it may run */
	void (*on_change)(struct sb_pg_conn *conn); /* ready, gone, or room for a unit */
	/* a NOTIFY came; NULL unless the connection listens */
	void (*on_notify)(struct sb_pg_conn *conn, const char *channel, const char *payload);
	/*
	 * A unit met a lock and was rolled back. True: it is taken over, and not answered yet. May be
	 * NULL.
	 */
	bool (*on_stalled)(struct sb_pg_conn *conn, struct sb_pg_unit *unit);
	/* A unit was not run, as one before it in its transaction failed: it is taken over. NULL where
	 * units do not share. */
	void (*on_unrun)(struct sb_pg_conn *conn, struct sb_pg_unit *unit);
	/* A unit, not one of the connection's own, is about to be answered: its error says how. May be
	 * NULL. */
	void (*on_answer)(struct sb_pg_conn *conn, const struct sb_pg_unit *unit);
	void *owner;

	enum sb_pg_conn_state state;
	PGconn *pg; /* NULL when down */
	struct sb_pg_prepared *prepared;
	struct sb_pg_unit *head; /* sent, unanswered; oldest first */
	struct sb_pg_unit *tail;
	int inflight;
	int sharing;       /* units of the transaction that takes in more; its Sync is not sent yet */
	int syncs;         /* transactions that are sent, and not answered */
	uint64_t since_us; /* when the head unit came to be the head, or the connect began */
	uint64_t retry_at_ms; /* valid when down */
	uint32_t backoff_ms;
	bool asleep;             /* down until sb_pg_conn_wake() */
	bool proves_itself;      /* backoff_ms begins anew when the owner says, not when it is ready */
	PGresult *prepare_error; /* why the next unit will miss a prepared statement */
	int doubtful;            /* units in flight since a PREPARE that met a lock: they may miss it */
	bool broken;             /* sending failed: sb_pg_conn_settle() ends the connection */
	bool is_standby;         /* what the server said last */
	bool stale;              /* takes no more units, and begins anew once it is empty */
};

#endif /* SB_PG_CONN_H */
