/*
 * cached.h owns reads that are kept in Redis: of strangers, by routes whose row says so (cache).
 */
#ifndef SB_API_CACHED_H
#define SB_API_CACHED_H

#include <libpq-fe.h>
#include <stdbool.h>

struct sb_pg_statement;
struct sb_request;

/* Whether this request is one. */
extern bool sb_cached_serves(const struct sb_request *request);

/*
 * Counts the request, and has answer_with() called with what Redis or the database says to the
 * statement, whose values live as long as the request; or the request fails.
 */
extern void sb_cached_ask(struct sb_request *request, const struct sb_pg_statement *statement,
						  void (*answer_with)(struct sb_request *request, PGresult *result));

#endif /* SB_API_CACHED_H */
