/*
 * openapi.h owns the OpenAPI 3.1 document of the REST interface, made of the rows that serve it
 * (issue 13): once, before any thread; GET /api/schema/ answers the bytes.
 */
#ifndef SB_API_OPENAPI_H
#define SB_API_OPENAPI_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

struct sb_config;
struct sb_route;

/* Makes what is served, for a bridge with these settings. After sb_routes_init(). */
extern void sb_openapi_init(const struct sb_config *config);

/* Prints the same, to be read by people, too. */
extern void sb_openapi_print(const struct sb_config *config, FILE *out);

/* One operation of the document. What it refers to is added to the components. */
extern json_t *sb_openapi_operation(const struct sb_route *route, const struct sb_config *config,
									json_t *components);

/* What an error's status means, in a sentence. */
extern const char *sb_openapi_status(int status);

/* A reference to the answer with that status and the usual body; 0: to that which stands for all
 * that any request may meet. */
extern json_t *sb_openapi_error(int status, json_t *components);

/* What an answer may be, for its headers. */
enum
{
	SB_OPENAPI_MADE = 1, /* it tells where something is */
	SB_OPENAPI_PAGE = 2,
	SB_OPENAPI_KEPT = 4,  /* for an Idempotency-Key */
	SB_OPENAPI_TAGGED = 8 /* it has an ETag */
};

/* The headers of an answer with that status, as the document has them; flags: of the above. */
extern json_t *sb_openapi_headers(int status, unsigned flags);

#endif /* SB_API_OPENAPI_H */
