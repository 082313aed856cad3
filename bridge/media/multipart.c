/*
 * multipart.c owns what S3's multipart uploads are asked for.
 */
#include "media/multipart.h"

#include <string.h>

#include "base/memory.h"
#include "http/reply.h"
#include "http/request.h"
#include "media/complete.h"
#include "media/step.h"

#define MOST_TEXT 1048576 /* bytes of a document */

static void
put_object(struct sb_buffer *out, const struct sb_object *object)
{
	sb_answer_put(out, "Bucket",
				  sb_media_store_name(&object->media->store, &object->request->arena));
	sb_answer_put(out, "Key", object->label.key);
}

/* ---- beginning, and giving up ---------------------------------------------------------------- */

static void
on_created(struct sb_object *object)
{
	if (!sb_step_is_done(object, "an upload could not be begun"))
		return;
	put_object(&object->text, object);
	sb_answer_put(&object->text, "UploadId", object->label.tag);
	sb_answer_document(object, "InitiateMultipartUploadResult", object->text.data);
}

void
sb_multipart_create(struct sb_object *object)
{
	const char *type = sb_request_header(object->request, "Content-Type");

	if (type == NULL)
		type = "application/octet-stream";
	if (strlen(type) > SB_LABEL_TYPE)
		sb_step_refuse(object, SB_REFUSAL_BAD_TYPE);
	else if (!sb_step_make_tag(object))
		sb_step_refuse(object, SB_REFUSAL_FAILURE);
	else
	{
		strcpy(object->label.type, type);
		sb_step_work(object, sb_object_create, on_created);
	}
}

static void
on_aborted(struct sb_object *object)
{
	if (sb_step_is_done(object, "an upload could not be given up"))
		sb_request_reply_constant(object->request, 204, NULL);
}

void
sb_multipart_abort(struct sb_object *object)
{
	sb_step_work(object, sb_object_abort, on_aborted);
}

/* ---- what has come --------------------------------------------------------------------------- */

static void
on_listed(struct sb_object *object)
{
	struct sb_buffer out = {0};

	if (!sb_step_is_done(object, "an upload could not be read"))
		return;
	put_object(&out, object);
	sb_answer_put(&out, "UploadId", object->upload);
	sb_buffer_puts(&out, "<IsTruncated>false</IsTruncated>");
	if (object->text.len > 0)
		sb_buffer_puts(&out, object->text.data);
	sb_answer_document(object, "ListPartsResult", out.data);
	sb_buffer_free(&out);
}

void
sb_multipart_list(struct sb_object *object)
{
	sb_step_work(object, sb_object_list, on_listed);
}

/* ---- the object of its parts ----------------------------------------------------------------- */

static void
on_assembled(struct sb_object *object)
{
	struct sb_buffer out = {0};
	const char *tag;

	if (!sb_step_is_done(object, "an object could not be made of its parts"))
		return;
	tag = sb_arena_printf(&object->request->arena, "\"%s\"", object->label.tag);
	sb_answer_put(&out, "Location", object->media->store.host);
	put_object(&out, object);
	sb_answer_put(&out, "ETag", tag);
	sb_answer_document(object, "CompleteMultipartUploadResult", out.data);
	sb_buffer_free(&out);
}

static void
on_collected(struct sb_object *object)
{
	object->request->body_len = object->text.len;
	if (!sb_step_is_done(object, "a document could not be read"))
		return;
	object->parts = sb_calloc(SB_COMPLETE_PARTS, sizeof(*object->parts));
	object->nparts = sb_complete_read(object->text.data ? object->text.data : "", object->text.len,
									  object->parts);
	if (object->nparts < 0)
		sb_step_refuse(object, SB_REFUSAL_PART_ORDER);
	else if (object->nparts == 0)
		sb_step_refuse(object, SB_REFUSAL_XML);
	else if (!sb_step_make_tag(object))
		sb_step_refuse(object, SB_REFUSAL_FAILURE);
	else
		sb_step_work(object, sb_object_assemble, on_assembled);
}

void
sb_multipart_complete(struct sb_object *object)
{
	if (object->body > MOST_TEXT)
		sb_step_refuse(object, SB_REFUSAL_XML);
	else
		sb_step_work(object, sb_object_collect, on_collected);
}
