/*
 * collect.c owns the fields of a response: fragments flattened, equal response keys merged, @skip
 * and @include applied (CollectFields, section 6.3.2), within the limits of depth, aliases and
 * size.
 */
#include <string.h>

#include "graphql/plan.h"

/* Introspection nests deeper than data: seven levels of ofType under a type of a field. */
#define MAX_INTROSPECTION_DEPTH 30
/* PostgreSQL cuts longer identifiers, and two cut ones could collide. */
#define MAX_KEY_LENGTH          63

struct collector
{
	struct gql_binding *binding;
	struct sb_arena *arena;
	const struct sb_graphql_limits *limits;
	struct gql_errors *errors;
	int nodes;
	int aliases;
	bool failed;
};

/* The selections that merge into one node, in order: each counts as work, only the first as a field
 * under another name. */
struct member
{
	const struct gql_selection *field;
	struct member *next;
};

struct pending
{
	struct gql_node node; /* first */
	struct member *members;
	struct member **tail;
};

struct group
{
	struct collector *collector;
	const struct gql_type *parent;
	const struct gql_node *around;
	bool is_variant; /* the parent is one of the possible types of what was selected */
	struct gql_map keys;
	struct gql_map fragments; /* those already spread here */
	struct gql_node *first;
	struct gql_node **tail;
};

static void
exceed(struct collector *collector, uint32_t at, const char *what, long limit)
{
	if (!collector->failed)
		gql_fail(collector->errors, GQL_LIMIT_EXCEEDED, at, "%s (the limit is %ld)", what, limit);
	collector->failed = true;
}

static bool
condition(struct collector *collector, const struct gql_directive *directive)
{
	const struct gql_argument *argument = gql_find_argument(directive->arguments, "if");
	struct gql_argument_value value = gql_argument_of(collector->binding, argument->value, NULL);

	if (!value.text && !collector->failed)
	{
		gql_fail(collector->errors, GQL_BAD_USER_INPUT, argument->value->at,
				 "\"@%s\" needs true or false, not null", directive->name);
		collector->failed = true;
	}
	return value.text && strcmp(value.text, "true") == 0;
}

static bool
is_included(struct collector *collector, const struct gql_directive *directive)
{
	for (; directive; directive = directive->next)
	{
		if (strcmp(directive->name, "skip") == 0 && condition(collector, directive))
			return false;
		if (strcmp(directive->name, "include") == 0 && !condition(collector, directive))
			return false;
	}
	return true;
}

/* What a selection stands for in the group's type: below an interface, the object's own field. */
static const struct gql_field *
field_of(const struct group *group, const struct gql_selection *field)
{
	return group->is_variant ? gql_find_field(group->collector->binding->graphql->schema,
											  group->parent, field->name)
							 : field->field;
}

static void
add_member(struct group *group, const struct gql_selection *field)
{
	struct collector *collector = group->collector;
	struct pending *pending = gql_map_get(&group->keys, field->key);
	struct member *member = sb_arena_new(collector->arena, struct member);

	if (++collector->nodes > collector->limits->max_tokens)
		exceed(collector, field->at, "The operation has too many fields once fragments are spread",
			   collector->limits->max_tokens);
	if (!pending)
	{
		if (strcmp(field->key, field->name) != 0 &&
			++collector->aliases > collector->limits->max_aliases)
			exceed(collector, field->at, "The operation has too many aliases",
				   collector->limits->max_aliases);
		if (strlen(field->key) > MAX_KEY_LENGTH)
			exceed(collector, field->at, "The alias is too long", MAX_KEY_LENGTH);
		pending = sb_arena_new(collector->arena, struct pending);
		pending->tail = &pending->members;
		pending->node = (struct gql_node){.key = field->key,
										  .field = field_of(group, field),
										  .parent = group->parent,
										  .around = group->around,
										  .selection = field};
		gql_map_put(&group->keys, field->key, pending);
		*group->tail = &pending->node;
		group->tail = &pending->node.next;
	}
	member->field = field;
	*pending->tail = member;
	pending->tail = &member->next;
}

