/*
 * unit.h owns the shape of work for the database: a few statements that are one transaction and
 * one round trip.
 */
#ifndef SB_PG_UNIT_H
#define SB_PG_UNIT_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

/* One statement with its parameters in text format; the id names the prepared statement. */
struct sb_pg_statement
{
	uint64_t id; /* equal for equal SQL */
	const char *sql;
	/* What is prepared where that is not sql as it is: a text to free(). NULL: it is. */
	char *(*compose)(const struct sb_pg_statement *statement);
	int nparams;
	const char *const *values; /* NULL = null */
};

enum sb_pg_outcome
{
	SB_PG_OK,     /* committed; results[i] holds each statement's rows */
	SB_PG_ERROR,  /* a statement failed, nothing is kept: error holds it, failed_at says which */
	SB_PG_LOST,   /* the connection went away; whether the transaction was kept is unknown */
	SB_PG_LATE,   /* no answer in time */
	SB_PG_BUSY,   /* it met a lock, nothing is kept, and it found no place to wait in time */
	SB_PG_REFUSED /* never sent: refused by whoever stands before the pool (admission/) */
};

#define SB_PG_UNIT_MAX 4

/*
 * The owner keeps the unit, its statements and their values alive until on_done is called, which
 * happens exactly once, never from inside sb_pg_pool_submit(). The results are the owner's: it
 * clears the unit when it is done with it, or takes a result to keep it for longer.
 */
struct sb_pg_unit
{
	struct sb_pg_unit *next;
	struct sb_pg_statement statements[SB_PG_UNIT_MAX];
	int nstatements;
	/*
	 * It may be in one transaction with others of its kind: it only reads, its first statement says
	 * who acts, and it leaves nothing behind that the next would find.
	 */
	bool shares;
	/*
	 * Statement 0 is what had been two, the first of which had nothing to tell: there is no
	 * results[0], and results[1] is the second's, as failed_at 1 is.
	 */
	bool is_folded;
	void (*on_done)(struct sb_pg_unit *unit, enum sb_pg_outcome outcome);
	/* It is about to begin again, as it is (pg/pool.h); its results are still there. May be NULL.
	 */
	void (*on_again)(struct sb_pg_unit *unit);
	void *owner;

	PGresult *results[SB_PG_UNIT_MAX];
	int nresults;
	PGresult *error;
	int failed_at;
	int nanswered;         /* statements of which the server has said something */
	bool syncs;            /* its transaction is its own, and ends with it */
	uint64_t submitted_us; /* as the pool got it */
	uint64_t ran_us;       /* for so long it was the oldest on its connection */
	uint64_t queued_at_ms;
};

/* Adds a statement; at most SB_PG_UNIT_MAX. */
extern void sb_pg_unit_add(struct sb_pg_unit *unit, uint64_t id, const char *sql, int nparams,
						   const char *const *values);

/* The result of statement i, now the caller's to PQclear(). */
extern PGresult *sb_pg_unit_take(struct sb_pg_unit *unit, int i);

/* Clears the results and calls of an earlier use, so that the unit can be filled again. */
extern void sb_pg_unit_clear(struct sb_pg_unit *unit);

/* Drops the results, so that the unit can be sent again. */
extern void sb_pg_unit_rewind(struct sb_pg_unit *unit);

/* The id of a statement that has none: a 64-bit hash (FNV-1a) of its text. */
extern uint64_t sb_pg_statement_id(const char *sql);

#endif /* SB_PG_UNIT_H */
