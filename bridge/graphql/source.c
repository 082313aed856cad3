/*
 * source.c owns the directives that name SQL: it reads them off the schema, checks them and binds
 * every field, so that planning needs no further look at them. schema/base.graphql documents them.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "graphql/plan.h"
#include "graphql/template.h"

struct binder
{
	struct gql_schema *schema;
	struct gql_errors *errors;
};

static const struct gql_directive *
directive_of(const struct gql_directive *directives, const char *name)
{
	while (directives && strcmp(directives->name, name) != 0)
		directives = directives->next;
	return directives;
}

/* A directive argument as text, or NULL. */
static const char *
text_of(const struct gql_directive *directive, const char *name)
{
	const struct gql_argument *argument = gql_find_argument(directive->arguments, name);

	return argument ? argument->value->text : NULL;
}

static const char *
or_empty(const char *text)
{
	return text ? text : "";
}

/* Directive applications must match their definitions, so that a typing error does not pass. */
static void
check_directives(struct binder *binder, const struct gql_directive *directives)
{
	for (; directives; directives = directives->next)
	{
		const struct gql_directive_type *type =
			gql_find_directive(binder->schema, directives->name);

		if (!type)
		{
			gql_fail(binder->errors, GQL_VALIDATION_FAILED, directives->at,
					 "Unknown directive \"@%s\"", directives->name);
			continue;
		}
		for (const struct gql_argument *at = directives->arguments; at; at = at->next)
		{
			if (!gql_find_input(type->inputs, type->ninputs, at->name))
				gql_fail(binder->errors, GQL_VALIDATION_FAILED, at->at,
						 "\"@%s\" takes no argument \"%s\"", type->name, at->name);
		}
		for (int i = 0; i < type->ninputs; i++)
		{
			if (type->inputs[i].type->kind == GQL_NON_NULL && !type->inputs[i].initial &&
				!gql_find_argument(directives->arguments, type->inputs[i].name))
				gql_fail(binder->errors, GQL_VALIDATION_FAILED, directives->at,
						 "\"@%s\" needs the argument \"%s\"", type->name, type->inputs[i].name);
		}
	}
}

static const char *
snake_case(struct sb_arena *arena, const char *name)
{
	char *out = sb_arena_alloc(arena, strlen(name) * 2 + 1);
	char *at = out;

	for (; *name; name++)
	{
		if (isupper((unsigned char) *name))
			*at++ = '_';
		*at++ = (char) tolower((unsigned char) *name);
	}
	return out;
}

/* How functions call these arguments or input fields. */
static void
bind_inputs(struct binder *binder, struct gql_input *inputs, int n)
{
	for (int i = 0; i < n; i++)
	{
		const struct gql_directive *column = directive_of(inputs[i].ast->directives, "column");

		const struct gql_directive *sql = directive_of(inputs[i].ast->directives, "sql");

		check_directives(binder, inputs[i].ast->directives);
		inputs[i].sql_type = sql ? text_of(sql, "type") : NULL;
		inputs[i].sql_name = column ? or_empty(text_of(column, "name"))
									: snake_case(binder->schema->arena, inputs[i].name);
	}
}

/* Every {name} of a template must be {parent}.column or an argument of the field. */
static void
check_template(struct binder *binder, const struct gql_type *type, struct gql_field *field,
			   const char *template)
{
	struct gql_template_part part;

	while (gql_template_next(&template, &part))
	{
		const struct gql_input *input;
		const char *name;

		if (part.kind == GQL_TEMPLATE_PARENT && !type->view)
			gql_fail(binder->errors, GQL_VALIDATION_FAILED, field->ast->at,
					 "\"%s.%s\": there is no row for {parent}", type->name, field->name);
		if (part.kind == GQL_TEMPLATE_TEXT || part.kind == GQL_TEMPLATE_PARENT)
			continue;
		name = sb_arena_copy(binder->schema->arena, part.text, part.name_len);
		input = gql_find_input(field->inputs, field->ninputs, name);
		if (part.kind == GQL_TEMPLATE_FAULT)
			gql_fail(binder->errors, GQL_VALIDATION_FAILED, field->ast->at,
					 "\"%s\": unclosed brace in \"%s\"", field->name, name);
		else if (!input ||
				 !gql_input_path(input, part.text + part.name_len, part.len - part.name_len))
			gql_fail(binder->errors, GQL_VALIDATION_FAILED, field->ast->at,
					 "\"%s\" has no argument for {%.*s}", field->name, (int) part.len, part.text);
	}
}

