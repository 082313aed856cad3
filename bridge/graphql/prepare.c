/*
 * prepare.c owns the way from a request to statements: look the shape up, or parse, validate and
 * plan it; then bind. A cache hit that does not bind goes the long way, which finds the words for
 * what is wrong.
 */
#include <stdlib.h>
#include <string.h>

#include "graphql/execution.h"
#include "graphql/parse.h"

/* Field visits that the merge rule may take, per token allowed. */
#define MERGE_BUDGET_PER_TOKEN 10

struct preparation
{
	struct sb_graphql *graphql;
	const struct sb_graphql_request *request;
	struct gql_execution *execution;
	struct gql_binding binding;
	const char **values;
};

static struct gql_operation *
pick_operation(struct preparation *preparation, const struct gql_document *document)
{
	const char *name = preparation->request->operation_name;
	struct gql_errors *errors = &preparation->execution->errors;

	if (name && *name)
	{
		for (struct gql_operation *at = document->operations; at; at = at->next)
		{
			if (at->name && strcmp(at->name, name) == 0)
				return at;
		}
		gql_fail(errors, GQL_OPERATION_RESOLUTION, GQL_NOWHERE,
				 "The document has no operation named \"%s\"", name);
	}
	else if (document->noperations == 1)
		return document->operations;
	else
		gql_fail(errors, GQL_OPERATION_RESOLUTION, GQL_NOWHERE,
				 document->noperations ? "operationName must say which operation to run"
									   : "The document has no operation");
	return NULL;
}

static struct gql_plan *
new_plan(void)
{
	struct sb_arena arena = {0};
	struct gql_plan *plan = sb_arena_new(&arena, struct gql_plan);

	plan->arena = arena;
	plan->references = 1;
	return plan;
}

static bool
validate(struct preparation *preparation, struct gql_plan *plan, struct gql_document *document)
{
	struct gql_validator validator = {
		.schema = preparation->graphql->schema,
		.arena = &plan->arena,
		.errors = &preparation->execution->errors,
		.document = document,
		.budget = (long) preparation->graphql->limits.max_tokens * MERGE_BUDGET_PER_TOKEN,
	};

	if (!gql_validate(&validator))
		return false;
	plan->lifted = validator.lifted;
	plan->nlifted = document->nlifted;
	plan->equalities = validator.equalities;
	plan->cacheable = !validator.nested_lifts;
	return true;
}

/* Remembers where the root fields are, as token numbers, which hold for every text of the shape. */
static void
number_roots(struct gql_plan *plan, const struct gql_tokens *tokens)
{
	uint32_t token = 0;
	int i = 0;

	for (const struct gql_node *at = plan->nodes; at; at = at->next)
		plan->nnodes++;
	plan->tokens = sb_arena_new_array(&plan->arena, uint32_t, (size_t) plan->nnodes);
	for (const struct gql_node *at = plan->nodes; at; at = at->next)
	{
		/* Fragments may put a later field first, so the search starts anew when needed. */
		if (tokens->items[token].start > at->selection->at)
			token = 0;
		while (tokens->items[token].start < at->selection->at)
			token++;
		plan->tokens[i++] = token;
	}
}

static bool
bind(struct preparation *preparation, const struct gql_plan *plan)
{
	struct sb_graphql *graphql = preparation->graphql;
	struct gql_execution *execution = preparation->execution;

	if (!gql_check_costs(&preparation->binding, plan, &graphql->limits))
		return false;
	preparation->values =
		sb_arena_new_array(&execution->arena, const char *, (size_t) plan->nvalues);
	return gql_bind_values(&preparation->binding, graphql->schema, plan, preparation->values);
}

static bool
method_allows(struct preparation *preparation, const struct gql_operation *operation)
{
	if (operation->kind != GQL_MUTATION || preparation->request->allow_mutation)
		return true;
	gql_fail(&preparation->execution->errors, GQL_METHOD_NOT_ALLOWED, GQL_NOWHERE,
			 "A mutation must be sent with POST");
	return false;
}

/* The long way: everything from the tokens on. */
static bool
plan_document(struct preparation *preparation, struct gql_plan *plan)
{
	struct sb_graphql *graphql = preparation->graphql;
	struct gql_errors *errors = &preparation->execution->errors;
	struct gql_document *document =
		gql_parse(&plan->arena, preparation->request->document, &graphql->tokens,
				  graphql->limits.max_directives, errors);

	if (!document || !validate(preparation, plan, document))
		return false;
	plan->operation = pick_operation(preparation, document);
	if (!plan->operation || !method_allows(preparation, plan->operation))
		return false;
	preparation->binding.operation = plan->operation;
	if (!gql_coerce_variables(&preparation->binding, graphql->schema,
							  preparation->request->variables))
		return false;
	plan->root = graphql->schema->roots[plan->operation->kind];
	plan->nodes = gql_collect(&preparation->binding, &plan->arena, plan->operation, plan->root,
							  &graphql->limits);
	if (errors->n > 0)
		return false;
	number_roots(plan, &graphql->tokens);
	gql_plan_sql(plan, &graphql->limits);
	return true;
}

