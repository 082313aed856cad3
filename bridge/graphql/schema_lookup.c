/* schema_lookup.c owns the questions that others put to a compiled schema. */
#include <string.h>

#include "graphql/schema.h"

const struct gql_type *
gql_find_type(const struct gql_schema *schema, const char *name)
{
	const struct gql_type *type = gql_map_get(&schema->type_map, name);

	return type && type->name ? type : NULL;
}

const struct gql_field *
gql_find_field(const struct gql_schema *schema, const struct gql_type *type, const char *name)
{
	if (name[0] == '_' && name[1] == '_')
	{
		if (strcmp(name, "__typename") == 0)
			return &schema->meta_typename;
		if (type == schema->roots[GQL_QUERY] && strcmp(name, "__schema") == 0)
			return &schema->meta_schema;
		if (type == schema->roots[GQL_QUERY] && strcmp(name, "__type") == 0)
			return &schema->meta_type;
		return NULL;
	}
	for (int i = 0; i < type->nfields; i++)
	{
		if (strcmp(type->fields[i].name, name) == 0)
			return &type->fields[i];
	}
	return NULL;
}

const struct gql_input *
gql_find_input(const struct gql_input *inputs, int n, const char *name)
{
	for (int i = 0; i < n; i++)
	{
		if (strcmp(inputs[i].name, name) == 0)
			return &inputs[i];
	}
	return NULL;
}

const struct gql_directive_type *
gql_find_directive(const struct gql_schema *schema, const char *name)
{
	for (int i = 0; i < schema->ndirectives; i++)
	{
		if (strcmp(schema->directives[i].name, name) == 0)
			return &schema->directives[i];
	}
	return NULL;
}

const struct gql_argument *
gql_find_argument(const struct gql_argument *arguments, const char *name)
{
	for (; arguments; arguments = arguments->next)
	{
		if (strcmp(arguments->name, name) == 0)
			return arguments;
	}
	return NULL;
}

struct gql_directive *
gql_find_applied(struct gql_directive *directives, const char *name)
{
	while (directives && strcmp(directives->name, name) != 0)
		directives = directives->next;
	return directives;
}

const struct gql_type *
gql_resolve(const struct gql_schema *schema, struct gql_type_ref *ref)
{
	while (ref->of)
		ref = ref->of;
	ref->target = gql_find_type(schema, ref->name);
	return ref->target;
}

const struct gql_type *
gql_named(const struct gql_type_ref *ref)
{
	while (ref->of)
		ref = ref->of;
	return ref->target;
}

const struct gql_type_ref *
gql_nullable(const struct gql_type_ref *ref)
{
	return ref->kind == GQL_NON_NULL ? ref->of : ref;
}

const char *
gql_type_text(struct sb_arena *arena, const struct gql_type_ref *ref)
{
	if (ref->kind == GQL_LIST)
		return sb_arena_printf(arena, "[%s]", gql_type_text(arena, ref->of));
	if (ref->kind == GQL_NON_NULL)
		return sb_arena_printf(arena, "%s!", gql_type_text(arena, ref->of));
	return ref->name;
}

static bool
is_possible(const struct gql_type *abstract, const struct gql_type *object)
{
	for (int i = 0; i < abstract->npossible; i++)
	{
		if (abstract->possible[i] == object)
			return true;
	}
	return abstract == object;
}

bool
gql_types_overlap(const struct gql_type *type, const struct gql_type *other)
{
	if (type->kind == GQL_OBJECT)
		return is_possible(other, type);
	for (int i = 0; i < type->npossible; i++)
	{
		if (is_possible(other, type->possible[i]))
			return true;
	}
	return false;
}

void
gql_print_value(struct sb_buffer *out, const struct gql_value *value)
{
	bool first = true;

	switch (value->kind)
	{
		case GQL_VALUE_VARIABLE:
			sb_buffer_printf(out, "$%s", value->text);
			break;
		case GQL_VALUE_STRING:
			sb_buffer_put_json(out, value->text, value->len);
			break;
		case GQL_VALUE_LIST:
			sb_buffer_putc(out, '[');
			for (const struct gql_value *item = value->items; item; item = item->next)
			{
				sb_buffer_puts(out, first ? "" : ", ");
				gql_print_value(out, item);
				first = false;
			}
			sb_buffer_putc(out, ']');
			break;
		case GQL_VALUE_OBJECT:
			sb_buffer_putc(out, '{');
			for (const struct gql_argument *field = value->fields; field; field = field->next)
			{
				sb_buffer_printf(out, "%s%s: ", first ? "" : ", ", field->name);
				gql_print_value(out, field->value);
				first = false;
			}
			sb_buffer_putc(out, '}');
			break;
		default:
			sb_buffer_puts(out, value->text);
	}
}
