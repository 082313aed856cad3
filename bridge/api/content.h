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

/*
 * How much Accept wants that media type, 0 (not at all) to 1000: what the most specific of the
 * ranges that cover it says. *named: the type itself is among them. 1000 where there is no Accept.
 */
extern int sb_content_quality(const struct sb_request *request, const char *type, bool *named);

#endif /* SB_API_CONTENT_H */
