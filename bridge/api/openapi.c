/*
 * openapi.c owns the OpenAPI document as a whole, and its being served.
 */
#include "api/openapi.h"

#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/fixed.h"
#include "api/openapi_webhook.h"
#include "api/shapes.h"
#include "base/buffer.h"
#include "base/config.h"
#include "base/memory.h"
#include "error/errors.h"
#include "http/router.h"

static struct sb_fixed document; /* read-only once threads run */

/* ---- what many operations share -------------------------------------------------------------- */

/* What each status of an error means. Those that a route itself answers with come first; the others
 * are told together: any request may be refused so before a route is asked, or behind it. */
static const struct status
{
	int status;
	bool is_general;
	const char *meaning;
} statuses[] = {
	{400, false, "The request is not as it must be; `error` names what is wrong."},
	{401, false, "There is no token, or it is no good, or the proof that was given is wrong."},
	{403, false, "Whoever asks may not do that."},
	{404, false, "There is no such thing, or none that the viewer may see."},
	{406, false, "None of the forms that Accept names is to be had."},
	{409, false, "What is there already stands against it."},
	{412, true, "It has changed since it was read (If-Match)."},
	{413, false, "The body is too large."},
	{415, false, "The body is not application/json."},
	{422, false, "The request is well-formed and cannot be carried out."},
	{429, false, "Too many requests: Retry-After says when one fits again."},
	{503, false, "Not at the moment; try again after Retry-After seconds."},
	{405, true, "The path has other methods (Allow)."},
	{408, true, "The request did not arrive in time."},
	{411, true, "The length of the body is not given."},
	{414, true, "The target is too long."},
	{417, true, "What Expect asks for cannot be had."},
	{431, true, "The head is too large."},
	{500, true, "Something went wrong on our side."},
	{501, true, "That is not known here."},
	{504, true, "It took too long."},
	{505, true, "That version of HTTP is not spoken here."},
};

#define NSTATUSES (sizeof(statuses) / sizeof(statuses[0]))

static const struct header
{
	const char *name;
	const char *type;
	const char *about;
	unsigned flags;  /* of what has one of these; 0: */
	int statuses[2]; /* with these; none: always */
} headers[] = {
	{"X-Request-Id", "string",
	 "What the request is called in the log: the client's own word, or one that was made."},
	{"X-RateLimit-Limit", "integer",
	 "How many requests fit into the window that is nearest to its end, where one is counted."},
	{"X-RateLimit-Remaining", "integer", "How many are left in it."},
	{"X-RateLimit-Reset", "integer", "When it is unused again, in Unix time."},
	{"RateLimit-Limit", "integer", "The same as X-RateLimit-Limit."},
	{"RateLimit-Remaining", "integer", "The same as X-RateLimit-Remaining."},
	{"RateLimit-Reset", "integer", "In how many seconds it is unused again."},
	{"RateLimit-Policy", "string", "The window: how many requests, and in how many seconds."},
	{"Location", "string", "The path of what was made.", SB_OPENAPI_MADE},
	{"Link", "string", "The pages behind and before this one (RFC 8288): next, prev.",
	 SB_OPENAPI_PAGE},
	{"ETag", "string", "What If-None-Match and, for what can be written, If-Match take.",
	 SB_OPENAPI_TAGGED},
	{"Idempotent-Replayed", "string",
	 "true: it was done before, for the same Idempotency-Key, and this is what was answered then.",
	 SB_OPENAPI_KEPT},
	{"WWW-Authenticate",
	 "string",
	 "The challenge of RFC 6750; of a 403 for API keys that lack a scope.",
	 0,
	 {401, 403}},
	{"Retry-After", "integer", "In how many seconds to try again.", 0, {429, 503}},
};

#define NHEADERS (sizeof(headers) / sizeof(headers[0]))

