/*
 * health.c owns GET /api/posts/health/ (mission 043): for load balancers, without a round trip.
 */
#include "api/api.h"
#include "auth/auth.h"
#include "http/request.h"
#include "pg/pool.h"

void
sb_api_health(struct sb_request *request)
{
	const struct sb_loop *loop = request->loop;

	if (!loop->stopping && sb_pg_pool_is_ready(loop->pool) && sb_auth_is_ready(loop->auth))
		sb_request_reply_constant(request, 200, "{\"status\":\"healthy\"}");
	else
		sb_request_reply_constant(request, 503, "{\"status\":\"unhealthy\"}");
}
