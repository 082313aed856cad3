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
}

void
sb_fixed_reply(struct sb_request *request, const struct sb_fixed *fixed)
{
	const char *has = sb_request_header(request, "If-None-Match");
	bool is_same = has && sb_etag_is_listed(has, fixed->tag, false);

	sb_request_add_header(request, "Cache-Control", "no-cache");
	sb_request_add_header(request, "ETag", fixed->tag);
	sb_request_reply_static(request, is_same ? 304 : 200, fixed->type, fixed->data, fixed->len);
}
