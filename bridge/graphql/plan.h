/*
 * plan.h owns what is known about a document shape once it was parsed, validated and planned: the
 * merged fields, the SQL, and where each parameter's value comes from. Plans are shared by all
 * requests of the same shape and never change.
 */
#ifndef SB_GRAPHQL_PLAN_H
#define SB_GRAPHQL_PLAN_H

#include <jansson.h>

#include "graphql/graphql.h"
#include "graphql/schema.h"
#include "graphql/validate.h"

/* A field of the response after fragments are merged and @skip/@include are applied. */
struct gql_node
{
	const char *key;
	const struct gql_field *field;
	const struct gql_type *parent;
	const struct gql_selection *selection; /* the first of the merged ones: its arguments count */
	struct gql_node *children;
	struct gql_node **variants; /* interface, union: children of each of its possible types */
	struct gql_node *next;
	const struct gql_node *around; /* the field that it was selected on; NULL: a root field */
	bool is_null;                  /* null, as an error of a field took it */
};

/* A statement parameter: which argument value it carries. */
struct gql_param
{
	const struct gql_node *node; /* introspection: the meta-field; then `input` is NULL */
	const struct gql_input *input;
	const struct gql_value *value; /* as given in the document, or NULL */
	bool page;                     /* a page size */
	bool lookup;                   /* an identifier that cannot exist finds nothing */
};

struct gql_sql
{
	const char *text; /* NULL = no statement */
	uint64_t id;
	struct gql_param *params;
	int nparams;
	int first; /* where its values start among all values of the execution */
};

struct gql_plan_step
{
	const struct gql_node *node; /* mutation: the root field */
	struct gql_sql call;
	struct gql_sql select;
};

/* A field that reads rows: how many per row of the field around. */
struct gql_rows_cost
{
	int around;                    /* index of the field around, or -1 */
	const struct gql_value *page;  /* the page argument in the document, or NULL */
	const struct gql_input *input; /* its definition, or NULL: then `size` counts */
	const struct gql_node *node;
	long size;
	long least; /* a list function takes no page of none */
};

/* A field with a @limit, after merging: it counts once for each row of the field around it. */
struct gql_limited
{
	const char *action;
	int step;
	int around; /* index of the cost of the field around, or -1 */
};

struct gql_plan
{
	struct sb_arena arena;
	int references;
	struct gql_operation *operation;
	const struct gql_type *root;
	struct gql_node *nodes; /* root fields */
	uint32_t *tokens;       /* token number of each root field, for locations */
	int nnodes;
	struct gql_plan_step *steps;
	int nsteps;
	int nparts;  /* root fields of a query that read rows */
	int nvalues; /* parameters of all steps */
	struct gql_rows_cost *costs;
	int ncosts;
	struct gql_limited *limited; /* by step */
	int nlimited;
	bool introspects;
	bool slow; /* reads a source that @rows(slow: true) marks */
	const struct gql_type **lifted;
	int nlifted;
	struct gql_equality *equalities;
	bool cacheable;
	/* Cache membership. */
	const char *key;
	size_t key_len;
	uint64_t hash;
	struct gql_plan *chain;
	struct gql_plan *newer;
	struct gql_plan *older;
};

void gql_plan_release(struct gql_plan *plan);

/* A coerced variable. */
struct gql_variable_value
{
	bool present;
	const char *text; /* scalars and enums; lists and input objects as JSON; NULL = null */
	size_t len;
	bool has_strange_id; /* of JSON: see struct gql_input_text */
	bool has_nul;
};

/* What one request brings to a plan. */
struct gql_binding
{
	const struct sb_graphql *graphql;
	struct sb_arena *arena;
	struct gql_errors *errors;                     /* of the request */
	struct gql_errors *field_errors;               /* of what only its own field is refused for */
	const struct gql_node *failed[GQL_MAX_ERRORS]; /* the field of each of those */
	const struct gql_operation *operation;
	struct gql_variable_value *variables; /* by index of the operation's variables */
	const char *source;
	const struct gql_token *tokens;
	const uint32_t *lifted; /* token number of each lifted literal */
	size_t introspected;    /* bytes of introspection answers so far */
	double cost;            /* rows, by gql_check_costs */
	long *rows;             /* of each cost of the plan, likewise */
};

