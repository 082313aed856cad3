/* validate_fragment.c owns the rules about fragment definitions: names, use, cycles (5.5.1, 5.5.2).
 */
#include "graphql/validate.h"

/* Levels that selections may nest to once spreads are followed: bounds all later recursion. */
#define MAX_SPREAD_NESTING (4 * GQL_MAX_NESTING)

static void
collect_names(struct gql_validator *validator)
{
	for (struct gql_fragment *at = validator->document->fragments;
		 at && !gql_errors_full(validator->errors); at = at->next)
	{
		struct gql_fragment *earlier = gql_map_put(&validator->fragments, at->name, at);

		at->used = earlier != NULL; /* one error is enough */
		if (earlier)
			gql_fail2(validator->errors, GQL_VALIDATION_FAILED, earlier->at, at->at,
					  "There are two fragments named \"%s\"", at->name);
	}
}

/* Connects spreads with their fragments and lists them per definition. */
static void
connect_spreads(struct gql_validator *validator, struct gql_definition *definition,
				struct gql_selection *selections)
{
	for (; selections; selections = selections->next)
	{
		if (selections->kind == GQL_FRAGMENT_SPREAD)
		{
			selections->fragment = gql_map_get(&validator->fragments, selections->name);
			if (!selections->fragment)
				gql_fail(validator->errors, GQL_VALIDATION_FAILED, selections->at,
						 "Unknown fragment \"%s\"", selections->name);
			selections->next_spread = definition->spreads;
			definition->spreads = selections;
		}
		else if (selections->selections)
			connect_spreads(validator, definition, selections->selections);
	}
}

static int fragment_nesting(struct gql_validator *validator, struct gql_fragment *fragment,
							int level);

/* Levels below a selection set; -1 once an error ends the search. */
static int
nesting(struct gql_validator *validator, const struct gql_selection *selections, int level)
{
	int deepest = 0;

	if (level > MAX_SPREAD_NESTING)
	{
		gql_fail(validator->errors, GQL_LIMIT_EXCEEDED, selections->at,
				 "Fragments nest deeper than %d levels", MAX_SPREAD_NESTING);
		return -1;
	}
	for (; selections; selections = selections->next)
	{
		int below = 0;

		if (selections->kind == GQL_FRAGMENT_SPREAD)
		{
			if (!selections->fragment)
				continue;
			if (selections->fragment->nesting < 0)
			{
				gql_fail(validator->errors, GQL_VALIDATION_FAILED, selections->at,
						 "Fragment \"%s\" spreads itself", selections->name);
				return -1;
			}
			below = fragment_nesting(validator, selections->fragment, level + 1);
		}
		else if (selections->selections)
			below = nesting(validator, selections->selections, level + 1);
		if (below < 0)
			return -1;
		if (below + 1 > deepest)
			deepest = below + 1;
	}
	return deepest;
}

/* Remembers each fragment's result, so that all fragments together are visited once. */
static int
fragment_nesting(struct gql_validator *validator, struct gql_fragment *fragment, int level)
{
	if (fragment->nesting == 0)
	{
		int found;

		fragment->nesting = -1;
		found = nesting(validator, fragment->body.selections, level);
		if (found < 0)
			return -1;
		fragment->nesting = found;
	}
	if (level + fragment->nesting > MAX_SPREAD_NESTING)
	{
		gql_fail(validator->errors, GQL_LIMIT_EXCEEDED, fragment->at,
				 "Fragments nest deeper than %d levels", MAX_SPREAD_NESTING);
		return -1;
	}
	return fragment->nesting;
}

static void
mark_used(struct gql_definition *definition)
{
	for (struct gql_selection *at = definition->spreads; at; at = at->next_spread)
	{
		if (at->fragment && !at->fragment->used)
		{
			at->fragment->used = true;
			mark_used(&at->fragment->body);
		}
	}
}

/* False when spreads cannot be followed safely. */
bool
gql_check_fragments(struct gql_validator *validator)
{
	struct gql_document *document = validator->document;

	collect_names(validator);
	for (struct gql_operation *at = document->operations; at; at = at->next)
		connect_spreads(validator, &at->body, at->body.selections);
	for (struct gql_fragment *at = document->fragments; at; at = at->next)
		connect_spreads(validator, &at->body, at->body.selections);
	for (struct gql_operation *at = document->operations; at; at = at->next)
	{
		if (nesting(validator, at->body.selections, 1) < 0)
			return false;
	}
	for (struct gql_fragment *at = document->fragments; at; at = at->next)
	{
		if (fragment_nesting(validator, at, 1) < 0)
			return false;
	}
	for (struct gql_operation *at = document->operations; at; at = at->next)
		mark_used(&at->body);
	for (struct gql_fragment *at = document->fragments; at && !gql_errors_full(validator->errors);
		 at = at->next)
	{
		if (!at->used)
			gql_fail(validator->errors, GQL_VALIDATION_FAILED, at->at,
					 "Fragment \"%s\" is never used", at->name);
	}
	return true;
}
