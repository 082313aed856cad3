/*
 * graphql_fuzz.c owns the fuzzing of the GraphQL library: arbitrary bytes as a document, and, after
 * the last NUL byte, as the JSON text of variables, for the product's schema and for one with lists
 * and input objects as arguments. Each input runs four times, so that the second run goes through
 * the plan cache and must come to the same end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graphql/graphql.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Prepares, answers with something, and returns the number of steps. */
static int
run(struct sb_graphql *graphql, const struct sb_graphql_request *request)
{
	static const struct sb_graphql_result some[128] = {[0] = {.json = "{}", .json_len = 2}};
	static const struct sb_graphql_result none[128];
	const struct sb_graphql_result *results = request->apart ? none : some;
	struct sb_graphql_execution *execution = sb_graphql_prepare(graphql, request);
	int nsteps = execution->nsteps;
	size_t total = 0;

	for (int i = 0; i < nsteps; i++)
	{
		const struct sb_graphql_statement *select = &execution->steps[i].select;

		total += strlen(select->sql);
		for (int j = 0; j < select->nparams; j++)
			total += select->values[j] ? strlen(select->values[j]) : 0;
	}
	if (nsteps <= 128)
	{
		size_t len;
		char *body = sb_graphql_respond(execution, results, &len);
		json_t *json = json_loadb(body, len, 0, NULL);

		/* The body is JSON whatever came in. */
		if (!json)
			abort();
		json_decref(json);
		free(body);
	}
	sb_graphql_execution_free(execution);
	return total == SIZE_MAX ? -1 : nsteps;
}

static struct sb_graphql *
make(const char *sdl, size_t len)
{
	struct sb_graphql_limits limits = sb_graphql_limits_default;
	char *error;
	struct sb_graphql *graphql;

	limits.cache_entries = 16;
	graphql = sb_graphql_new(sdl, len, &limits, &error);
	if (!graphql)
		abort();
	return graphql;
}

/* The schema of the tests of compound arguments. */
static struct sb_graphql *
make_inputs(void)
{
	static char sdl[65536];
	FILE *file = fopen("test/data/language.graphql", "r");
	size_t len;

	if (!file)
		abort();
	len = fread(sdl, 1, sizeof(sdl), file);
	fclose(file);
	return make(sdl, len);
}

/* One run, and the same again: known shape or not, it must come to the same. Apart it is as much or
 * more. */
static void
run_often(struct sb_graphql *graphql, const struct sb_graphql_request *request)
{
	struct sb_graphql_request apart = *request;
	int first = run(graphql, request);

	/* The fourth goes by what is remembered of the text. */
	if (run(graphql, request) != first || run(graphql, request) != first ||
		run(graphql, request) != first)
		abort();
	apart.apart = true;
	if (run(graphql, &apart) < first)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sb_graphql *graphql;
	static struct sb_graphql *inputs;
	const char *document = (const char *) data;
	const char *split = memrchr(data, 0, size);
	struct sb_graphql_request request = {.document = document, .document_len = size};

	if (!graphql)
	{
		graphql = make(sb_graphql_schema_text, sb_graphql_schema_text_len);
		inputs = make_inputs();
	}
	if (split)
	{
		request.document_len = (size_t) (split - document);
		request.variables = json_loadb(split + 1, size - request.document_len - 1,
									   JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	}
	request.allow_mutation = size % 2 == 0;
	run_often(graphql, &request);
	run_often(inputs, &request);
	json_decref(request.variables);
	return 0;
}
