/*
 * validate_merge.c owns the rule that overlapping fields can be merged (section 5.3.2) and the one
 * about subscription roots (5.2.4), which needs the same flattened view of selections.
 *
 * Fields are flattened once per merged set and compared with one representative per group instead
 * of pairwise; a set of a single field is looked at once in its life. What remains can still grow
 * with fragments nested in fragments, so every field visit takes from a budget.
 */
#include <string.h>

#include "graphql/validate.h"

/* A field of a merged set; groups are linked by `same`. */
struct entry
{
	struct gql_selection *field;
	struct entry *same; /* next entry with the same response key */
	struct entry *next; /* head of the next group */
	struct entry *last; /* head only: tail of the group */
};

struct set
{
	struct gql_validator *validator;
	struct gql_map groups;
	struct entry *first;
	struct entry *last;
};

static void check_groups(struct gql_validator *validator, struct entry *groups, bool strict);

static void
add_field(struct set *set, struct gql_selection *field)
{
	struct entry *entry = sb_arena_new(set->validator->arena, struct entry);
	struct entry *head;

	entry->field = field;
	head = gql_map_put(&set->groups, field->key, entry);
	if (head)
	{
		head->last->same = entry;
		head->last = entry;
		return;
	}
	entry->last = entry;
	if (set->last)
		set->last->next = entry;
	else
		set->first = entry;
	set->last = entry;
}

static void
flatten(struct set *set, struct gql_selection *selections)
{
	struct gql_validator *validator = set->validator;

	for (; selections && validator->budget >= 0; selections = selections->next)
	{
		validator->budget--;
		if (selections->kind == GQL_FIELD)
			add_field(set, selections);
		else if (selections->kind == GQL_INLINE_FRAGMENT)
			flatten(set, selections->selections);
		else if (selections->fragment->stamp != validator->stamp)
		{
			selections->fragment->stamp = validator->stamp;
			flatten(set, selections->fragment->body.selections);
		}
	}
}

static struct set
new_set(struct gql_validator *validator)
{
	validator->stamp++;
	return (struct set){.validator = validator, .groups = {.arena = validator->arena}};
}

static bool same_value(struct gql_validator *validator, const struct gql_value *one,
					   const struct gql_value *other);

/* Arguments and object fields are sets: order does not matter, names are unique by now. */
static bool
same_arguments(struct gql_validator *validator, const struct gql_argument *one,
			   const struct gql_argument *other)
{
	int surplus = 0;

	for (const struct gql_argument *at = other; at; at = at->next)
		surplus++;
	for (; one; one = one->next)
	{
		const struct gql_argument *match = gql_find_argument(other, one->name);

		if (!match || !same_value(validator, one->value, match->value))
			return false;
		surplus--;
	}
	return surplus == 0;
}

static bool
same_value(struct gql_validator *validator, const struct gql_value *one,
		   const struct gql_value *other)
{
	const struct gql_value *a = one->items;
	const struct gql_value *b = other->items;

	if (one->kind != other->kind)
		return false;
	if (one->kind == GQL_VALUE_OBJECT)
		return same_arguments(validator, one->fields, other->fields);
	if (one->kind == GQL_VALUE_LIST)
	{
		for (; a && b; a = a->next, b = b->next)
		{
			if (!same_value(validator, a, b))
				return false;
		}
		return !a && !b;
	}
	if (strcmp(one->text, other->text) != 0 || one->len != other->len)
		return false;
	if (one->lift >= 0 && other->lift >= 0 && one->lift != other->lift)
	{
		struct gql_equality *equality = sb_arena_new(validator->arena, struct gql_equality);

		*equality = (struct gql_equality){one->lift, other->lift, validator->equalities};
		validator->equalities = equality;
	}
	return true;
}

/* SameResponseShape without its recursion into sub-selections. */
static bool
same_shape(const struct gql_type_ref *one, const struct gql_type_ref *other)
{
	while (one->kind == other->kind && one->of)
	{
		one = one->of;
		other = other->of;
	}
	if (one->kind != other->kind)
		return false;
	if (gql_is_composite(one->target) && gql_is_composite(other->target))
		return true;
	return one->target == other->target;
}

static void
conflict(struct gql_validator *validator, const struct gql_selection *one,
		 const struct gql_selection *other, const char *why)
{
	gql_fail2(validator->errors, GQL_VALIDATION_FAILED, one->at, other->at,
			  "The fields named \"%s\" conflict: %s; give one of them an alias", one->key, why);
}

static bool
same_call(struct gql_validator *validator, const struct gql_selection *one,
		  const struct gql_selection *other)
{
	if (one == other)
		return true;
	if (strcmp(one->name, other->name) != 0)
		conflict(validator, one, other, "they are different fields");
	else if (!same_arguments(validator, one->arguments, other->arguments))
		conflict(validator, one, other, "they have different arguments");
	else
		return true;
	return false;
}

