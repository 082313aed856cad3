/*
 * introspect.c owns the answers of __schema and __type (specification section 4): one row per field
 * of the introspection types. Internal directives do not exist for it.
 */
#include <string.h>

#include "graphql/plan.h"

/* More than this per request comes from repetition and cycles (type, fields, type ...), not tools.
 */
#define MAX_ANSWER ((size_t) 1024 * 1024)

struct gql_introspection
{
	struct sb_buffer *out;
	const struct gql_schema *schema;
	const struct gql_binding *binding;
	size_t limit; /* of out->len */
};

typedef struct gql_introspection out_t;
typedef const struct gql_node node_t;

static void
write_text(out_t *i, const char *text)
{
	if (text)
		sb_buffer_put_json(i->out, text, strlen(text));
	else
		sb_buffer_puts(i->out, "null");
}

static void
write_bool(out_t *i, bool value)
{
	sb_buffer_puts(i->out, value ? "true" : "false");
}

/* The selected fields of an introspection object; NULL is null. */
static void
write_object(out_t *i, node_t *node, const void *object)
{
	if (!object || i->out->len > i->limit)
	{
		sb_buffer_puts(i->out, "null");
		return;
	}
	sb_buffer_putc(i->out, '{');
	for (node_t *at = node->children; at; at = at->next)
	{
		if (at != node->children)
			sb_buffer_putc(i->out, ',');
		sb_buffer_printf(i->out, "\"%s\":", at->key);
		if (at->field->source.kind == GQL_TYPENAME)
			write_text(i, at->parent->name);
		else
			at->field->introspect(i, at, object);
	}
	sb_buffer_putc(i->out, '}');
}

static void
begin_item(out_t *i, bool *first)
{
	sb_buffer_putc(i->out, *first ? '[' : ',');
	*first = false;
}

static void
end_items(out_t *i, bool first)
{
	sb_buffer_puts(i->out, first ? "[]" : "]");
}

static bool
with_deprecated(out_t *i, node_t *node)
{
	const char *text = gql_node_argument(i->binding, node, "includeDeprecated").text;

	return text && strcmp(text, "true") == 0;
}

static void
write_inputs(out_t *i, node_t *node, const struct gql_input *inputs, int n)
{
	bool all = with_deprecated(i, node);
	bool first = true;

	for (int at = 0; at < n; at++)
	{
		if (inputs[at].deprecated && !all)
			continue;
		begin_item(i, &first);
		write_object(i, node, &inputs[at]);
	}
	end_items(i, first);
}

static void
write_types(out_t *i, node_t *node, const struct gql_type *const *types, int n)
{
	bool first = true;

	for (int at = 0; at < n; at++)
	{
		begin_item(i, &first);
		write_object(i, node, &types[at]->self);
	}
	end_items(i, first);
}

/* ---- __Schema ---- */

static void
schema_description(out_t *i, node_t *node, const void *object)
{
	write_text(i, i->schema->description);
}

static void
schema_types(out_t *i, node_t *node, const void *object)
{
	bool first = true;

	for (int at = 0; at < i->schema->ntypes; at++)
	{
		if (!i->schema->types[at].name)
			continue;
		begin_item(i, &first);
		write_object(i, node, &i->schema->types[at].self);
	}
	end_items(i, first);
}

static void
write_root(out_t *i, node_t *node, enum gql_operation_kind kind)
{
	const struct gql_type *root = i->schema->roots[kind];

	write_object(i, node, root ? &root->self : NULL);
}

static void
schema_query(out_t *i, node_t *node, const void *object)
{
	write_root(i, node, GQL_QUERY);
}

static void
schema_mutation(out_t *i, node_t *node, const void *object)
{
	write_root(i, node, GQL_MUTATION);
}

static void
schema_subscription(out_t *i, node_t *node, const void *object)
{
	write_root(i, node, GQL_SUBSCRIPTION);
}

static void
schema_directives(out_t *i, node_t *node, const void *object)
{
	bool first = true;

	for (int at = 0; at < i->schema->ndirectives; at++)
	{
		if (i->schema->directives[at].internal)
			continue;
		begin_item(i, &first);
		write_object(i, node, &i->schema->directives[at]);
	}
	end_items(i, first);
}

/* ---- __Type: the object is a type reference ---- */

/* The named type behind a reference, or NULL for a list or non-null. */
static const struct gql_type *
named(const void *object)
{
	return ((const struct gql_type_ref *) object)->target;
}

static void
type_kind(out_t *i, node_t *node, const void *object)
{
	static const char *const names[] = {"SCALAR", "OBJECT", "INTERFACE",
										"UNION",  "ENUM",   "INPUT_OBJECT"};
	const struct gql_type_ref *ref = object;

	write_text(i, ref->kind == GQL_LIST       ? "LIST"
				  : ref->kind == GQL_NON_NULL ? "NON_NULL"
											  : names[ref->target->kind]);
}

