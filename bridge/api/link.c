/*
 * link.c owns the Link header of pages.
 */
#include "api/link.h"

#include <string.h>

#include "http/request.h"

/* Proxies have 4 kB for a whole head; the body has the cursors too. */
#define LINK_MAX 2000

static bool
is_cursor(const char *name)
{
	return strcmp(name, "after") == 0 || strcmp(name, "before") == 0;
}

/* The parameters that the route has read, without cursors: "name=value&". */
static const char *
other_parameters(struct sb_request *request)
{
	const struct sb_params *params = &request->route->params;
	const char *text = "";

	for (int i = 0; i < params->count; i++)
	{
		const struct sb_param *param = &params->list[i];
		bool twice;
		const char *value = param->source == SB_PARAM_QUERY && !is_cursor(param->name)
								? sb_url_query(&request->url, param->name, &twice)
								: NULL;

		if (value)
			text = sb_arena_printf(&request->arena, "%s%s=%s&", text, param->name,
								   sb_url_escape(&request->arena, value));
	}
	return text;
}

void
sb_link_add(struct sb_request *request, const PGresult *page)
{
	static const struct
	{
		const char *column;
		const char *parameter;
		const char *relations[2];
	} links[] = {{"next", "after", {"next"}}, {"previous", "before", {"prev", "previous"}}};
	const char *others = NULL;
	const char *header = "";

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
	{
		int column = PQnfields(page) > 1 ? PQfnumber(page, links[i].column) : -1;

		if (column < 0 || PQgetisnull(page, 0, column))
			continue;
		others = others ? others : other_parameters(request);
		for (int j = 0; j < 2 && links[i].relations[j]; j++)
			header = sb_arena_printf(
				&request->arena, "%s%s<%.*s?%s%s=%s>; rel=\"%s\"", header, *header ? ", " : "",
				(int) request->url.path_len, request->url.path, others, links[i].parameter,
				sb_url_escape(&request->arena, PQgetvalue(page, 0, column)), links[i].relations[j]);
	}
	if (*header && strlen(header) <= LINK_MAX)
		sb_request_add_header(request, "Link", header);
}
