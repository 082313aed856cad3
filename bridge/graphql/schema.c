/* schema.c owns the compilation of type system definitions into struct gql_schema. */
#include "graphql/schema.h"

#include <limits.h>
#include <string.h>

#include "graphql/parse.h"

struct compiler
{
	struct gql_schema *schema;
	struct sb_arena *arena;
	struct gql_errors *errors;
	int nbuiltin; /* definitions that come from the specification */
};

static const struct gql_type *
resolve_or_fail(struct compiler *compiler, struct gql_type_ref *ref)
{
	const struct gql_type *type = gql_resolve(compiler->schema, ref);
	const struct gql_type_ref *inner = ref;

	while (inner->of)
		inner = inner->of;
	if (!type)
		gql_fail(compiler->errors, GQL_VALIDATION_FAILED, ref->at, "Unknown type \"%s\"",
				 inner->name);
	return type;
}

/* The argument of a directive as text, or NULL. */
static const char *
directive_text(const struct gql_directive *directives, const char *name, const char *argument,
			   const char *otherwise)
{
	for (; directives; directives = directives->next)
	{
		const struct gql_argument *found;

		if (strcmp(directives->name, name) != 0)
			continue;
		found = gql_find_argument(directives->arguments, argument);
		return found ? found->value->text : otherwise;
	}
	return NULL;
}

static const char *
deprecation(const struct gql_directive *directives)
{
	return directive_text(directives, "deprecated", "reason", "No longer supported");
}

static struct gql_input *
compile_inputs(struct compiler *compiler, const struct gql_field_definition *ast, int *n)
{
	struct gql_input *inputs;
	int count = 0;

	for (const struct gql_field_definition *at = ast; at; at = at->next)
		count++;
	inputs = sb_arena_new_array(compiler->arena, struct gql_input, (size_t) count);
	for (*n = 0; ast; ast = ast->next, (*n)++)
	{
		const struct gql_type *type = resolve_or_fail(compiler, ast->type);

		if (type && gql_is_composite(type))
			gql_fail(compiler->errors, GQL_VALIDATION_FAILED, ast->at,
					 "\"%s\" is not an input type", type->name);
		if (gql_find_input(inputs, *n, ast->name))
			gql_fail(compiler->errors, GQL_VALIDATION_FAILED, ast->at, "\"%s\" is given twice",
					 ast->name);
		inputs[*n] = (struct gql_input){.name = ast->name,
										.description = ast->description,
										.type = ast->type,
										.initial = ast->initial,
										.deprecated = deprecation(ast->directives),
										.ast = ast};
	}
	return inputs;
}

static void
compile_field(struct compiler *compiler, struct gql_field *field,
			  const struct gql_field_definition *ast)
{
	*field = (struct gql_field){.name = ast->name,
								.description = ast->description,
								.type = ast->type,
								.deprecated = deprecation(ast->directives),
								.ast = ast};
	field->target = resolve_or_fail(compiler, ast->type);
	field->inputs = compile_inputs(compiler, ast->arguments, &field->ninputs);
	if (field->target && field->target->kind == GQL_INPUT_OBJECT)
		gql_fail(compiler->errors, GQL_VALIDATION_FAILED, ast->at, "\"%s\" is not an output type",
				 field->target->name);
}

static void
compile_fields(struct compiler *compiler, struct gql_type *type,
			   const struct gql_field_definition *ast)
{
	int count = 0;

	for (const struct gql_field_definition *at = ast; at; at = at->next)
		count++;
	if (count == 0)
		gql_fail(compiler->errors, GQL_VALIDATION_FAILED, type->ast->at,
				 "Type \"%s\" needs a field", type->name);
	type->fields = sb_arena_new_array(compiler->arena, struct gql_field, (size_t) count);
	for (; ast; ast = ast->next)
	{
		for (int i = 0; i < type->nfields; i++)
		{
			if (strcmp(type->fields[i].name, ast->name) == 0)
				gql_fail(compiler->errors, GQL_VALIDATION_FAILED, ast->at,
						 "\"%s.%s\" is defined twice", type->name, ast->name);
		}
		compile_field(compiler, &type->fields[type->nfields++], ast);
	}
}

