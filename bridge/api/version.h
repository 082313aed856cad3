/*
 * version.h owns updates that ask for the version which they have read (issue 13; RFC 9110 section
 * 13.1): If-Match and If-None-Match on routes with a `guard`. The database compares, under the
 * row's lock and in the update's transaction (sql/api/version.sql).
 */
#ifndef SB_API_VERSION_H
#define SB_API_VERSION_H

#include <stdbool.h>

struct sb_request;

/* An answer with the version of what it shows; `version` is the SQL of it
 * (social.post_version($1)). */
#define SB_VERSIONED(version, select)                                                              \
	"SELECT a.*, " version " AS version FROM (" select ") a (answer)"

/*
 * Adds the statement that compares, where the request asks for it. values are those of the route's
 * parameters. False when the request was answered: 400 for a list that is none, 412 where there is
 * no version to match.
 */
extern bool sb_version_guard(struct sb_request *request, const char *const *values);

#endif /* SB_API_VERSION_H */
