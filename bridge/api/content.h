/*
 * content.h owns the two headers that say what a body is: Content-Type and Accept (RFC 9110
 * sections 8.3 and 12.5.1), as far as the bridge needs them.
 */
#ifndef SB_API_CONTENT_H
#define SB_API_CONTENT_H

#include <stdbool.h>

struct sb_request;

/* Whether the request's body is of that media type; a charset other than UTF-8 is not. */
extern bool sb_content_is(const struct sb_request *request, const char *type);

/* Whether Accept names that media type itself, not by a wildcard. */
extern bool sb_content_accepts(const struct sb_request *request, const char *type);

#endif /* SB_API_CONTENT_H */