static bool
applies(const struct group *group, const struct gql_type_ref *type)
{
	return !type || gql_types_overlap(group->parent, gql_named(type));
}

static void
collect(struct group *group, const struct gql_selection *selections)
{
	for (; selections && !group->collector->failed; selections = selections->next)
	{
		if (!is_included(group->collector, selections->directives))
			continue;
		if (selections->kind == GQL_FIELD)
			add_member(group, selections);
		else if (selections->kind == GQL_INLINE_FRAGMENT)
		{
			if (applies(group, selections->condition))
				collect(group, selections->selections);
		}
		else if (!gql_map_put(&group->fragments, selections->name, selections->fragment) &&
				 applies(group, selections->fragment->condition))
			collect(group, selections->fragment->body.selections);
	}
}

static struct group
new_group(struct collector *collector, const struct gql_type *parent)
{
	return (struct group){.collector = collector,
						  .parent = parent,
						  .keys = {.arena = collector->arena},
						  .fragments = {.arena = collector->arena}};
}

static bool
is_meta(const struct gql_node *node)
{
	return node->field->source.kind == GQL_META_SCHEMA || node->field->source.kind == GQL_META_TYPE;
}

static void collect_below(struct collector *collector, struct gql_node *nodes, int depth,
						  int limit);

/* The selections of a node, as far as they are about a type. */
static struct gql_node *
collect_members(struct collector *collector, const struct gql_node *node,
				const struct gql_type *type, bool is_variant)
{
	struct group group = new_group(collector, type);

	group.around = node;
	group.is_variant = is_variant;
	group.tail = &group.first;
	for (struct member *member = ((const struct pending *) node)->members; member;
		 member = member->next)
		collect(&group, member->field->selections);
	return group.first;
}

/*
 * Of an interface or a union: what each of its possible types is asked for. An alias is one name
 * for a reader, however many types have the field.
 */
static void
collect_variants(struct collector *collector, struct gql_node *node, int depth, int limit)
{
	const struct gql_type *type = node->field->target;
	int before = collector->aliases;
	int most = before;

	node->variants =
		sb_arena_new_array(collector->arena, struct gql_node *, (size_t) type->npossible);
	for (int i = 0; i < type->npossible; i++)
	{
		collector->aliases = before;
		node->variants[i] = collect_members(collector, node, type->possible[i], true);
		collect_below(collector, node->variants[i], depth + 1, limit);
		most = collector->aliases > most ? collector->aliases : most;
	}
	collector->aliases = most;
}

/* Collects below every node; `limit` is the depth that this part of the tree may have. */
static void
collect_below(struct collector *collector, struct gql_node *nodes, int depth, int limit)
{
	for (struct gql_node *at = nodes; at && !collector->failed; at = at->next)
	{
		int below = is_meta(at) ? MAX_INTROSPECTION_DEPTH : limit;
		if (depth > below)
			exceed(collector, at->selection->at, "The operation nests too deeply", below);
		if (!gql_is_composite(at->field->target))
			continue;
		if (at->field->target->kind == GQL_OBJECT)
		{
			at->children = collect_members(collector, at, at->field->target, false);
			collect_below(collector, at->children, depth + 1, below);
		}
		else
			collect_variants(collector, at, depth, below);
	}
}

struct gql_node *
gql_collect(struct gql_binding *binding, struct sb_arena *arena,
			const struct gql_operation *operation, const struct gql_type *root,
			const struct sb_graphql_limits *limits)
{
	struct collector collector = {
		.binding = binding, .arena = arena, .limits = limits, .errors = binding->errors};
	struct group group = new_group(&collector, root);

	group.tail = &group.first;
	collect(&group, operation->body.selections);
	collect_below(&collector, group.first, 1, limits->max_depth);
	return collector.failed ? NULL : group.first;
}