/* The value of an argument; text NULL = null. `given` is false when nobody said anything. */
struct gql_argument_value
{
	bool given;
	const char *text;
	size_t len;
};

/* CoerceVariableValues (section 6.1.2). False with errors that name variable and path. */
bool gql_coerce_variables(struct gql_binding *binding, const struct gql_schema *schema,
						  json_t *variables);
/* The value of a constant in a document or schema; NULL: nobody said anything. */
struct gql_argument_value gql_constant(const struct gql_value *value);
/* A lifted literal as this request wrote it. */
struct gql_argument_value gql_lifted_value(const struct gql_binding *binding, int lift);
/* Document value, variable or default, whatever counts (section 6.4.1). */
struct gql_argument_value gql_argument_of(const struct gql_binding *binding,
										  const struct gql_value *value,
										  const struct gql_input *input);
/* An argument of a node by name. */
struct gql_argument_value gql_node_argument(const struct gql_binding *binding,
											const struct gql_node *node, const char *name);

/* ---- lists and input objects ---------------------------------------------------------------- */

/* JSON under way; free `json` with sb_buffer_free(). */
struct gql_input_text
{
	struct sb_buffer json;
	bool has_strange_id; /* an identifier that cannot exist */
	bool has_nul;        /* a string holds U+0000, which PostgreSQL does not take */
};

/* Is it a list or an input object, whose values are JSON? */
bool gql_is_compound(const struct gql_type_ref *ref);
/* Puts null for identifiers that cannot exist. */
void gql_input_known_ids(struct gql_input_text *text, const struct gql_type_ref *ref);
/* Appends a scalar or an enum's value from its text. */
void gql_input_leaf(struct gql_input_text *out, const struct gql_type *type, const char *text,
					size_t len);
/* Begins a member of the object that is being written. */
void gql_input_member(struct gql_input_text *out, const char *name);
/* Appends a value that holds no variables. */
void gql_input_constant(const struct gql_binding *binding, struct gql_input_text *out,
						const struct gql_type_ref *ref, const struct gql_value *value);
/* Appends what counts for an argument: the document's value, a variable's, the default. False
 * without a word when that is null. */
bool gql_input_argument(const struct gql_binding *binding, struct gql_input_text *out,
						const struct gql_input *input, const struct gql_value *value);

/* What a path (".title", ".range.from") leads to inside of an argument; NULL when it leads nowhere.
 */
const struct gql_type_ref *gql_input_path(const struct gql_input *input, const char *path,
										  size_t len);
/*
 * Writes an argument, or what a path leads to inside of it, as typed SQL over its parameter ("$3"):
 * a list of scalars is an array, what else is compound jsonb.
 */
void gql_input_sql(struct sb_buffer *out, const char *parameter, const struct gql_input *input,
				   const char *path, size_t len);
/* Writes the arguments that a function is called with for one: an input object's fields by name. */
void gql_input_call(struct sb_buffer *out, const char *parameter, const struct gql_input *input,
					const char *separator);

/* CollectFields for the whole operation, within depth, alias and size limits. */
struct gql_node *gql_collect(struct gql_binding *binding, struct sb_arena *arena,
							 const struct gql_operation *operation, const struct gql_type *root,
							 const struct sb_graphql_limits *limits);
/*
 * Can social.document() make the rows of this field, whose every field it has? `within` another
 * document, or by themselves.
 */
bool gql_row_document_fits(const struct gql_node *node, bool within);
/* Do documents of its type have all that is selected of a node? */
bool gql_row_document_fields_fit(const struct gql_node *node);
/* Is this column among those that documents of the type have? */
bool gql_row_document_has(const struct gql_type *type, const struct gql_field *column);
/* Writes what it is asked for: the members, and a list's place among the sizes, from 1. */
void gql_row_document_members(struct sb_buffer *out, const struct gql_node *node, int *nsizes);
/* Writes the SQL of every step and the cost items; `apart`: a query's root fields in a step each.
 */
void gql_plan_sql(struct gql_plan *plan, const struct sb_graphql_limits *limits, bool apart);
/*
 * Page sizes and cost against the limits; lifted literals against their types. A page size that is
 * out of order is an error of its field, and the others are looked at, too.
 */
