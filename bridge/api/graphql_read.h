/*
 * graphql_read.h owns what a request to /graphql/ asks for: GraphQL over HTTP as it comes in, by
 * POST and by GET.
 */
#ifndef SB_API_GRAPHQL_READ_H
#define SB_API_GRAPHQL_READ_H

#include <stdbool.h>

#include "graphql/graphql.h"

struct sb_request;

/* Texts live as long as the request. */
struct sb_asked
{
	struct sb_graphql_request graphql; /* its document is NULL where only document_id says which */
	const char *document_id;           /* NULL: the document came as it is */
};

/* False when the request has been answered, as it is none. */
extern bool sb_graphql_read(struct sb_request *request, struct sb_asked *asked);

#endif /* SB_API_GRAPHQL_READ_H */
