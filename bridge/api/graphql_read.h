/*
 * graphql_read.h owns what a request to /graphql/ asks for: GraphQL over HTTP as it comes in, by
 * POST and by GET.
 */
#ifndef SB_API_GRAPHQL_READ_H
#define SB_API_GRAPHQL_READ_H

#include <stdbool.h>

#include "graphql/graphql.h"

struct sb_arena;
struct sb_request;

/* Texts live as long as the request. */
struct sb_asked
{
	struct sb_graphql_request graphql; /* its document is NULL where only document_id says which */
	const char *document_id;           /* NULL: the document came as it is */
	int64_t after;                     /* of the last event that was seen; -1: nobody said so */
};

/*
 * Takes what is asked for out of a JSON object, whose texts it borrows; *asked is zeroed before,
 * but for `after`. NULL, or what is wrong.
 */
extern const char *sb_graphql_read_members(struct sb_arena *arena, const json_t *body,
										   struct sb_asked *asked);

/* False when the request has been answered, as it is none. */
extern bool sb_graphql_read(struct sb_request *request, struct sb_asked *asked);

#endif /* SB_API_GRAPHQL_READ_H */
