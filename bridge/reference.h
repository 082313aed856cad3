/*
 * reference.h owns the reference of what the bridge serves, made from the rows that serve it.
 */
#ifndef SB_REFERENCE_H
#define SB_REFERENCE_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Prints every REST route and the GraphQL schema as Markdown (bridge/REFERENCE.md). After
 * sb_routes_init(). False when the schema does not compile.
 */
extern bool sb_reference_print(FILE *out);

/* Prints the GraphQL schema as clients see it (SDL). False when it does not compile. */
extern bool sb_reference_print_schema(FILE *out);

#endif /* SB_REFERENCE_H */