/* The short way: the shape is known. False, without a word, when anything is out of order. */
static bool
reuse_plan(struct preparation *preparation, struct gql_plan *plan)
{
	preparation->binding.operation = plan->operation;
	return gql_check_lifted(&preparation->binding, plan) &&
		   method_allows(preparation, plan->operation) &&
		   gql_coerce_variables(&preparation->binding, preparation->graphql->schema,
								preparation->request->variables) &&
		   bind(preparation, plan);
}

static bool
find_plan(struct preparation *preparation)
{
	struct sb_graphql *graphql = preparation->graphql;
	struct gql_execution *execution = preparation->execution;
	const struct sb_graphql_request *request = preparation->request;
	struct gql_plan *plan;

	gql_shape(&graphql->key, &graphql->lifted, request->document, &graphql->tokens,
			  request->operation_name, request->variables);
	preparation->binding.tokens = graphql->tokens.items;
	preparation->binding.lifted = graphql->lifted.items;
	plan = gql_cache_find(&graphql->cache, graphql->key.data, graphql->key.len);
	if (plan && reuse_plan(preparation, plan))
	{
		graphql->cache.stats.hits++;
		plan->references++;
		execution->plan = plan;
		return true;
	}
	execution->errors.n = 0;
	execution->plan = new_plan();
	if (!plan_document(preparation, execution->plan))
		return false;
	if (!plan)
	{
		graphql->cache.stats.misses++;
		if (execution->plan->cacheable)
			gql_cache_add(&graphql->cache, execution->plan, graphql->key.data, graphql->key.len);
	}
	return bind(preparation, execution->plan);
}

static struct sb_graphql_statement
statement(const struct gql_sql *sql, const char **values)
{
	return (struct sb_graphql_statement){
		.sql = sql->text, .id = sql->id, .nparams = sql->nparams, .values = values + sql->first};
}

/* One action of a step, and how often it counts. */
struct counted
{
	const char *action;
	long times;
	struct counted *next;
};

static void
count_action(struct sb_arena *arena, struct counted **list, const char *action, long times)
{
	while (*list && strcmp((*list)->action, action) != 0)
		list = &(*list)->next;
	if (*list == NULL)
	{
		*list = sb_arena_new(arena, struct counted);
		(*list)->action = action;
	}
	(*list)->times += times;
}

/* What a step counts as: every @limit within it, as often as its field may run. */
static const char *
step_action(struct preparation *preparation, int step)
{
	const struct gql_plan *plan = preparation->execution->plan;
	struct sb_arena *arena = &preparation->execution->arena;
	struct counted *list = NULL;
	const char *text = NULL;

	for (int i = 0; i < plan->nlimited; i++)
	{
		const struct gql_limited *limited = &plan->limited[i];
		long times = limited->around < 0 ? 1 : preparation->binding.rows[limited->around];

		if (limited->step == step && times > 0)
			count_action(arena, &list, limited->action, times);
	}
	for (; list; list = list->next)
	{
		const char *one = list->times == 1
							  ? list->action
							  : sb_arena_printf(arena, "%s*%ld", list->action, list->times);

		text = text ? sb_arena_printf(arena, "%s,%s", text, one) : one;
	}
	return text;
}

static void
fill_steps(struct preparation *preparation)
{
	struct gql_execution *execution = preparation->execution;
	const struct gql_plan *plan = execution->plan;
	struct sb_graphql_step *steps =
		sb_arena_new_array(&execution->arena, struct sb_graphql_step, (size_t) plan->nsteps);

	for (int i = 0; i < plan->nsteps; i++)
	{
		const struct gql_plan_step *step = &plan->steps[i];

		steps[i].response_key = step->node ? step->node->key : NULL;
		if (step->call.text)
			steps[i].call = statement(&step->call, preparation->values);
		steps[i].select = statement(&step->select, preparation->values);
		steps[i].action = step_action(preparation, i);
		if (step->node && step->node->field->source.account)
			steps[i].account = gql_node_argument(&preparation->binding, step->node,
												 step->node->field->source.account)
								   .text;
	}
	execution->public.is_mutation = plan->operation->kind == GQL_MUTATION;
	execution->public.slow =
		plan->slow || preparation->binding.cost > (double) preparation->graphql->limits.quick_cost;
	execution->public.nsteps = plan->nsteps;
	execution->public.steps = steps;
}

