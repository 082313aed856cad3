/*
 * fixed.c owns answers that are the same for everybody for as long as the process lives.
 */
#include "api/fixed.h"

#include "http/reply.h"
#include "http/request.h"

void
sb_fixed_init(struct sb_fixed *fixed, const char *type, const char *data, size_t len)
{
	fixed->type = type;
	fixed->data = data;
	fixed->len = len;
	sb_etag_make(fixed->tag, NULL, data, len);
	for (int i = 0; i < SB_CODINGS; i++)
		fixed->coded[i].data = sb_coding_encode(sb_coding_at(i), data, len, &fixed->coded[i].len);
}

void
sb_fixed_reply(struct sb_request *request, const struct sb_fixed *fixed)
{
	const struct sb_coding *coding = sb_coding_choose(request, fixed->len);
	const char *has = sb_request_header(request, "If-None-Match");
	int status = has && sb_etag_is_listed(has, fixed->tag, false) ? 304 : 200;
	char *tag = sb_arena_copy(&request->arena, fixed->tag, SB_ETAG_SIZE);
	int number;

	sb_request_add_header(request, "Cache-Control", "no-cache");
	sb_request_add_header(request, "ETag", tag);
	if (coding == NULL)
	{
		sb_request_reply_static(request, status, fixed->type, fixed->data, fixed->len);
		return;
	}
	number = sb_coding_number(coding);
	sb_etag_add_coding(tag, sb_coding_name(coding));
	sb_request_add_header(request, "Content-Encoding", sb_coding_name(coding));
	sb_request_reply_static(request, status, fixed->type, fixed->coded[number].data,
							fixed->coded[number].len);
}
