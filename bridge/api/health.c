/*
 * health.c owns GET /api/posts/health/ (mission 043): for load balancers, without a round trip. A
 * standby serves reads: it is healthy, and says what it does not do.
 */
#include "admission/services.h"
#include "api/api.h"
#include "http/reply.h"
#include "http/request.h"

void
sb_api_health(struct sb_request *request)
{
	if (sb_services_all_ready() && sb_pg_pool_is_standby(request->admission.services->pool))
		sb_request_reply_constant(request, 200, "{\"status\":\"healthy\",\"read_only\":true}");
	else if (sb_services_all_ready())
		sb_request_reply_constant(request, 200, "{\"status\":\"healthy\"}");
	else
		sb_request_reply_constant(request, 503, "{\"status\":\"unhealthy\"}");
}