/* Merges the sub-selections of those entries that can meet on `parent` (NULL = all). */
static void
check_below(struct gql_validator *validator, struct entry *head, const struct gql_type *parent,
			bool strict)
{
	struct set set = new_set(validator);
	int members = 0;
	struct gql_selection *only = NULL;

	for (struct entry *at = head; at; at = at->same)
	{
		if (!at->field->selections || at->field == only ||
			(parent && at->field->parent != parent && at->field->parent->kind == GQL_OBJECT))
			continue;
		only = at->field;
		members++;
		flatten(&set, at->field->selections);
	}
	if (members == 0 || (members == 1 && only->merged))
		return;
	if (members == 1)
		only->merged = true;
	check_groups(validator, set.first, strict);
}

/* Entries of one parent type, and of any abstract type, must be the same call. */
static void
check_parent(struct gql_validator *validator, struct entry *head, const struct gql_type *parent)
{
	struct gql_selection *first = NULL;

	for (struct entry *at = head; at; at = at->same)
	{
		if (at->field->parent != parent && at->field->parent->kind == GQL_OBJECT)
			continue;
		if (first && !same_call(validator, first, at->field))
			return;
		if (!first)
			first = at->field;
	}
	check_below(validator, head, parent, true);
}

/* One response key. The object types in a group are few: the schema bounds them. */
static void
check_group(struct gql_validator *validator, struct entry *head, bool strict)
{
	struct gql_map parents = {.arena = validator->arena};
	int objects = 0;

	for (struct entry *at = head->same; at; at = at->same)
	{
		if (!same_shape(head->field->field->type, at->field->field->type))
		{
			conflict(validator, head->field, at->field, "their types differ");
			return;
		}
	}
	for (struct entry *at = head; at && strict; at = at->same)
	{
		const struct gql_type *parent = at->field->parent;

		if (parent->kind != GQL_OBJECT || gql_map_put(&parents, parent->name, at))
			continue;
		check_parent(validator, head, parent);
		objects++;
	}
	if (strict && objects == 0)
		check_parent(validator, head, head->field->parent);
	if (!strict || objects > 1)
		check_below(validator, head, NULL, false);
}

static void
check_groups(struct gql_validator *validator, struct entry *groups, bool strict)
{
	for (; groups && validator->budget >= 0 && !gql_errors_full(validator->errors);
		 groups = groups->next)
		check_group(validator, groups, strict);
}

static void
check_subscription(struct gql_validator *validator, struct gql_operation *operation,
				   const struct entry *first)
{
	if (first->next)
		gql_fail2(validator->errors, GQL_VALIDATION_FAILED, first->field->at,
				  first->next->field->at, "A subscription selects exactly one root field");
	else if (strncmp(first->field->name, "__", 2) == 0)
		gql_fail(validator->errors, GQL_VALIDATION_FAILED, operation->at,
				 "A subscription cannot select an introspection field");
}

/* Nothing at the root of a subscription depends on a condition (section 5.2.4.1). */
static void
check_unconditional(struct gql_validator *validator, const struct gql_selection *selections)
{
	for (; selections; selections = selections->next)
	{
		for (const struct gql_directive *at = selections->directives; at; at = at->next)
			if (strcmp(at->name, "skip") == 0 || strcmp(at->name, "include") == 0)
				gql_fail(validator->errors, GQL_VALIDATION_FAILED, at->at,
						 "\"@%s\" may not stand at the root of a subscription", at->name);
		if (selections->kind == GQL_INLINE_FRAGMENT)
			check_unconditional(validator, selections->selections);
		else if (selections->kind == GQL_FRAGMENT_SPREAD &&
				 selections->fragment->stamp != validator->stamp)
		{
			selections->fragment->stamp = validator->stamp;
			check_unconditional(validator, selections->fragment->body.selections);
		}
	}
}

void
gql_check_merging(struct gql_validator *validator)
{
	for (struct gql_operation *at = validator->document->operations; at; at = at->next)
	{
		struct set set = new_set(validator);

		flatten(&set, at->body.selections);
		if (at->kind == GQL_SUBSCRIPTION && set.first)
		{
			check_subscription(validator, at, set.first);
			validator->stamp++;
			check_unconditional(validator, at->body.selections);
		}
		check_groups(validator, set.first, true);
	}
	if (validator->budget < 0)
		gql_fail(validator->errors, GQL_LIMIT_EXCEEDED, GQL_NOWHERE,
				 "The fragments of the document overlap too much to be checked");
}
