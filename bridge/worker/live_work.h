/*
 * live_work.h owns what the parts of the handlers of broadcasts share. Nobody else includes it.
 */
#ifndef SB_WORKER_LIVE_WORK_H
#define SB_WORKER_LIVE_WORK_H

#include <stdbool.h>

#include "worker/task.h"

#define SB_LIVE_PATH 512
#define SB_LIVE_ID   64

struct sb_live_work
{
	struct sb_task *task;
	char stream[24];           /* its id */
	char playback[SB_LIVE_ID]; /* its public playback id: what the server calls it */
};

/* Path of something of the server's; the name must be short. */
extern void sb_live_path(const struct sb_live_work *work, const char *folder, const char *suffix,
						 char path[SB_LIVE_PATH]);

/* Stores the recording, if there is one: it becomes a file of the host's. The recording itself goes
 * when that is done, or can never be. */
extern void sb_live_record(struct sb_live_work *work);

#endif /* SB_WORKER_LIVE_WORK_H */
