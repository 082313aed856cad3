/*
 * fixed.h owns answers that are the same for everybody for as long as the process lives: bytes in
 * memory, and the ETag by which a client asks whether they are still those.
 */
#ifndef SB_API_FIXED_H
#define SB_API_FIXED_H

#include <stddef.h>

#include "http/coding.h"
#include "http/etag.h"

struct sb_request;

struct sb_fixed
{
	const char *type;
	const char *data;
	size_t len;
	char tag[SB_ETAG_SIZE];
	struct
	{
		const char *data;
		size_t len;
	} coded[SB_CODINGS];
};

/* The bytes live as long as the process. Before any thread. */
extern void sb_fixed_init(struct sb_fixed *fixed, const char *type, const char *data, size_t len);

/*
 * Answers with the bytes, or with 304 when the client has them already. They may be kept, but are
 * asked for each time: a bridge of another version may stand at the same address a minute later.
 */
extern void sb_fixed_reply(struct sb_request *request, const struct sb_fixed *fixed);

#endif /* SB_API_FIXED_H */
