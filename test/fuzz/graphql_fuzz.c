/*
 * graphql_fuzz.c owns the fuzzing of the GraphQL library: arbitrary bytes as a document, and, after
 * a NUL byte, as the JSON text of variables. Each input runs twice, so that the second run goes
 * through the plan cache and must come to the same end.
 */
#include <stdlib.h>
#include <string.h>

#include "graphql/graphql.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Prepares, answers with something, and returns the number of steps. */
static int
run(struct sb_graphql *graphql, const struct sb_graphql_request *request)
{
	static const struct sb_graphql_result results[128] = {[0] = {.json = "{}", .json_len = 2}};
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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sb_graphql *graphql;
	const char *document = (const char *) data;
	const char *split = memchr(data, 0, size);
	struct sb_graphql_request request = {.document = document, .document_len = size};
	int first;

	if (!graphql)
	{
		struct sb_graphql_limits limits = sb_graphql_limits_default;
		char *error;

		limits.cache_entries = 16;
		graphql =
			sb_graphql_new(sb_graphql_schema_text, sb_graphql_schema_text_len, &limits, &error);
	}
	if (split)
	{
		request.document_len = (size_t) (split - document);
		request.variables = json_loadb(split + 1, size - request.document_len - 1,
									   JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	}
	request.allow_mutation = size % 2 == 0;
	first = run(graphql, &request);
	if (run(graphql, &request) != first)
		abort();
	json_decref(request.variables);
	return 0;
}
