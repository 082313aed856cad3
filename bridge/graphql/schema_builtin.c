/* schema_builtin.c owns the definitions that every schema has (specification sections 3 and 4). */
#include "graphql/schema.h"

const char *const gql_location_names[GQL_NLOCATIONS] = {
	"QUERY",
	"MUTATION",
	"SUBSCRIPTION",
	"FIELD",
	"FRAGMENT_DEFINITION",
	"FRAGMENT_SPREAD",
	"INLINE_FRAGMENT",
	"VARIABLE_DEFINITION",
	"SCHEMA",
	"SCALAR",
	"OBJECT",
	"FIELD_DEFINITION",
	"ARGUMENT_DEFINITION",
	"INTERFACE",
	"UNION",
	"ENUM",
	"ENUM_VALUE",
	"INPUT_OBJECT",
	"INPUT_FIELD_DEFINITION",
};

/* The meta-fields hide in a type that is cut off once they are compiled. */
const char gql_builtin_sdl[] =
	"\"A whole number of 32 bits.\" scalar Int\n"
	"\"A finite number of double precision.\" scalar Float\n"
	"\"Text in Unicode.\" scalar String\n"
	"\"true or false.\" scalar Boolean\n"
	"\"An opaque identifier; written as a string, accepted as a string or a whole number.\"\n"
	"scalar ID\n"
	"\"Leaves the selection out when the condition is true.\"\n"
	"directive @skip(\"The condition.\" if: Boolean!)"
	" on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT\n"
	"\"Keeps the selection only when the condition is true.\"\n"
	"directive @include(\"The condition.\" if: Boolean!)"
	" on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT\n"
	"\"Marks what should not be used any more.\"\n"
	"directive @deprecated(\"What to use instead, in Markdown.\""
	" reason: String! = \"No longer supported\")"
	" on FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION | ENUM_VALUE\n"
	"\"Names the document that specifies a scalar.\"\n"
	"directive @specifiedBy(\"Its address.\" url: String!) on SCALAR\n"
	"\"Exactly one field of the input object must be given.\"\n"
	"directive @oneOf on INPUT_OBJECT\n"
	"\"What the service can do.\"\n"
	"type __Schema {\n"
	"  description: String\n"
	"  types: [__Type!]!\n"
	"  queryType: __Type!\n"
	"  mutationType: __Type\n"
	"  subscriptionType: __Type\n"
	"  directives: [__Directive!]!\n"
	"}\n"
	"\"A type, named or wrapped in a list or non-null.\"\n"
	"type __Type {\n"
	"  kind: __TypeKind!\n"
	"  name: String\n"
	"  description: String\n"
	"  specifiedByURL: String\n"
	"  fields(includeDeprecated: Boolean! = false): [__Field!]\n"
	"  interfaces: [__Type!]\n"
	"  possibleTypes: [__Type!]\n"
	"  enumValues(includeDeprecated: Boolean! = false): [__EnumValue!]\n"
	"  inputFields(includeDeprecated: Boolean! = false): [__InputValue!]\n"
	"  ofType: __Type\n"
	"  isOneOf: Boolean\n"
	"}\n"
	"\"What sort of type a __Type is.\"\n"
	"enum __TypeKind { SCALAR OBJECT INTERFACE UNION ENUM INPUT_OBJECT LIST NON_NULL }\n"
	"\"A field of an object or interface.\"\n"
	"type __Field {\n"
	"  name: String!\n"
	"  description: String\n"
	"  args(includeDeprecated: Boolean! = false): [__InputValue!]!\n"
	"  type: __Type!\n"
	"  isDeprecated: Boolean!\n"
	"  deprecationReason: String\n"
	"}\n"
	"\"An argument, or a field of an input object.\"\n"
	"type __InputValue {\n"
	"  name: String!\n"
	"  description: String\n"
	"  type: __Type!\n"
	"  defaultValue: String\n"
	"  isDeprecated: Boolean!\n"
	"  deprecationReason: String\n"
	"}\n"
	"\"A value of an enum.\"\n"
	"type __EnumValue {\n"
	"  name: String!\n"
	"  description: String\n"
	"  isDeprecated: Boolean!\n"
	"  deprecationReason: String\n"
	"}\n"
	"\"A directive that documents or the schema may use.\"\n"
	"type __Directive {\n"
	"  name: String!\n"
	"  description: String\n"
	"  isRepeatable: Boolean!\n"
	"  locations: [__DirectiveLocation!]!\n"
	"  args(includeDeprecated: Boolean! = false): [__InputValue!]!\n"
	"}\n"
	"\"Where a directive may stand.\"\n"
	"enum __DirectiveLocation {\n"
	"  QUERY MUTATION SUBSCRIPTION FIELD FRAGMENT_DEFINITION FRAGMENT_SPREAD INLINE_FRAGMENT\n"
	"  VARIABLE_DEFINITION SCHEMA SCALAR OBJECT FIELD_DEFINITION ARGUMENT_DEFINITION INTERFACE\n"
	"  UNION ENUM ENUM_VALUE INPUT_OBJECT INPUT_FIELD_DEFINITION\n"
	"}\n"
	"type __Meta {\n"
	"  __typename: String!\n"
	"  __schema: __Schema!\n"
	"  __type(name: String!): __Type\n"
	"}\n";

static bool
uses(const struct gql_input *inputs, int ninputs, const struct gql_type *type)
{
	for (int i = 0; i < ninputs; i++)
	{
		if (gql_named(inputs[i].type) == type)
			return true;
	}
	return false;
}

static bool
is_referenced(const struct gql_schema *schema, const struct gql_type *type)
{
	for (int i = 0; i < schema->ndirectives; i++)
	{
		const struct gql_directive_type *at = &schema->directives[i];

		if (!at->internal && uses(at->inputs, at->ninputs, type))
			return true;
	}
	for (int i = 0; i < schema->ntypes; i++)
	{
		const struct gql_type *at = &schema->types[i];

		if (uses(at->inputs, at->ninputs, type))
			return true;
		for (int j = 0; j < at->nfields; j++)
		{
			if (at->fields[j].target == type ||
				uses(at->fields[j].inputs, at->fields[j].ninputs, type))
				return true;
		}
	}
	return false;
}

void
gql_schema_drop_unused(struct gql_schema *schema)
{
	for (int i = 0; i < schema->ntypes; i++)
	{
		struct gql_type *type = &schema->types[i];

		if (type->builtin && type->kind == GQL_SCALAR && !is_referenced(schema, type))
			type->name = NULL;
	}
}
