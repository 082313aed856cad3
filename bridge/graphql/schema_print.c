/* schema_print.c owns the printed schema: what clients may know, in SDL. */
#include <string.h>

#include "graphql/schema.h"

static void
print_description(struct sb_buffer *out, const char *text, const char *indent)
{
	if (!text)
		return;
	sb_buffer_puts(out, indent);
	sb_buffer_put_json(out, text, strlen(text));
	sb_buffer_putc(out, '\n');
}

static void
print_type_ref(struct sb_buffer *out, const struct gql_type_ref *ref)
{
	if (ref->kind == GQL_NAMED)
		sb_buffer_puts(out, ref->name);
	else
	{
		sb_buffer_puts(out, ref->kind == GQL_LIST ? "[" : "");
		print_type_ref(out, ref->of);
		sb_buffer_putc(out, ref->kind == GQL_LIST ? ']' : '!');
	}
}

static void
print_deprecated(struct sb_buffer *out, const char *reason)
{
	if (!reason)
		return;
	sb_buffer_puts(out, " @deprecated(reason: ");
	sb_buffer_put_json(out, reason, strlen(reason));
	sb_buffer_putc(out, ')');
}

static void
print_input(struct sb_buffer *out, const struct gql_input *input, const char *indent)
{
	print_description(out, input->description, indent);
	sb_buffer_printf(out, "%s%s: ", indent, input->name);
	print_type_ref(out, input->type);
	if (input->initial)
	{
		sb_buffer_puts(out, " = ");
		gql_print_value(out, input->initial);
	}
	print_deprecated(out, input->deprecated);
	sb_buffer_putc(out, '\n');
}

static void
print_arguments(struct sb_buffer *out, const struct gql_input *inputs, int n, const char *indent)
{
	if (n == 0)
		return;
	sb_buffer_puts(out, "(\n");
	for (int i = 0; i < n; i++)
		print_input(out, &inputs[i], *indent ? "    " : "  ");
	sb_buffer_printf(out, "%s)", indent);
}

static void
print_fields(struct sb_buffer *out, const struct gql_type *type)
{
	sb_buffer_puts(out, " {\n");
	for (int i = 0; i < type->nfields; i++)
	{
		const struct gql_field *field = &type->fields[i];

		print_description(out, field->description, "  ");
		sb_buffer_printf(out, "  %s", field->name);
		print_arguments(out, field->inputs, field->ninputs, "  ");
		sb_buffer_puts(out, ": ");
		print_type_ref(out, field->type);
		print_deprecated(out, field->deprecated);
		sb_buffer_putc(out, '\n');
	}
	sb_buffer_puts(out, "}\n\n");
}

static void
print_names(struct sb_buffer *out, const char *before, const char *separator,
			const struct gql_type *const *types, int n)
{
	for (int i = 0; i < n; i++)
		sb_buffer_printf(out, "%s%s", i == 0 ? before : separator, types[i]->name);
}

static void
print_type(struct sb_buffer *out, const struct gql_type *type)
{
	static const char *const words[] = {"scalar", "type", "interface", "union", "enum", "input"};

	print_description(out, type->description, "");
	sb_buffer_printf(out, "%s %s", words[type->kind], type->name);
	print_names(out, " implements ", " & ", type->interfaces, type->ninterfaces);
	switch (type->kind)
	{
		case GQL_SCALAR:
			if (type->url)
			{
				sb_buffer_puts(out, " @specifiedBy(url: ");
				sb_buffer_put_json(out, type->url, strlen(type->url));
				sb_buffer_putc(out, ')');
			}
			sb_buffer_puts(out, "\n\n");
			break;
		case GQL_OBJECT:
		case GQL_INTERFACE:
			print_fields(out, type);
			break;
		case GQL_UNION:
			print_names(out, " = ", " | ", type->possible, type->npossible);
			sb_buffer_puts(out, "\n\n");
			break;
		case GQL_ENUM:
			sb_buffer_puts(out, " {\n");
			for (int i = 0; i < type->nitems; i++)
			{
				print_description(out, type->items[i].description, "  ");
				sb_buffer_printf(out, "  %s", type->items[i].name);
				print_deprecated(out, type->items[i].deprecated);
				sb_buffer_putc(out, '\n');
			}
			sb_buffer_puts(out, "}\n\n");
			break;
		case GQL_INPUT_OBJECT:
			sb_buffer_puts(out, type->one_of ? " @oneOf {\n" : " {\n");
			for (int i = 0; i < type->ninputs; i++)
				print_input(out, &type->inputs[i], "  ");
			sb_buffer_puts(out, "}\n\n");
			break;
	}
}

/* Root types have their usual names: they are only named where there is a description. */
static void
print_roots(struct sb_buffer *out, const struct gql_schema *schema)
{
	static const char *const words[] = {"query", "mutation", "subscription"};

	if (!schema->description)
		return;
	print_description(out, schema->description, "");
	sb_buffer_puts(out, "schema {\n");
	for (int i = 0; i < 3; i++)
	{
		if (schema->roots[i])
			sb_buffer_printf(out, "  %s: %s\n", words[i], schema->roots[i]->name);
	}
	sb_buffer_puts(out, "}\n\n");
}

void
gql_schema_print(struct sb_buffer *out, const struct gql_schema *schema)
{
	print_roots(out, schema);
	for (int i = 0; i < schema->ntypes; i++)
	{
		if (schema->types[i].name && !schema->types[i].builtin)
			print_type(out, &schema->types[i]);
	}
	if (out->len > 0)
		out->len--;
	sb_buffer_append(out, "", 0);
}