static bool
template_names(const char *template, const char *argument)
{
	struct gql_template_part part;

	while (gql_template_next(&template, &part))
	{
		if (part.kind == GQL_TEMPLATE_ARGUMENT && strlen(argument) == part.len &&
			memcmp(part.text, argument, part.len) == 0)
			return true;
	}
	return false;
}

/* A list is paged by its argument `first` or `limit`; without one it needs a fixed limit. */
static void
bind_page(struct binder *binder, struct gql_field *field, const char *limit)
{
	struct gql_source *source = &field->source;

	source->page = -1;
	source->limit = limit ? atoi(limit) : 0;
	if (!gql_is_list(field->type))
		return;
	for (int i = 0; i < field->ninputs; i++)
	{
		if (strcmp(field->inputs[i].name, "first") == 0 ||
			strcmp(field->inputs[i].name, "limit") == 0)
			source->page = i;
	}
	if (source->page >= 0)
	{
		const struct gql_value *initial = field->inputs[source->page].initial;

		source->page_in_from = template_names(source->from, field->inputs[source->page].name);
		if (!initial || initial->kind != GQL_VALUE_INT || atoi(initial->text) < 1)
			gql_fail(binder->errors, GQL_VALIDATION_FAILED, field->ast->at,
					 "\"%s\": a page argument needs a default", field->name);
	}
	else if (source->limit < 1)
		gql_fail(binder->errors, GQL_VALIDATION_FAILED, field->ast->at,
				 "\"%s\": a list needs the argument first or limit, or @rows(limit:)", field->name);
}

/* Only the rows of an object type are found by a key; @variants says it for others. */
static void
check_key(struct binder *binder, const struct gql_field *field, const struct gql_type *type)
{
	if (field->source.key && type->kind != GQL_OBJECT)
		gql_fail(binder->errors, GQL_VALIDATION_FAILED, field->ast->at,
				 "\"%s\": `key` is for object types", field->name);
}

#define BY_ID "id = "

/* Is it the one row of the type's view with this id? */
static bool
is_by_id(const struct gql_field *field)
{
	const struct gql_source *source = &field->source;

	return source->from_view && source->where && !gql_is_list(field->type) &&
		   strncmp(source->where, BY_ID, strlen(BY_ID)) == 0 &&
		   strchr(source->where + strlen(BY_ID), ' ') == NULL;
}

static void
bind_rows(struct binder *binder, const struct gql_type *type, struct gql_field *field,
		  const struct gql_directive *rows)
{
	struct gql_source *source = &field->source;
	const struct gql_type *target = field->target;

	source->kind = GQL_ROWS;
	source->from = text_of(rows, "from");
	source->where = text_of(rows, "where");
	source->order = text_of(rows, "order");
	source->slow = strcmp(or_empty(text_of(rows, "slow")), "true") == 0;
	source->key = text_of(rows, "key");
	if (!source->from)
	{
		source->from = target->view;
		source->from_view = true;
		if (!source->order && gql_is_list(field->type))
			source->order = target->order;
	}
	if (!source->from || !(target->kind == GQL_OBJECT ? target->view : target->variant_type))
	{
		gql_fail(binder->errors, GQL_VALIDATION_FAILED, field->ast->at,
				 "\"%s\": the rows of type \"%s\" need a @source, or @variants", field->name,
				 target->name);
		return;
	}
	check_template(binder, type, field, source->from);
	if (source->where)
		check_template(binder, type, field, source->where);
	if (is_by_id(field))
	{
		source->document = target->document;
		source->of = source->where + strlen(BY_ID);
	}
	check_key(binder, field, target);
	bind_page(binder, field, text_of(rows, "limit"));
}

/* The same rows as a document. */
static void
bind_document(struct binder *binder, const struct gql_type *type, struct gql_field *field,
			  const struct gql_directive *document)
{
	struct gql_source *source = &field->source;

	source->document = text_of(document, "source");
	source->of = text_of(document, "of");
	source->inner = strcmp(or_empty(text_of(document, "inner")), "true") == 0;
	if (!source->document ||
		(source->kind != GQL_ROWS && (source->kind != GQL_CONNECTION || source->before < 0)))
		gql_fail(binder->errors, GQL_VALIDATION_FAILED, field->ast->at,
				 "\"%s\": @rowDocument names the source of what @rows has, or of @pages that go "
				 "both ways",
				 field->name);
	if (source->of)
		check_template(binder, type, field, source->of);
}

