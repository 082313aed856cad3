/*
 * subscription.c owns what a subscription listens to, and whether what it answers is the same for
 * all who hear of an event.
 */
#include <string.h>

#include "graphql/plan.h"
#include "graphql/template.h"

/* One of the topics that a field names, with the values of its arguments; NULL where one is not
 * given. Sets whether it has any. */
static const char *
fill_in(const struct gql_binding *binding, const struct gql_node *node, const char *template,
		bool *has_arguments)
{
	struct gql_template_part part;
	const char *topic = "";

	*has_arguments = false;
	while (gql_template_next(&template, &part))
	{
		struct gql_argument_value value = {.text = part.text, .len = part.len};

		if (part.kind != GQL_TEMPLATE_TEXT)
		{
			const char *name = sb_arena_copy(binding->arena, part.text, part.len);

			*has_arguments = true;
			value = gql_node_argument(binding, node, name);
			if (value.text == NULL)
				return NULL;
		}
		topic = sb_arena_printf(binding->arena, "%s%.*s", topic, (int) value.len, value.text);
	}
	return topic;
}

const char *
gql_event_topic(const struct gql_binding *binding, const struct gql_node *node)
{
	const char *at = node->field->source.topic;
	const char *found = NULL;
	bool found_arguments = false;

	while (*at)
	{
		size_t len = strcspn(at, "|");
		bool has_arguments;
		const char *topic =
			fill_in(binding, node, sb_arena_copy(binding->arena, at, len), &has_arguments);

		at += len + (at[len] == '|');
		if (topic == NULL)
			continue;
		if (has_arguments && found_arguments)
			gql_fail(binding->errors, GQL_BAD_USER_INPUT, GQL_NOWHERE,
					 "\"%s\" takes one of its arguments", node->field->name);
		if (found == NULL)
			found = topic;
		found_arguments |= has_arguments;
	}
	return found;
}

/* Is this field of a row the same for all who see the row? */
static bool
member_is_shared(const struct gql_node *node)
{
	switch (node->field->source.kind)
	{
		case GQL_TYPENAME:
		case GQL_CONSTANT:
			return true;
		case GQL_COLUMN:
			return gql_row_document_has(node->parent, node->field) || node->field->source.shared;
		case GQL_EXPRESSION:
			return node->field->source.shared;
		case GQL_SAME:
			return gql_is_shared(node);
		case GQL_ROWS:
			return node->field->source.shared && gql_is_shared(node);
		default:
			return false;
	}
}

bool
gql_is_shared(const struct gql_node *node)
{
	if (node->variants)
		return false;
	for (const struct gql_node *at = node->children; at; at = at->next)
		if (!member_is_shared(at))
			return false;
	return true;
}
