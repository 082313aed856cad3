/*
 * worker.h owns what the parts of the dispatcher share: what it runs, what it holds, and what it is
 * telling the database. Nobody else includes it.
 */
#ifndef SB_WORKER_WORKER_H
#define SB_WORKER_WORKER_H

#include "loop/loop.h"
#include "pg/conn.h"
#include "base/buffer.h"
#include "worker/job.h"

struct sb_asks;
struct sb_pg_listen;

/* A kind that this process runs. */
struct sb_served
{
	const struct sb_handler *handler;
	void *service;
	int most;
	int held;   /* claimed, and not yet told */
	bool wants; /* there may be jobs to claim */
	char *claim;
	char *finish;
	char *fail;
};

/* What goes to the database as one unit; the buffers are its parameters. */
struct sb_exchange
{
	struct sb_pg_unit unit;
	bool under_way;
	struct sb_served *served; /* whose jobs it is about; NULL: it is about none */
	int claim_at;             /* the statement that claims; -1: none */
	int asked;                /* jobs that it asks for */
	struct sb_buffer buffers[SB_JOB_STATES][5];
	char number[16];
	const char *values[SB_PG_UNIT_MAX][6];
};

struct sb_worker
{
	struct sb_timer timer; /* must stay first */
	struct sb_loop *loop;
	struct sb_pg_conn conn;
	struct sb_pg_listen *listen;
	struct sb_exchange exchange;
	struct sb_asks *asks; /* what threads ask beside it */
	struct sb_job *jobs;  /* all that it holds */
	struct sb_served *served;
	int nserved;
	int turn; /* which kind comes next */
	char name[160];
	char lease[32];
	bool is_known;   /* the database knows what this connection's worker runs and has */
	bool is_serving; /* it was once */
	bool is_gone;    /* it was told that this worker ends */
	uint64_t wait_until_ms;
	uint64_t beat_at_ms;
	uint64_t poll_at_ms;
	uint64_t stop_at_ms; /* valid while the loop is stopping */
};

/* Takes out of the list, and frees, the jobs of which `is_over` says so; those that run are
 * cancelled. */
extern void sb_jobs_drop(struct sb_worker *worker,
						 bool (*is_over)(const struct sb_job *job, const void *arg),
						 const void *arg);

/* With no exchange under way and a usable connection: says and asks what is due, if anything is. */
extern void sb_exchange_begin(struct sb_worker *worker);
extern void sb_exchange_clear(struct sb_exchange *exchange);

#endif /* SB_WORKER_WORKER_H */
