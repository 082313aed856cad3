/*
 * webhook.h owns the handlers of webhooks: what waits for one endpoint is sent to it in order.
 */
#ifndef SB_WORKER_WEBHOOK_H
#define SB_WORKER_WEBHOOK_H

#include "worker/job.h"

extern int sb_webhook_most(const struct sb_config *config);
extern void *sb_webhook_open(struct sb_loop *loop);
extern void sb_webhook_close(void *service);
extern void sb_webhook_start(struct sb_job *job);
extern void sb_webhook_cancel(struct sb_job *job);

#endif /* SB_WORKER_WEBHOOK_H */