bool gql_check_costs(struct gql_binding *binding, const struct gql_plan *plan,
					 const struct sb_graphql_limits *limits);
bool gql_check_lifted(struct gql_binding *binding, const struct gql_plan *plan);
/* Fills `values` for all steps of the plan; what cannot be is an error of its field. */
bool gql_bind_values(struct gql_binding *binding, const struct gql_schema *schema,
					 const struct gql_plan *plan, const char **values);

/* ---- subscriptions -------------------------------------------------------------------------- */

/*
 * What a subscription's root field listens to, in the arena: NULL where its arguments name nothing,
 * with an error of the request where they name several topics.
 */
const char *gql_event_topic(const struct gql_binding *binding, const struct gql_node *node);
/* Is what is selected the same for everybody who sees the row? */
bool gql_is_shared(const struct gql_node *node);

/* Appends the JSON of __schema or __type; false past the size limit of introspection. */
bool gql_introspect(struct sb_buffer *out, const struct gql_schema *schema,
					struct gql_binding *binding, const struct gql_node *node);

/* ---- shape and cache ------------------------------------------------------------------------ */

/* Lifted literals of a document, by token number. */
struct gql_lifted
{
	uint32_t *items;
	uint32_t n;
	uint32_t size;
};

/*
 * Writes the key of a document's shape: its tokens without lifted literals' values, the operation
 * name, and the values of variables that @skip and @include read; false when there are such, so
 * that the same document may have another shape next time.
 */
bool gql_shape(struct sb_buffer *key, struct gql_lifted *lifted, const char *source,
			   const struct gql_tokens *tokens, const char *operation_name, json_t *variables);

/* A document as it was read: its tokens and its shape. */
struct gql_text
{
	const char *source;
	size_t len;
	const char *operation; /* its name, or empty */
	uint64_t hash;
	struct gql_tokens tokens;
	const uint32_t *lifted; /* token numbers of the lifted literals */
	uint32_t nlifted;
	const char *key;
	size_t key_len;
	uint64_t key_hash;
};

/* Texts that came more than once. */
struct gql_texts
{
	struct gql_place *places;
	uint64_t hash; /* of what was looked for last */
};

void gql_texts_init(struct gql_texts *texts);
void gql_texts_free(struct gql_texts *texts);
/* What is remembered of exactly this document and operation (NULL: none named), or NULL. */
const struct gql_text *gql_texts_find(struct gql_texts *texts, const char *source, size_t len,
									  const char *operation);
/* Takes a copy of what was read of the document that find() has just not found, unless that came
 * for the first time. */
void gql_texts_note(struct gql_texts *texts, const struct gql_text *as);

struct gql_cache
{
	struct gql_plan **slots;
	uint32_t nslots;
	struct gql_plan *newest;
	struct gql_plan *oldest;
	int entries;
	int max_entries;
	size_t bytes;
	struct sb_graphql_stats stats;
};

void gql_cache_init(struct gql_cache *cache, int max_entries);
void gql_cache_free(struct gql_cache *cache);
/* The plan of exactly this text's key, now the newest; NULL when there is none. */
struct gql_plan *gql_cache_find(struct gql_cache *cache, const struct gql_text *text);
/* Takes a reference to the plan under a copy of the key; drops the oldest ones over the bounds. */
void gql_cache_add(struct gql_cache *cache, struct gql_plan *plan, const struct gql_text *text);

/* ---- documents that are known by a name ------------------------------------------------------ */

#define GQL_DOCUMENT_SLOTS 1024 /* a power of two */

struct gql_documents
{
	struct gql_named_document *slots[GQL_DOCUMENT_SLOTS];
	struct gql_named_document *newest;
	struct gql_named_document *oldest;
	int entries;
	size_t bytes;
};

void gql_documents_free(struct gql_documents *documents);

/* ---- the library object --------------------------------------------------------------------- */

struct sb_graphql
{
	struct sb_arena arena;
	struct gql_schema *schema;
	struct sb_graphql_limits limits;
	struct gql_cache cache;
	struct gql_documents documents;
	struct gql_texts texts;
	/* Reused from request to request. */
	struct gql_tokens tokens;
	struct sb_buffer key;
	struct gql_lifted lifted;
};

#endif /* SB_GRAPHQL_PLAN_H */
