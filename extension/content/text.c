/*
 * text.c owns the SQL side of the text scanner and the folding of tags into keys.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_collation_d.h"
#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/formatting.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uset.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>
#include <unicode/uversion.h>

#include "base/errors.h"
#include "content/text.h"
#include "core/text_scan.h"

/* A tag whose key is longer (compatibility forms unfold up to 18-fold) could not be indexed. */
#define HASHTAG_KEY_MAX_BYTES 1000

PG_FUNCTION_INFO_V1(social_extract_hashtags);
PG_FUNCTION_INFO_V1(social_extract_mentions);
PG_FUNCTION_INFO_V1(social_hashtag_key);
PG_FUNCTION_INFO_V1(social_library_text_tables);

static void
check_encoding(void)
{
	if (GetDatabaseEncoding() != PG_UTF8)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("hashtags and mentions need a database in UTF-8"),
						errdetail("This database is encoded in %s.", GetDatabaseEncodingName())));
}

/* ---- folding ----------------------------------------------------------------------------------
 */

static bool
is_ascii(const char *bytes, int len)
{
	for (int i = 0; i < len; i++)
		if (IS_HIGHBIT_SET(bytes[i]))
			return false;
	return true;
}

static text *
fold_ascii(const char *bytes, int len)
{
	text *folded = cstring_to_text_with_len(bytes, len);
	char *data = VARDATA(folded);

	for (int i = 0; i < len; i++)
		if (data[i] >= 'A' && data[i] <= 'Z')
			data[i] |= 0x20;
	return folded;
}

static void
check_icu(UErrorCode status)
{
	if (U_FAILURE(status))
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not normalise a text"),
						errdetail("ICU reports %s.", u_errorName(status))));
}

static UChar *
to_wide(const char *bytes, int len, int32_t *wide_len)
{
	UErrorCode status = U_ZERO_ERROR;
	UChar *wide = palloc_extended(((Size) len + 1) * sizeof(UChar), MCXT_ALLOC_HUGE);

	u_strFromUTF8(wide, len + 1, wide_len, bytes, len, &status);
	check_icu(status);
	return wide;
}

/* A wide text in the normal form that `form` makes, as UTF-8. */
static text *
normalize_wide(const UNormalizer2 *form, const UChar *wide, int32_t wide_len)
{
	UErrorCode status = U_ZERO_ERROR;
	UChar *normal;
	char *utf8;
	int32_t normal_len;
	int32_t utf8_len;
	text *result;

	normal_len = unorm2_normalize(form, wide, wide_len, NULL, 0, &status);
	if (status == U_BUFFER_OVERFLOW_ERROR)
		status = U_ZERO_ERROR;
	check_icu(status);
	normal = palloc_extended(((Size) normal_len + 1) * sizeof(UChar), MCXT_ALLOC_HUGE);
	unorm2_normalize(form, wide, wide_len, normal, normal_len + 1, &status);
	check_icu(status);

	utf8 = palloc_extended((Size) normal_len * 3 + 1, MCXT_ALLOC_HUGE);
	u_strToUTF8(utf8, normal_len * 3 + 1, &utf8_len, normal, normal_len, &status);
	check_icu(status);
	result = cstring_to_text_with_len(utf8, utf8_len);
	pfree(utf8);
	pfree(normal);
	return result;
}

text *
social_text_fold(const char *bytes, int len)
{
	UErrorCode status = U_ZERO_ERROR;
	const UNormalizer2 *form;
	UChar *wide;
	int32_t wide_len;
	text *folded;

	if (is_ascii(bytes, len))
		return fold_ascii(bytes, len);
	check_encoding();
	form = unorm2_getNFKCCasefoldInstance(&status);
	check_icu(status);
	wide = to_wide(bytes, len, &wide_len);
	folded = normalize_wide(form, wide, wide_len);
	pfree(wide);
	return folded;
}

/*
 * The form that search reads: NFKC, but what would grow onto the word before it (trade marks,
 * powers, fractions) and marks that stand alone keep their form.
 */
static const UNormalizer2 *
search_form(void)
{
	static const UNormalizer2 *form;
	UErrorCode status = U_ZERO_ERROR;
	UChar pattern[64];
	USet *filter;

	if (form != NULL)
		return form;
	u_uastrcpy(pattern, "[^\\p{dt=super}\\p{dt=sub}\\p{dt=fraction}\\p{Sk}]");
	filter = uset_openPattern(pattern, -1, &status);
	check_icu(status);
	uset_freeze(filter);
	form = unorm2_openFiltered(unorm2_getNFKCInstance(&status), filter, &status);
	check_icu(status);
	return form;
}