static const char about[] =
	"A social network: people, follows, posts, a home feed, search. GraphQL stands beside it at "
	"`/graphql/`.\n\n"
	"**Tokens.** `POST /api/auth/login/` answers an access token (15 minutes) and a refresh token "
	"(7 days, good once: `POST /api/auth/refresh/`). The access token goes into `Authorization: "
	"Bearer …`.\n\n"
	"**API keys** (`POST /api/auth/keys/`) go into the same header, and act as their owner within "
	"their scopes; `security` says which an operation needs. One that lacks it is answered 403 "
	"`SCOPE_MISSING`; what is about the account and its security, `NOT_FOR_KEYS`.\n\n"
	"**Bodies** are JSON objects (`Content-Type: application/json`). A member that is null counts "
	"as "
	"absent, but where it is said to clear; members that are not known are not looked at. Ids are "
	"whole numbers up to 2^53 - 1. Bounds of lengths and pages are those of the database's "
	"settings "
	"where nobody has changed them; the database decides.\n\n"
	"**Idempotency-Key** (any word of the client's, on operations that take it): sent again within "
	"a "
	"day, the same request is done once, and answered as the first time.\n\n"
	"**Paths** are served with and without the last slash, GET also as HEAD.\n\n"
	"**Pages.** A list answers `results` and the cursors `next` and `previous`; `after=` the first "
	"or `before=` the second is the page there; the Link header has both. A cursor stays good "
	"while rows come and go.\n\n"
	"**Errors** are `{\"error\", \"code\", \"detail\"}`, or problem details (RFC 9457) where "
	"Accept "
	"names application/problem+json: branch on the status, and on `code` where that tells more.\n\n"
	"**Rate limits.** `x-rate-limit` says which windows an operation counts in, as they are where "
	"nobody has set others; `GET /api/posts/rate-limit-status/` tells those in force and what is "
	"left of them. A list of rates for one action are several windows, all of which must have "
	"room.";

const char *
sb_openapi_status(int status)
{
	for (size_t i = 0; i < NSTATUSES; i++)
		if (statuses[i].status == status)
			return statuses[i].meaning;
	return "It was refused.";
}

static bool
has_header(const struct header *header, int status, unsigned flags)
{
	if (header->flags)
		return (header->flags & flags) != 0;
	return header->statuses[0] == 0 || header->statuses[0] == status ||
		   header->statuses[1] == status;
}

json_t *
sb_openapi_headers(int status, unsigned flags)
{
	json_t *all = json_object();

	for (const struct header *header = headers; header < headers + NHEADERS; header++)
		if (has_header(header, status, flags))
			json_object_set_new(
				all, header->name,
				json_pack("{s:o}", "$ref", json_sprintf("#/components/headers/%s", header->name)));
	return all;
}

static json_t *
components_headers(void)
{
	json_t *all = json_object();

	for (const struct header *header = headers; header < headers + NHEADERS; header++)
		json_object_set_new(all, header->name,
							json_pack("{s:s, s:{s:s}}", "description", header->about, "schema",
									  "type", header->type));
	return all;
}

static json_t *
error_response(json_t *description, int status)
{
	json_t *plain = json_pack("{s:{s:s}}", "schema", "$ref", "#/components/schemas/Error");

	if (status)
		json_object_set_new(plain, "example",
							json_pack("{s:s, s:s, s:n}", "error", sb_openapi_status(status), "code",
									  sb_error_code(status), "detail"));
	return json_pack("{s:o, s:o, s:{s:o, s:{s:{s:s}}}}", "description", description, "headers",
					 sb_openapi_headers(status, 0), "content", "application/json", plain,
					 "application/problem+json", "schema", "$ref", "#/components/schemas/Problem");
}

/* That which stands for all that any request may meet. */
static json_t *
general_response(void)
{
	json_t *statuses_met = json_array();
	struct sb_buffer text = {0};
	json_t *response;

	sb_buffer_puts(&text, "Refused before a route was asked, or failed behind it.");
	for (const struct status *row = statuses; row < statuses + NSTATUSES; row++)
		if (row->is_general)
		{
			sb_buffer_printf(&text, " %d: %s", row->status, row->meaning);
			json_array_append_new(statuses_met, json_integer(row->status));
		}
	response = error_response(json_stringn(text.data, text.len), 0);
	sb_buffer_free(&text);
	json_object_set_new(response, "x-statuses", statuses_met);
	return response;
}

