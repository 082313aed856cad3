/*
 * page_json.c owns the aggregate page_json(), which makes a page of a list's rows as JSON.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/json.h"

PG_FUNCTION_INFO_V1(social_page_json_step);
PG_FUNCTION_INFO_V1(social_page_json_end);

/* A page in the making. */
struct page_json
{
	StringInfoData items;
	text *first; /* cursors; NULL: no row yet */
	text *last;
	text *facts; /* NULL: none */
	bool has_more;
	bool is_after;
	bool is_before;
};

enum
{
	STEP_ITEM = 1,
	STEP_CURSOR,
	STEP_HAS_MORE,
	STEP_AFTER,
	STEP_BEFORE,
	STEP_FACTS
};

static text *
copy_text(text *value)
{
	return cstring_to_text_with_len(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
}

static struct page_json *
begin_page(FunctionCallInfo fcinfo)
{
	struct page_json *page = palloc0(sizeof(*page));

	initStringInfo(&page->items);
	page->is_after = !PG_ARGISNULL(STEP_AFTER);
	page->is_before = !PG_ARGISNULL(STEP_BEFORE);
	if (!PG_ARGISNULL(STEP_FACTS))
		page->facts = copy_text(PG_GETARG_TEXT_PP(STEP_FACTS));
	return page;
}

static void
add_item(struct page_json *page, FunctionCallInfo fcinfo)
{
	if (page->first != NULL)
		appendStringInfoChar(&page->items, ',');
	if (PG_ARGISNULL(STEP_ITEM))
		appendStringInfoString(&page->items, "null");
	else
	{
		text *item = PG_GETARG_TEXT_PP(STEP_ITEM);

		appendBinaryStringInfo(&page->items, VARDATA_ANY(item), VARSIZE_ANY_EXHDR(item));
	}
	if (page->last != NULL && page->last != page->first)
		pfree(page->last);
	page->last = copy_text(PG_GETARG_TEXT_PP(STEP_CURSOR));
	if (page->first == NULL)
		page->first = page->last;
	page->has_more |= !PG_ARGISNULL(STEP_HAS_MORE) && PG_GETARG_BOOL(STEP_HAS_MORE);
}

/* The step of the aggregate page_json(): see sql/api/page.sql. */
Datum
social_page_json_step(PG_FUNCTION_ARGS)
{
	MemoryContext aggregate;
	MemoryContext caller;
	struct page_json *page;

	if (!AggCheckCallContext(fcinfo, &aggregate))
		elog(ERROR, "page_json_step called outside of an aggregate");
	caller = MemoryContextSwitchTo(aggregate);
	page = PG_ARGISNULL(0) ? begin_page(fcinfo) : (struct page_json *) PG_GETARG_POINTER(0);
	if (!PG_ARGISNULL(STEP_CURSOR))
		add_item(page, fcinfo);
	MemoryContextSwitchTo(caller);
	PG_RETURN_POINTER(page);
}

static void
add_cursor(StringInfo out, const char *key, const text *cursor)
{
	appendStringInfo(out, ",\"%s\":", key);
	if (cursor == NULL)
		appendStringInfoString(out, "null");
	else
		escape_json(out, text_to_cstring(cursor));
}

/* Appends the members of an object, if it is one and has any. */
static void
add_facts(StringInfo out, text *facts)
{
	const char *at = VARDATA_ANY(facts);
	const char *end = at + VARSIZE_ANY_EXHDR(facts);

	while (at < end && isspace((unsigned char) *at))
		at++;
	while (at < end && isspace((unsigned char) end[-1]))
		end--;
	if (end - at < 2 || *at != '{' || strspn(at + 1, " \t\r\n") >= (size_t) (end - at - 2))
		return;
	appendStringInfoChar(out, ',');
	appendBinaryStringInfo(out, at + 1, end - at - 2);
}

/* Its end: the page, and the cursors next and previous. */
Datum
social_page_json_end(PG_FUNCTION_ARGS)
{
	struct page_json empty = {.items = {.data = ""}};
	struct page_json *page = PG_ARGISNULL(0) ? &empty : (struct page_json *) PG_GETARG_POINTER(0);
	/* A page that was reached by a cursor has rows on the other side of it. */
	text *next = page->has_more || page->is_before ? page->last : NULL;
	text *previous = (page->is_before ? page->has_more : page->is_after) ? page->first : NULL;
	Datum values[] = {(Datum) 0, PointerGetDatum(next), PointerGetDatum(previous)};
	bool isnull[] = {false, next == NULL, previous == NULL};
	int size = lengthof(values);
	int from = 1;
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfoString(&out, "{\"results\":[");
	appendBinaryStringInfo(&out, page->items.data, page->items.len);
	appendStringInfoChar(&out, ']');
	add_cursor(&out, "next", next);
	add_cursor(&out, "previous", previous);
	if (page->facts != NULL)
		add_facts(&out, page->facts);
	appendStringInfoChar(&out, '}');
	values[0] = PointerGetDatum(cstring_to_text_with_len(out.data, out.len));
	PG_RETURN_ARRAYTYPE_P(
		construct_md_array(values, isnull, 1, &size, &from, TEXTOID, -1, false, TYPALIGN_INT));
}
