/*
 * multipart.h owns what S3's multipart uploads are asked for: an object is sent in parts, so that
 * who loses the connection sends the rest alone.
 */
#ifndef SB_MEDIA_MULTIPART_H
#define SB_MEDIA_MULTIPART_H

struct sb_object;

/* POST ?uploads: begins one; the answer has its id. */
extern void sb_multipart_create(struct sb_object *object);

/* GET ?uploadId: the parts that have come. */
extern void sb_multipart_list(struct sb_object *object);

/* POST ?uploadId: makes the object of the parts that the body names. */
extern void sb_multipart_complete(struct sb_object *object);

/* DELETE ?uploadId: gives it up. */
extern void sb_multipart_abort(struct sb_object *object);

#endif /* SB_MEDIA_MULTIPART_H */