static void
type_name(out_t *i, node_t *node, const void *object)
{
	write_text(i, named(object) ? named(object)->name : NULL);
}

static void
type_description(out_t *i, node_t *node, const void *object)
{
	write_text(i, named(object) ? named(object)->description : NULL);
}

static void
type_url(out_t *i, node_t *node, const void *object)
{
	write_text(i, named(object) ? named(object)->url : NULL);
}

static void
type_fields(out_t *i, node_t *node, const void *object)
{
	const struct gql_type *type = named(object);
	bool all = with_deprecated(i, node);
	bool first = true;

	if (!type || (type->kind != GQL_OBJECT && type->kind != GQL_INTERFACE))
	{
		sb_buffer_puts(i->out, "null");
		return;
	}
	for (int at = 0; at < type->nfields; at++)
	{
		if (type->fields[at].deprecated && !all)
			continue;
		begin_item(i, &first);
		write_object(i, node, &type->fields[at]);
	}
	end_items(i, first);
}

static void
type_interfaces(out_t *i, node_t *node, const void *object)
{
	const struct gql_type *type = named(object);

	if (type && (type->kind == GQL_OBJECT || type->kind == GQL_INTERFACE))
		write_types(i, node, type->interfaces, type->ninterfaces);
	else
		sb_buffer_puts(i->out, "null");
}

static void
type_possible(out_t *i, node_t *node, const void *object)
{
	const struct gql_type *type = named(object);

	if (type && (type->kind == GQL_INTERFACE || type->kind == GQL_UNION))
		write_types(i, node, type->possible, type->npossible);
	else
		sb_buffer_puts(i->out, "null");
}

static void
type_values(out_t *i, node_t *node, const void *object)
{
	const struct gql_type *type = named(object);
	bool all = with_deprecated(i, node);
	bool first = true;

	if (!type || type->kind != GQL_ENUM)
	{
		sb_buffer_puts(i->out, "null");
		return;
	}
	for (int at = 0; at < type->nitems; at++)
	{
		if (type->items[at].deprecated && !all)
			continue;
		begin_item(i, &first);
		write_object(i, node, &type->items[at]);
	}
	end_items(i, first);
}

static void
type_inputs(out_t *i, node_t *node, const void *object)
{
	const struct gql_type *type = named(object);

	if (type && type->kind == GQL_INPUT_OBJECT)
		write_inputs(i, node, type->inputs, type->ninputs);
	else
		sb_buffer_puts(i->out, "null");
}

static void
type_inner(out_t *i, node_t *node, const void *object)
{
	write_object(i, node, ((const struct gql_type_ref *) object)->of);
}

static void
type_one_of(out_t *i, node_t *node, const void *object)
{
	if (named(object) && named(object)->kind == GQL_INPUT_OBJECT)
		write_bool(i, named(object)->one_of);
	else
		sb_buffer_puts(i->out, "null");
}

/* ---- __Field, __InputValue, __EnumValue, __Directive ---- */

static void
field_arguments(out_t *i, node_t *node, const void *object)
{
	const struct gql_field *field = object;

	write_inputs(i, node, field->inputs, field->ninputs);
}

static void
input_default(out_t *i, node_t *node, const void *object)
{
	const struct gql_input *input = object;
	struct sb_buffer text = {0};

	if (input->initial)
		gql_print_value(&text, input->initial);
	write_text(i, text.data);
	sb_buffer_free(&text);
}

static void
directive_locations(out_t *i, node_t *node, const void *object)
{
	const struct gql_directive_type *directive = object;
	bool first = true;

	for (int at = 0; at < GQL_NLOCATIONS; at++)
	{
		if (!(directive->locations & 1u << at))
			continue;
		begin_item(i, &first);
		write_text(i, gql_location_names[at]);
	}
	end_items(i, first);
}

static void
directive_arguments(out_t *i, node_t *node, const void *object)
{
	const struct gql_directive_type *directive = object;

	write_inputs(i, node, directive->inputs, directive->ninputs);
}

static void
directive_repeatable(out_t *i, node_t *node, const void *object)
{
	write_bool(i, ((const struct gql_directive_type *) object)->repeatable);
}

/* Members that several structures have: one function each, made by name. */
#define MEMBER(function, structure, write, member)                                                 \
	static void function(out_t *i, node_t *node, const void *object)                               \
	{                                                                                              \
		write(i, ((const struct structure *) object)->member);                                     \
	}