static void
compile_items(struct compiler *compiler, struct gql_type *type, const struct gql_enum_value *ast)
{
	int count = 0;

	for (const struct gql_enum_value *at = ast; at; at = at->next)
		count++;
	type->items = sb_arena_new_array(compiler->arena, struct gql_enum_item, (size_t) count);
	for (; ast; ast = ast->next)
		type->items[type->nitems++] =
			(struct gql_enum_item){.name = ast->name,
								   .description = ast->description,
								   .deprecated = deprecation(ast->directives)};
}

/* Adds `object` to the possible types of an interface or union. */
static void
add_possible(struct compiler *compiler, const struct gql_type *abstract,
			 const struct gql_type *object)
{
	struct gql_type *type = (struct gql_type *) abstract;

	if (!type->possible)
		type->possible =
			sb_arena_new_array(compiler->arena, const struct gql_type *, compiler->schema->ntypes);
	type->possible[type->npossible++] = object;
}

static void
compile_members(struct compiler *compiler, struct gql_type *type, const struct gql_enum_value *ast)
{
	int count = 0;

	for (const struct gql_enum_value *at = ast; at; at = at->next)
		count++;
	type->interfaces = sb_arena_new_array(compiler->arena, const struct gql_type *, (size_t) count);
	for (; ast; ast = ast->next)
	{
		const struct gql_type *member = gql_find_type(compiler->schema, ast->name);
		enum gql_type_kind wanted = type->kind == GQL_UNION ? GQL_OBJECT : GQL_INTERFACE;

		if (!member || member->kind != wanted)
			gql_fail(compiler->errors, GQL_VALIDATION_FAILED, ast->at, "\"%s\" is not %s",
					 ast->name, wanted == GQL_OBJECT ? "an object type" : "an interface");
		else if (type->kind == GQL_UNION)
			add_possible(compiler, type, member);
		else
		{
			type->interfaces[type->ninterfaces++] = member;
			if (type->kind == GQL_OBJECT)
				add_possible(compiler, member, type);
		}
	}
}

static bool
has_directive(const struct gql_directive *directives, const char *name)
{
	for (; directives; directives = directives->next)
	{
		if (strcmp(directives->name, name) == 0)
			return true;
	}
	return false;
}

static void
compile_type(struct compiler *compiler, struct gql_type *type)
{
	const struct gql_type_definition *ast = type->ast;

	compile_members(compiler, type, ast->members);
	if (type->kind == GQL_OBJECT || type->kind == GQL_INTERFACE)
		compile_fields(compiler, type, ast->fields);
	else if (type->kind == GQL_INPUT_OBJECT)
	{
		type->inputs = compile_inputs(compiler, ast->fields, &type->ninputs);
		type->one_of = has_directive(ast->directives, "oneOf");
	}
	else if (type->kind == GQL_ENUM)
		compile_items(compiler, type, ast->values);
	else if (type->kind == GQL_SCALAR)
		type->url = directive_text(ast->directives, "specifiedBy", "url", NULL);
}

/* May a field of the one type stand where the other is promised (IsValidImplementationFieldType)?
 */
static bool
is_covariant(const struct gql_type_ref *own, const struct gql_type_ref *promised)
{
	if (promised->kind == GQL_NON_NULL || promised->kind == GQL_LIST)
		return own->kind == promised->kind && is_covariant(own->of, promised->of);
	own = gql_nullable(own);
	if (own->kind != GQL_NAMED || !own->target || !promised->target)
		return false;
	return own->target == promised->target || gql_types_overlap(own->target, promised->target);
}

/* An object or interface has the fields of what it implements, with their arguments (3.6, 3.7). */
static void
check_interfaces(struct compiler *compiler, const struct gql_type *type)
{
	for (int i = 0; i < type->ninterfaces; i++)
	{
		const struct gql_type *interface = type->interfaces[i];

		for (int j = 0; j < interface->nfields; j++)
		{
			const struct gql_field *promised = &interface->fields[j];
			const struct gql_field *own = gql_find_field(compiler->schema, type, promised->name);
			bool fits = own && is_covariant(own->type, promised->type);

			for (int k = 0; fits && k < promised->ninputs; k++)
				fits = gql_find_input(own->inputs, own->ninputs, promised->inputs[k].name);
			if (!fits)
				gql_fail(compiler->errors, GQL_VALIDATION_FAILED, type->ast->at,
						 "\"%s\" has no \"%s\" as \"%s\" promises it", type->name, promised->name,
						 interface->name);
		}
	}
}

