/*
 * payload.c owns @payload: what every mutation answers beside the object that it changed (mission
 * 083) is declared once, here. It is done on the syntax tree, before the schema is compiled.
 */
#include <string.h>

#include "graphql/parse.h"
#include "graphql/schema.h"

static const char payload_fields[] = "type Payload {\n"
									 "  \"Always true: a failure is an error with its code.\"\n"
									 "  success: Boolean! @constant(value: \"true\")\n"
									 "  \"What happened, for people.\"\n"
									 "  message: String! @constant(value: \"\")\n"
									 "}\n";

/* The fields behind those that the type has itself; the message's value is the directive's. */
static void
expand_type(struct gql_type_definition *type, const struct gql_directive *directive,
			struct sb_arena *arena, struct gql_errors *errors)
{
	const struct gql_argument *message = gql_find_argument(directive->arguments, "message");
	struct gql_document *made =
		gql_parse_sdl(arena, payload_fields, sizeof(payload_fields) - 1, errors);
	struct gql_field_definition **tail = &type->fields;

	if (!message || message->value->kind != GQL_VALUE_STRING)
	{
		gql_fail(errors, GQL_VALIDATION_FAILED, type->at, "\"%s\": @payload needs a message",
				 type->name);
		return;
	}
	while (*tail)
		tail = &(*tail)->next;
	*tail = made->types->fields;
	for (struct gql_field_definition *at = *tail; at; at = at->next)
		at->at = type->at;
	(*tail)->next->directives->arguments->value = message->value;
}

void
gql_expand_payloads(struct gql_document *document, struct sb_arena *arena,
					struct gql_errors *errors)
{
	for (struct gql_type_definition *type = document->types; type; type = type->next)
	{
		struct gql_directive *directive = gql_find_applied(type->directives, "payload");

		if (directive)
			expand_type(type, directive, arena, errors);
	}
}
