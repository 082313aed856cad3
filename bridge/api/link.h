/*
 * link.h owns the Link header of pages (RFC 8288).
 */
#ifndef SB_API_LINK_H
#define SB_API_LINK_H

#include <libpq-fe.h>

struct sb_request;

/*
 * Tells where the pages around this one are, where the result has cursors in columns "next" and
 * "previous" (api/page.h): the same path and parameters, with another cursor. The page before is
 * both "prev" and "previous", which are registered as the same, since clients look for either.
 */
extern void sb_link_add(struct sb_request *request, const PGresult *page);

#endif /* SB_API_LINK_H */
