/*
 * routes.h owns the table of routes.
 */
#ifndef SB_API_ROUTES_H
#define SB_API_ROUTES_H

#include <stdbool.h>

struct sb_pg_pool;

/* Hands the rows to http/router.h; false with one line on standard error when one is faulty. Before
 * any thread. */
extern bool sb_routes_init(void);

/*
 * Asks the database whether the statements of the routes fit it, and logs each that does not. For a
 * pool that has just become ready; does not wait.
 */
extern void sb_routes_review(struct sb_pg_pool *pool);

#endif /* SB_API_ROUTES_H */
