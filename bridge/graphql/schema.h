/*
 * schema.h owns the compiled type system (specification section 3) and what each field stands for
 * in SQL. Read-only once compiled.
 */
#ifndef SB_GRAPHQL_SCHEMA_H
#define SB_GRAPHQL_SCHEMA_H

#include "graphql/ast.h"
#include "graphql/map.h"

enum gql_type_kind
{
	GQL_SCALAR,
	GQL_OBJECT,
	GQL_INTERFACE,
	GQL_UNION,
	GQL_ENUM,
	GQL_INPUT_OBJECT,
};

/* An argument or an input field. */
struct gql_input
{
	const char *name;
	const char *description;
	const struct gql_type_ref *type;
	const struct gql_value *initial; /* default value, or NULL */
	const char *deprecated;          /* reason, or NULL */
	const struct gql_field_definition *ast;
	const char *sql_type; /* instead of its scalar's, or NULL */
	const char *sql_name; /* for calls by name: in snake_case, or as @column says */
};

struct gql_enum_item
{
	const char *name;
	const char *description;
	const char *deprecated;
};

/* What a field is made of; GQL_UNBOUND only in schemas compiled without sources. */
enum gql_source_kind
{
	GQL_UNBOUND,
	GQL_COLUMN,     /* a column of the row */
	GQL_CONSTANT,   /* the same for every row */
	GQL_EXPRESSION, /* the value of an SQL expression */
	GQL_SAME,       /* the same row as an object of another type */
	GQL_ROWS,       /* rows of a view or function */
	GQL_CALL,       /* a mutation's function; the payload has no row of its own */
	GQL_CONNECTION, /* a page of a list function as edges and pageInfo */
	GQL_PART,       /* what such a page is made of, by the field's name */
	GQL_TYPENAME,   /* meta-fields */
	GQL_META_SCHEMA,
	GQL_META_TYPE,
};

/* The parts of a page, and what a page is made of (sql/README.md, "Pages"). */
enum gql_part
{
	GQL_EDGES,
	GQL_PAGE_INFO,
	GQL_CURSOR,
	GQL_NODE,
	GQL_TOTAL,
	GQL_TOTAL_AT_LEAST,
	GQL_HAS_NEXT,
	GQL_HAS_PREVIOUS,
	GQL_START_CURSOR,
	GQL_END_CURSOR,
	GQL_NPARTS,
};

/* SQL of a field. Templates hold {parent} and {argument}; source.c has checked them. */
struct gql_source
{
	enum gql_source_kind kind;
	const char *column;   /* COLUMN; of an EXPRESSION what documents call it */
	const char *constant; /* CONSTANT: its text */
	const char *function; /* CALL */
	const char *sql;      /* EXPRESSION */
	const char *from;     /* ROWS: a view or a FROM item */
	bool from_view;       /* ROWS: `from` is the type's own view */
	const char *where;    /* ROWS, or NULL */
	const char *order;    /* ROWS, or NULL */
	const char *key;      /* ROWS, CONNECTION: the column that finds each row in the type's view, or
							 NULL: the	  row itself is there */
	const char *total;    /* CONNECTION: the SQL of a count that is kept, or NULL */
	const char *document; /* ROWS, CONNECTION: the source of documents that has the same, or NULL */
	const char *of;       /* what names it there: a template, or NULL */
	bool inner;           /* only within another document */
	int limit;            /* ROWS, list: most rows without a page argument; 0 = none given */
	int page;             /* ROWS, list: index of the argument first or limit, or -1 */
	bool page_in_from;    /* the source takes the page argument itself */
	int last, before;     /* CONNECTION: indexes of the arguments for reading backwards, or -1 */
	const char *list;     /* CONNECTION: the list function whose cursors it takes, or NULL */
	enum gql_part part;   /* PART */
	bool counted;         /* CONNECTION: the rows have the columns total and total_is_exact */
	bool slow;            /* ROWS: may take long even for one row */
	const char *action;   /* what it counts as for rate limits, or NULL */
	const char *account;  /* of a mutation: the argument that names an account, or NULL */
	const char *topic;    /* of a subscription: what is listened to, or NULL */
	const char *types;    /* likewise the events there, by spaces */
	bool shared;          /* the same for all who see the row around */
};

struct gql_node;
struct gql_introspection;
/* Writes the value of one introspection field of `object`. */
typedef void (*gql_introspect_fn)(struct gql_introspection *, const struct gql_node *,
								  const void *object);

struct gql_field
{
	const char *name;
	const char *description;
	const struct gql_type_ref *type;
	const struct gql_type *target; /* the named type inside `type` */
	struct gql_input *inputs;
	int ninputs;
	const char *deprecated;
	const struct gql_field_definition *ast;
	struct gql_source source;
	gql_introspect_fn introspect; /* of introspection types */
};

struct gql_type
{
	enum gql_type_kind kind;
	const char *name;
	struct gql_type_ref self; /* a reference to this very type */
	const char *description;
	bool builtin;             /* defined by the specification, not printed */
	struct gql_field *fields; /* object, interface */
	int nfields;
	struct gql_input *inputs; /* input object */
	int ninputs;
	bool one_of;
	struct gql_enum_item *items; /* enum */
	int nitems;
	const struct gql_type **interfaces; /* object, interface: what it implements */
	int ninterfaces;
	const struct gql_type **possible; /* interface, union: its object types */
	int npossible;
	const char *url;          /* scalar: specifiedBy */
	const char *sql_type;     /* scalar: the SQL type of an argument */
	bool any;                 /* scalar: any JSON value, as its SQL type is jsonb */
	bool time;                /* scalar: a point in time, as its SQL type is timestamptz */
	bool sql_text;            /* scalar: columns are cast to text (identifiers) */
	const char *view;         /* object: where its rows come from, or NULL */
	const char *order;        /* object: order of its lists, or NULL */
	const char *document;     /* object: the source of social.document() of one, or NULL */
	const char *columns;      /* object: those that documents have, by spaces, or NULL */
	const char *variant_type; /* interface, union: the column of its rows that names the type */
	const char *variant_key;  /* likewise the column that finds the row in that type's view */
	struct gql_type_definition *ast;
};