/* The index of an argument, or -1. */
static int
index_of(const struct gql_field *field, const char *name)
{
	for (int i = 0; i < field->ninputs; i++)
		if (strcmp(field->inputs[i].name, name) == 0)
			return i;
	return -1;
}

static const char *const part_names[GQL_NPARTS] = {
	[GQL_EDGES] = "edges",
	[GQL_PAGE_INFO] = "pageInfo",
	[GQL_CURSOR] = "cursor",
	[GQL_NODE] = "node",
	[GQL_TOTAL] = "totalCount",
	[GQL_TOTAL_AT_LEAST] = "totalCountAtLeast",
	[GQL_HAS_NEXT] = "hasNextPage",
	[GQL_HAS_PREVIOUS] = "hasPreviousPage",
	[GQL_START_CURSOR] = "startCursor",
	[GQL_END_CURSOR] = "endCursor",
};

/* A field of a type that is part of a page. */
static void
bind_part(struct binder *binder, const struct gql_type *type, struct gql_field *field)
{
	int part = 0;

	while (part < GQL_NPARTS && strcmp(part_names[part], field->name) != 0)
		part++;
	if (part == GQL_NPARTS)
		gql_fail(binder->errors, GQL_VALIDATION_FAILED, field->ast->at,
				 "\"%s.%s\" is no part of a page", type->name, field->name);
	field->source.kind = GQL_PART;
	field->source.part = (enum gql_part) part;
}

/* The type of the rows of a connection: that of its edges' nodes. NULL when it has none. */
const struct gql_type *
gql_node_type(const struct gql_type *connection)
{
	const struct gql_type *type = connection;

	for (int step = 0; type && step < 2; step++)
	{
		const char *name = part_names[step == 0 ? GQL_EDGES : GQL_NODE];
		const struct gql_type *next = NULL;

		for (int i = 0; i < type->nfields; i++)
			if (strcmp(type->fields[i].name, name) == 0)
				next = type->fields[i].target;
		type = next;
	}
	return type;
}

/* The list function of a connection: the one that takes {after}. NULL when there is none. */
static const char *
list_name(struct binder *binder, const char *from)
{
	static const char schema[] = "social.";
	const char *after = strstr(from, "{after}");
	const char *name = NULL;

	for (const char *at = from; after && (at = strstr(at, schema)) && at < after;)
	{
		size_t len;

		at += strlen(schema);
		len = strspn(at, "abcdefghijklmnopqrstuvwxyz_");
		if (at[len] == '(')
			name = sb_arena_copy(binder->schema->arena, at, len);
	}
	return name;
}

static void
bind_connection(struct binder *binder, const struct gql_type *type, struct gql_field *field,
				const struct gql_directive *connection)
{
	struct gql_source *source = &field->source;
	const struct gql_type *node = gql_node_type(field->target);

	source->kind = GQL_CONNECTION;
	source->from = text_of(connection, "from");
	source->slow = strcmp(or_empty(text_of(connection, "slow")), "true") == 0;
	source->key = text_of(connection, "key");
	source->total = text_of(connection, "total");
	source->counted = strcmp(or_empty(text_of(connection, "counted")), "true") == 0;
	source->page = index_of(field, "first");
	source->last = index_of(field, "last");
	source->list = source->from ? list_name(binder, source->from) : NULL;
	source->before = index_of(field, "before");
	if (!source->from || source->page < 0 || !field->inputs[source->page].initial ||
		index_of(field, "after") < 0 || (source->last < 0) != (source->before < 0))
		gql_fail(binder->errors, GQL_VALIDATION_FAILED, field->ast->at,
				 "\"%s\": a connection needs `from`, and the arguments first (with a default) and "
				 "after, perhaps last and before",
				 field->name);
	else if (!node || !(node->kind == GQL_OBJECT ? node->view : node->variant_type))
		gql_fail(binder->errors, GQL_VALIDATION_FAILED, field->ast->at,
				 "\"%s\": the nodes of type \"%s\" need a @source, or @variants", field->name,
				 field->target->name);
	else
	{
		check_template(binder, type, field, source->from);
		if (source->total)
			check_template(binder, type, field, source->total);
		check_key(binder, field, node);
	}
}

