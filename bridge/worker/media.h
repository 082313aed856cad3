/*
 * media.h owns the handlers of files that people have sent: media.verify looks whether one is what
 * it was said to be, media.process makes its variants, media.delete deletes objects, media.sweep
 * lists the store. What they say to the database is described in sql/api/media.sql.
 */
#ifndef SB_WORKER_MEDIA_H
#define SB_WORKER_MEDIA_H

#include "worker/job.h"

extern int sb_media_most(const struct sb_config *config);
extern void sb_media_check(const struct sb_config *config, struct sb_problems *problems);
extern void *sb_media_open(struct sb_loop *loop);
extern void *sb_media_process_open(struct sb_loop *loop);
extern void sb_media_close(void *service);

extern void sb_media_verify_start(struct sb_job *job);
extern void sb_media_process_start(struct sb_job *job);
extern void sb_media_delete_start(struct sb_job *job);
extern void sb_media_sweep_start(struct sb_job *job);
extern void sb_media_cancel(struct sb_job *job);

#endif /* SB_WORKER_MEDIA_H */
