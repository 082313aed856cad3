/*
 * text_char.c owns the classes of characters that the grammar of tags and mentions speaks of.
 */
#include "core/text_char.h"

#include <string.h>
#include <unicode/uchar.h>

#define C_DIGIT  (IS_DIGIT | IS_WORD | IS_HOST | IS_PATH | IS_QUERY | BARS_MENTION)
#define C_LETTER (IS_LETTER | IS_WORD | IS_HOST | IS_PATH | IS_QUERY | BARS_MENTION)
#define C_URL    (IS_PATH | IS_QUERY)

const unsigned char social_text_ascii_class[128] = {
	[0x00 ... 0x20] = IS_BLANK,
	[0x7F] = IS_BLANK,
	['0' ... '9'] = C_DIGIT,
	['A' ... 'Z'] = C_LETTER,
	['a' ... 'z'] = C_LETTER,
	['_'] = C_URL | IS_WORD | IS_HOST | BARS_MENTION,
	['.'] = C_URL | IS_HOST,
	['-'] = C_URL | IS_HOST,
	['!'] = C_URL | BARS_MENTION,
	['#'] = C_URL | BARS_MENTION,
	['$'] = C_URL | BARS_MENTION,
	['%'] = C_URL | BARS_MENTION,
	['&'] = C_URL | BARS_MENTION,
	['*'] = C_URL | BARS_MENTION,
	['@'] = C_URL | BARS_MENTION,
	['\''] = C_URL,
	['+'] = C_URL,
	[','] = C_URL,
	['/'] = C_URL,
	[':'] = C_URL,
	[';'] = C_URL,
	['='] = C_URL,
	['['] = C_URL,
	[']'] = C_URL,
	['|'] = C_URL,
	['~'] = C_URL,
	['('] = IS_QUERY,
	[')'] = IS_QUERY,
	['?'] = IS_QUERY,
};

/* ---- UTF-8 ------------------------------------------------------------------------------- */

uint32_t
social_text_decode_beyond_ascii(const unsigned char *text, size_t len, size_t pos, int *size)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char lead = text[pos];
	int n = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
	uint32_t c;

	*size = 1;
	if (n == 0 || len - pos < (size_t) n)
		return NOT_A_CHARACTER;
	c = lead & (0x7F >> n);
	for (int i = 1; i < n; i++)
	{
		if ((text[pos + i] & 0xC0) != 0x80)
			return NOT_A_CHARACTER;
		c = c << 6 | (text[pos + i] & 0x3F);
	}
	if (c < smallest[n] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
		return NOT_A_CHARACTER;
	*size = n;
	return c;
}

uint32_t
social_text_decode_before(const unsigned char *text, size_t pos, size_t *start)
{
	size_t lead = pos - 1;
	size_t lowest = pos > 4 ? pos - 4 : 0;
	int size;
	uint32_t c;

	*start = pos - 1;
	if (text[lead] < 0x80)
		return text[lead];
	while (lead > lowest && (text[lead] & 0xC0) == 0x80)
		lead--;
	c = social_text_decode_at(text, pos, lead, &size);
	if (lead + size != pos)
		return NOT_A_CHARACTER;
	*start = lead;
	return c;
}

/* ---- classes ------------------------------------------------------------------------------------
 */

/* Characters that may join the letters of a tag, but do not make one by themselves. */
static bool
is_tag_joiner(uint32_t c)
{
	switch (c)
	{
		case '_':
		case 0x00B7: /* middle dot */
		case 0x05BE: /* Hebrew maqaf, geresh, gershayim */
		case 0x05F3:
		case 0x05F4:
		case 0x0F0B: /* Tibetan tsheg marks */
		case 0x0F0C:
		case 0x200C: /* zero-width non-joiner and joiner */
		case 0x200D:
		case 0x3003: /* ditto mark */
		case 0x301C: /* wave dash */
		case 0x309B: /* voiced and semi-voiced sound marks */
		case 0x309C:
		case 0x30A0: /* Katakana double hyphen and middle dot */
		case 0x30FB:
		case 0xA67E: /* Cyrillic kavyka */
		case 0xFF5E: /* full-width tilde */
			return true;
		default:
			return false;
	}
}

bool
social_text_is_tag_letter(uint32_t c)
{
	if (c < 128)
		return is_class(c, IS_LETTER);
	return (U_MASK(u_charType((UChar32) c)) & (U_GC_L_MASK | U_GC_M_MASK)) != 0 &&
		   !u_hasBinaryProperty((UChar32) c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT);
}

bool
social_text_is_tag_character(uint32_t c)
{
	if (c < 128)
		return is_class(c, IS_WORD);
	return (U_MASK(u_charType((UChar32) c)) & (U_GC_L_MASK | U_GC_M_MASK | U_GC_ND_MASK)) != 0 ||
		   is_tag_joiner(c);
}

bool
social_text_is_name_character(uint32_t c)
{
	if (c < 128)
		return is_class(c, IS_WORD);
	return social_text_is_tag_letter(c) || (U_MASK(u_charType((UChar32) c)) & U_GC_N_MASK) != 0;
}

bool
social_text_is_apostrophe(uint32_t c)
{
	return c == '\'' || c == 0x2019 || c == 0xFF07;
}

bool
social_text_is_name_joiner(uint32_t c)
{
	switch (c)
	{
		case '.':
		case '-':
		case '+':
		case 0x2010: /* hyphens */
		case 0x2011:
		case 0xFE63:
		case 0xFF0B: /* the full-width forms */
		case 0xFF0D:
		case 0xFF0E:
			return true;
		default:
			return c >= 128 &&
				   (is_tag_joiner(c) ||
					u_hasBinaryProperty((UChar32) c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT));
	}
}

bool
social_text_is_latin_accent(uint32_t c)
{
	static const uint16_t singles[] = {0x0253, 0x0254, 0x0256, 0x0257, 0x0259, 0x025B, 0x0263,
									   0x0268, 0x026F, 0x0272, 0x0289, 0x028B, 0x02BB};

	if (c < 0xC0 || c > 0x1EFF)
		return false;
	if ((c <= 0x24F && c != 0xD7 && c != 0xF7) || (c >= 0x300 && c <= 0x36F) || c >= 0x1E00)
		return true;
	for (size_t i = 0; i < sizeof(singles) / sizeof(singles[0]); i++)
		if (singles[i] == c)
			return true;
	return false;
}

bool
social_text_is_blank(uint32_t c)
{
	return c < 128 ? is_class(c, IS_BLANK) : u_isUWhiteSpace((UChar32) c);
}

bool
social_text_is_unseen(uint32_t c)
{
	if (c < 128)
		return is_class(c, IS_BLANK);
	return c == 0x2800 || u_isUWhiteSpace((UChar32) c) ||
		   u_charType((UChar32) c) == U_CONTROL_CHAR ||
		   u_hasBinaryProperty((UChar32) c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT);
}
