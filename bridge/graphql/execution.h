/* execution.h owns one request under way: what prepare leaves for respond. */
#ifndef SB_GRAPHQL_EXECUTION_H
#define SB_GRAPHQL_EXECUTION_H

#include "graphql/plan.h"

/* A root field of a mutation, or the only one of a query: where its error would point. */
struct gql_root_field
{
	const char *key;
	const char *constant; /* JSON that needs no step, or NULL */
	bool nullable;
	int line;
	int column;
};

struct gql_execution
{
	struct sb_graphql_execution public; /* first */
	struct sb_arena arena;
	struct gql_plan *plan; /* a reference, or NULL */
	struct gql_errors errors;
	struct sb_buffer body; /* the whole response when there are no steps */
	struct gql_root_field *roots;
	int nroots;
	bool partial; /* the body has errors and data */
};

#endif /* SB_GRAPHQL_EXECUTION_H */
