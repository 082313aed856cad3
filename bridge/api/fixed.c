/*
 * fixed.c owns answers that are the same for everybody for as long as the process lives.
 */
#include "api/fixed.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "http/reply.h"
#include "http/request.h"

#define TAG_BYTES 16

void
sb_fixed_init(struct sb_fixed *fixed, const char *type, const char *data, size_t len)
{
	unsigned char hash[TAG_BYTES];
	char hex[2 * TAG_BYTES + 1];

	fixed->type = type;
	fixed->data = data;
	fixed->len = len;
	crypto_generichash(hash, sizeof(hash), (const unsigned char *) data, len, NULL, 0);
	sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
	snprintf(fixed->tag, sizeof(fixed->tag), "\"%s\"", hex);
}

void
sb_fixed_reply(struct sb_request *request, const struct sb_fixed *fixed)
{
	const char *has = sb_request_header(request, "If-None-Match");
	bool is_same = has && (strcmp(has, "*") == 0 || strstr(has, fixed->tag));

	sb_request_add_header(request, "Cache-Control", "no-cache");
	sb_request_add_header(request, "ETag", fixed->tag);
	sb_request_reply_static(request, is_same ? 304 : 200, fixed->type, fixed->data, fixed->len);
}
