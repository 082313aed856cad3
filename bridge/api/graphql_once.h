/*
 * graphql_once.h owns mutations that are done once (api/idempotency.h): what an asker of HTTP's
 * does besides (api/graphql_run.h). The admission's owner is the request, whose state begins with
 * the run.
 */
#ifndef SB_API_GRAPHQL_ONCE_H
#define SB_API_GRAPHQL_ONCE_H

#include <stdbool.h>

#include "pg/unit.h"

struct sb_graphql_run;

extern bool sb_graphql_once_begin(struct sb_graphql_run *run);
extern void sb_graphql_once_add_call(struct sb_graphql_run *run, const struct sb_pg_statement *call,
									 const struct sb_pg_statement *answer);
extern bool sb_graphql_once_take_over(struct sb_graphql_run *run, enum sb_pg_outcome outcome);

#endif /* SB_API_GRAPHQL_ONCE_H */