struct gql_directive_type
{
	const char *name;
	const char *description;
	struct gql_input *inputs;
	int ninputs;
	uint32_t locations; /* bits 1 << enum gql_location */
	bool repeatable;
	bool internal; /* the schema file's own, which name SQL: no client sees them */
};

/* The order of __DirectiveLocation in the specification. */
enum gql_location
{
	GQL_AT_QUERY,
	GQL_AT_MUTATION,
	GQL_AT_SUBSCRIPTION,
	GQL_AT_FIELD,
	GQL_AT_FRAGMENT_DEFINITION,
	GQL_AT_FRAGMENT_SPREAD,
	GQL_AT_INLINE_FRAGMENT,
	GQL_AT_VARIABLE_DEFINITION,
	GQL_AT_SCHEMA,
	GQL_AT_SCALAR,
	GQL_AT_OBJECT,
	GQL_AT_FIELD_DEFINITION,
	GQL_AT_ARGUMENT_DEFINITION,
	GQL_AT_INTERFACE,
	GQL_AT_UNION,
	GQL_AT_ENUM,
	GQL_AT_ENUM_VALUE,
	GQL_AT_INPUT_OBJECT,
	GQL_AT_INPUT_FIELD_DEFINITION,
	GQL_NLOCATIONS,
};
extern const char *const gql_location_names[GQL_NLOCATIONS];

struct gql_schema
{
	struct sb_arena *arena;
	const char *description;
	struct gql_type *types;
	int ntypes;
	struct gql_map type_map;
	struct gql_directive_type *directives;
	int ndirectives;
	const struct gql_type *roots[3]; /* by enum gql_operation_kind; NULL = not served */
	struct gql_field meta_typename;
	struct gql_field meta_schema;
	struct gql_field meta_type;
};

/* The specification's own definitions: scalars, directives, introspection types. */
extern const char gql_builtin_sdl[];

/* Makes of every list with @pages a connection beside it, and rows where it has none. */
void gql_expand_pages(struct gql_document *document, struct sb_arena *arena,
					  struct gql_errors *errors);
/* Gives every type with @payload the fields that say that the mutation was done. */
void gql_expand_payloads(struct gql_document *document, struct sb_arena *arena,
						 struct gql_errors *errors);
/*
 * Compiles the type system of `sdl`, without looking at SQL. Everything lives in `arena`. NULL with
 * errors added (offsets into `sdl`).
 */
struct gql_schema *gql_schema_compile(struct sb_arena *arena, const char *sdl, size_t len,
									  struct gql_errors *errors);
/* Reads the directives that name SQL and binds every field of every reachable row type. */
bool gql_schema_bind(struct gql_schema *schema, struct gql_errors *errors);
/* Takes out the specification's scalars that nothing refers to (section 3.5). */
void gql_schema_drop_unused(struct gql_schema *schema);
/* Connects the introspection types' fields with the functions that answer them. */
void gql_schema_bind_introspection(struct gql_schema *schema);
/* Appends the public schema as SDL. */
void gql_schema_print(struct sb_buffer *out, const struct gql_schema *schema);

const struct gql_type *gql_find_type(const struct gql_schema *schema, const char *name);
/* The field, meta-fields included; NULL when the type has none of that name. */
const struct gql_field *gql_find_field(const struct gql_schema *schema, const struct gql_type *type,
									   const char *name);
const struct gql_input *gql_find_input(const struct gql_input *inputs, int n, const char *name);
const struct gql_directive_type *gql_find_directive(const struct gql_schema *schema,
													const char *name);
const struct gql_argument *gql_find_argument(const struct gql_argument *arguments,
											 const char *name);
/* The application of a directive among those of one place. */
struct gql_directive *gql_find_applied(struct gql_directive *directives, const char *name);

/* Resolves the named type inside a reference; NULL when the schema has no such type. */
const struct gql_type *gql_resolve(const struct gql_schema *schema, struct gql_type_ref *ref);
/* The named type inside a resolved reference. */
const struct gql_type *gql_named(const struct gql_type_ref *ref);
/* The reference without its outer non-null. */
const struct gql_type_ref *gql_nullable(const struct gql_type_ref *ref);
/* As written in SDL, for messages. */
const char *gql_type_text(struct sb_arena *arena, const struct gql_type_ref *ref);

static inline bool
gql_is_composite(const struct gql_type *type)
{
	return type->kind == GQL_OBJECT || type->kind == GQL_INTERFACE || type->kind == GQL_UNION;
}

static inline bool
gql_is_list(const struct gql_type_ref *ref)
{
	return gql_nullable(ref)->kind == GQL_LIST;
}

/* The type of the nodes of a connection's edges; NULL when it has none. */
const struct gql_type *gql_node_type(const struct gql_type *connection);

/* True when an object of `type` can also be one of `other`. */
bool gql_types_overlap(const struct gql_type *type, const struct gql_type *other);

/* Prints a constant value in GraphQL syntax (defaults in introspection and SDL). */
void gql_print_value(struct sb_buffer *out, const struct gql_value *value);

#endif /* SB_GRAPHQL_SCHEMA_H */
