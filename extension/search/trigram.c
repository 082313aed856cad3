/*
 * trigram.c owns the SQL side of trigrams: what the indexes hold, and how well a name fits what
 * somebody typed.
 */
#include "postgres.h"

#include <ctype.h>

#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "content/search_vector.h"
#include "content/text.h"
#include "core/text_similar.h"
#include "core/text_trigram.h"

PG_FUNCTION_INFO_V1(social_post_trigrams);
PG_FUNCTION_INFO_V1(social_name_trigrams);
PG_FUNCTION_INFO_V1(social_typed_trigrams);
PG_FUNCTION_INFO_V1(social_typed_name);
PG_FUNCTION_INFO_V1(social_name_score);

/* Words of the names of one person or tag that are compared. */
#define NAME_WORDS_MAX 1000

/* An int4[] with room for `capacity` elements; its length is set by end_array. */
static ArrayType *
begin_array(size_t capacity)
{
	Size size = ARR_OVERHEAD_NONULLS(1) + capacity * sizeof(int32);
	ArrayType *array = palloc(size);

	array->ndim = 1;
	array->dataoffset = 0;
	array->elemtype = INT4OID;
	ARR_LBOUND(array)[0] = 1;
	return array;
}

static int32 *
elements_of(ArrayType *array)
{
	return (int32 *) ARR_DATA_PTR(array);
}

static ArrayType *
end_array(ArrayType *array, size_t count)
{
	if (count == 0)
		return construct_empty_array(INT4OID);
	ARR_DIMS(array)[0] = count;
	SET_VARSIZE(array, ARR_OVERHEAD_NONULLS(1) + count * sizeof(int32));
	return array;
}

/* post_trigrams(title text, content text) int4[]: those of both, folded. */
Datum
social_post_trigrams(PG_FUNCTION_ARGS)
{
	text *title = PG_GETARG_TEXT_PP(0);
	text *content = PG_GETARG_TEXT_PP(1);
	int title_len = VARSIZE_ANY_EXHDR(title);
	int content_len = VARSIZE_ANY_EXHDR(content);
	char *bytes = palloc(title_len + 1 + content_len);
	text *folded;
	ArrayType *array;

	memcpy(bytes, VARDATA_ANY(title), title_len);
	bytes[title_len] = '\n';
	memcpy(bytes + title_len + 1, VARDATA_ANY(content), content_len);
	folded = social_text_fold(bytes, title_len + 1 + content_len);
	array = begin_array(VARSIZE_ANY_EXHDR(folded));
	PG_RETURN_ARRAYTYPE_P(
		end_array(array, social_text_trigrams(VARDATA_ANY(folded), VARSIZE_ANY_EXHDR(folded),
											  elements_of(array))));
}

/* ---- names ---------------------------------------------------------------------------------- */

