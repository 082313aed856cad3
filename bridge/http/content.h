/*
 * content.h owns the headers that say what a body is, and which answer is wanted: Content-Type,
 * Accept, Accept-Encoding (RFC 9110 sections 8.3, 12.5.1, 12.5.3), as far as the bridge needs them.
 * Pure: of the request only the headers are read.
 */
#ifndef SB_HTTP_CONTENT_H
#define SB_HTTP_CONTENT_H

#include <stdbool.h>

struct sb_request;

/* Whether the request's body is of that media type; a charset other than UTF-8 is not. */
extern bool sb_content_is(const struct sb_request *request, const char *type);

/*
 * How much Accept wants that media type, 0 (not at all) to 1000: what the most specific of the
 * ranges that cover it says. *named: the type itself is among them. 1000 where there is no Accept.
 */
extern int sb_content_quality(const struct sb_request *request, const char *type, bool *named);

/*
 * Whether the client asks for errors as problem details (RFC 9457): it names their type, and wants
 * it no less than plain JSON.
 */
extern bool sb_content_wants_problem(const struct sb_request *request);

/*
 * How much Accept-Encoding wants a content coding, 0 (not at all) to 1000. 0 where the header is
 * missing: who does not say that he can undo a coding gets none.
 */
extern int sb_content_coding_quality(const struct sb_request *request, const char *coding);

#endif /* SB_HTTP_CONTENT_H */
