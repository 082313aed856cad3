/*
 * mark.h owns where a session that claims jobs begins to look.
 *
 * The due jobs of a kind and priority (a lane) stand in jobs_due_idx in order. Each job that was
 * claimed leaves an entry there until a vacuum; while somebody holds a snapshot, hundreds of
 * thousands of them stand before the first one that waits. So each session remembers, lane by lane,
 * the last job that it took, and begins behind it. That may miss jobs: a transaction that commits
 * late, a job that was put back. They are found by looking from the beginning, which is done
 * whenever it is cheap, and else rests for twenty times what it took. Nothing is wrong with a mark
 * that is wrong: jobs are only found a little later.
 */
#ifndef SOCIAL_JOB_MARK_H
#define SOCIAL_JOB_MARK_H

#include "postgres.h"
#include "datatype/timestamp.h"

#define SOCIAL_JOB_PRIORITY_MAX 4

/* A job's place in its lane. */
struct social_job_place
{
	TimestampTz run_at;
	int64 id;
};

/* The job behind which this session goes on in a lane; NULL: from the beginning. */
extern const struct social_job_place *social_job_mark(const text *kind, int priority);

/* This session goes on behind this job. */
extern void social_job_pass(const text *kind, int priority, const struct social_job_place *place);

/* When this session looks from the beginning again; now or earlier: at once. */
extern TimestampTz social_job_scan_due(void);

/* A look from the beginning, which took so many microseconds to find jobs, has ended. */
extern void social_job_scan_took(int64 took);

#endif /* SOCIAL_JOB_MARK_H */
