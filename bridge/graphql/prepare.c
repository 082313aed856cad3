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
	struct gql_text text;
	bool is_known; /* the text came before, and what was said of its literals holds */
	bool is_fixed; /* its shape is the same whatever the variables are */
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
	{
		plan->nnodes++;
		plan->introspects |=
			at->field->source.kind == GQL_META_SCHEMA || at->field->source.kind == GQL_META_TYPE;
	}
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
	struct gql_errors *errors = &preparation->execution->errors;

	if (operation->kind == GQL_MUTATION && !preparation->request->allow_mutation)
		gql_fail(errors, GQL_METHOD_NOT_ALLOWED, GQL_NOWHERE, "A mutation must be sent with POST");
	else if (operation->kind == GQL_SUBSCRIPTION && !preparation->request->allow_subscription)
		gql_fail(errors, GQL_NOT_CARRIED, operation->at,
				 "A subscription needs a transport that streams, and this one does not");
	else
		return true;
	return false;
}

/* The long way: everything from the tokens on. */
static bool
plan_document(struct preparation *preparation, struct gql_plan *plan)
{
	struct sb_graphql *graphql = preparation->graphql;
	struct gql_errors *errors = &preparation->execution->errors;
	struct gql_document *document =
		gql_parse(&plan->arena, preparation->request->document, &preparation->text.tokens,
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
	number_roots(plan, &preparation->text.tokens);
	gql_plan_sql(plan, &graphql->limits, preparation->request->apart);
	return true;
}

/* The short way: the shape is known. False, without a word, when anything is out of order. */
static bool
reuse_plan(struct preparation *preparation, struct gql_plan *plan)
{
	preparation->binding.operation = plan->operation;
	return (preparation->is_known || gql_check_lifted(&preparation->binding, plan)) &&
		   method_allows(preparation, plan->operation) &&
		   gql_coerce_variables(&preparation->binding, preparation->graphql->schema,
								preparation->request->variables) &&
		   bind(preparation, plan);
}

/* What an error of a field makes null: the nearest one around that may be. */
static void
take_out(struct gql_execution *execution, const struct gql_node *node)
{
	while (node && node->field->type->kind == GQL_NON_NULL)
		node = node->around;
	if (node)
		((struct gql_node *) node)->is_null = true; /* of a plan that is shared with nobody */
	else
		execution->is_null = true;
}

/* Plans once more, without the fields that cannot be had. False with an error of the request. */
static bool
leave_out(struct preparation *preparation)
{
	struct gql_execution *execution = preparation->execution;
	struct gql_plan *plan = execution->plan;
	int n = execution->field_errors.n;

	if (execution->errors.n > 0)
		return false;
	if (plan->operation->kind == GQL_MUTATION || gql_errors_full(&execution->field_errors))
	{
		execution->errors = execution->field_errors;
		return false;
	}
	for (int i = 0; i < n; i++)
		take_out(execution, preparation->binding.failed[i]);
	if (execution->is_null)
	{
		plan->nsteps = plan->nlimited = 0;
		return true;
	}
	gql_plan_sql(plan, &preparation->graphql->limits, preparation->request->apart);
	return bind(preparation, plan);
}

/* The plan of the request: one of its shape that is known and fits, or a new one. */
static bool
find_plan(struct preparation *preparation)
{
	struct sb_graphql *graphql = preparation->graphql;
	struct gql_execution *execution = preparation->execution;
	const struct sb_graphql_request *request = preparation->request;
	struct gql_plan *plan;
	bool known;

	preparation->binding.tokens = preparation->text.tokens.items;
	preparation->binding.lifted = preparation->text.lifted;
	plan = request->apart ? NULL : gql_cache_find(&graphql->cache, &preparation->text);
	if (plan && reuse_plan(preparation, plan))
	{
		graphql->cache.stats.hits++;
		graphql->cache.stats.known += preparation->is_known;
		if (!preparation->is_known && preparation->is_fixed)
			gql_texts_note(&graphql->texts, &preparation->text);
		plan->references++;
		execution->plan = plan;
		return true;
	}
	known = plan != NULL;
	execution->errors.n = execution->field_errors.n = 0;
	execution->plan = new_plan();
	if (!plan_document(preparation, execution->plan))
		return false;
	if (!known && !request->apart)
		graphql->cache.stats.misses++;
	if (!bind(preparation, execution->plan))
		return leave_out(preparation);
	if (!known && !request->apart && execution->plan->cacheable)
		gql_cache_add(&graphql->cache, execution->plan, &preparation->text);
	return true;
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

static const char *const *
root_names(struct gql_execution *execution)
{
	const struct gql_plan *plan = execution->plan;
	const char **names = sb_arena_new_array(&execution->arena, const char *, (size_t) plan->nnodes);
	int i = 0;

	for (const struct gql_node *at = plan->nodes; at; at = at->next)
		names[i++] = at->field->name;
	return names;
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
	execution->public.is_subscription = plan->operation->kind == GQL_SUBSCRIPTION;
	execution->public.slow =
		plan->slow || preparation->binding.cost > (double) preparation->graphql->limits.quick_cost;
	execution->public.introspects = plan->introspects;
	execution->public.is_divisible = plan->nparts > 1 && !preparation->request->apart;
	execution->public.nroots = plan->nnodes;
	execution->public.roots = root_names(execution);
	execution->public.nsteps = plan->nsteps;
	execution->public.steps = steps;
	if (execution->public.is_subscription && !execution->is_null)
	{
		execution->public.topic = gql_event_topic(&preparation->binding, plan->nodes);
		execution->public.types = plan->nodes->field->source.types;
		execution->public.is_shared = gql_is_shared(plan->nodes);
	}
}

/* The JSON of __schema or __type; NULL with an error of the request. */
static const char *
introspection(struct preparation *preparation, const struct gql_node *node)
{
	struct sb_buffer json = {0};
	const char *text = NULL;

	if (gql_introspect(&json, preparation->graphql->schema, &preparation->binding, node))
		text = sb_arena_copy(&preparation->execution->arena, json.data, json.len);
	sb_buffer_free(&json);
	return text;
}

/* What a root field is without the database; NULL when it takes a step. */
static const char *
constant_of(struct preparation *preparation, const struct gql_node *node)
{
	struct gql_execution *execution = preparation->execution;

	if (node->is_null)
		return "null";
	switch (node->field->source.kind)
	{
		case GQL_TYPENAME:
			return sb_arena_printf(&execution->arena, "\"%s\"", execution->plan->root->name);
		case GQL_META_SCHEMA:
		case GQL_META_TYPE:
			return introspection(preparation, node);
		default:
			return NULL;
	}
}

/*
 * What respond needs to know about root fields that are answered by themselves, in this request's
 * own lines and columns.
 */
static void
fill_roots(struct preparation *preparation)
{
	struct gql_execution *execution = preparation->execution;
	const struct gql_plan *plan = execution->plan;
	int step = 0;
	int i = 0;

	execution->is_whole = execution->public.nsteps == 1 && plan->nnodes > 1 &&
						  !execution->public.is_mutation && !execution->is_apart;
	if (execution->is_null || execution->is_whole)
		return;
	execution->roots =
		sb_arena_new_array(&execution->arena, struct gql_root_field, (size_t) plan->nnodes);
	execution->nroots = plan->nnodes;
	for (const struct gql_node *at = plan->nodes; at && execution->errors.n == 0;
		 at = at->next, i++)
	{
		struct gql_root_field *root = &execution->roots[i];

		root->key = at->key;
		root->nullable = at->field->type->kind != GQL_NON_NULL;
		root->constant = constant_of(preparation, at);
		if (root->constant == NULL)
			root->step = step++;
		gql_locate(execution->errors.source, execution->errors.source_len,
				   preparation->text.tokens.items[plan->tokens[i]].start, &root->line,
				   &root->column);
	}
}

/* Tokens and shape of a document that is not known byte by byte. */
static bool
read_text(struct preparation *preparation)
{
	struct sb_graphql *graphql = preparation->graphql;
	const struct sb_graphql_request *request = preparation->request;

	if (!gql_lex(&graphql->tokens, request->document, request->document_len,
				 (uint32_t) graphql->limits.max_tokens, &preparation->execution->errors))
		return false;
	preparation->is_fixed =
		gql_shape(&graphql->key, &graphql->lifted, request->document, &graphql->tokens,
				  request->operation_name, request->variables);
	preparation->text =
		(struct gql_text){.source = request->document,
						  .len = request->document_len,
						  .operation = request->operation_name ? request->operation_name : "",
						  .tokens = graphql->tokens,
						  .lifted = graphql->lifted.items,
						  .nlifted = graphql->lifted.n,
						  .key = graphql->key.data,
						  .key_len = graphql->key.len,
						  .key_hash = gql_hash(graphql->key.data, graphql->key.len)};
	return true;
}

static bool
read_document(struct preparation *preparation)
{
	const struct gql_text *text;
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
	{
		text = gql_texts_find(&graphql->texts, request->document, request->document_len,
							  request->operation_name);
		preparation->is_known = text != NULL;
		if (text == NULL)
			return read_text(preparation);
		preparation->text = *text;
		return true;
	}
	return false;
}

static struct gql_execution *
new_execution(void)
{
	struct sb_arena arena = {0};
	struct gql_execution *execution = sb_arena_new(&arena, struct gql_execution);

	execution->arena = arena;
	return execution;
}

struct sb_graphql_execution *
sb_graphql_prepare(struct sb_graphql *graphql, const struct sb_graphql_request *request)
{
	struct gql_execution *execution = new_execution();
	struct preparation preparation = {
		.graphql = graphql, .request = request, .execution = execution};

	execution->errors.arena = &execution->arena;
	execution->errors.source = request->document;
	execution->errors.source_len = request->document_len;
	execution->field_errors = execution->errors;
	execution->is_apart = request->apart;
	execution->announce_cost = request->announce_cost;
	preparation.binding.graphql = graphql;
	preparation.binding.arena = &execution->arena;
	preparation.binding.errors = &execution->errors;
	preparation.binding.field_errors = &execution->field_errors;
	preparation.binding.source = request->document;
	if (read_document(&preparation) && find_plan(&preparation))
	{
		fill_steps(&preparation);
		fill_roots(&preparation);
		execution->cost = preparation.binding.cost;
		execution->max_cost = graphql->limits.max_cost;
	}
	if (execution->errors.n > 0)
		execution->public.nsteps = 0;
	return &execution->public;
}

struct sb_graphql_execution *
sb_graphql_refuse(const char *code, const char *message)
{
	struct gql_execution *execution = new_execution();

	execution->errors.arena = &execution->arena;
	gql_fail(&execution->errors, code, GQL_NOWHERE, "%s", message);
	return &execution->public;
}

void
sb_graphql_execution_free(struct sb_graphql_execution *public)
{
	struct gql_execution *execution = (struct gql_execution *) public;
	struct sb_arena arena;

	if (!execution)
		return;
	if (execution->plan)
		gql_plan_release(execution->plan);
	arena = execution->arena; /* the execution lives in its own arena */
	sb_arena_free(&arena);
}
