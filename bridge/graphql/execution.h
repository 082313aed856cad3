/* execution.h owns one request under way: what prepare leaves for respond. */
#ifndef SB_GRAPHQL_EXECUTION_H
#define SB_GRAPHQL_EXECUTION_H

#include "graphql/plan.h"

/* A root field that is answered by itself: of a mutation, the only one of a query, or apart. */
struct gql_root_field
{
	const char *key;
	const char *constant; /* JSON that needs no step, or NULL */
	int step;             /* where constant is NULL */
	bool nullable;
	int line;
	int column;
};

struct gql_execution
{
	struct sb_graphql_execution public; /* first */
	struct sb_arena arena;
	struct gql_plan *plan;          /* a reference, or NULL */
	struct gql_errors errors;       /* of the request: nothing is run */
	struct gql_errors field_errors; /* of fields: they are null */
	bool is_null;                   /* those leave no data */
	bool is_apart;
	bool announce_cost;
	double cost; /* rows, and how many there may be */
	long max_cost;
	bool is_whole;                /* a query of several root fields, answered by one statement */
	struct gql_root_field *roots; /* otherwise */
	int nroots;
	bool partial; /* the body has errors and data */
};

#endif /* SB_GRAPHQL_EXECUTION_H */
