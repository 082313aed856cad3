/*
 * routes.h owns the table of routes.
 */
#ifndef SB_API_ROUTES_H
#define SB_API_ROUTES_H

#include <stdbool.h>

/* Hands the rows to http/router.h; false with one line on standard error when one is faulty. Before
 * any thread. */
extern bool sb_routes_init(void);

#endif /* SB_API_ROUTES_H */
