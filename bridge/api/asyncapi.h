/*
 * asyncapi.h owns the AsyncAPI 3.0 document of the WebSockets, made of the rows that serve them
 * (issue 14): once, before any thread; GET /api/schema/asyncapi/ answers the bytes.
 */
#ifndef SB_API_ASYNCAPI_H
#define SB_API_ASYNCAPI_H

#include <stdbool.h>
#include <stdio.h>

struct sb_config;

/* Whether the shapes of all messages can be read; false with one line on standard error. */
extern bool sb_asyncapi_check(void);

/* Makes what is served, for a bridge with these settings. After sb_routes_init(). */
extern void sb_asyncapi_init(const struct sb_config *config);

/* Prints the same, to be read by people, too. */
extern void sb_asyncapi_print(const struct sb_config *config, FILE *out);

#endif /* SB_API_ASYNCAPI_H */
