/*
 * export.h owns the handler of exports: archives of all that there is of a person. What it says to
 * the database is described in sql/api/export.sql.
 */
#ifndef SB_WORKER_EXPORT_H
#define SB_WORKER_EXPORT_H

#include "worker/job.h"

extern int sb_export_most(const struct sb_config *config);
extern void *sb_export_open(struct sb_loop *loop);
extern void sb_export_close(void *service);
extern void sb_export_start(struct sb_job *job);
extern void sb_export_cancel(struct sb_job *job);

#endif /* SB_WORKER_EXPORT_H */
