/*
 * router.c owns how a request finds its row in the table of routes.
 */
#include "http/router.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/memory.h"
#include "base/metrics.h"
#include "core/ratelimit_policy.h"
#include "pg/unit.h"

/* All of these are read-only once threads run. */
static struct sb_route *routes;
static int nroutes;
static int nrows;
#define MAX_STREAMS 8
static const struct sb_route *streams[MAX_STREAMS];
static int nstreams;

/*
 * What the paths look like, apart from the rows, which are large: the number of each literal in
 * `words`, or AN_ID.
 */
#define AN_ID 0
struct shape
{
	int nsegments;
	int words[SB_URL_MAX_SEGMENTS];
};
static struct shape *shapes; /* by route */
static const char **words;   /* all literals of all paths, sorted */
static int nwords;

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

static int
compare_words(const void *a, const void *b)
{
	return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* The number of a literal, from 1; -1 when no path has it. */
static int
number_of(const char *literal)
{
	const char **found = bsearch(&literal, words, (size_t) nwords, sizeof(*words), compare_words);

	return found ? (int) (found - words) + 1 : -1;
}

/* Notes what the paths look like, once they are cut. */
static void
make_shapes(void)
{
	int count = 0;

	words = sb_calloc((size_t) nroutes * SB_URL_MAX_SEGMENTS, sizeof(*words));
	for (int i = 0; i < nroutes; i++)
		for (int n = 0; n < routes[i].nsegments; n++)
			if (routes[i].segments[n])
				words[count++] = routes[i].segments[n];
	qsort(words, (size_t) count, sizeof(*words), compare_words);
	for (int i = 0; i < count; i++)
		if (nwords == 0 || strcmp(words[nwords - 1], words[i]) != 0)
			words[nwords++] = words[i];
	shapes = sb_calloc((size_t) nroutes, sizeof(*shapes));
	for (int i = 0; i < nroutes; i++)
	{
		shapes[i].nsegments = routes[i].nsegments;
		for (int n = 0; n < routes[i].nsegments; n++)
			shapes[i].words[n] = routes[i].segments[n] ? number_of(routes[i].segments[n]) : AN_ID;
	}
}

bool
sb_router_init(const struct sb_route *rows, int count, uint32_t (*scope_of)(const char *name))
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
		if (strcmp(route->answer_type, "text/event-stream") == 0 && nstreams < MAX_STREAMS)
			streams[nstreams++] = route;
		route->scope = scope_of ? scope_of(route->name) : 0;
		route->call_id = route->call ? sb_pg_statement_id(route->call) : 0;
		route->select_id = route->select ? sb_pg_statement_id(route->select) : 0;
	}
	make_shapes();
	return true;
}

bool
sb_router_goes_on(const char *target, size_t len)
{
	for (int i = 0; i < nstreams; i++)
	{
		size_t path_len = strlen(streams[i]->path) - 1; /* with or without the last slash */

		if (sb_url_begins(target, len, streams[i]->path, path_len))
			return true;
	}
	return false;
}

/* ---- finding a row --------------------------------------------------------------------------- */

/* A path as it was asked for. */
struct asked
{
	int nsegments;
	int words[SB_URL_MAX_SEGMENTS]; /* their numbers, -1 for those of no path */
	bool is_id[SB_URL_MAX_SEGMENTS];
};

static void
read_path(struct asked *asked, const struct sb_url *url)
{
	asked->nsegments = url->nsegments;
	for (int i = 0; i < url->nsegments; i++)
	{
		asked->words[i] = number_of(url->segments[i]);
		asked->is_id[i] = sb_is_id(url->segments[i], strlen(url->segments[i]));
	}
}

static bool
path_fits(const struct shape *shape, const struct asked *asked)
{
	if (shape->nsegments != asked->nsegments)
		return false;
	for (int i = 0; i < asked->nsegments; i++)
	{
		/* What is no id names nothing. */
		if (shape->words[i] == AN_ID ? !asked->is_id[i] : shape->words[i] != asked->words[i])
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
is_served(const struct sb_route *route, enum sb_audience audience)
{
	if (route->auth == SB_AUTH_STAFF)
		return audience != SB_FOR_INGEST;
	if (route->auth == SB_AUTH_INGEST)
		return audience == SB_FOR_INGEST;
	return audience == (route->auth == SB_AUTH_ADMIN ? SB_FOR_OPERATORS : SB_FOR_PUBLIC);
}

const struct sb_route *
sb_router_find(const struct sb_url *url, enum sb_method method, enum sb_audience audience,
			   unsigned *allowed)
{
	enum sb_method wanted = method == SB_HEAD ? SB_GET : method;
	const struct sb_route *best = NULL;
	const struct sb_route *found = NULL;
	struct asked asked;

	*allowed = 0;
	read_path(&asked, url);
	for (int i = 0; i < nroutes; i++)
	{
		const struct sb_route *route = &routes[i];
		int fit;

		if (!path_fits(&shapes[i], &asked) || !is_served(route, audience))
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

const struct sb_route *
sb_router_row(const char *name, enum sb_method method)
{
	enum sb_method wanted = method == SB_HEAD ? SB_GET : method;

	for (const struct sb_route *route = routes; route < routes + nroutes; route++)
		if (route->method == wanted && strcmp(route->name, name) == 0)
			return route;
	return NULL;
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
