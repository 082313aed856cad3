/*
 * jwks.c owns GET /.well-known/jwks.json: the public keys of our tokens (RFC 7517), for services
 * that verify them. Unlike other answers it is the same for everybody, and may be kept for a while;
 * a service that meets an unknown kid asks again.
 */
#include "api/api.h"
#include "http/reply.h"
#include "http/request.h"

static void
on_done(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct sb_request *request = unit->owner;

	if (outcome != SB_PG_OK)
	{
		sb_request_fail_unit(request, outcome);
		return;
	}
	sb_request_add_header(request, "Cache-Control", "public, max-age=300");
	sb_request_reply_result(request, 200, sb_pg_unit_take(unit, unit->nresults - 1));
}

void
sb_api_jwks(struct sb_request *request)
{
	static const char sql[] = "SELECT social.jwks()";

	sb_request_begin_unit(request, on_done);
	sb_pg_unit_add(&request->admission.unit, sb_pg_statement_id(sql), sql, 0, NULL);
	sb_request_submit(request, SB_LANE_READ);
}