static void
bind_leaf(struct binder *binder, const struct gql_type *type, struct gql_field *field)
{
	const struct gql_directive *column = directive_of(field->ast->directives, "column");
	const struct gql_directive *constant = directive_of(field->ast->directives, "constant");
	const struct gql_directive *value = directive_of(field->ast->directives, "value");

	if (value)
	{
		field->source.kind = GQL_EXPRESSION;
		field->source.sql = text_of(value, "sql");
		field->source.column = snake_case(binder->schema->arena, field->name);
		field->source.slow = strcmp(or_empty(text_of(value, "slow")), "true") == 0;
		check_template(binder, type, field, field->source.sql);
		return;
	}
	if (constant)
	{
		field->source.kind = GQL_CONSTANT;
		field->source.constant = text_of(constant, "value");
		return;
	}
	field->source.kind = GQL_COLUMN;
	field->source.column =
		column ? text_of(column, "name") : snake_case(binder->schema->arena, field->name);
	if (!type->view)
		gql_fail(binder->errors, GQL_VALIDATION_FAILED, field->ast->at,
				 "\"%s.%s\": a column needs a @source on its type", type->name, field->name);
}

/* The same row, as an object of another type. */
static void
bind_same(struct binder *binder, const struct gql_type *type, struct gql_field *field)
{
	field->source.kind = GQL_SAME;
	if (!type->view || field->target->kind != GQL_OBJECT || gql_is_list(field->type))
		gql_fail(binder->errors, GQL_VALIDATION_FAILED, field->ast->at,
				 "\"%s.%s\": @same is for one object, made of the row of another", type->name,
				 field->name);
}

/* A field of the mutation type calls a function, or is the one row that a function returns. */
static bool
is_mutation_source(const struct gql_field *field)
{
	return field->source.kind == GQL_CALL ||
		   (field->source.kind == GQL_ROWS && !gql_is_list(field->type));
}

/*
 * What a field counts as for rate limits. Only a mutation can be of another surface, or knock at an
 * account's door: the account is one of its arguments.
 */
static void
bind_limit(struct binder *binder, const struct gql_type *type, struct gql_field *field,
		   const struct gql_directive *limit)
{
	bool is_mutation = type == binder->schema->roots[GQL_MUTATION];
	int i = 0;

	field->source.action = text_of(limit, "action");
	field->source.account = text_of(limit, "account");
	while (field->source.account && i < field->ninputs &&
		   strcmp(field->inputs[i].name, field->source.account) != 0)
		i++;
	if (field->source.account && i == field->ninputs)
		gql_fail(binder->errors, GQL_VALIDATION_FAILED, field->ast->at,
				 "\"%s\": @limit names an argument that is not there", field->name);
	else if (!is_mutation && (field->source.account || strchr(field->source.action, '/')))
		gql_fail(binder->errors, GQL_VALIDATION_FAILED, field->ast->at,
				 "\"%s\": only a mutation's @limit can name an account or another surface",
				 field->name);
	else if (field->source.kind != GQL_ROWS && field->source.kind != GQL_CALL &&
			 field->source.kind != GQL_CONNECTION)
		gql_fail(binder->errors, GQL_VALIDATION_FAILED, field->ast->at,
				 "\"%s\": @limit is for fields with @rows or @call", field->name);
}

/* What makes a subscription's field be read; every one of them has it, and nothing else. */
static void
bind_event(struct binder *binder, const struct gql_type *type, struct gql_field *field)
{
	const struct gql_directive *event = directive_of(field->ast->directives, "event");
	bool is_subscription = type == binder->schema->roots[GQL_SUBSCRIPTION];

	field->source.shared = directive_of(field->ast->directives, "shared") != NULL;
	if (event)
	{
		field->source.topic = or_empty(text_of(event, "topic"));
		field->source.types = or_empty(text_of(event, "types"));
		check_template(binder, type, field, field->source.topic);
	}
	if (is_subscription != (event != NULL) || (is_subscription && field->source.kind != GQL_ROWS))
		gql_fail(binder->errors, GQL_VALIDATION_FAILED, field->ast->at,
				 "\"%s.%s\": @event is for the fields of the subscription type, whose source is "
				 "@rows",
				 type->name, field->name);
}

