/*
 * post_media.h owns the files that a post shows, as JSON.
 */
#ifndef SOCIAL_POST_MEDIA_H
#define SOCIAL_POST_MEDIA_H

#include "postgres.h"
#include "lib/stringinfo.h"

/* Appends them, of a post that the viewer sees; values and isnull are its columns. */
extern void social_post_media_add(StringInfo out, int64 post_id, const Datum *values,
								  const bool *isnull);

#endif /* SOCIAL_POST_MEDIA_H */
