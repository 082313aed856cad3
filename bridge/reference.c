/*
 * reference.c owns the reference of what the bridge serves, made from the rows that serve it.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "graphql/graphql.h"
#include "http/router.h"
#include "reference.h"

static const char *const auth_words[] = {
	[SB_AUTH_NONE] = "",
	[SB_AUTH_OPTIONAL] = "optional",
	[SB_AUTH_CONTENT] = "token, or `ANONYMOUS_READ`",
	[SB_AUTH_GRAPHQL] = "optional with `ANONYMOUS_GRAPHQL`",
	[SB_AUTH_REQUIRED] = "token",
};

/* What a client sends, as routes.def has it; what the bridge adds itself is left out. */
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

static void
print_routes(FILE *out)
{
	int count;
	const struct sb_route *routes = sb_router_routes(&count);

	fputs("## REST\n\n"
		  "`source.name:type`: where a parameter is taken from; `!` must be there, `=text` is its "
		  "default, `~` may be null, which clears. Paths are served with and without the last "
		  "slash, GET also as HEAD.\n\n"
		  "| method | path | token | counts as | takes |\n|---|---|---|---|---|\n",
		  out);
	for (const struct sb_route *route = routes; route < routes + count; route++)
	{
		fprintf(out, "| %s | `%s` | %s | %s/%s | ", sb_router_method_name(route->method),
				route->path, auth_words[route->auth], route->purpose.surface,
				route->purpose.action ? route->purpose.action : "");
		print_parameters(out, route->parameters);
		fputs(" |\n", out);
	}
}

bool
sb_reference_print(FILE *out)
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
	fputs("# What social-bridge serves\n\nMade by `social-bridge --reference`; `make reference` "
		  "renews it.\n\n",
		  out);
	print_routes(out);
	sdl = sb_graphql_sdl(graphql, &len);
	fprintf(out, "\n## GraphQL: `/graphql/`\n\n```graphql\n%.*s```\n", (int) len, sdl);
	free(sdl);
	sb_graphql_free(graphql);
	return true;
}