static void
bind_field(struct binder *binder, const struct gql_type *type, struct gql_field *field)
{
	const struct gql_directive *rows = directive_of(field->ast->directives, "rows");
	const struct gql_directive *call = directive_of(field->ast->directives, "call");
	const struct gql_directive *limit = directive_of(field->ast->directives, "limit");
	const struct gql_directive *document = directive_of(field->ast->directives, "rowDocument");
	const struct gql_directive *connection = directive_of(field->ast->directives, "connection");

	check_directives(binder, field->ast->directives);
	bind_inputs(binder, field->inputs, field->ninputs);
	if (directive_of(type->ast->directives, "connection"))
		bind_part(binder, type, field);
	else if (connection)
		bind_connection(binder, type, field, connection);
	else if (rows)
		bind_rows(binder, type, field, rows);
	else if (directive_of(field->ast->directives, "same"))
		bind_same(binder, type, field);
	else if (call)
	{
		field->source.kind = GQL_CALL;
		field->source.function = text_of(call, "name");
	}
	else if (!gql_is_composite(field->target))
		bind_leaf(binder, type, field);
	else
		gql_fail(binder->errors, GQL_VALIDATION_FAILED, field->ast->at, "\"%s.%s\" names no source",
				 type->name, field->name);
	if (type != binder->schema->roots[GQL_MUTATION] ? field->source.kind == GQL_CALL
													: !is_mutation_source(field))
		gql_fail(binder->errors, GQL_VALIDATION_FAILED, field->ast->at,
				 "\"%s.%s\": @call is for the fields of the mutation type, whose other source is "
				 "the one row of @rows",
				 type->name, field->name);
	bind_event(binder, type, field);
	if (limit)
		bind_limit(binder, type, field, limit);
	if (document)
		bind_document(binder, type, field, document);
}

/* Scalars that PostgreSQL must be told how to read; @sql(type:) adds others. */
static const struct
{
	const char *scalar;
	const char *sql_type;
	bool text;
} known_scalars[] = {
	{"Int", "integer", false}, {"Float", "double precision", false},
	{"String", "text", false}, {"Boolean", "boolean", false},
	{"ID", "bigint", true},
};

static void
bind_scalar(struct binder *binder, struct gql_type *type)
{
	const struct gql_directive *sql = directive_of(type->ast->directives, "sql");

	check_directives(binder, type->ast->directives);
	type->sql_type = sql ? text_of(sql, "type") : "text";
	type->any = strcmp(or_empty(type->sql_type), "jsonb") == 0;
	type->time = strcmp(or_empty(type->sql_type), "timestamptz") == 0;
	for (size_t i = 0; i < sizeof(known_scalars) / sizeof(known_scalars[0]); i++)
	{
		if (strcmp(known_scalars[i].scalar, type->name) == 0)
		{
			type->sql_type = known_scalars[i].sql_type;
			type->sql_text = known_scalars[i].text;
		}
	}
}

/* An interface or a union whose rows say which type each is, and where that type's view has it. */
static void
bind_variants(struct binder *binder, struct gql_type *type)
{
	const struct gql_directive *variants = directive_of(type->ast->directives, "variants");

	check_directives(binder, type->ast->directives);
	if (!variants)
		return;
	type->variant_type = text_of(variants, "type");
	type->variant_key = text_of(variants, "key");
	for (int i = 0; i < type->npossible; i++)
		if (!directive_of(type->possible[i]->ast->directives, "source"))
			gql_fail(binder->errors, GQL_VALIDATION_FAILED, type->ast->at,
					 "\"%s\": its type \"%s\" needs a @source", type->name,
					 type->possible[i]->name);
}

bool
gql_schema_bind(struct gql_schema *schema, struct gql_errors *errors)
{
	struct binder binder = {.schema = schema, .errors = errors};

	for (int i = 0; i < schema->ntypes; i++)
	{
		struct gql_type *type = &schema->types[i];
		const struct gql_directive *source = directive_of(type->ast->directives, "source");
		const struct gql_directive *document = directive_of(type->ast->directives, "rowDocument");

		if (type->kind == GQL_SCALAR)
			bind_scalar(&binder, type);
		else if (type->kind == GQL_ENUM)
			type->sql_type = "text";
		else if (type->kind == GQL_INPUT_OBJECT)
			bind_inputs(&binder, type->inputs, type->ninputs);
		else if (type->kind == GQL_OBJECT && source)
		{
			check_directives(&binder, type->ast->directives);
			type->view = text_of(source, "view");
			type->order = text_of(source, "order");
			if (document)
			{
				type->document = text_of(document, "source");
				type->columns = text_of(document, "columns");
			}
		}
		else if (type->kind == GQL_INTERFACE || type->kind == GQL_UNION)
			bind_variants(&binder, type);
	}
	for (int i = 0; i < schema->ntypes; i++)
	{
		struct gql_type *type = &schema->types[i];

		if (type->kind != GQL_OBJECT || type->builtin)
			continue;
		for (int j = 0; j < type->nfields; j++)
			bind_field(&binder, type, &type->fields[j]);
	}
	return errors->n == 0;
}
