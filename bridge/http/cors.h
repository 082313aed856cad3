/*
 * cors.h owns which web pages of other origins may call (mission 156, 165, I-14): the origins of
 * CORS_ALLOWED_ORIGINS and FRONTEND_URL. Bearer tokens only, so credentials are never allowed.
 */
#ifndef SB_HTTP_CORS_H
#define SB_HTTP_CORS_H

#include <stdbool.h>

#include "base/config.h"

struct sb_request;

/* Reads the settings; before any thread. What is no origin is added to problems. */
extern void sb_cors_init(const struct sb_config *config, struct sb_problems *problems);

/* Adds what a browser needs to show the answer to the page, when its origin may call. */
extern void sb_cors_add_headers(struct sb_request *request);

/* Adds what answers a preflight, when the request is one of an origin that may call. */
extern void sb_cors_add_preflight(struct sb_request *request, const char *methods);

/*
 * Whether a page may open a WebSocket, which no preflight asks for: one of the origins that may
 * call, or of the host itself. What names no origin is no page.
 */
extern bool sb_cors_may_connect(const struct sb_request *request);

#endif /* SB_HTTP_CORS_H */