/* Names of one person or tag: folded, joined by line ends. */
static text *
folded_names(FunctionCallInfo fcinfo, int first)
{
	StringInfoData names;
	text *folded;

	initStringInfo(&names);
	for (int i = first; i < PG_NARGS(); i++)
	{
		text *name = PG_ARGISNULL(i) ? NULL : PG_GETARG_TEXT_PP(i);

		if (names.len > 0)
			appendStringInfoChar(&names, '\n');
		if (name != NULL)
			appendBinaryStringInfo(&names, VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
	}
	folded = social_text_fold(names.data, names.len);
	pfree(names.data);
	return folded;
}

/* name_trigrams(name text, …) int4[]: those of the words of names, folded. */
Datum
social_name_trigrams(PG_FUNCTION_ARGS)
{
	text *names = folded_names(fcinfo, 0);
	int len = VARSIZE_ANY_EXHDR(names);
	ArrayType *array = begin_array(len + 2);

	PG_RETURN_ARRAYTYPE_P(
		end_array(array, social_text_name_trigrams(VARDATA_ANY(names), len, elements_of(array))));
}

/* typed_trigrams(typed text, others boolean) int4[]: every third of its trigrams, or the others. */
Datum
social_typed_trigrams(PG_FUNCTION_ARGS)
{
	text *typed = PG_GETARG_TEXT_PP(0);
	int len = VARSIZE_ANY_EXHDR(typed);
	ArrayType *array = begin_array(len + 2);

	PG_RETURN_ARRAYTYPE_P(
		end_array(array, social_text_name_thirds(VARDATA_ANY(typed), len, PG_GETARG_BOOL(1),
												 elements_of(array))));
}

/*
 * typed_name(query text, sign text) text: the name that somebody typed, folded, without blanks
 * around and one sign before it (null or empty: none is taken off). SM400 when there is none, or it
 * is over-long.
 */
Datum
social_typed_name(PG_FUNCTION_ARGS)
{
	text *query = PG_ARGISNULL(0) ? NULL : PG_GETARG_TEXT_PP(0);
	text *sign = PG_ARGISNULL(1) ? NULL : PG_GETARG_TEXT_PP(1);
	const char *start;
	const char *end;
	text *typed;

	social_search_check_query(query);
	typed = social_text_fold(VARDATA_ANY(query), VARSIZE_ANY_EXHDR(query));
	start = VARDATA_ANY(typed);
	end = start + VARSIZE_ANY_EXHDR(typed);
	while (start < end && isspace((unsigned char) *start))
		start++;
	while (end > start && isspace((unsigned char) end[-1]))
		end--;
	if (start < end && sign != NULL && VARSIZE_ANY_EXHDR(sign) > 0 && *start == *VARDATA_ANY(sign))
		start++;
	typed = cstring_to_text_with_len(start, end - start);
	social_search_check_query(typed);
	PG_RETURN_TEXT_P(typed);
}

/* What a fit is worth, the better way first, then fewer errors, then the shorter name. */
static int32
score_of(struct social_text_similarity found, bool is_first)
{
	if (found.fit == SOCIAL_FIT_NONE)
		return 0;
	return ((int32) found.fit * 2 + is_first) * 1000 - found.errors * 100 - Min(found.rest, 99);
}

/* The next word of a name after `start`; NULL when there is none. */
static const char *
next_word(const char *start, const char *end)
{
	for (; start < end; start++)
	{
		if (*start == ' ' || *start == '_')
			return start + 1;
	}
	return NULL;
}

/*
 * name_score(query text, name text, …) integer: how well the best of names fits what was typed; 0
 * when none does. The beginning of the first name counts more than that of other names and words.
 * Of names with very many words (none that we store) the first are looked at.
 */
Datum
social_name_score(PG_FUNCTION_ARGS)
{
	text *query = PG_ARGISNULL(0) ? cstring_to_text("") : PG_GETARG_TEXT_PP(0);
	text *names = folded_names(fcinfo, 1);
	const char *name = VARDATA_ANY(names);
	const char *end = name + VARSIZE_ANY_EXHDR(names);
	int words = 0;
	int32 best = 0;

	query = social_text_fold(VARDATA_ANY(query), VARSIZE_ANY_EXHDR(query));
	while (name < end && words < NAME_WORDS_MAX)
	{
		const char *line = memchr(name, '\n', end - name);
		const char *name_end = line == NULL ? end : line;

		for (const char *word = name, *next; word != NULL && words < NAME_WORDS_MAX; word = next)
		{
			bool is_first = words++ == 0;
			struct social_text_similarity found = social_text_compare(
				VARDATA_ANY(query), VARSIZE_ANY_EXHDR(query), word, name_end - word);

			best = Max(best, score_of(found, is_first));
			next = next_word(word, name_end);
			if (next != NULL)
			{
				found = social_text_compare(VARDATA_ANY(query), VARSIZE_ANY_EXHDR(query), word,
											next - 1 - word);
				best = Max(best, score_of(found, false));
			}
		}
		name = name_end + 1;
	}
	PG_RETURN_INT32(best);
}
