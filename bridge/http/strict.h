/*
 * strict.h owns the refusals that the HTTP library does not make: what two parsers could read in
 * two ways must not get past the first (RFC 9112 sections 3, 5, 6 and 11.2). Pure.
 */
#ifndef SB_HTTP_STRICT_H
#define SB_HTTP_STRICT_H

#include <stddef.h>
#include <stdbool.h>

/* A header as the library found it. */
struct sb_header
{
	const char *name;
	size_t name_len;
	const char *value;
	size_t value_len;
};

struct sb_head
{
	const char *method;
	const char *target; /* as it came */
	size_t target_len;
	const char *version;
	const struct sb_header *headers;
	int nheaders;

	/*
	 * Where the library leaves gaps to us (http/library.h), every text above lies in the buffer
	 * that the request was read into, its separators overwritten by NULs.
	 */
	bool is_in_place;
	const char *place; /* of the target there; the library has cut it up already */
	size_t size;       /* from the method through the empty line */
};

/*
 * NULL for a head that may be served, else one line that says why not: the method or a header's
 * name is no token; a blank in the target; control characters in a value; Host is missing
 * (HTTP/1.1) or there twice; Content-Length twice, or beside Transfer-Encoding; a transfer coding
 * other than one "chunked"; in place also bytes that the library passed over: each part must lie
 * exactly one separator behind the one before it, so a NUL, a bare LF, a folded line or a second
 * blank shows as a gap.
 */
extern const char *sb_strict_check(const struct sb_head *head);

/* Whether text[0 .. len) is a token (RFC 9110 section 5.6.2). */
extern bool sb_strict_is_token(const char *text, size_t len);

#endif /* SB_HTTP_STRICT_H */