/* What respond needs to know about the root fields, in this request's own lines and columns. */
static void
fill_roots(struct preparation *preparation)
{
	struct gql_execution *execution = preparation->execution;
	const struct gql_plan *plan = execution->plan;
	int i = 0;

	if (plan->operation->kind != GQL_MUTATION && plan->nnodes != 1)
		return;
	execution->roots =
		sb_arena_new_array(&execution->arena, struct gql_root_field, (size_t) plan->nnodes);
	execution->nroots = plan->nnodes;
	for (const struct gql_node *at = plan->nodes; at; at = at->next, i++)
	{
		struct gql_root_field *root = &execution->roots[i];

		root->key = at->key;
		root->nullable = at->field->type->kind != GQL_NON_NULL;
		if (at->field->source.kind == GQL_TYPENAME)
			root->constant = sb_arena_printf(&execution->arena, "\"%s\"", plan->root->name);
		gql_locate(execution->errors.source, execution->errors.source_len,
				   preparation->graphql->tokens.items[plan->tokens[i]].start, &root->line,
				   &root->column);
	}
}

/* Operations without rows: only introspection and __typename, or nothing at all. */
static void
answer_here(struct preparation *preparation)
{
	struct gql_execution *execution = preparation->execution;
	struct sb_buffer *body = &execution->body;
	const struct gql_plan *plan = execution->plan;

	sb_buffer_puts(body, "{\"data\":{");
	for (const struct gql_node *at = plan->nodes; at && execution->errors.n == 0; at = at->next)
	{
		sb_buffer_printf(body, "%s\"%s\":", at == plan->nodes ? "" : ",", at->key);
		if (at->field->source.kind == GQL_TYPENAME)
			sb_buffer_printf(body, "\"%s\"", plan->root->name);
		else
			gql_introspect(body, preparation->graphql->schema, &preparation->binding, at);
	}
	sb_buffer_puts(body, "}}");
}

static void
answer_errors(struct gql_execution *execution)
{
	execution->body.len = 0;
	sb_buffer_puts(&execution->body, "{\"errors\":");
	gql_print_errors(&execution->body, &execution->errors);
	sb_buffer_putc(&execution->body, '}');
	execution->public.nsteps = 0;
}

static bool
read_document(struct preparation *preparation)
{
	struct sb_graphql *graphql = preparation->graphql;
	const struct sb_graphql_request *request = preparation->request;
	struct gql_errors *errors = &preparation->execution->errors;

	if (request->document_len > graphql->limits.max_bytes)
		gql_fail(errors, GQL_LIMIT_EXCEEDED, GQL_NOWHERE, "The document is longer than %zu bytes",
				 graphql->limits.max_bytes);
	else if (request->variables && !json_is_object(request->variables) &&
			 !json_is_null(request->variables))
		gql_fail(errors, GQL_BAD_USER_INPUT, GQL_NOWHERE, "\"variables\" must be an object");
	else
		return gql_lex(&graphql->tokens, request->document, request->document_len,
					   (uint32_t) graphql->limits.max_tokens, errors);
	return false;
}

struct sb_graphql_execution *
sb_graphql_prepare(struct sb_graphql *graphql, const struct sb_graphql_request *request)
{
	struct gql_execution *execution = calloc(1, sizeof(*execution));
	struct preparation preparation = {
		.graphql = graphql, .request = request, .execution = execution};

	if (!execution)
		abort();
	execution->errors.arena = &execution->arena;
	execution->errors.source = request->document;
	execution->errors.source_len = request->document_len;
	preparation.binding.graphql = graphql;
	preparation.binding.arena = &execution->arena;
	preparation.binding.errors = &execution->errors;
	preparation.binding.source = request->document;
	if (read_document(&preparation) && find_plan(&preparation))
	{
		fill_steps(&preparation);
		if (execution->public.nsteps == 0)
			answer_here(&preparation);
		else
			fill_roots(&preparation);
	}
	if (execution->errors.n > 0)
		answer_errors(execution);
	return &execution->public;
}

void
sb_graphql_execution_free(struct sb_graphql_execution *public)
{
	struct gql_execution *execution = (struct gql_execution *) public;

	if (!execution)
		return;
	if (execution->plan)
		gql_plan_release(execution->plan);
	sb_buffer_free(&execution->body);
	sb_arena_free(&execution->arena);
	free(execution);
}
