/*
 * graphql_request.h owns the short ways in which the GraphQL unit tests ask and look at answers:
 * ask() prepares, then sql(), value(), body(), message() and code() look at what came of it.
 */
#ifndef GRAPHQL_REQUEST_H
#define GRAPHQL_REQUEST_H

#include <stdlib.h>
#include <string.h>
#include "graphql/graphql.h"
#include "tap.h"

static struct sb_graphql *service;
static struct sb_graphql_execution *asked;
static json_t *answer;

static inline void
forget(void)
{
	sb_graphql_execution_free(asked);
	json_decref(answer);
	asked = NULL;
	answer = NULL;
}

/* Starts a service on the product's own schema. */
static inline void
start(const struct sb_graphql_limits *limits)
{
	char *error;

	forget();
	sb_graphql_free(service);
	service = sb_graphql_new(sb_graphql_schema_text, sb_graphql_schema_text_len, limits, &error);
	if (!service)
		printf("Bail out! %s\n", error);
}

static inline void
stop(void)
{
	forget();
	sb_graphql_free(service);
	service = NULL;
}

/* Prepares a document; `variables` is JSON text or NULL. True when there is something to run. */
static inline bool
ask_operation(const char *document, const char *variables, const char *operation, bool post)
{
	struct sb_graphql_request request = {.document = document,
										 .document_len = strlen(document),
										 .operation_name = operation,
										 .allow_mutation = post};

	forget();
	if (variables)
		request.variables = json_loads(variables, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	asked = sb_graphql_prepare(service, &request);
	json_decref(request.variables);
	if (asked->nsteps == 0)
	{
		size_t len;
		char *text = sb_graphql_respond(asked, NULL, &len);

		answer = json_loadb(text, len, 0, NULL);
		if (!answer)
			printf("# not JSON: %s\n", text);
		free(text);
	}
	return asked->nsteps > 0;
}

/* Prepares a query for its root fields to run apart; how many steps that takes. */
static inline int
ask_apart(const char *document)
{
	struct sb_graphql_request request = {
		.document = document, .document_len = strlen(document), .apart = true};

	forget();
	asked = sb_graphql_prepare(service, &request);
	return asked->nsteps;
}

static inline bool
ask(const char *document, const char *variables)
{
	return ask_operation(document, variables, NULL, true);
}

static inline const char *
sql(void)
{
	return asked->nsteps > 0 ? asked->steps[0].select.sql : "";
}

/* Takes a text as what the first step came to, and its response as the answer. */
static inline void
answer_with(const char *json)
{
	struct sb_graphql_result results[8] = {{.json = json, .json_len = strlen(json)}};
	size_t len;
	char *text = sb_graphql_respond(asked, results, &len);

	json_decref(answer);
	answer = json_loadb(text, len, 0, NULL);
	if (!answer)
		printf("# not JSON: %s\n", text);
	free(text);
}

/* The value of parameter $n of the first select; "NULL" for null. */
static inline const char *
value(int n)
{
	if (asked->nsteps == 0 || n > asked->steps[0].select.nparams)
		return "(none)";
	return asked->steps[0].select.values[n - 1] ? asked->steps[0].select.values[n - 1] : "NULL";
}

/* How many errors a response without steps has. */
static inline int
nerrors(void)
{
	return (int) json_array_size(json_object_get(answer, "errors"));
}

static inline const char *
message(void)
{
	const char *text = json_string_value(
		json_object_get(json_array_get(json_object_get(answer, "errors"), 0), "message"));

	return text ? text : "";
}

static inline const char *
code(void)
{
	json_t *error = json_array_get(json_object_get(answer, "errors"), 0);
	const char *text =
		json_string_value(json_object_get(json_object_get(error, "extensions"), "code"));

	return text ? text : "";
}

/* "line:column" of the first error's first location. */
static inline const char *
place(void)
{
	static char text[32];
	json_t *error = json_array_get(json_object_get(answer, "errors"), 0);
	json_t *at = json_array_get(json_object_get(error, "locations"), 0);

	snprintf(text, sizeof(text), "%d:%d", (int) json_integer_value(json_object_get(at, "line")),
			 (int) json_integer_value(json_object_get(at, "column")));
	return text;
}

#define has(text, part, name) tap_has((text), (part), (name), __FILE__, __LINE__)
static inline bool
tap_has(const char *text, const char *part, const char *name, const char *file, int line)
{
	bool found = strstr(text, part) != NULL;

	tap_ok(found, name, file, line);
	if (!found)
		printf("#   no %s\n#   in %s\n", part, text);
	return found;
}

/* The document is refused with this code, at this place, with words that contain `words`. */
#define refused(document, variables, wanted, where, words)                                         \
	tap_refused((document), (variables), (wanted), (where), (words), __FILE__, __LINE__)
static inline void
tap_refused(const char *document, const char *variables, const char *wanted, const char *where,
			const char *words, const char *file, int line)
{
	bool fine = !ask(document, variables) && sb_graphql_refusal(asked) != NULL &&
				strcmp(code(), wanted) == 0 && strstr(message(), words) != NULL &&
				(!where || strcmp(place(), where) == 0);

	tap_ok(fine, strlen(document) < 200 && !strchr(document, 10) ? document : words, file, line);
	if (!fine)
		printf("#   got %s at %s: %s\n", code(), place(), message());
}

/* A field, and nothing else, is refused with this code, at this place, with its path as JSON. */
#define nulled(document, variables, wanted, where, words, path)                                    \
	tap_nulled((document), (variables), (wanted), (where), (words), (path), __FILE__, __LINE__)
static inline void
tap_nulled(const char *document, const char *variables, const char *wanted, const char *where,
		   const char *words, const char *path, const char *file, int line)
{
	json_t *error;
	char *found;

	if (ask(document, variables))
		answer_with("{}");
	error = json_array_get(json_object_get(answer, "errors"), 0);
	found = json_dumps(json_object_get(error, "path"), JSON_COMPACT | JSON_ENCODE_ANY);
	if (!tap_ok(sb_graphql_refusal(asked) == NULL && json_object_get(answer, "data") &&
					strcmp(code(), wanted) == 0 && strstr(message(), words) != NULL && found &&
					strcmp(found, path) == 0 && (!where || strcmp(place(), where) == 0),
				document, file, line))
		printf("#   got %s at %s, %s: %s\n", code(), place(), found ? found : "no path", message());
	free(found);
}

/* What the answer holds as data, as JSON. */
static inline bool
data_is(const char *json, const char *name)
{
	char *found = json_dumps(json_object_get(answer, "data"), JSON_COMPACT | JSON_ENCODE_ANY);
	bool fine = is_str(found ? found : "(none)", json, name);

	free(found);
	return fine;
}

#endif /* GRAPHQL_REQUEST_H */
