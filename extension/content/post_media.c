/*
 * post_media.c owns the files that a post shows, as JSON. A post has their keys as its image and
 * its video; of most posts, which have none, nothing more is read.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "base/call.h"
#include "base/column.h"
#include "base/compat.h"
#include "content/post_media.h"
#include "media/address.h"

static bool
is_upload(const Datum *values, const bool *isnull, int column)
{
	text *key = isnull[column - 1] ? NULL : DatumGetTextPP(values[column - 1]);

	return key != NULL && VARSIZE_ANY_EXHDR(key) >= strlen(SOCIAL_UPLOADS) &&
		   memcmp(VARDATA_ANY(key), SOCIAL_UPLOADS, strlen(SOCIAL_UPLOADS)) == 0;
}

void
social_post_media_add(StringInfo out, int64 post_id, const Datum *values, const bool *isnull)
{
	Datum media;

	if ((is_upload(values, isnull, SOCIAL_POSTS_IMAGE) ||
		 is_upload(values, isnull, SOCIAL_POSTS_VIDEO)) &&
		social_call("shown_media", INT8OID, Int64GetDatum(post_id), false, &media))
		appendStringInfoString(out, TextDatumGetCString(media));
	else
		appendStringInfoString(out, "[]");
}
