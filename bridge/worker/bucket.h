/*
 * bucket.h owns telling a bucket of S3 what it must know: the requests are the database's
 * (social.bucket_requests), and are sent here.
 */
#ifndef SB_WORKER_BUCKET_H
#define SB_WORKER_BUCKET_H

struct sb_config;

/* For the web pages that the settings name; says what came of each request. The exit status: 0 when
 * all that is needed was done. */
extern int sb_bucket_configure(const struct sb_config *config);

#endif /* SB_WORKER_BUCKET_H */
