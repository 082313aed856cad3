/*
 * ast.h owns the syntax tree of a document, executable or type system. Everything is in one arena;
 * siblings are linked by `next`; `at` is an offset into the source. Fields marked [v] are filled by
 * validation.
 */
#ifndef SB_GRAPHQL_AST_H
#define SB_GRAPHQL_AST_H

#include "graphql/lex.h"

/* Nesting of a tree (selections, values, types); keeps recursion off the stack's end. */
#define GQL_MAX_NESTING 200

struct gql_type;
struct gql_field;
struct gql_input;

enum gql_value_kind
{
	GQL_VALUE_VARIABLE,
	GQL_VALUE_INT,
	GQL_VALUE_FLOAT,
	GQL_VALUE_STRING,
	GQL_VALUE_BOOLEAN,
	GQL_VALUE_NULL,
	GQL_VALUE_ENUM,
	GQL_VALUE_LIST,
	GQL_VALUE_OBJECT,
};

struct gql_value
{
	enum gql_value_kind kind;
	uint32_t at;
	const char *text; /* variable or enum name, digits, decoded string, "true"/"false" */
	uint32_t len;
	int lift;                    /* number of the lifted literal, or -1 */
	struct gql_value *items;     /* of a list */
	struct gql_argument *fields; /* of an object */
	struct gql_value *next;
	const struct gql_input *input;   /* [v] variable: the argument or input field it stands for */
	const struct gql_type_ref *type; /* [v] variable: the type wanted there */
	struct gql_value *next_usage;    /* [v] variable: the next one of the same definition */
};

/* An argument, or a field of an object value. */
struct gql_argument
{
	const char *name;
	uint32_t at;
	struct gql_value *value;
	struct gql_argument *next;
};

struct gql_directive
{
	const char *name;
	uint32_t at;
	struct gql_argument *arguments;
	struct gql_directive *next;
};

enum gql_type_ref_kind
{
	GQL_NAMED,
	GQL_LIST,
	GQL_NON_NULL,
};

struct gql_type_ref
{
	enum gql_type_ref_kind kind;
	uint32_t at;
	const char *name;              /* of a named type */
	struct gql_type_ref *of;       /* of a list or non-null */
	const struct gql_type *target; /* named: the schema's type once resolved, or NULL */
};

struct gql_variable
{
	const char *name;
	uint32_t at;
	struct gql_type_ref *type;
	struct gql_value *initial; /* the default value, or NULL */
	struct gql_directive *directives;
	struct gql_variable *next;
	int index;
	bool used; /* [v] */
};

enum gql_selection_kind
{
	GQL_FIELD,
	GQL_FRAGMENT_SPREAD,
	GQL_INLINE_FRAGMENT,
};

struct gql_selection
{
	enum gql_selection_kind kind;
	uint32_t at;
	const char *name; /* field or fragment name */
	const char *key;  /* field: alias or name */
	struct gql_argument *arguments;
	struct gql_directive *directives;
	struct gql_type_ref *condition; /* inline fragment: type condition, or NULL */
	struct gql_selection *selections;
	struct gql_selection *next;
	const struct gql_field *field;     /* [v] field: its definition */
	const struct gql_type *parent;     /* [v] field: the type it was selected on */
	struct gql_fragment *fragment;     /* [v] spread: its fragment */
	struct gql_selection *next_spread; /* [v] spread: the next one of the same definition */
	bool merged;                       /* [v] field: its selections were compared */
};

enum gql_operation_kind
{
	GQL_QUERY,
	GQL_MUTATION,
	GQL_SUBSCRIPTION,
};

/* What an operation and a fragment have in common for validation. */
struct gql_definition
{
	struct gql_selection *selections;
	struct gql_selection *spreads; /* [v] */
	struct gql_value *usages;      /* [v] variables in argument position */
};

struct gql_operation
{
	struct gql_definition body; /* first, so that the two can be told by address */
	enum gql_operation_kind kind;
	const char *name; /* NULL when anonymous */
	uint32_t at;
	struct gql_variable *variables;
	int nvariables;
	struct gql_directive *directives;
	struct gql_operation *next;
};

struct gql_fragment
{
	struct gql_definition body;
	const char *name;
	uint32_t at;
	struct gql_type_ref *condition;
	struct gql_directive *directives;
	struct gql_fragment *next;
	bool used;      /* [v] */
	int nesting;    /* [v] levels of selections, spreads followed; 0 unknown, -1 in progress */
	uint32_t stamp; /* marks a visit */
};

/* A type system definition; which members are set depends on `keyword`. */
struct gql_type_definition
{
	const char *keyword; /* schema scalar type interface union enum input directive */
	bool extend;
	uint32_t at;
	const char *name;
	const char *description;
	struct gql_directive *directives;
	struct gql_field_definition *fields; /* type, interface; input: fields; directive: arguments */
	struct gql_enum_value *members;      /* implemented interfaces, or union members */
	struct gql_enum_value *values; /* enum values; directive: locations; schema: operation types */
	bool repeatable;
	struct gql_type_definition *next;
};

/* A field, an argument or an input field in a type system definition. */
struct gql_field_definition
{
	const char *name;
	uint32_t at;
	const char *description;
	struct gql_type_ref *type;
	struct gql_value *initial;
	struct gql_field_definition *arguments;
	struct gql_directive *directives;
	struct gql_field_definition *next;
};

/* A name in a list of a definition: an enum value, a directive location, an interface, a union
 * member, or a root operation type (`type` set). */
struct gql_enum_value
{
	const char *name;
	uint32_t at;
	const char *description;
	const char *type;
	struct gql_directive *directives;
	struct gql_enum_value *next;
};

struct gql_document
{
	struct gql_operation *operations;
	struct gql_fragment *fragments;
	struct gql_type_definition *types;
	int noperations;
	int nlifted;
};

#endif /* SB_GRAPHQL_AST_H */
