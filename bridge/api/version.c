/*
 * version.c owns updates that ask for the version which they have read.
 */
#include "api/version.h"

#include <string.h>

#include "http/etag.h"
#include "http/reply.h"
#include "http/request.h"

#define ARRAY_SIZE 2048

static const char require_sql[] = "SELECT social.require_version($1, $2, $3, $4)";

/* The versions that a header names as an array, NULL without it; false when it is no list. */
static bool
read_versions(struct sb_request *request, const char *name, bool strongly, const char **array)
{
	const char *list = sb_request_header(request, name);
	char *text;

	*array = NULL;
	if (list == NULL)
		return true;
	text = sb_arena_alloc(&request->arena, ARRAY_SIZE);
	*array = text;
	return sb_request_count_headers(request, name) == 1 &&
		   sb_etag_versions(list, strongly, text, ARRAY_SIZE);
}

/* The id of the path, or NULL. */
static const char *
document_id(const struct sb_route *route, const char *const *values)
{
	for (int i = 0; i < route->params.count; i++)
		if (route->params.list[i].source == SB_PARAM_PATH &&
			strcmp(route->params.list[i].name, "id") == 0)
			return values[i];
	return NULL;
}

bool
sb_version_guard(struct sb_request *request, const char *const *values)
{
	const struct sb_route *route = request->route;
	const char **guard;

	if (!sb_request_header(request, "If-Match") &&
		(route->guard == NULL || !sb_request_header(request, "If-None-Match")))
		return true;
	if (route->guard == NULL)
	{
		sb_request_fail(request, 412, "there is no version that could match");
		return false;
	}
	guard = sb_arena_alloc(&request->arena, 4 * sizeof(*guard));
	guard[0] = route->guard;
	guard[1] = document_id(route, values);
	if (!read_versions(request, "If-Match", true, &guard[2]) ||
		!read_versions(request, "If-None-Match", false, &guard[3]))
	{
		sb_request_fail(request, 400, "If-Match and If-None-Match are lists of entity tags, or *");
		return false;
	}
	sb_pg_unit_add(&request->admission.unit, sb_pg_statement_id(require_sql), require_sql, 4,
				   guard);
	return true;
}
