/*
 * search_snippet.c owns how a result's text is shown with the query's words marked.
 *
 * The server's ts_headline passes markup of the text through, so that its output is HTML only by
 * accident. Here it marks with control characters, which the text is cleared of before; then the
 * text is escaped, and the marks become tags: a snippet is HTML in which nothing but <mark> is
 * markup.
 */
#include "postgres.h"

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "tsearch/ts_utils.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "base/errors.h"
#include "content/text.h"
#include "core/text_bigram.h"

PG_FUNCTION_INFO_V1(social_search_snippet);

#define MARK_BEGIN '\x02'
#define MARK_END   '\x03'

/* Characters that are looked at, so that a page of long posts costs no more than one of short ones.
 */
#define SNIPPET_SOURCE_MAX 4000

/* The beginning of the text, without the control characters that mark. */
static text *
clean_source(const text *body)
{
	const char *bytes = VARDATA_ANY(body);
	int len = pg_mbcharcliplen(bytes, VARSIZE_ANY_EXHDR(body), SNIPPET_SOURCE_MAX);
	text *source = cstring_to_text_with_len(bytes, len);
	char *at = VARDATA(source);

	for (int i = 0; i < len; i++)
		if (at[i] == MARK_BEGIN || at[i] == MARK_END)
			at[i] = ' ';
	return source;
}

/* ---- scripts without spaces ------------------------------------------------------------------ */

/* Characters of a snippet in such a script, and how many of them stand before the first match. */
#define RUN_SNIPPET_LENGTH 80
#define RUN_SNIPPET_BEFORE 20

/* Notes in covered[] each byte of the text that a word of the query in such a script covers. */
static bool
cover_matches(const char *bytes, int len, TSQuery query, bool *covered)
{
	bool found = false;

	for (int i = 0; i < query->size; i++)
	{
		const QueryOperand *word = &GETQUERY(query)[i].qoperand;
		const char *lexeme;
		const char *at = bytes;

		CHECK_FOR_INTERRUPTS();
		if (GETQUERY(query)[i].type != QI_VAL || word->length == 0)
			continue;
		lexeme = GETOPERAND(query) + word->distance;
		if (!social_text_has_spaceless(lexeme, word->length))
			continue;
		while ((at = memmem(at, len - (at - bytes), lexeme, word->length)) != NULL)
		{
			memset(covered + (at - bytes), true, word->length);
			found = true;
			at += pg_mblen(at);
		}
	}
	return found;
}

/* The place so many characters before `at`. */
static int
back_from(const char *bytes, int at, int characters)
{
	for (; characters > 0 && at > 0; characters--)
		while (--at > 0 && ((unsigned char) bytes[at] & 0xC0) == 0x80)
			;
	return at;
}

/*
 * The text, or the part of it around the first match, with bigrams of the query marked, which the
 * server's parser does not see: a run is one word to it. NULL when there are none.
 */
static text *
mark_runs(const text *source, TSQuery query, bool whole)
{
	const char *bytes = VARDATA_ANY(source);
	int len = VARSIZE_ANY_EXHDR(source);
	bool *covered = palloc0((len + 1) * sizeof(bool));
	int from = 0;
	StringInfoData marked;

	if (!cover_matches(bytes, len, query, covered))
		return NULL;
	if (!whole)
	{
		while (!covered[from])
			from++;
		from = back_from(bytes, from, RUN_SNIPPET_BEFORE);
		len = from + pg_mbcharcliplen(bytes + from, len - from, RUN_SNIPPET_LENGTH);
		covered[len] = false;
	}
	initStringInfo(&marked);
	for (int i = from; i < len; i++)
	{
		if (covered[i] && (i == from || !covered[i - 1]))
			appendStringInfoChar(&marked, MARK_BEGIN);
		appendStringInfoChar(&marked, bytes[i]);
		if (covered[i] && !covered[i + 1])
			appendStringInfoChar(&marked, MARK_END);
	}
	return cstring_to_text_with_len(marked.data, marked.len);
}

/* ---- marking --------------------------------------------------------------------------------- */

static bool
is_marked(const text *marked)
{
	return memchr(VARDATA_ANY(marked), MARK_BEGIN, VARSIZE_ANY_EXHDR(marked)) != NULL;
}

/* The text around the words that match, or all of it when `whole`, with marks. */
static text *
mark(Oid config, text *source, TSQuery query, bool whole)
{
	static const char *options[] = {
		"StartSel=\x02, StopSel=\x03, MaxWords=35, MinWords=15, ShortWord=3",
		"StartSel=\x02, StopSel=\x03, HighlightAll=true"};
	text *marked = DatumGetTextPP(
		DirectFunctionCall4(ts_headline_byid_opt, ObjectIdGetDatum(config), PointerGetDatum(source),
							TSQueryGetDatum(query), CStringGetTextDatum(options[whole ? 1 : 0])));

	if (!is_marked(marked) &&
		social_text_has_spaceless(VARDATA_ANY(source), VARSIZE_ANY_EXHDR(source)))
	{
		text *runs = mark_runs(source, query, whole);

		marked = runs == NULL ? marked : runs;
	}
	return marked;
}

/* ---- HTML ------------------------------------------------------------------------------------ */

static text *
to_html(const text *marked)
{
	StringInfoData html;
	const char *at = VARDATA_ANY(marked);
	const char *end = at + VARSIZE_ANY_EXHDR(marked);

	initStringInfo(&html);
	for (; at < end; at++)
	{
		switch (*at)
		{
			case MARK_BEGIN:
				appendStringInfoString(&html, "<mark>");
				break;
			case MARK_END:
				appendStringInfoString(&html, "</mark>");
				break;
			case '&':
				appendStringInfoString(&html, "&amp;");
				break;
			case '<':
				appendStringInfoString(&html, "&lt;");
				break;
			case '>':
				appendStringInfoString(&html, "&gt;");
				break;
			case '"':
				appendStringInfoString(&html, "&quot;");
				break;
			case '\'':
				appendStringInfoString(&html, "&#39;");
				break;
			default:
				appendStringInfoChar(&html, *at);
		}
	}
	return cstring_to_text_with_len(html.data, html.len);
}

static void
check_config(Oid config)
{
	if (!SearchSysCacheExists1(TSCONFIGOID, ObjectIdGetDatum(config)))
		ereport(ERROR,
				(errcode(ERRCODE_SOCIAL_BAD_REQUEST), errmsg("unknown text search configuration"),
				 errdetail("There is none with OID %u.", config)));
}

/*
 * search_snippet(config regconfig, body text, wanted tsquery, whole boolean) text: the text around
 * the words that match, or all of it when `whole`, as HTML with the words in <mark>. SM400 for a
 * configuration that is none.
 */
Datum
social_search_snippet(PG_FUNCTION_ARGS)
{
	text *source = clean_source(PG_GETARG_TEXT_PP(1));
	TSQuery query = PG_GETARG_TSQUERY(2);
	bool whole = PG_GETARG_BOOL(3);
	text *marked;

	check_config(PG_GETARG_OID(0));
	marked = mark(PG_GETARG_OID(0), source, query, whole);
	if (!is_marked(marked))
	{
		/* The words may stand there in another form; that one is shown only where it is needed. */
		text *searchable = social_text_lowered(social_text_searchable(source));
		text *found =
			searchable == source ? marked : mark(PG_GETARG_OID(0), searchable, query, whole);

		if (is_marked(found))
			marked = found;
	}
	PG_RETURN_TEXT_P(to_html(marked));
}
