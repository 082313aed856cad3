/*
 * media.h owns what answers at the addresses of the store of objects where that is a directory
 * (MEDIA_DIR, USE_S3 off): PUT, GET, HEAD and DELETE of an object, by addresses that the database
 * has signed (social.s3_presign), as S3 answers them.
 */
#ifndef SB_MEDIA_H
#define SB_MEDIA_H

#include "http/door.h"

struct sb_config;
struct sb_media;
struct sb_problems;
struct sb_services;

/* What a check of the settings finds. */
extern void sb_media_check(const struct sb_config *config, struct sb_problems *problems);

/* Opens the directory, removes what was left behind on its way in; before any loop. What cannot be
 * is a problem of the settings, and said on standard error. */
extern bool sb_media_init(const struct sb_config *config);

/* Of a loop, whose services get their door; before its thread runs. */
extern struct sb_media *sb_media_new(struct sb_services *services);

/* Ends what is under way; waits for the disk. From the loop's thread, before its clients are gone.
 */
extern void sb_media_stop(struct sb_media *media);

/* After the thread has ended. */
extern void sb_media_free(struct sb_media *media);

/* After all loops. */
extern void sb_media_end(void);

/* The route of this path where no store is (http/router.h). */
struct sb_request;
extern void sb_media_nothing(struct sb_request *request);

#endif /* SB_MEDIA_H */
