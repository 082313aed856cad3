/* respond.c owns the response body (specification section 7): the database's bytes and the errors.
 */
#include <inttypes.h>
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

/* Whether a root field has no answer: its step failed. */
static bool
has_failed(const struct gql_root_field *root, const struct sb_graphql_result *results)
{
	return !root->constant && results[root->step].json == NULL;
}

/* Begins the body: the errors of all fields, if any. */
static void
print_errors(const struct gql_execution *execution, const struct sb_graphql_result *results,
			 struct sb_buffer *out)
{
	static const char first[] = "{\"errors\":[";
	const char *separator = first;

	for (int i = 0; i < execution->field_errors.n; i++)
	{
		sb_buffer_puts(out, separator);
		gql_print_error(out, &execution->field_errors, &execution->field_errors.items[i]);
		separator = ",";
	}
	if (execution->is_whole && !results[0].json)
	{
		sb_buffer_puts(out, separator);
		print_failure(out, &results[0], NULL);
		separator = ",";
	}
	for (int i = 0; i < execution->nroots; i++)
	{
		const struct gql_root_field *root = &execution->roots[i];

		if (!has_failed(root, results))
			continue;
		sb_buffer_puts(out, separator);
		print_failure(out, &results[root->step], root);
		separator = ",";
	}
	sb_buffer_puts(out, separator == first ? "{" : "],");
}

/* Whether an error leaves no data at all: nothing between its field and the top may be null. */
static bool
is_all_null(const struct gql_execution *execution, const struct sb_graphql_result *results)
{
	if (execution->is_null)
		return true;
	if (execution->is_whole)
		return results[0].json == NULL;
	for (int i = 0; i < execution->nroots; i++)
		if (!execution->roots[i].nullable && has_failed(&execution->roots[i], results))
			return true;
	return false;
}

/* A root field by itself. What reads rows of a query comes as {"key":value}. */
static void
print_root(const struct gql_execution *execution, const struct gql_root_field *root,
		   const struct sb_graphql_result *results, struct sb_buffer *out)
{
	if (root->constant || has_failed(root, results))
		sb_buffer_printf(out, "\"%s\":%s", root->key, root->constant ? root->constant : "null");
	else if (execution->public.is_mutation)
	{
		sb_buffer_printf(out, "\"%s\":", root->key);
		sb_buffer_append(out, results[root->step].json, results[root->step].json_len);
	}
	else
		sb_buffer_append(out, results[root->step].json + 1, results[root->step].json_len - 2);
}

static void
print_data(const struct gql_execution *execution, const struct sb_graphql_result *results,
		   struct sb_buffer *out)
{
	if (is_all_null(execution, results))
	{
		sb_buffer_puts(out, "null");
		return;
	}
	if (execution->is_whole)
	{
		sb_buffer_append(out, results[0].json, results[0].json_len);
		return;
	}
	sb_buffer_putc(out, '{');
	for (int i = 0; i < execution->nroots; i++)
	{
		if (i > 0)
			sb_buffer_putc(out, ',');
		print_root(execution, &execution->roots[i], results, out);
	}
	sb_buffer_putc(out, '}');
}

/* What is said beside the data: what it cost, which event it is about. */
static void
print_extensions(const struct gql_execution *execution, int64_t event_id, struct sb_buffer *out)
{
	if (!execution->announce_cost && event_id == 0)
		return;
	sb_buffer_puts(out, ",\"extensions\":{");
	if (execution->announce_cost)
		sb_buffer_printf(out, "\"cost\":{\"rows\":%.0f,\"limit\":%ld}", execution->cost,
						 execution->max_cost);
	if (execution->announce_cost && event_id)
		sb_buffer_putc(out, ',');
	if (event_id)
		sb_buffer_printf(out, "\"eventId\":\"%" PRId64 "\"", event_id);
	sb_buffer_putc(out, '}');
}

char *
sb_graphql_respond_event(struct sb_graphql_execution *public,
						 const struct sb_graphql_result *results, int64_t event_id, size_t *len)
{
	struct gql_execution *execution = (struct gql_execution *) public;
	struct sb_buffer out = {0};

	if (execution->errors.n > 0)
	{
		sb_buffer_puts(&out, "{\"errors\":");
		gql_print_errors(&out, &execution->errors);
		sb_buffer_putc(&out, '}');
		return sb_buffer_take(&out, len);
	}
	if (public->nsteps == 1 && results[0].json)
		sb_buffer_reserve(&out, results[0].json_len + 64);
	print_errors(execution, results, &out);
	execution->partial = out.len > 1;
	sb_buffer_puts(&out, "\"data\":");
	print_data(execution, results, &out);
	print_extensions(execution, event_id, &out);
	sb_buffer_putc(&out, '}');
	return sb_buffer_take(&out, len);
}

char *
sb_graphql_respond(struct sb_graphql_execution *public, const struct sb_graphql_result *results,
				   size_t *len)
{
	return sb_graphql_respond_event(public, results, 0, len);
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
