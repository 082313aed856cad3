/*
 * staff.c owns who may see what is for operators and staff.
 */
#include <string.h>

#include "admission/services.h"
#include "api/api.h"
#include "http/client.h"
#include "http/reply.h"
#include "http/request.h"

bool
sb_api_is_on(struct sb_request *request, bool setting)
{
	if (!setting)
		sb_request_fail(request, 404, "there is nothing at this path");
	return setting;
}

static void
on_known(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct sb_request *request = unit->owner;
	void (*then)(struct sb_request *) = (void (*)(struct sb_request *)) request->state;
	const PGresult *answer = outcome == SB_PG_OK ? unit->results[unit->nresults - 1] : NULL;

	if (answer == NULL)
		sb_request_fail_unit(request, outcome);
	else if (PQntuples(answer) == 1 && strcmp(PQgetvalue(answer, 0, 0), "t") == 0)
		then(request);
	else
		sb_request_fail(request, 403, "this is for staff");
}

void
sb_api_for_staff(struct sb_request *request, void (*then)(struct sb_request *request))
{
	static const char sql[] = "SELECT social.viewer_is_staff()";

	if (request->client->clients->are_operators)
	{
		then(request);
		return;
	}
	request->state = (void *) then;
	sb_request_begin_unit(request, on_known);
	sb_pg_unit_add(&request->admission.unit, sb_pg_statement_id(sql), sql, 0, NULL);
	sb_request_submit(request, SB_LANE_READ);
}
