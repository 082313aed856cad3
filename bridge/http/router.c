/*
 * router.c owns how a request finds its row in the table of routes.
 */
#include "http/router.h"

#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "base/memory.h"
#include "base/metrics.h"
#include "core/ratelimit_policy.h"
#include "pg/unit.h"

static struct sb_route *routes; /* read-only once threads run */
static int nroutes;
static int nrows;

static const char *const method_names[] = {"GET",    "POST", "PUT",    "PATCH",
										   "DELETE", "HEAD", "OPTIONS"};

enum sb_method
sb_router_method(const char *name)
{
	int method = 0;

	while (method < SB_METHODS && strcmp(method_names[method], name) != 0)
		method++;
	return (enum sb_method) method;
}

/* ---- reading the rows ------------------------------------------------------------------------ */

/* Cuts the path into segments that live as long as the process. */
static bool
cut_path(struct sb_route *route)
{
	char *copy = sb_checked(strdup(route->path));
	char *rest = NULL;

	for (char *segment = strtok_r(copy, "/", &rest); segment; segment = strtok_r(NULL, "/", &rest))
	{
		if (route->nsegments == SB_URL_MAX_SEGMENTS)
			return false;
		route->segments[route->nsegments++] = *segment == '{' ? NULL : segment;
	}
	return true;
}

/* Adds what a row serves at one path. */
static void
add_route(const struct sb_route *row, const char *base, const char *path)
{
	char *whole = sb_malloc(strlen(base) + strlen(path) + 1); /* lives as long as the process */
	struct sb_route *route;

	stpcpy(stpcpy(whole, base), path);
	routes = sb_realloc(routes, (size_t) (nroutes + 1) * sizeof(*routes));
	route = &routes[nroutes++];
	*route = *row;
	route->path = whole;
	route->parameters = row->parameters ? row->parameters : "";
	route->status = row->status ? row->status : 200;
	route->answer_type = row->answer_type ? row->answer_type : "application/json";
}

static void
add_row(const struct sb_route *row)
{
	int first = nroutes;

	for (const char *const *base = row->group->bases; *base; base++)
		add_route(row, *base, row->path);
	if (row->also)
		add_route(row, "", row->also);
	for (int i = first; i < nroutes; i++)
	{
		routes[i].is_again = i > first;
		routes[i].index = nrows;
	}
	nrows++;
}

bool
sb_router_cut_action(struct sb_route *route)
{
	char *copy;
	char *slash;
	char *mark;
	char *action;

	route->purpose.surface = "rest";
	if (route->action == NULL)
		return true;
	copy = sb_checked(strdup(route->action)); /* lives as long as the process */
	slash = strchr(copy, '/');
	mark = strpbrk(copy, ":?");
	action = slash ? slash + 1 : copy;
	if (slash)
	{
		*slash = '\0';
		route->purpose.surface = copy;
	}
	if (mark)
	{
		*(*mark == ':' ? &route->account_member : &route->action_member) = mark + 1;
		*mark = '\0';
	}
	route->purpose.action = *action ? action : NULL;
	if (mark && (mark == action || mark[1] == '\0'))
		return false;
	return social_limit_is_action(route->purpose.surface, route->purpose.action);
}

bool
sb_router_init(const struct sb_route *rows, int count)
{
	for (int i = 0; i < count; i++)
		add_row(&rows[i]);
	for (struct sb_route *route = routes; route < routes + nroutes; route++)
	{
		const char *problem = route->path;
		bool good = cut_path(route);

		if (good && !sb_router_cut_action(route))
		{
			good = false;
			problem = route->action;
		}
		if (!good || !sb_params_compile(&route->params, route->parameters, route->path, &problem))
		{
			fprintf(stderr, "social-bridge: route %s: cannot read %s\n", route->name, problem);
			return false;
		}
		/* What a door answers (tokens, codes) is kept nowhere. */
		route->takes_key = route->method == SB_POST && route->auth == SB_AUTH_REQUIRED &&
						   route->select && !strstr(route->select, "error_code");
		route->call_id = route->call ? sb_pg_statement_id(route->call) : 0;
		route->select_id = route->select ? sb_pg_statement_id(route->select) : 0;
	}
	return true;
}

/* ---- finding a row --------------------------------------------------------------------------- */

static bool
path_fits(const struct sb_route *route, const struct sb_url *url)
{
	if (route->nsegments != url->nsegments)
		return false;
	for (int i = 0; i < url->nsegments; i++)
	{
		const char *literal = route->segments[i];

		const char *segment = url->segments[i];

		/* What is no id names nothing. */
		if (literal ? strcmp(literal, segment) != 0 : !sb_is_id(segment, strlen(segment)))
			return false;
	}
	return true;
}

/* Below 0 when a is the closer fit, 0 when both have the same shape. */
static int
compare_fit(const struct sb_route *a, const struct sb_route *b)
{
	for (int i = 0; i < a->nsegments; i++)
		if ((a->segments[i] == NULL) != (b->segments[i] == NULL))
			return a->segments[i] ? -1 : 1;
	return 0;
}

static bool
is_served(const struct sb_route *route, bool for_operators)
{
	if (route->auth == SB_AUTH_STAFF)
		return true;
	return (route->auth == SB_AUTH_ADMIN) == for_operators;
}

const struct sb_route *
sb_router_find(const struct sb_url *url, enum sb_method method, bool for_operators,
			   unsigned *allowed)
{
	enum sb_method wanted = method == SB_HEAD ? SB_GET : method;
	const struct sb_route *best = NULL;
	const struct sb_route *found = NULL;

	*allowed = 0;
	for (int i = 0; i < nroutes; i++)
	{
		const struct sb_route *route = &routes[i];
		int fit;

		if (!is_served(route, for_operators) || !path_fits(route, url))
			continue;
		fit = best ? compare_fit(route, best) : -1;
		if (fit > 0)
			continue;
		if (fit < 0)
		{
			best = route;
			found = NULL;
			*allowed = 0;
		}
		*allowed |= 1u << route->method;
		if (route->method == wanted)
			found = route;
	}
	if (*allowed & (1u << SB_GET))
		*allowed |= 1u << SB_HEAD;
	if (*allowed)
		*allowed |= 1u << SB_OPTIONS;
	return found;
}

void
sb_router_allow(unsigned allowed, char *text, size_t size)
{
	size_t len = 0;

	text[0] = '\0';
	for (int method = 0; method < SB_METHODS; method++)
		if ((allowed & (1u << method)) && len < size)
			len += (size_t) snprintf(text + len, size - len, "%s%s", len ? ", " : "",
									 method_names[method]);
}

const char *
sb_router_method_name(enum sb_method method)
{
	return method_names[method];
}

static const struct sb_route *
row_at(int index)
{
	const struct sb_route *route = routes;

	while (route->index != index)
		route++;
	return route;
}

static const char *
name_at(int index)
{
	return row_at(index)->name;
}

static const char *
method_at(int index)
{
	return method_names[row_at(index)->method];
}

void
sb_router_name_metrics(void)
{
	sb_metrics_name_routes(nrows, name_at, method_at);
}

const struct sb_route *
sb_router_routes(int *count)
{
	*count = nroutes;
	return routes;
}
