/*
 * search_title.c owns what search asks of titles: is a title the query itself, and do the words of
 * a query stand in it?
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "fmgr.h"
#include "tsearch/ts_utils.h"
#include "utils/builtins.h"

#include "search/search_title.h"
#include "content/text.h"
#include "core/text_char.h"

#include <unicode/uchar.h>

PG_FUNCTION_INFO_V1(social_title_key_sql);
PG_FUNCTION_INFO_V1(social_title_query);

#define WEIGHT_A (1 << 3)

static bool
counts(uint32_t c)
{
	if (c < 128)
		return is_class(c, IS_LETTER | IS_DIGIT);
	return (U_MASK(u_charType((UChar32) c)) & (U_GC_L_MASK | U_GC_M_MASK | U_GC_N_MASK)) != 0;
}

bool
social_title_key(const text *title, int64 *key)
{
	text *folded = social_text_fold(VARDATA_ANY(title), VARSIZE_ANY_EXHDR(title));
	unsigned char *bytes = (unsigned char *) VARDATA_ANY(folded);
	size_t len = VARSIZE_ANY_EXHDR(folded);
	size_t kept = 0;
	bool found = false;
	bool gap = false;

	for (size_t pos = 0; pos < len;)
	{
		int size;

		if (!counts(social_text_decode_at(bytes, len, pos, &size)))
			gap = true;
		else
		{
			/* What lies between two words takes at least a byte, so this never overtakes pos. */
			if (gap && found)
				bytes[kept++] = ' ';
			memmove(bytes + kept, bytes + pos, size);
			kept += size;
			found = true;
			gap = false;
		}
		pos += size;
	}
	*key = (int64) DatumGetUInt64(hash_any_extended(bytes, kept, 0));
	pfree(folded);
	return found;
}

/* title_key(title text) bigint: equal for titles of the same words; null for one without words. */
Datum
social_title_key_sql(PG_FUNCTION_ARGS)
{
	int64 key;

	if (!social_title_key(PG_GETARG_TEXT_PP(0), &key))
		PG_RETURN_NULL();
	PG_RETURN_INT64(key);
}

TSQuery
social_title_query_of(TSQuery query)
{
	TSQuery titles = palloc(VARSIZE(query));
	QueryItem *items;

	memcpy(titles, query, VARSIZE(query));
	items = GETQUERY(titles);
	for (int i = 0; i < titles->size; i++)
	{
		if (items[i].type == QI_VAL)
			items[i].qoperand.weight = WEIGHT_A;
	}
	return titles;
}

/* title_query(query tsquery) tsquery: every word must stand in the title (weight A). */
Datum
social_title_query(PG_FUNCTION_ARGS)
{
	PG_RETURN_TSQUERY(social_title_query_of(PG_GETARG_TSQUERY(0)));
}