#define TYPE_MEMBER(function, structure)                                                           \
	static void function(out_t *i, node_t *node, const void *object)                               \
	{                                                                                              \
		write_object(i, node, ((const struct structure *) object)->type);                          \
	}
#define DEPRECATED_MEMBER(function, structure)                                                     \
	static void function(out_t *i, node_t *node, const void *object)                               \
	{                                                                                              \
		write_bool(i, ((const struct structure *) object)->deprecated != NULL);                    \
	}

MEMBER(field_name, gql_field, write_text, name)
MEMBER(field_description, gql_field, write_text, description)
MEMBER(field_reason, gql_field, write_text, deprecated)
TYPE_MEMBER(field_type, gql_field)
DEPRECATED_MEMBER(field_deprecated, gql_field)
MEMBER(input_name, gql_input, write_text, name)
MEMBER(input_description, gql_input, write_text, description)
MEMBER(input_reason, gql_input, write_text, deprecated)
TYPE_MEMBER(input_type, gql_input)
DEPRECATED_MEMBER(input_deprecated, gql_input)
MEMBER(value_name, gql_enum_item, write_text, name)
MEMBER(value_description, gql_enum_item, write_text, description)
MEMBER(value_reason, gql_enum_item, write_text, deprecated)
DEPRECATED_MEMBER(value_deprecated, gql_enum_item)
MEMBER(directive_name, gql_directive_type, write_text, name)
MEMBER(directive_description, gql_directive_type, write_text, description)

static const struct
{
	const char *type;
	const char *field;
	gql_introspect_fn introspect;
} rows[] = {
	{"__Schema", "description", schema_description},
	{"__Schema", "types", schema_types},
	{"__Schema", "queryType", schema_query},
	{"__Schema", "mutationType", schema_mutation},
	{"__Schema", "subscriptionType", schema_subscription},
	{"__Schema", "directives", schema_directives},
	{"__Type", "kind", type_kind},
	{"__Type", "name", type_name},
	{"__Type", "description", type_description},
	{"__Type", "specifiedByURL", type_url},
	{"__Type", "fields", type_fields},
	{"__Type", "interfaces", type_interfaces},
	{"__Type", "possibleTypes", type_possible},
	{"__Type", "enumValues", type_values},
	{"__Type", "inputFields", type_inputs},
	{"__Type", "ofType", type_inner},
	{"__Type", "isOneOf", type_one_of},
	{"__Field", "name", field_name},
	{"__Field", "description", field_description},
	{"__Field", "args", field_arguments},
	{"__Field", "type", field_type},
	{"__Field", "isDeprecated", field_deprecated},
	{"__Field", "deprecationReason", field_reason},
	{"__InputValue", "name", input_name},
	{"__InputValue", "description", input_description},
	{"__InputValue", "type", input_type},
	{"__InputValue", "defaultValue", input_default},
	{"__InputValue", "isDeprecated", input_deprecated},
	{"__InputValue", "deprecationReason", input_reason},
	{"__EnumValue", "name", value_name},
	{"__EnumValue", "description", value_description},
	{"__EnumValue", "isDeprecated", value_deprecated},
	{"__EnumValue", "deprecationReason", value_reason},
	{"__Directive", "name", directive_name},
	{"__Directive", "description", directive_description},
	{"__Directive", "isRepeatable", directive_repeatable},
	{"__Directive", "locations", directive_locations},
	{"__Directive", "args", directive_arguments},
};

void
gql_schema_bind_introspection(struct gql_schema *schema)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
	{
		const struct gql_type *type = gql_find_type(schema, rows[i].type);
		const struct gql_field *field = gql_find_field(schema, type, rows[i].field);

		((struct gql_field *) field)->introspect = rows[i].introspect;
	}
}

bool
gql_introspect(struct sb_buffer *out, const struct gql_schema *schema, struct gql_binding *binding,
			   const struct gql_node *node)
{
	size_t start = out->len;
	struct gql_introspection state = {.out = out,
									  .schema = schema,
									  .binding = binding,
									  .limit = start + MAX_ANSWER - binding->introspected};
	const struct gql_type *type;
	const char *name;

	if (node->field->source.kind == GQL_META_SCHEMA)
		write_object(&state, node, schema);
	else
	{
		name = gql_node_argument(binding, node, "name").text;
		type = name ? gql_find_type(schema, name) : NULL;
		write_object(&state, node, type ? &type->self : NULL);
	}
	if (out->len <= state.limit)
	{
		binding->introspected += out->len - start;
		return true;
	}
	gql_fail(binding->errors, GQL_LIMIT_EXCEEDED, GQL_NOWHERE,
			 "The introspection answer would be longer than %zu bytes", MAX_ANSWER);
	return false;
}