json_t *
sb_openapi_error(int status, json_t *components)
{
	json_t *responses = json_object_get(components, "responses");
	char name[16] = "Error";

	if (status)
		snprintf(name, sizeof(name), "Error%d", status);
	if (json_object_get(responses, name) == NULL)
		json_object_set_new(responses, name,
							status ? error_response(json_string(sb_openapi_status(status)), status)
								   : general_response());
	return json_pack("{s:o}", "$ref", json_sprintf("#/components/responses/%s", name));
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* Those that routes stand for which are shown. */
static json_t *
tags(void)
{
	int count;
	const struct sb_route *routes = sb_router_routes(&count);
	json_t *all = json_array();
	const struct sb_route_group *last = NULL;

	for (int i = 0; i < count; i++)
	{
		const struct sb_route_group *group = routes[i].group;
		json_t *tag;
		size_t known;

		if (routes[i].is_hidden || group == last)
			continue;
		last = group;
		json_array_foreach(all, known,
						   tag) if (strcmp(json_string_value(json_object_get(tag, "name")),
										   group->tag) == 0) break;
		if (known == json_array_size(all))
			json_array_append_new(
				all, json_pack("{s:s, s:s}", "name", group->tag, "description",
							   group->summary ? group->summary : "Routes of one kind."));
	}
	return all;
}

static json_t *
paths(const struct sb_config *config, json_t *components)
{
	int count;
	const struct sb_route *routes = sb_router_routes(&count);
	json_t *all = json_object();

	for (const struct sb_route *route = routes; route < routes + count; route++)
	{
		const char *method = sb_router_method_name(route->method);
		char name[8] = "";
		json_t *path = json_object_get(all, route->path);

		if (route->is_again || route->is_hidden)
			continue;
		if (path == NULL)
			json_object_set_new(all, route->path, path = json_object());
		for (size_t i = 0; i < sizeof(name) - 1 && method[i]; i++)
			name[i] = (char) (method[i] | 0x20);
		json_object_set_new(path, name, sb_openapi_operation(route, config, components));
	}
	return all;
}

static json_t *
make(const struct sb_config *config)
{
	json_t *components = json_pack(
		"{s:o, s:{}, s:o, s:{s:{s:s, s:s, s:s, s:s}, s:{s:s, s:s, s:s, s:s}}}", "schemas",
		sb_shapes_all(SB_SCHEMA_OPEN), "responses", "headers", components_headers(),
		"securitySchemes", "bearer", "type", "http", "scheme", "bearer", "bearerFormat", "JWT",
		"description", "The access token of a session.", "api_key", "type", "http", "scheme",
		"bearer", "bearerFormat", "social_sk_…", "description",
		"An API key, with the scopes that an operation names: what names none is not for keys.");
	json_t *all_paths = paths(config, components);

	return json_pack(
		"{s:s, s:{s:s, s:s, s:s, s:s, s:{s:s, s:s}}, s:[{s:s, s:s}], s:o, s:o, s:o, s:o}",
		"openapi", "3.1.0", "info", "title", "social", "version", SOCIAL_VERSION, "summary",
		"A social network over REST.", "description", about, "license", "name", "MIT License",
		"identifier", "MIT", "servers", "url", "/", "description", "This bridge.", "tags", tags(),
		"paths", all_paths, "webhooks", sb_openapi_webhooks(), "components", components);
}

void
sb_openapi_init(const struct sb_config *config)
{
	json_t *all = make(config);
	char *text = sb_checked(json_dumps(all, JSON_COMPACT)); /* lives as long as the process */

	sb_fixed_init(&document, "application/json", text, strlen(text));
	json_decref(all);
}

void
sb_openapi_print(const struct sb_config *config, FILE *out)
{
	json_t *all = make(config);

	json_dumpf(all, out, JSON_INDENT(2));
	fputc('\n', out);
	json_decref(all);
}

void
sb_api_openapi(struct sb_request *request)
{
	sb_fixed_reply(request, &document);
}
