/*
 * router.h owns how a request finds its row in the table of routes (api/routes.h).
 */
#ifndef SB_HTTP_ROUTER_H
#define SB_HTTP_ROUTER_H

#include "cache/cache.h"
#include "caller/caller.h"
#include "http/params.h"
#include "http/url.h"
#include "pg/pool.h"

struct sb_request;

enum sb_method
{
	SB_GET,
	SB_POST,
	SB_PUT,
	SB_PATCH,
	SB_DELETE,
	SB_HEAD,
	SB_OPTIONS,
	SB_METHODS /* also: any other */
};

enum sb_route_auth
{
	SB_AUTH_NONE,
	SB_AUTH_OPTIONAL,
	SB_AUTH_CONTENT, /* required unless ANONYMOUS_READ */
	SB_AUTH_GRAPHQL, /* optional unless ANONYMOUS_GRAPHQL=off */
	SB_AUTH_REQUIRED,
	SB_AUTH_STAFF, /* a good token of staff, or nothing where operators ask (ADMIN_PORT) */
	SB_AUTH_ADMIN, /* served to operators alone */
	SB_AUTH_INGEST /* served to ingest servers alone (INGEST_PORT) */
};

/* Who comes by a port, and which routes there are for him. */
enum sb_audience
{
	SB_FOR_PUBLIC,
	SB_FOR_OPERATORS, /* ADMIN_PORT: STAFF and ADMIN alone */
	SB_FOR_INGEST     /* INGEST_PORT: INGEST alone */
};

/* Routes that belong together: the same paths below each of the bases. */
struct sb_route_group
{
	const char *tag;      /* one word for documents */
	const char *bases[3]; /* "/api/auth/"; NULL ends them; the first is the one that is shown */
	const char *summary;  /* a sentence for documents */
};

/* A row of the tables of api/; what its members mean stands at the head of api/routes.c. */
struct sb_route
{
	const struct sb_route_group *group;
	enum sb_method method;
	const char *path; /* below the bases; whole after sb_router_init() */
	const char *name;
	enum sb_route_auth auth;
	const char *action; /* as the row says; read into purpose and the two members */
	enum sb_pg_lane lane;
	int status;
	const char *location;
	const char *also;
	const char *parameters;
	const char *takes;
	const char *call;
	const char *select;
	const char *guard;
	enum sb_cache_kind cache;
	const char *summary;
	const char *answer;
	const char *answer_type;
	const char *errors;
	bool is_hidden;       /* in no document for programs */
	bool has_query_token; /* with WS_QUERY_TOKEN its token may stand in its address */
	void (*handler)(struct sb_request *request);
	/* What is asked first, before anybody is identified: answers who wants a page to look at, with
	 * true. May be NULL. */
	bool (*page)(struct sb_request *request);

	/* Filled by sb_router_init(). */
	bool is_again;  /* the row before at another path */
	uint32_t scope; /* what an API key needs for it; 0: it is not for them */
	int index;      /* of the row, from 0 on: what it counts as (base/metrics.h) */
	struct sb_params params;
	struct sb_purpose purpose;  /* without an account */
	const char *account_member; /* of the body, or NULL */
	bool takes_key;             /* it looks at Idempotency-Key */
	const char *action_member; /* without which the request does not count as the action, or NULL */
	int nsegments;
	const char *segments[SB_URL_MAX_SEGMENTS]; /* NULL = an id */
	uint64_t call_id;
	uint64_t select_id;
};

/*
 * Makes the routes of the rows, one for each path that a row has; scope_of says which scope API
 * keys need for a row of that name. False with one line on standard error when one is faulty.
 * Before any thread.
 */
extern bool sb_router_init(const struct sb_route *rows, int count,
						   uint32_t (*scope_of)(const char *name));

/*
 * Reads route->action, "[surface/]action[:member|?member]", into route->purpose and the two
 * members. False when it is no such thing, or names what no policy limits: a mistyped word would be
 * no limit.
 */
extern bool sb_router_cut_action(struct sb_route *route);

/*
 * The row for a method and path. NULL when there is none: then *allowed is the set of methods
 * (1 << method) that the path has, 0 for an unknown path. HEAD finds GET's row. Literal segments
 * win over ids.
 */
extern const struct sb_route *sb_router_find(const struct sb_url *url, enum sb_method method,
											 enum sb_audience audience, unsigned *allowed);

/* Whether a target, as it came, is that of a row whose answer is a stream (http/stream.h). */
extern bool sb_router_goes_on(const char *target, size_t len);

/* The row of this name and method (HEAD: GET's), NULL: there is none. */
extern const struct sb_route *sb_router_row(const char *name, enum sb_method method);

/* "GET, HEAD, OPTIONS" of a set of methods, into text. */
extern void sb_router_allow(unsigned allowed, char *text, size_t size);

extern enum sb_method sb_router_method(const char *name);

extern const char *sb_router_method_name(enum sb_method method);

/* Tells base/metrics.h of the rows. After sb_router_init(), before any loop. */
extern void sb_router_name_metrics(void);

/* All routes, for documents made from them; those of one row stand together. */
extern const struct sb_route *sb_router_routes(int *count);

#endif /* SB_HTTP_ROUTER_H */
