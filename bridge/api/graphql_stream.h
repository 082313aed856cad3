/*
 * graphql_stream.h owns GraphQL over server-sent events: the distinct connections mode of the
 * protocol graphql-sse, one operation for each request.
 */
#ifndef SB_API_GRAPHQL_STREAM_H
#define SB_API_GRAPHQL_STREAM_H

#include <stdbool.h>

struct sb_asked;
struct sb_request;

/* Whether a request to /graphql/ wants its answers as a stream: Accept names it, and no JSON as
 * much. */
extern bool sb_graphql_stream_is_wanted(const struct sb_request *request);

/* Runs what is asked for, and answers so. */
extern void sb_graphql_stream(struct sb_request *request, const struct sb_asked *asked);

#endif /* SB_API_GRAPHQL_STREAM_H */
