/*
 * door.h owns who gets from HTTP to a stream of events.
 */
#ifndef SB_SSE_DOOR_H
#define SB_SSE_DOOR_H

struct sb_request;

/* The handler of routes that are streams: ?topics=…, Last-Event-ID (issue 14). */
extern void sb_sse_subscribe(struct sb_request *request);

#endif /* SB_SSE_DOOR_H */
