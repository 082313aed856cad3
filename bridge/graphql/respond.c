/* respond.c owns the response body (specification section 7): the database's bytes and the errors.
 */
#include <string.h>

#include "graphql/execution.h"

static void
print_failure(struct sb_buffer *out, const struct sb_graphql_result *result,
			  const struct gql_root_field *root)
{
	const char *message = result->error_message ? result->error_message : "internal error";
	const char *code = result->error_code ? result->error_code : "INTERNAL";

	sb_buffer_puts(out, "{\"message\":");
	sb_buffer_put_json(out, message, strlen(message));
	if (root)
	{
		sb_buffer_printf(out, ",\"locations\":[{\"line\":%d,\"column\":%d}],\"path\":[\"%s\"]",
						 root->line, root->column, root->key);
	}
	sb_buffer_puts(out, ",\"extensions\":{\"code\":");
	sb_buffer_put_json(out, code, strlen(code));
	if (result->error_detail)
	{
		sb_buffer_puts(out, ",\"detail\":");
		sb_buffer_put_json(out, result->error_detail, strlen(result->error_detail));
	}
	if (result->error_hint)
	{
		sb_buffer_puts(out, ",\"hint\":");
		sb_buffer_put_json(out, result->error_hint, strlen(result->error_hint));
	}
	sb_buffer_puts(out, "}}");
}

static void
respond_query(struct gql_execution *execution, const struct sb_graphql_result *result)
{
	struct sb_buffer *out = &execution->body;
	const struct gql_root_field *root = execution->nroots == 1 ? execution->roots : NULL;

	if (result->json)
	{
		sb_buffer_reserve(out, result->json_len + 16);
		sb_buffer_puts(out, "{\"data\":");
		sb_buffer_append(out, result->json, result->json_len);
		sb_buffer_putc(out, '}');
		return;
	}
	execution->partial = true;
	sb_buffer_puts(out, "{\"errors\":[");
	print_failure(out, result, root);
	if (root && root->nullable)
		sb_buffer_printf(out, "],\"data\":{\"%s\":null}}", root->key);
	else
		sb_buffer_puts(out, "],\"data\":null}");
}

static void
print_mutation_errors(struct gql_execution *execution, const struct sb_graphql_result *results)
{
	struct sb_buffer *out = &execution->body;
	bool any = false;
	int step = 0;

	for (int i = 0; i < execution->nroots; i++)
	{
		const struct gql_root_field *root = &execution->roots[i];

		if (root->constant || results[step++].json)
			continue;
		sb_buffer_puts(out, any ? "," : "\"errors\":[");
		print_failure(out, &results[step - 1], root);
		any = true;
	}
	if (any)
		sb_buffer_puts(out, "],");
	execution->partial = any;
}

static void
respond_mutation(struct gql_execution *execution, const struct sb_graphql_result *results)
{
	struct sb_buffer *out = &execution->body;
	int step = 0;

	sb_buffer_putc(out, '{');
	print_mutation_errors(execution, results);
	sb_buffer_puts(out, "\"data\":{");
	for (int i = 0; i < execution->nroots; i++)
	{
		const struct gql_root_field *root = &execution->roots[i];

		sb_buffer_printf(out, "%s\"%s\":", i > 0 ? "," : "", root->key);
		if (root->constant)
			sb_buffer_puts(out, root->constant);
		else if (results[step].json)
			sb_buffer_append(out, results[step].json, results[step].json_len);
		else
			sb_buffer_puts(out, "null");
		step += !root->constant;
	}
	sb_buffer_puts(out, "}}");
}

char *
sb_graphql_respond(struct sb_graphql_execution *public, const struct sb_graphql_result *results,
				   size_t *len)
{
	struct gql_execution *execution = (struct gql_execution *) public;
	char *body;

	if (public->nsteps > 0)
	{
		execution->body.len = 0;
		if (public->is_mutation)
			respond_mutation(execution, results);
		else
			respond_query(execution, results);
	}
	body = execution->body.data;
	*len = execution->body.len;
	execution->body = (struct sb_buffer){0};
	return body;
}

const char *
sb_graphql_refusal(const struct sb_graphql_execution *public)
{
	const struct gql_errors *errors = &((const struct gql_execution *) public)->errors;

	return errors->n > 0 ? errors->items[0].code : NULL;
}

bool
sb_graphql_is_partial(const struct sb_graphql_execution *public)
{
	return ((const struct gql_execution *) public)->partial;
}
