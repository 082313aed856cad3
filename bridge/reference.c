/*
 * reference.c owns the reference of what the bridge serves, made from the rows that serve it.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "api/scope.h"
#include "api/shapes.h"
#include "graphql/graphql.h"
#include "http/router.h"
#include "reference.h"

static const char *const auth_words[] = {
	[SB_AUTH_NONE] = "",
	[SB_AUTH_OPTIONAL] = "optional",
	[SB_AUTH_CONTENT] = "token, or `ANONYMOUS_READ`",
	[SB_AUTH_GRAPHQL] = "optional with `ANONYMOUS_GRAPHQL`",
	[SB_AUTH_REQUIRED] = "token",
	[SB_AUTH_STAFF] = "token of staff; none on `ADMIN_PORT`",
	[SB_AUTH_ADMIN] = "`ADMIN_PORT` alone",
	[SB_AUTH_INGEST] = "`INGEST_PORT` alone",
};

/* What a client sends, as the row has it; what the bridge adds itself is left out. */
static void
print_parameters(FILE *out, const char *parameters)
{
	char *copy = strdup(parameters);
	char *rest = NULL;
	const char *separator = "";

	for (char *item = copy ? strtok_r(copy, " ", &rest) : NULL; item;
		 item = strtok_r(NULL, " ", &rest))
		if (strncmp(item, "client.", strlen("client.")) != 0)
		{
			fprintf(out, "%s`%s`", separator, item);
			separator = " ";
		}
	free(copy);
}

/* The paths of a row: the first, and the bases that do as well. */
static void
print_paths(FILE *out, const struct sb_route *route, const struct sb_route *end)
{
	fprintf(out, "`%s`", route->path);
	for (route++; route < end && route->is_again; route++)
		fprintf(out, "<br>`%s`", route->path);
}

static void
print_routes(FILE *out)
{
	int count;
	const struct sb_route *routes = sb_router_routes(&count);
	const char *tag = "";

	fputs("## REST\n\n"
		  "`source.name:type`: where a parameter is taken from; `!` must be there, `=text` is its "
		  "default, `~` may be null, which clears. Of an answer: `?` may be null, `-` may be "
		  "absent, `[]` is a list, and the shapes stand below. Paths are served with and without "
		  "the last slash, GET also as HEAD. `social-bridge --routes` prints the same as JSON.\n",
		  out);
	for (const struct sb_route *route = routes; route < routes + count; route++)
	{
		if (route->is_again || route->is_hidden)
			continue;
		if (strcmp(tag, route->group->tag) != 0)
		{
			tag = route->group->tag;
			fprintf(
				out,
				"\n### %s\n\n| method | path | what | token | API keys need | counts as | takes | "
				"answers |\n|---|---|---|---|---|---|---|---|\n",
				tag);
		}
		fprintf(out, "| %s | ", sb_router_method_name(route->method));
		print_paths(out, route, routes + count);
		fprintf(out, " | %s | %s | %s | %s/%s | ", route->summary, auth_words[route->auth],
				sb_scope_word(route->scope), route->purpose.surface,
				route->purpose.action ? route->purpose.action : "");
		print_parameters(out, route->parameters);
		if (route->takes_key)
			fputs(" `header.Idempotency-Key`", out);
		if (route->guard)
			fputs(" `header.If-Match`", out);
		fprintf(out, " | %d `%s` |\n", route->status, route->answer);
	}
	fputs("\n### Shapes\n\n| shape | what | members |\n|---|---|---|\n", out);
	sb_shapes_print(out);
}

bool
sb_reference_print_schema(FILE *out)
{
	char *error = NULL;
	struct sb_graphql *graphql =
		sb_graphql_new(sb_graphql_schema_text, sb_graphql_schema_text_len, NULL, &error);
	size_t len;
	char *sdl;

	if (graphql == NULL)
	{
		fprintf(stderr, "social-bridge: %s\n", error);
		free(error);
		return false;
	}
	sdl = sb_graphql_sdl(graphql, &len);
	fwrite(sdl, 1, len, out);
	free(sdl);
	sb_graphql_free(graphql);
	return true;
}

bool
sb_reference_print(FILE *out)
{
	bool fine;

	fputs("# What social-bridge serves\n\nMade by `social-bridge --reference`; `make reference` "
		  "renews it.\n\n",
		  out);
	print_routes(out);
	fputs("\n## GraphQL: `/graphql/`\n\n```graphql\n", out);
	fine = sb_reference_print_schema(out);
	fputs("```\n", out);
	return fine;
}
