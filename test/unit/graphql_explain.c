/*
 * graphql_explain.c owns the command that shows people what the GraphQL library makes of a
 * document:
 *
 *     graphql_explain DOCUMENT [VARIABLES [OPERATION]]   the statements and their parameters
 *     graphql_explain --schema FILE ...                  with the schema of a file
 *     graphql_explain --sdl                              the public schema
 *     graphql_explain --codes < LINES                    of each {"document": ...} the first
 *                                                        error's code, "" without one
 *     graphql_explain --sources                          field, GraphQL type and SQL of every
 *                                                        source, by tabs: what a catalog must be
 *                                                        able to prepare
 *     graphql_explain --time DOCUMENT [VARIABLES]        microseconds for a new and for a known
 * shape
 */
#include <time.h>

#include "graphql_request.h"

static void
show_sources(void)
{
	size_t len;
	size_t i;
	char *text = sb_graphql_describe_sources(service, &len);
	json_t *rows = json_loadb(text, len, 0, NULL);
	json_t *row;

	json_array_foreach(rows, i, row)
	{
		const char *type = json_string_value(json_object_get(row, "type"));

		printf("%s\t%s\t%s\n", json_string_value(json_object_get(row, "field")), type ? type : "",
			   json_string_value(json_object_get(row, "sql")));
	}
	json_decref(rows);
	free(text);
}

static void
show_codes(void)
{
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, stdin) > 0)
	{
		json_t *given = json_loads(line, 0, NULL);

		ask(json_string_value(json_object_get(given, "document")), NULL);
		puts(code());
		json_decref(given);
	}
	free(line);
}

static void
show_statement(const struct sb_graphql_statement *statement)
{
	if (!statement->sql)
		return;
	printf("-- statement %016" PRIx64 "\n%s\n", statement->id, statement->sql);
	for (int i = 0; i < statement->nparams; i++)
		printf("--   $%d = %s\n", i + 1, statement->values[i] ? statement->values[i] : "NULL");
}

static void
show_document(void)
{
	for (int i = 0; i < asked->nsteps; i++)
	{
		show_statement(&asked->steps[i].call);
		show_statement(&asked->steps[i].select);
	}
	if (asked->nsteps == 0)
	{
		char *body = json_dumps(answer, JSON_INDENT(2));

		printf("-- %s\n%s\n", sb_graphql_refusal(asked) ? "refused" : "answered", body);
		free(body);
	}
}

/* Microseconds per request, over `n` of them. */
static double
time_requests(const struct sb_graphql_request *request, int n)
{
	struct timespec from;
	struct timespec to;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	for (int i = 0; i < n; i++)
		sb_graphql_execution_free(sb_graphql_prepare(service, request));
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	return ((double) (to.tv_sec - from.tv_sec) * 1e6 + (double) (to.tv_nsec - from.tv_nsec) / 1e3) /
		   n;
}

static void
show_times(const char *document, const char *variables)
{
	struct sb_graphql_limits limits = sb_graphql_limits_default;
	struct sb_graphql_request request = {
		.document = document, .document_len = strlen(document), .allow_mutation = true};

	if (variables)
		request.variables = json_loads(variables, 0, NULL);
	printf("known shape %.2f us\n", time_requests(&request, 200000));
	limits.cache_entries = 0;
	start(&limits);
	printf("new shape   %.2f us\n", time_requests(&request, 20000));
	json_decref(request.variables);
}

/* Serves the schema of a file instead of the product's. */
static void
use_schema(const char *path)
{
	static char sdl[65536];
	FILE *file = fopen(path, "r");
	size_t len = file ? fread(sdl, 1, sizeof(sdl), file) : 0;
	char *error = NULL;

	sb_graphql_free(service);
	service = sb_graphql_new(sdl, len, NULL, &error);
	if (service == NULL)
	{
		fprintf(stderr, "%s: %s\n", path, error ? error : "cannot be read");
		exit(2);
	}
	fclose(file);
}

int
main(int argc, char **argv)
{
	size_t len;

	start(NULL);
	if (argc > 2 && strcmp(argv[1], "--schema") == 0)
	{
		use_schema(argv[2]);
		argc -= 2;
		argv += 2;
	}
	if (argc < 2)
	{
		fprintf(stderr,
				"usage: graphql_explain DOCUMENT [VARIABLES [OPERATION]] | --sdl | --sources"
				" | --codes | --time DOCUMENT [VARIABLES]\n");
		return 2;
	}
	if (strcmp(argv[1], "--sdl") == 0)
	{
		char *text = sb_graphql_sdl(service, &len);

		fputs(text, stdout);
		free(text);
	}
	else if (strcmp(argv[1], "--sources") == 0)
		show_sources();
	else if (strcmp(argv[1], "--codes") == 0)
		show_codes();
	else if (strcmp(argv[1], "--time") == 0 && argc > 2)
		show_times(argv[2], argc > 3 ? argv[3] : NULL);
	else
	{
		ask_operation(argv[1], argc > 2 ? argv[2] : NULL, argc > 3 ? argv[3] : NULL, true);
		show_document();
	}
	stop();
	return 0;
}
