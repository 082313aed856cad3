/*
 * describe.h owns what the routes say of themselves as data: for documents, clients and tests.
 *
 * The shape of an answer is written like parameters, `name:type` for each member of an object
 *   type    text, int, bigint, number, bool, time (RFC 3339), json (anything), the name of a shape
 *           (api/shapes.def), or a list of one of these: [Post]
 *   then    ? = may be null, - = may be absent
 * or is one type without a name.
 */
#ifndef SB_API_DESCRIBE_H
#define SB_API_DESCRIBE_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Whether every route has a summary and an answer, and every shape and list of statuses can be
 * read; false with one line on standard error. After sb_router_init().
 */
extern bool sb_describe_check(void);

/*
 * Prints one JSON object: "shapes", JSON Schemas (2020-12) by name, and "routes", for each row its
 * name, tag, summary, method, paths, auth, surface, action, lane, status, parameters, answer (a
 * JSON Schema that refers to the shapes as #/components/schemas/), errors and statements with the
 * types of their parameters.
 */
extern void sb_describe_print(FILE *out);

/*
 * The statements of all routes as social.statement_problems() takes them: JSON text, malloc'd, the
 * caller frees.
 */
extern char *sb_describe_statements(void);

/* Prints the shapes as rows of a table in Markdown. */
extern void sb_describe_shapes(FILE *out);

#endif /* SB_API_DESCRIBE_H */
