/*
 * api.h owns the list of handlers that rows of routes may name. Each answers the request now, or
 * later from a callback, with one of sb_request_reply*() or sb_request_fail*(): exactly once.
 */
#ifndef SB_API_H
#define SB_API_H

#include <stdbool.h>

struct sb_request;

extern void sb_api_rest(struct sb_request *request);            /* every row of SB_ROUTE */
extern void sb_api_health(struct sb_request *request);          /* mission 043 */
extern void sb_api_health_detailed(struct sb_request *request); /* mission 044 */
extern void sb_api_live(struct sb_request *request);
extern void sb_api_ready(struct sb_request *request);
extern void sb_api_metrics(struct sb_request *request); /* mission 045 */
extern void sb_api_jwks(struct sb_request *request);    /* the public keys, mission I-03 */
extern void sb_api_rate_limit_status(struct sb_request *request); /* mission 046 */
extern void sb_api_graphql(struct sb_request *request);           /* mission 050-087 */
extern void sb_api_openapi(struct sb_request *request);           /* issue 13 */
extern void sb_api_asyncapi(struct sb_request *request);          /* issue 14 */
extern void sb_api_docs(struct sb_request *request);              /* api/web.c */
extern void sb_api_realtime(struct sb_request *request);          /* api/web.c */
extern void sb_api_web_file(struct sb_request *request);          /* api/web.def */
extern void sb_api_webhook(struct sb_request *request);           /* mission 042 */
extern void sb_api_ingest_publish(struct sb_request *request);    /* mission 135-137 */
extern void sb_api_ingest_update(struct sb_request *request);
extern void sb_api_ingest_done(struct sb_request *request);
extern void sb_api_ingest_watch(struct sb_request *request); /* P-20 */

/* For the member `page` of a row (http/router.h). */
extern bool sb_api_graphql_page(struct sb_request *request);    /* also a WebSocket */
extern bool sb_api_playground_page(struct sb_request *request); /* api/web.c */

/*
 * Whether a setting lets a route be: answers 404, as if there were nothing, and returns false
 * otherwise.
 */
extern bool sb_api_is_on(struct sb_request *request, bool setting);

/* Calls then for an operator or staff, now or later; answers everybody else 403. */
extern void sb_api_for_staff(struct sb_request *request, void (*then)(struct sb_request *request));

#endif /* SB_API_H */
