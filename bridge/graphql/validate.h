/*
 * validate.h owns the rules for executable documents (specification section 5). Everything is
 * linear in the document but the merging of overlapping fields, which has a budget.
 */
#ifndef SB_GRAPHQL_VALIDATE_H
#define SB_GRAPHQL_VALIDATE_H

#include "graphql/schema.h"

/* Two lifted literals that were equal where the rules want equal arguments. */
struct gql_equality
{
	int one;
	int other;
	struct gql_equality *next;
};

struct gql_validator
{
	const struct gql_schema *schema;
	struct sb_arena *arena;
	struct gql_errors *errors;
	struct gql_document *document;
	struct gql_map fragments;
	struct gql_definition *definition; /* the one being walked */
	long budget;                       /* field visits left for merging */
	struct gql_definition constants;   /* walked outside of selections: holds no variables */
	uint32_t stamp;
	struct gql_equality *equalities; /* out: what a cache hit must check again */
	const struct gql_type **lifted;  /* out: the type of each lifted literal */
	bool nested_lifts;               /* out: some literal is not an argument by itself */
};

/*
 * Checks every rule and fills the [v] members of the tree. False with errors added.
 * `validator` must have schema, arena, errors, document and budget set.
 */
bool gql_validate(struct gql_validator *validator);

/* Below: shared by the validation files. */

/* Values against types; variables are recorded as usages of the current definition. */
void gql_check_value(struct gql_validator *validator, const struct gql_type_ref *type,
					 const struct gql_input *input, struct gql_value *value);
void gql_check_arguments(struct gql_validator *validator, const char *owner, uint32_t at,
						 const struct gql_input *inputs, int ninputs,
						 struct gql_argument *arguments);
void gql_check_directives(struct gql_validator *validator, struct gql_directive *directives,
						  enum gql_location location);
/* Operation names, fragment names, use and cycles; before the walk. */
bool gql_check_fragments(struct gql_validator *validator);
/* Variables of each operation, through its fragments; after the walk. */
void gql_check_variables(struct gql_validator *validator);
/* Overlapping fields can be merged; last, on a document that is otherwise valid. */
void gql_check_merging(struct gql_validator *validator);

/* A literal of a leaf type: NULL when fine, else what was wanted. Used again when binding. */
const char *gql_check_leaf(const struct gql_type *type, const struct gql_value *value);

#endif /* SB_GRAPHQL_VALIDATE_H */
