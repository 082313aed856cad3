/*
 * text_bigram.c owns texts in scripts without spaces between words, and their bigrams.
 */
#include "core/text_bigram.h"

#include "core/text_char.h"

#include <unicode/uchar.h>
#include <unicode/uscript.h>

/* The first character of these scripts (Thai), and the first byte of its UTF-8. */
#define FIRST_SPACELESS      0x0E00
#define FIRST_SPACELESS_BYTE 0xE0

bool
social_text_is_spaceless(uint32_t c)
{
	UErrorCode status = U_ZERO_ERROR;

	if (c < FIRST_SPACELESS ||
		!(U_GET_GC_MASK((UChar32) c) & (U_GC_L_MASK | U_GC_M_MASK | U_GC_N_MASK)))
		return false;
	switch (uscript_getScript((UChar32) c, &status))
	{
		case USCRIPT_HAN:
		case USCRIPT_HIRAGANA:
		case USCRIPT_KATAKANA:
		case USCRIPT_BOPOMOFO:
		case USCRIPT_HANGUL:
		case USCRIPT_THAI:
		case USCRIPT_LAO:
		case USCRIPT_KHMER:
		case USCRIPT_MYANMAR:
			return true;
		case USCRIPT_COMMON:
		case USCRIPT_INHERITED:
			/* The prolonged sound mark, voicing marks, iteration marks. */
			return uscript_hasScript((UChar32) c, USCRIPT_KATAKANA) ||
				   uscript_hasScript((UChar32) c, USCRIPT_HAN);
		default:
			return false;
	}
}

/* Is c one that normalisation may make one of these: enclosed, squared, full- or half-width? */
static bool
is_compatible(uint32_t c)
{
	return c == 0x3000 || (c >= 0x3200 && c <= 0x33FF) || (c >= 0xFF00 && c <= 0xFFEF) ||
		   (c >= 0x1F200 && c <= 0x1F2FF);
}

bool
social_text_has_spaceless(const char *text, size_t len)
{
	const unsigned char *bytes = (const unsigned char *) text;
	size_t pos = 0;

	while (pos < len)
	{
		int size = 1;
		uint32_t c;

		if (bytes[pos] < FIRST_SPACELESS_BYTE)
		{
			pos++;
			continue;
		}
		c = social_text_decode_at(bytes, len, pos, &size);
		if (social_text_is_spaceless(c) || is_compatible(c))
			return true;
		pos += size;
	}
	return false;
}

bool
social_text_run_next(const char *text, size_t len, size_t *pos, struct social_text_run *run)
{
	const unsigned char *bytes = (const unsigned char *) text;

	run->start = *pos;
	while (*pos < len)
	{
		int size;
		bool is_spaceless =
			social_text_is_spaceless(social_text_decode_at(bytes, len, *pos, &size));

		if (*pos == run->start)
			run->is_spaceless = is_spaceless;
		else if (is_spaceless != run->is_spaceless)
			break;
		*pos += size;
	}
	run->end = *pos;
	return run->end > run->start;
}

bool
social_text_bigram_next(const char *text, size_t end, size_t *pos,
						struct social_text_bigram *bigram)
{
	const unsigned char *bytes = (const unsigned char *) text;
	int size;

	if (*pos >= end)
		return false;
	(void) social_text_decode_at(bytes, end, *pos, &size);
	bigram->start = *pos;
	*pos += size;
	bigram->end = *pos;
	bigram->is_last = *pos >= end;
	if (!bigram->is_last)
	{
		(void) social_text_decode_at(bytes, end, *pos, &size);
		bigram->end += size;
	}
	return true;
}
