/*
 * live.h owns the handlers of broadcasts that the ingest server of this machine takes in
 * (LIVE_DIR): stream.drop has it drop whoever publishes, stream.finish does that, ends the playlist
 * and stores the recording, stream.measure reads how much comes. What they say to the database is
 * described in sql/api/stream_ingest.sql.
 */
#ifndef SB_WORKER_LIVE_H
#define SB_WORKER_LIVE_H

#include "worker/job.h"

extern int sb_live_most(const struct sb_config *config);
extern void sb_live_check(const struct sb_config *config, struct sb_problems *problems);
extern void *sb_live_open(struct sb_loop *loop);
extern void sb_live_close(void *service);

extern void sb_live_drop_start(struct sb_job *job);
extern void sb_live_finish_start(struct sb_job *job);
extern void sb_live_measure_start(struct sb_job *job);
extern void sb_live_cancel(struct sb_job *job);

#endif /* SB_WORKER_LIVE_H */
