/*
 * routes.c owns the table of routes.
 */
#include "api/routes.h"

#include "api/api.h"
#include "http/router.h"

static struct sb_route routes[] = {
#define SB_ROUTE(method, path, name, auth, action, lane, status, location, parameters, call,       \
				 select)                                                                           \
	{SB_##method, path,     name,       SB_AUTH_##auth, action, SB_LANE_##lane,                    \
	 status,      location, parameters, call,           select, sb_api_rest},
#define SB_HANDLER(method, path, name, auth, action, function)                                     \
	{SB_##method, path, name, SB_AUTH_##auth, action, SB_LANE_READ,                                \
	 200,         NULL, "",   NULL,           NULL,   function},
#define SB_ALIAS(method, path, name) {SB_##method, path, name},
#include "api/routes.def"
#undef SB_ROUTE
#undef SB_HANDLER
#undef SB_ALIAS
};

bool
sb_routes_init(void)
{
	return sb_router_init(routes, (int) (sizeof(routes) / sizeof(routes[0])));
}