/* Takes out what is never seen (soft hyphens, zero-width characters); returns the new length. */
static int32_t
drop_ignorable(UChar *wide, int32_t len)
{
	int32_t kept = 0;

	for (int32_t i = 0, from = 0; i < len; from = i)
	{
		UChar32 c;

		U16_NEXT(wide, i, len, c);
		if (c >= 0xAD && u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT))
			continue;
		while (from < i)
			wide[kept++] = wide[from++];
	}
	return kept;
}

text *
social_text_searchable(text *value)
{
	const char *bytes = VARDATA_ANY(value);
	int len = VARSIZE_ANY_EXHDR(value);
	UErrorCode status = U_ZERO_ERROR;
	const UNormalizer2 *form;
	UChar *wide;
	int32_t wide_len;
	int32_t kept;

	if (is_ascii(bytes, len))
		return value;
	check_encoding();
	form = search_form();
	wide = to_wide(bytes, len, &wide_len);
	kept = drop_ignorable(wide, wide_len);
	if (kept < wide_len || unorm2_spanQuickCheckYes(form, wide, wide_len, &status) < wide_len)
		value = normalize_wide(form, wide, kept);
	check_icu(status);
	pfree(wide);
	return value;
}

/* Does the database know small letters beyond ASCII? One of locale C does not. */
static bool
knows_small_letters(void)
{
	static enum { UNKNOWN, YES, NO } known;
	text *small;

	if (known == UNKNOWN)
	{
		small = DatumGetTextPP(
			DirectFunctionCall1Coll(lower, DEFAULT_COLLATION_OID, CStringGetTextDatum("\xC3\x84")));
		known = memcmp(VARDATA_ANY(small), "\xC3\xA4", 2) == 0 ? YES : NO;
	}
	return known == YES;
}

text *
social_text_lowered(text *value)
{
	const uint8_t *bytes = (const uint8_t *) VARDATA_ANY(value);
	int len = VARSIZE_ANY_EXHDR(value);
	uint8_t *small;
	int small_len = 0;
	text *result;

	if (is_ascii((const char *) bytes, len) || knows_small_letters())
		return value;
	/* None takes more than one and a half times as many bytes. */
	small = palloc_extended((Size) len * 2, MCXT_ALLOC_HUGE);
	for (int i = 0; i < len;)
	{
		UChar32 c;

		U8_NEXT_UNSAFE(bytes, i, c);
		c = u_tolower(c);
		U8_APPEND_UNSAFE(small, small_len, c);
	}
	result = cstring_to_text_with_len((const char *) small, small_len);
	pfree(small);
	return result;
}

/* ---- distinct names for the triggers ------------------------------------------------------------
 */

static bool
is_known(const struct social_text_names *names, const text *key)
{
	for (int i = 0; i < names->count; i++)
	{
		const text *known = (const text *) DatumGetPointer(names->keys[i]);

		if (VARSIZE(known) == VARSIZE(key) && memcmp(known, key, VARSIZE(key)) == 0)
			return true;
	}
	return false;
}

/* A name in lower case, as the index on lower(username) has it. */
static text *
fold_username(const char *name, int len)
{
	if (is_ascii(name, len))
		return fold_ascii(name, len);
	return DatumGetTextPP(DirectFunctionCall1Coll(
		lower, DEFAULT_COLLATION_OID, PointerGetDatum(cstring_to_text_with_len(name, len))));
}

/* Adds what the scanner found in `data`, unless it is there already. */
static void
add_name(struct social_text_names *names, const char *data, const struct social_text_entity *entity)
{
	const char *name = data + entity->name;
	bool is_tag = entity->kind == SOCIAL_TEXT_HASHTAG;
	int len = (is_tag ? entity->end : entity->full) - entity->name;
	text *key = is_tag ? social_text_fold(name, len) : fold_username(name, len);

	if (VARSIZE_ANY_EXHDR(key) == 0 || VARSIZE_ANY_EXHDR(key) > HASHTAG_KEY_MAX_BYTES ||
		is_known(names, key))
	{
		pfree(key);
		return;
	}
	names->keys[names->count] = PointerGetDatum(key);
	names->spellings[names->count] = PointerGetDatum(cstring_to_text_with_len(name, len));
	if (names->alternatives != NULL)
		names->alternatives[names->count] =
			entity->plain == entity->full
				? (Datum) 0
				: PointerGetDatum(fold_username(name, entity->plain - entity->name));
	names->count++;
}

static void
collect_names(const text *const *parts, int nparts, int limit, enum social_text_kind kind,
			  struct social_text_names *names)
{
	check_encoding();
	names->count = 0;
	names->keys = palloc(Max(limit, 1) * sizeof(Datum));
	names->spellings = palloc(Max(limit, 1) * sizeof(Datum));
	names->alternatives =
		kind == SOCIAL_TEXT_MENTION ? palloc(Max(limit, 1) * sizeof(Datum)) : NULL;

