/*
 * pages.c owns @pages: a list that a list function answers (sql/README.md, "Pages") is declared
 * once, as a plain list, and becomes a connection beside it, with the types of that and of its
 * edges. It is done on the syntax tree, before the schema is compiled, in the words of @rows and
 * @connection.
 */
#include <string.h>

#include "graphql/parse.h"
#include "graphql/schema.h"
#include "graphql/template.h"

struct pages
{
	struct sb_arena *arena;
	struct gql_errors *errors;
	struct gql_map made; /* types with a connection, by name */
	struct gql_type_definition *types;
	struct gql_type_definition **tail;
	struct gql_field_definition *arguments[2]; /* of a connection: read forwards, both ways */
};

/* %1$s is the type of the nodes. */
static const char page_types[] =
	"\"Part of a list: so many of its entries, each with its place.\"\n"
	"type %1$sConnection @connection {\n"
	"  \"The entries, in the list's order.\"\n"
	"  edges: [%1$sEdge!]!\n"
	"  \"Where this part begins and ends, and whether the list goes on.\"\n"
	"  pageInfo: PageInfo!\n"
	"  \"How many entries the list has, where that is known without counting them; else null.\"\n"
	"  totalCount: Int\n"
	"  \"How many entries it has at least.\"\n"
	"  totalCountAtLeast: Int!\n"
	"}\n"
	"\"An entry of a list.\"\n"
	"type %1$sEdge @connection {\n"
	"  \"Its place: what `after` and `before` take.\"\n"
	"  cursor: Cursor!\n"
	"  \"What stands there; null when the viewer may not see it.\"\n"
	"  node: %1$s\n"
	"}\n";

/* The arguments of a connection; the default size is the plain list's. */
static const char page_arguments[] =
	"type Forwards { f(\n"
	"  \"How many.\" first: Int = 20\n"
	"  \"The place that the page follows.\" after: Cursor): Int }\n"
	"type BothWays { f(\n"
	"  \"How many, read forwards.\" first: Int = 20\n"
	"  \"The place that the page follows.\" after: Cursor\n"
	"  \"How many, read backwards from `before`.\" last: Int\n"
	"  \"The place that the page ends above.\" before: Cursor): Int }\n";

static struct gql_type_definition *
parse(struct pages *pages, const char *sdl)
{
	struct gql_document *document = gql_parse_sdl(pages->arena, sdl, strlen(sdl), pages->errors);

	return document ? document->types : NULL;
}

/* Does a directive say where the rows of a list are? Those of its connection are in @pages. */
static bool
is_of_rows(const char *directive)
{
	return strcmp(directive, "pages") == 0 || strcmp(directive, "rows") == 0;
}

/* The same directive application under another name, without the totals of a page. */
static struct gql_directive *
rename_directive(struct pages *pages, const struct gql_directive *directive, const char *name,
				 bool totals)
{
	struct gql_directive *copy = sb_arena_new(pages->arena, struct gql_directive);
	struct gql_argument **tail = &copy->arguments;

	copy->name = name;
	copy->at = directive->at;
	for (const struct gql_argument *at = directive->arguments; at; at = at->next)
	{
		if (!totals && (strcmp(at->name, "total") == 0 || strcmp(at->name, "counted") == 0))
			continue;
		*tail = sb_arena_new(pages->arena, struct gql_argument);
		**tail = *at;
		(*tail)->next = NULL;
		tail = &(*tail)->next;
	}
	return copy;
}

/* The list function's call for a plain list: from the top, by the plain list's own page argument.
 */
static void
take_first_page(struct pages *pages, struct gql_directive *rows, const char *page)
{
	struct gql_argument *from = (struct gql_argument *) gql_find_argument(rows->arguments, "from");
	struct gql_value *value = sb_arena_new(pages->arena, struct gql_value);
	struct sb_buffer text = {0};
	struct gql_template_part part;
	const char *template = from->value->text;

	while (gql_template_next(&template, &part))
	{
		if (part.kind == GQL_TEMPLATE_TEXT)
			sb_buffer_append(&text, part.text, part.len);
		else if (part.kind == GQL_TEMPLATE_PARENT)
			sb_buffer_printf(&text, "{parent}.%.*s", (int) part.len, part.text);
		else if (part.len == 5 && memcmp(part.text, "first", 5) == 0)
			sb_buffer_printf(&text, "{%s}", page);
		else if ((part.len == 5 && memcmp(part.text, "after", 5) == 0) ||
				 (part.len == 6 && memcmp(part.text, "before", 6) == 0))
			sb_buffer_puts(&text, "NULL");
		else
			sb_buffer_printf(&text, "{%.*s}", (int) part.len, part.text);
	}
	*value = *from->value;
	value->text = sb_arena_copy(pages->arena, text.data, text.len);
	value->len = (uint32_t) text.len;
	from->value = value;
	sb_buffer_free(&text);
}