static void
compile_directive(struct compiler *compiler, const struct gql_type_definition *ast, bool builtin)
{
	struct gql_schema *schema = compiler->schema;
	struct gql_directive_type *directive = &schema->directives[schema->ndirectives];

	directive->name = ast->name;
	directive->description = ast->description;
	directive->repeatable = ast->repeatable;
	directive->internal = !builtin;
	directive->inputs = compile_inputs(compiler, ast->fields, &directive->ninputs);
	for (const struct gql_enum_value *at = ast->values; at; at = at->next)
	{
		int i = 0;

		while (i < GQL_NLOCATIONS && strcmp(gql_location_names[i], at->name) != 0)
			i++;
		if (i == GQL_NLOCATIONS)
			gql_fail(compiler->errors, GQL_VALIDATION_FAILED, at->at,
					 "\"%s\" is not a directive location", at->name);
		else
			directive->locations |= 1u << i;
	}
	schema->ndirectives++;
}

/* Registers the names first, so that types may refer to each other in any order. */
static void
declare_type(struct compiler *compiler, struct gql_type_definition *ast, bool builtin)
{
	static const char *const words[] = {"scalar", "type", "interface", "union", "enum", "input"};
	struct gql_schema *schema = compiler->schema;
	struct gql_type *type = &schema->types[schema->ntypes];
	int kind = 0;

	if (ast->extend || strcmp(ast->keyword, "schema") == 0 ||
		strcmp(ast->keyword, "directive") == 0)
		return;
	while (strcmp(words[kind], ast->keyword) != 0)
		kind++;
	*type = (struct gql_type){.kind = (enum gql_type_kind) kind,
							  .name = ast->name,
							  .description = ast->description,
							  .builtin = builtin,
							  .ast = ast};
	if (!builtin && strncmp(ast->name, "__", 2) == 0)
		gql_fail(compiler->errors, GQL_VALIDATION_FAILED, ast->at,
				 "\"%s\": two underscores are reserved", ast->name);
	else if (gql_map_put(&schema->type_map, ast->name, type))
		gql_fail(compiler->errors, GQL_VALIDATION_FAILED, ast->at, "Type \"%s\" is defined twice",
				 ast->name);
	else
	{
		type->self = (struct gql_type_ref){.kind = GQL_NAMED, .name = type->name, .target = type};
		schema->ntypes++;
	}
}

/* Appends one list of siblings to another. */
#define APPEND(list, more)                                                                         \
	do                                                                                             \
	{                                                                                              \
		__typeof__(list) *tail_ = &(list);                                                         \
		while (*tail_)                                                                             \
			tail_ = &(*tail_)->next;                                                               \
		*tail_ = (more);                                                                           \
	} while (0)

/* Adds what an extension says to the definition that it is about (section 3.4.3 and others). */
static void
merge_extension(struct compiler *compiler, const struct gql_type_definition *extension)
{
	const struct gql_type *type =
		extension->name ? gql_find_type(compiler->schema, extension->name) : NULL;

	if (!type || type->builtin || strcmp(type->ast->keyword, extension->keyword) != 0)
	{
		gql_fail(compiler->errors, GQL_VALIDATION_FAILED, extension->at,
				 "\"extend %s %s\": there is no such definition to extend", extension->keyword,
				 extension->name ? extension->name : "");
		return;
	}
	APPEND(type->ast->directives, extension->directives);
	APPEND(type->ast->fields, extension->fields);
	APPEND(type->ast->members, extension->members);
	APPEND(type->ast->values, extension->values);
}

