/*
 * bell.h owns the doorbell of jobs: NOTIFY social_jobs, which tells whoever runs jobs that some are
 * due. The background worker rings it, never the transaction that asks for a job: a NOTIFY holds a
 * lock of the whole cluster until its commit is on disk.
 */
#ifndef SOCIAL_JOB_BELL_H
#define SOCIAL_JOB_BELL_H

#include "postgres.h"
#include "datatype/timestamp.h"

/* Has the bell rung at this time, or at once where it is over, if this transaction commits. */
extern void social_job_ring_at(TimestampTz time);

#endif /* SOCIAL_JOB_BELL_H */
