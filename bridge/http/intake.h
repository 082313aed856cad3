/*
 * intake.h owns what happens to a request before its handler and after its answer: the strict
 * checks, the route, the body, who asks, the log line.
 */
#ifndef SB_HTTP_INTAKE_H
#define SB_HTTP_INTAKE_H

#include <stdbool.h>
#include <stddef.h>

struct sb_client;
struct sb_request;
struct sb_services;

/* The client's request begins. */
extern struct sb_request *sb_intake_begin(struct sb_client *client, struct sb_services *services);

/*
 * The head is there, its headers among it. May answer already; with must_close the answer goes out
 * at once and the connection ends, otherwise the body is passed over first, so that the connection
 * can go on.
 */
extern void sb_intake_head(struct sb_request *request, const char *method, const char *version);

/* The same for a request that goes past the routes (http/door.h): its body is not asked about.
 * False: it is answered. */
extern bool sb_intake_enter(struct sb_request *request, const char *method, const char *version);

/* The library gives the request up: it gets its id if it has none, the rest may be unknown. */
extern void sb_intake_refuse(struct sb_request *request);

/* A piece of the body. False when it is too much even to pass over. */
extern bool sb_intake_body(struct sb_request *request, const char *data, size_t len);

/* All is there: find out who asks, then call the handler. */
extern void sb_intake_whole(struct sb_request *request);

/* Logs the request and frees it. */
extern void sb_intake_end(struct sb_request *request, bool delivered);

#endif /* SB_HTTP_INTAKE_H */
