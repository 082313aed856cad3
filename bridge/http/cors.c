/*
 * cors.c owns which web pages of other origins may call (the Fetch standard, CORS protocol).
 */
#include "http/cors.h"

#include <string.h>

#include "http/request.h"
#include "memory.h"

#define MAX_ORIGINS 64

static const char *origins[MAX_ORIGINS];
static int norigins;
static bool any_origin;

/* Cuts text[0 .. len) to scheme://host[:port]; NULL when it is no such thing. */
static const char *
origin_of(const char *text, size_t len)
{
	char *origin = sb_checked(strndup(text, len));
	char *host = strstr(origin, "://");
	char *slash = host ? strchr(host + 3, '/') : NULL;

	if (host == NULL || host == origin || host[3] == '\0' || host[3] == '/')
	{
		free(origin);
		return NULL;
	}
	if (slash)
		*slash = '\0';
	return origin;
}

static bool
add_origins(const char *list, const char **error)
{
	while (list && *list)
	{
		size_t len = strcspn(list, ", ");

		if (len == 1 && *list == '*')
			any_origin = true;
		else if (len > 0)
		{
			const char *origin = norigins < MAX_ORIGINS ? origin_of(list, len) : NULL;

			if (origin == NULL)
			{
				*error = list;
				return false;
			}
			origins[norigins++] = origin;
		}
		list += len;
		list += strspn(list, ", ");
	}
	return true;
}

bool
sb_cors_init(const struct sb_config *config, const char **error)
{
	return add_origins(config->cors_allowed_origins, error) &&
		   add_origins(config->frontend_url, error);
}

static bool
may_call(const char *origin)
{
	for (int i = 0; i < norigins; i++)
		if (strcmp(origins[i], origin) == 0)
			return true;
	return any_origin;
}

void
sb_cors_add_headers(struct sb_request *request)
{
	const char *origin;

	if (norigins == 0 && !any_origin)
		return;
	sb_request_add_header(request, "Vary", "Origin");
	origin = sb_request_header(request, "Origin");
	if (origin == NULL || !may_call(origin))
		return;
	sb_request_add_header(request, "Access-Control-Allow-Origin", origin);
	sb_request_add_header(
		request, "Access-Control-Expose-Headers",
		"Location, Retry-After, WWW-Authenticate, X-Request-Id, X-RateLimit-Limit, "
		"X-RateLimit-Remaining, X-RateLimit-Reset, RateLimit-Limit, "
		"RateLimit-Remaining, RateLimit-Reset, RateLimit-Policy");
}

void
sb_cors_add_preflight(struct sb_request *request, const char *methods)
{
	const char *origin = sb_request_header(request, "Origin");

	if (origin == NULL || !may_call(origin) ||
		!sb_request_header(request, "Access-Control-Request-Method"))
		return;
	sb_request_add_header(request, "Access-Control-Allow-Methods", methods);
	sb_request_add_header(request, "Access-Control-Allow-Headers",
						  "Authorization, Content-Type, X-Request-Id");
	sb_request_add_header(request, "Access-Control-Max-Age", "600");
}