static void
compile_roots(struct compiler *compiler, const struct gql_type_definition *types)
{
	static const char *const words[3] = {"query", "mutation", "subscription"};
	static const char *const usual[3] = {"Query", "Mutation", "Subscription"};
	struct gql_schema *schema = compiler->schema;
	bool explicit_roots = false;

	for (; types; types = types->next)
	{
		if (strcmp(types->keyword, "schema") != 0 || types->extend)
			continue;
		explicit_roots = true;
		schema->description = types->description;
		for (const struct gql_enum_value *at = types->values; at; at = at->next)
		{
			for (int i = 0; i < 3; i++)
			{
				if (strcmp(at->name, words[i]) == 0)
					schema->roots[i] = gql_find_type(schema, at->type);
			}
		}
	}
	for (int i = 0; i < 3 && !explicit_roots; i++)
		schema->roots[i] = gql_find_type(schema, usual[i]);
	if (!schema->roots[GQL_QUERY] || schema->roots[GQL_QUERY]->kind != GQL_OBJECT)
		gql_fail(compiler->errors, GQL_VALIDATION_FAILED, 0, "The schema needs a query type");
}

/* Moves the meta-fields out of the type that carried them. */
static void
take_meta_fields(struct gql_schema *schema)
{
	struct gql_type *meta = (struct gql_type *) gql_find_type(schema, "__Meta");

	schema->meta_typename = meta->fields[0];
	schema->meta_typename.source.kind = GQL_TYPENAME;
	schema->meta_schema = meta->fields[1];
	schema->meta_schema.source.kind = GQL_META_SCHEMA;
	schema->meta_type = meta->fields[2];
	schema->meta_type.source.kind = GQL_META_TYPE;
	meta->name = NULL;
}

static struct gql_document *
parse_sdl(struct compiler *compiler, const char *sdl, size_t len)
{
	struct gql_document *document = gql_parse_sdl(compiler->arena, sdl, len, compiler->errors);

	if (document && (document->operations || document->fragments))
		gql_fail(compiler->errors, GQL_VALIDATION_FAILED, 0, "A schema file holds no operations");
	return document;
}

struct gql_schema *
gql_schema_compile(struct sb_arena *arena, const char *sdl, size_t len, struct gql_errors *errors)
{
	struct gql_schema *schema = sb_arena_new(arena, struct gql_schema);
	struct compiler compiler = {.schema = schema, .arena = arena, .errors = errors};
	struct gql_document *documents[2];
	size_t count = 0;

	schema->arena = schema->type_map.arena = arena;
	documents[0] = parse_sdl(&compiler, gql_builtin_sdl, strlen(gql_builtin_sdl));
	documents[1] = parse_sdl(&compiler, sdl, len);
	if (!documents[0] || !documents[1])
		return NULL;
	gql_expand_payloads(documents[1], arena, errors);
	gql_expand_pages(documents[1], arena, errors);
	for (int i = 0; i < 2; i++)
	{
		for (struct gql_type_definition *at = documents[i]->types; at; at = at->next)
			count++;
	}
	schema->types = sb_arena_new_array(arena, struct gql_type, count);
	schema->directives = sb_arena_new_array(arena, struct gql_directive_type, count);
	for (int i = 0; i < 2; i++)
	{
		for (struct gql_type_definition *at = documents[i]->types; at; at = at->next)
			declare_type(&compiler, at, i == 0);
	}
	for (struct gql_type_definition *at = documents[1]->types; at; at = at->next)
	{
		if (at->extend)
			merge_extension(&compiler, at);
	}
	for (int i = 0; i < schema->ntypes && errors->n == 0; i++)
		compile_type(&compiler, &schema->types[i]);
	for (int i = 0; i < schema->ntypes && errors->n == 0; i++)
		check_interfaces(&compiler, &schema->types[i]);
	for (int i = 0; i < 2; i++)
	{
		for (struct gql_type_definition *at = documents[i]->types; at; at = at->next)
		{
			if (strcmp(at->keyword, "directive") == 0)
				compile_directive(&compiler, at, i == 0);
		}
	}
	compile_roots(&compiler, documents[1]->types);
	if (errors->n > 0)
		return NULL;
	take_meta_fields(schema);
	return schema;
}