	for (int i = 0; i < nparts; i++)
	{
		struct social_text_scanner scanner;
		struct social_text_entity entity;
		const char *data;

		if (parts[i] == NULL)
			continue;
		data = VARDATA_ANY(parts[i]);
		social_text_scan_begin(&scanner, data, VARSIZE_ANY_EXHDR(parts[i]), kind);
		while (names->count < limit && social_text_scan_next(&scanner, &entity))
		{
			CHECK_FOR_INTERRUPTS();
			if (entity.full != 0)
				add_name(names, data, &entity);
		}
	}
}

void
social_text_hashtags(const text *const *parts, int nparts, int limit,
					 struct social_text_names *names)
{
	collect_names(parts, nparts, limit, SOCIAL_TEXT_HASHTAG, names);
}

void
social_text_mentions(const text *const *parts, int nparts, int limit,
					 struct social_text_names *names)
{
	collect_names(parts, nparts, limit, SOCIAL_TEXT_MENTION, names);
}

ArrayType *
social_text_keys_array(const struct social_text_names *names)
{
	if (names->count == 0)
		return construct_empty_array(TEXTOID);
	return construct_array(names->keys, names->count, TEXTOID, -1, false, TYPALIGN_INT);
}

/* ---- SQL functions ----------------------------------------------------------------------------
 */

/* Every find of one kind as a text[]: as written, without the sign, repetitions kept. */
static ArrayType *
extract(const text *input, enum social_text_kind kind)
{
	struct social_text_scanner scanner;
	struct social_text_entity entity;
	const char *data = VARDATA_ANY(input);
	int capacity = 32;
	int count = 0;
	Datum *found;

	check_encoding();
	social_text_scan_begin(&scanner, data, VARSIZE_ANY_EXHDR(input), kind);
	if (!social_text_scan_next(&scanner, &entity))
		return construct_empty_array(TEXTOID);

	found = palloc(capacity * sizeof(Datum));
	do
	{
		CHECK_FOR_INTERRUPTS();
		if (count == capacity)
		{
			capacity *= 2;
			found = repalloc_huge(found, capacity * sizeof(Datum));
		}
		found[count++] =
			PointerGetDatum(cstring_to_text_with_len(data + entity.name, entity.end - entity.name));
	} while (social_text_scan_next(&scanner, &entity));
	return construct_array(found, count, TEXTOID, -1, false, TYPALIGN_INT);
}

/* social.extract_hashtags(text) -> text[] */
Datum
social_extract_hashtags(PG_FUNCTION_ARGS)
{
	PG_RETURN_ARRAYTYPE_P(extract(PG_GETARG_TEXT_PP(0), SOCIAL_TEXT_HASHTAG));
}

/* social.extract_mentions(text) -> text[] */
Datum
social_extract_mentions(PG_FUNCTION_ARGS)
{
	PG_RETURN_ARRAYTYPE_P(extract(PG_GETARG_TEXT_PP(0), SOCIAL_TEXT_MENTION));
}

/* social.hashtag_key(text) -> text: the folded form; one leading sign is not part of the tag. */
Datum
social_hashtag_key(PG_FUNCTION_ARGS)
{
	text *tag = PG_GETARG_TEXT_PP(0);
	const char *data = VARDATA_ANY(tag);
	int len = VARSIZE_ANY_EXHDR(tag);

	if (len >= 1 && data[0] == '#')
		PG_RETURN_TEXT_P(social_text_fold(data + 1, len - 1));
	if (len >= 3 && memcmp(data, "\xEF\xBC\x83", 3) == 0)
		PG_RETURN_TEXT_P(social_text_fold(data + 3, len - 3));
	PG_RETURN_TEXT_P(social_text_fold(data, len));
}

/* The first `count` numbers of a version. */
static Datum
version_text(const UVersionInfo version, int count)
{
	StringInfoData shown;

	initStringInfo(&shown);
	for (int i = 0; i < count; i++)
		appendStringInfo(&shown, "%s%d", i == 0 ? "" : ".", version[i]);
	return CStringGetTextDatum(shown.data);
}

/* library_text_tables(): unicode text, icu text. */
Datum
social_library_text_tables(PG_FUNCTION_ARGS)
{
	UVersionInfo unicode;
	UVersionInfo icu;
	TupleDesc columns;
	Datum values[2];
	bool isnull[2] = {false, false};

	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("a row type is expected")));
	u_getUnicodeVersion(unicode);
	u_getVersion(icu);
	/* Unicode's corrections come as 15.0.1, too. */
	values[0] = version_text(unicode, unicode[2] == 0 ? 2 : 3);
	values[1] = version_text(icu, 2);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, isnull));
}
