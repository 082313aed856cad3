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
	bool is_formed; /* http/head.h has read all of it, so its texts are what they must be */
	const struct sb_header *headers;
	int nheaders;
};

/*
 * NULL for a head that may be served, else one line that says why not: the method or a header's
 * name is no token; a blank in the target; control characters in a value; Host is missing
 * (HTTP/1.1) or there twice; Content-Length twice, or beside Transfer-Encoding; a transfer coding
 * other than one "chunked".
 */
extern const char *sb_strict_check(const struct sb_head *head);

/* Whether text[0 .. len) is a token (RFC 9110 section 5.6.2). */
extern bool sb_strict_is_token(const char *text, size_t len);

/* Whether text[0 .. len) has no control character but tabs, as a field's value must. */
extern bool sb_strict_is_value(const char *text, size_t len);

#endif /* SB_HTTP_STRICT_H */
