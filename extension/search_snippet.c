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
#include "tsearch/ts_utils.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

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

/*
 * search_snippet(config regconfig, body text, wanted tsquery, whole boolean) text: the text around
 * the words that match, or all of it when `whole`, as HTML with the words in <mark>.
 */
Datum
social_search_snippet(PG_FUNCTION_ARGS)
{
	static const char *options[] = {
		"StartSel=\x02, StopSel=\x03, MaxWords=35, MinWords=15, ShortWord=3",
		"StartSel=\x02, StopSel=\x03, HighlightAll=true"};
	Datum marked =
		DirectFunctionCall4(ts_headline_byid_opt, PG_GETARG_DATUM(0),
							PointerGetDatum(clean_source(PG_GETARG_TEXT_PP(1))), PG_GETARG_DATUM(2),
							CStringGetTextDatum(options[PG_GETARG_BOOL(3) ? 1 : 0]));

	PG_RETURN_TEXT_P(to_html(DatumGetTextPP(marked)));
}