static struct gql_field_definition *
copy_argument(struct pages *pages, const struct gql_field_definition *argument)
{
	struct gql_field_definition *copy = sb_arena_new(pages->arena, struct gql_field_definition);

	*copy = *argument;
	copy->next = NULL;
	return copy;
}

/* The plain list's arguments, with those of a page instead of its own one. */
static struct gql_field_definition *
connection_arguments(struct pages *pages, const struct gql_field_definition *list,
					 const struct gql_field_definition *page, bool both_ways)
{
	struct gql_field_definition *first = NULL;
	struct gql_field_definition **tail = &first;

	for (const struct gql_field_definition *at = list->arguments; at; at = at->next)
	{
		if (at == page)
			continue;
		*tail = copy_argument(pages, at);
		tail = &(*tail)->next;
	}
	for (const struct gql_field_definition *at = pages->arguments[both_ways]; at; at = at->next)
	{
		*tail = copy_argument(pages, at);
		if (at == pages->arguments[both_ways])
			(*tail)->initial = page->initial;
		tail = &(*tail)->next;
	}
	return first;
}

/* The type TypeConnection, which is made when it is not there yet; null where the list may be. */
static struct gql_type_ref *
connection_type(struct pages *pages, const struct gql_type_ref *list)
{
	struct gql_type_ref *type = sb_arena_new(pages->arena, struct gql_type_ref);
	struct gql_type_ref *outer = type;

	if (list->kind == GQL_NON_NULL)
	{
		outer = sb_arena_new(pages->arena, struct gql_type_ref);
		*outer = (struct gql_type_ref){.kind = GQL_NON_NULL, .at = list->at, .of = type};
	}
	while (list->of)
		list = list->of;
	*type =
		(struct gql_type_ref){.kind = GQL_NAMED,
							  .at = list->at,
							  .name = sb_arena_printf(pages->arena, "%sConnection", list->name)};
	if (!gql_map_put(&pages->made, list->name, pages))
	{
		*pages->tail = parse(pages, sb_arena_printf(pages->arena, page_types, list->name));
		while (*pages->tail)
		{
			(*pages->tail)->at = list->at;
			pages->tail = &(*pages->tail)->next;
		}
	}
	return outer;
}

/* The connection of a list, behind it among the fields of its type; the list itself gets its rows.
 */
static void
expand_field(struct pages *pages, struct gql_field_definition *list,
			 struct gql_directive *directive)
{
	struct gql_field_definition *connection;
	const struct gql_field_definition *page = list->arguments;
	const struct gql_argument *from;
	struct gql_directive **tail;
	struct gql_directive *rows;

	while (page && strcmp(page->name, "first") != 0 && strcmp(page->name, "limit") != 0)
		page = page->next;
	from = gql_find_argument(directive->arguments, "from");
	if (!page || !page->initial || page->initial->kind != GQL_VALUE_INT || !from ||
		from->value->kind != GQL_VALUE_STRING || !gql_is_list(list->type))
	{
		gql_fail(pages->errors, GQL_VALIDATION_FAILED, list->at,
				 "\"%s\": @pages needs `from`, on a list with an argument first or limit that has "
				 "a default",
				 list->name);
		return;
	}
	connection = sb_arena_new(pages->arena, struct gql_field_definition);
	connection->name = sb_arena_printf(pages->arena, "%sConnection", list->name);
	connection->at = list->at;
	connection->description = sb_arena_printf(pages->arena, "%s As a connection.",
											  list->description ? list->description : "");
	connection->type = connection_type(pages, list->type);
	connection->arguments =
		connection_arguments(pages, list, page, strstr(from->value->text, "{before}") != NULL);
	connection->directives = rename_directive(pages, directive, "connection", true);
	tail = &connection->directives->next;
	for (const struct gql_directive *at = list->directives; at; at = at->next)
	{
		if (is_of_rows(at->name))
			continue;
		*tail = rename_directive(pages, at, at->name, true);
		tail = &(*tail)->next;
	}
	connection->next = list->next;
	list->next = connection;
	if (gql_find_applied(list->directives, "rows"))
		return;
	rows = rename_directive(pages, directive, "rows", false);
	take_first_page(pages, rows, page->name);
	rows->next = list->directives;
	list->directives = rows;
}

void
gql_expand_pages(struct gql_document *document, struct sb_arena *arena, struct gql_errors *errors)
{
	struct pages pages = {.arena = arena, .errors = errors, .made = {.arena = arena}};
	struct gql_type_definition *parts = parse(&pages, page_arguments);

	pages.arguments[false] = parts->fields->arguments;
	pages.arguments[true] = parts->next->fields->arguments;
	pages.tail = &document->types;
	while (*pages.tail)
		pages.tail = &(*pages.tail)->next;
	for (struct gql_type_definition *type = document->types; type; type = type->next)
	{
		for (struct gql_field_definition *at = type->fields; at; at = at->next)
		{
			struct gql_directive *directive = gql_find_applied(at->directives, "pages");

			if (directive && strcmp(type->keyword, "type") == 0)
				expand_field(&pages, at, directive);
		}
	}
}
