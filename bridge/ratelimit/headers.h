/*
 * headers.h owns what a client is told about its limits (mission 125, I-10).
 */
#ifndef SB_RATELIMIT_HEADERS_H
#define SB_RATELIMIT_HEADERS_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "core/ratelimit_gcra.h"

struct sb_request;

/*
 * Adds X-RateLimit-Limit, -Remaining and -Reset (Unix time), RateLimit-Limit, -Remaining, -Reset
 * (seconds from now) and -Policy, and on refusal Retry-After, of the tightest window.
 */
extern void sb_limit_headers_add(struct sb_request *request,
								 const struct social_rate_figures *figures);

/* The same from the database's figures ("limit remaining reset window retry_after"); NULL: none. */
extern void sb_limit_headers_add_text(struct sb_request *request, const char *figures);

/* The same from a statement that failed because of a limit; others have no figures. */
extern void sb_limit_headers_add_refusal(struct sb_request *request, const PGresult *error);

/* Whether a statement failed because of a limit. */
extern bool sb_limit_is_refusal(const PGresult *error);

#endif /* SB_RATELIMIT_HEADERS_H */
