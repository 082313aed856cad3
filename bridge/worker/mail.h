/*
 * mail.h owns the handler of mails: each is sent by SMTP.
 */
#ifndef SB_WORKER_MAIL_H
#define SB_WORKER_MAIL_H

#include "worker/job.h"

extern int sb_mail_most(const struct sb_config *config);
extern void sb_mail_check(const struct sb_config *config, struct sb_problems *problems);
extern void *sb_mail_open(struct sb_loop *loop);
extern void sb_mail_close(void *service);
extern void sb_mail_start(struct sb_job *job);
extern void sb_mail_cancel(struct sb_job *job);

#endif /* SB_WORKER_MAIL_H */
