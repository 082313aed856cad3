/*
 * method.c owns what the methods of HTTP do to objects.
 */
#include "media/method.h"

#include <string.h>

#include "http/reply.h"
#include "http/request.h"
#include "media/listing.h"
#include "media/multipart.h"
#include "media/playlist.h"
#include "media/step.h"

static void
on_received(struct sb_object *object)
{
	object->request->body_len = (size_t) (object->body - object->left);
	if (sb_step_is_done(object, "an object could not be stored"))
		sb_answer_stored(object);
}

/* The digest that the body must have; false when the header is none. */
static bool
expect_digest(struct sb_object *object)
{
	const char *text = sb_request_header(object->request, "Content-MD5");
	unsigned char bytes[18];

	if (text == NULL)
		return true;
	/* 16 bytes are 22 digits of base64, and two marks. */
	if (strlen(text) != 24 || EVP_DecodeBlock(bytes, (const unsigned char *) text, 24) != 18 ||
		strcmp(text + 22, "==") != 0)
		return false;
	memcpy(object->md5, bytes, sizeof(object->md5));
	object->digest = EVP_MD_CTX_new();
	return object->digest && EVP_DigestInit_ex(object->digest, EVP_md5(), NULL) == 1;
}

static void
put(struct sb_object *object)
{
	const struct sb_request *request = object->request;
	const char *type = sb_request_header(request, "Content-Type");

	if (type == NULL)
		type = "application/octet-stream";
	if (sb_request_header(request, "Content-Length") == NULL)
		sb_step_refuse(object, SB_REFUSAL_NO_LENGTH);
	else if (object->body > object->media->store.max_size && !object->is_length_signed)
		sb_step_refuse(object, SB_REFUSAL_LARGE);
	else if (strlen(type) > SB_LABEL_TYPE)
		sb_step_refuse(object, SB_REFUSAL_BAD_TYPE);
	else if (sb_request_header(request, "x-amz-copy-source") ||
			 sb_request_header(request, "Content-Encoding"))
		sb_step_refuse(object, SB_REFUSAL_NOT_OFFERED);
	else if (!expect_digest(object))
		sb_step_refuse(object, SB_REFUSAL_BAD_MD5);
	else if (!sb_step_make_tag(object))
		sb_step_refuse(object, SB_REFUSAL_FAILURE);
	else
	{
		if (object->target == SB_TARGET_OBJECT)
			strcpy(object->label.type, type);
		object->label.size = object->body;
		sb_step_work(object, sb_object_receive, on_received);
	}
}

static void
on_found(struct sb_object *object)
{
	if (!sb_step_is_done(object, "an object could not be read"))
		return;
	if (sb_playlist_is(object))
		sb_playlist_show(object);
	else
		sb_answer_object(object);
}

static void
get(struct sb_object *object)
{
	sb_step_work(object, sb_object_find, on_found);
}

static void
on_removed(struct sb_object *object)
{
	if (sb_step_is_done(object, "an object could not be removed"))
		sb_request_reply_constant(object->request, 204, NULL);
}

static void
remove_object(struct sb_object *object)
{
	sb_step_work(object, sb_object_remove, on_removed);
}

/* The rows: what each method does to an object, to an upload (?uploadId), to a part of one
 * (&partNumber), what begins one (?uploads), and to all (?list-type=2). */
static const struct
{
	enum sb_target target;
	enum sb_method method;
	void (*handle)(struct sb_object *object);
	bool has_body;
} rows[] = {
	{SB_TARGET_OBJECT, SB_GET, get, false},
	{SB_TARGET_OBJECT, SB_HEAD, get, false},
	{SB_TARGET_OBJECT, SB_PUT, put, true},
	{SB_TARGET_OBJECT, SB_DELETE, remove_object, false},
	{SB_TARGET_UPLOADS, SB_POST, sb_multipart_create, false},
	{SB_TARGET_UPLOAD, SB_GET, sb_multipart_list, false},
	{SB_TARGET_UPLOAD, SB_POST, sb_multipart_complete, true},
	{SB_TARGET_UPLOAD, SB_DELETE, sb_multipart_abort, false},
	{SB_TARGET_PART, SB_PUT, put, true},
	{SB_TARGET_LIST, SB_GET, sb_listing_show, false},
};

void
sb_method_handle(struct sb_object *object)
{
	enum sb_method method = object->request->method;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
	{
		if (rows[i].target != object->target || rows[i].method != method)
			continue;
		if (!rows[i].has_body && object->body > 0)
			sb_step_refuse(object, SB_REFUSAL_BODY);
		else
			rows[i].handle(object);
		return;
	}
	sb_step_refuse(object, SB_REFUSAL_METHOD);
}
