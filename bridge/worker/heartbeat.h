/*
 * heartbeat.h owns the sign of life of a worker, which has no door that one could knock at.
 */
#ifndef SB_WORKER_HEARTBEAT_H
#define SB_WORKER_HEARTBEAT_H

/*
 * Writes the time, in seconds since 1970, into the file at `path`, which is made where there is
 * none; NULL: nothing is written. Of failures the first of a row is told in the log: a worker that
 * cannot give a sign of life works all the same.
 */
extern void sb_heartbeat(const char *path);

#endif /* SB_WORKER_HEARTBEAT_H */
