/*
 * url.h owns the reading of a request target: path segments and query parameters. Pure.
 * RFC 9112 section 3.2 (forms of the target), RFC 3986 sections 2.1 and 3.3, and the URL
 * standard's form encoding for the query.
 */
#ifndef SB_HTTP_URL_H
#define SB_HTTP_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

#define SB_URL_MAX_SEGMENTS 12
#define SB_URL_MAX_QUERY    32

struct sb_query_value
{
	const char *name;
	const char *value;
};

struct sb_url
{
	const char *path; /* as it came, without the query */
	size_t path_len;
	int nsegments; /* decoded, between the slashes; a trailing slash adds none */
	const char *segments[SB_URL_MAX_SEGMENTS];
	int nquery;
	struct sb_query_value query[SB_URL_MAX_QUERY];
};

/*
 * Takes target[0 .. len) apart; everything is decoded into the arena, path points into target.
 * NULL when fine, else one line that says what is wrong: a character that must be escaped, a broken
 * escape, an escaped NUL, text that is not UTF-8, too many parts. Of an absolute target
 * (http://host/path) the path counts.
 */
extern const char *sb_url_parse(struct sb_url *url, struct sb_arena *arena, const char *target,
								size_t len);

/* Whether the path of a target, with its escapes undone, begins with that text. */
extern bool sb_url_begins(const char *target, size_t len, const char *text, size_t text_len);

/* The value of a query parameter, or NULL. *twice tells that it was given more than once. */
extern const char *sb_url_query(const struct sb_url *url, const char *name, bool *twice);

/* A text as a value within a query: all but unreserved characters escaped (RFC 3986, 2.3). */
extern const char *sb_url_escape(struct sb_arena *arena, const char *text);

#endif /* SB_HTTP_URL_H */
