/*
 * describe.h owns what the routes say of themselves as data: for documents, clients and tests.
 */
#ifndef SB_API_DESCRIBE_H
#define SB_API_DESCRIBE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "api/shapes.h"

struct sb_param;
struct sb_route;

/*
 * Whether every route has a summary and an answer, and every shape, field and list of statuses can
 * be read; false with one line on standard error. After sb_router_init().
 */
extern bool sb_describe_check(void);

/*
 * Prints one JSON object: "shapes", JSON Schemas (2020-12) by name, "problem", the schema of
 * problem details, and "routes", for each row its name, tag, summary, method, hidden, paths, auth,
 * surface, action, idempotency_key, if_match, status, parameters, takes (what its handler reads by
 * itself), answer (a JSON Schema that refers to the shapes as #/components/schemas/), errors (the
 * same by status) and statements with the types of their parameters.
 */
extern void sb_describe_print(FILE *out);

/*
 * The statements of all routes as social.statement_problems() takes them: JSON text, malloc'd, the
 * caller frees.
 */
extern char *sb_describe_statements(void);

/*
 * The statuses that a route may answer with, but for its success: by each the schema of the body.
 * What follows from the other members of the row (400, 401 where a token may be asked for, …)
 * and what the row says.
 */
extern json_t *sb_describe_errors(const struct sb_route *route, enum sb_schema_use use);

/* The schema of a parameter's value. NULL where its row in api/fields.def does not fit it. */
extern json_t *sb_describe_parameter(const struct sb_route *route, const struct sb_param *param);

#endif /* SB_API_DESCRIBE_H */
