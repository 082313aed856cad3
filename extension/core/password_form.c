/*
 * password_form.c owns what a password is whatever keyboard types it (see password_form.h).
 *
 * RFC 8265 4.2.2 refuses more: unassigned characters, which ICU's next version may know, and those
 * that emoji are joined with. Those are typed by phones, and change nothing about the form.
 */
#include "core/password_form.h"

#include <stdint.h>
#include <string.h>

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utf8.h>

#include "core/text_char.h"

#define NFC_GROWTH 3 /* of UTF-16 units, at most (Unicode Annex 15) */

#define BRAILLE_BLANK 0x2800

static bool
is_ascii(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char) bytes[i] >= 0x80)
			return false;
	return true;
}

bool
social_password_form(const char *password, size_t len, char form[SOCIAL_PASSWORD_MAX_BYTES],
					 size_t *form_len)
{
	UChar wide[SOCIAL_PASSWORD_MAX_BYTES];
	UChar composed[NFC_GROWTH * SOCIAL_PASSWORD_MAX_BYTES];
	UErrorCode status = U_ZERO_ERROR;
	int32_t wide_len = 0;
	int32_t composed_len;
	int32_t bytes = 0;

	if (len > SOCIAL_PASSWORD_MAX_BYTES || is_ascii(password, len))
		return false;
	u_strFromUTF8(wide, SOCIAL_PASSWORD_MAX_BYTES, &wide_len, password, (int32_t) len, &status);
	if (U_FAILURE(status))
		return false;
	for (int32_t i = 0; i < wide_len; i++)
		if (u_charType(wide[i]) == U_SPACE_SEPARATOR)
			wide[i] = ' ';
	composed_len = unorm2_normalize(unorm2_getNFCInstance(&status), wide, wide_len, composed,
									NFC_GROWTH * SOCIAL_PASSWORD_MAX_BYTES, &status);
	u_strToUTF8(form, SOCIAL_PASSWORD_MAX_BYTES, &bytes, composed, composed_len, &status);
	if (U_FAILURE(status))
		return false;
	*form_len = (size_t) bytes;
	return *form_len != len || memcmp(form, password, len) != 0;
}

/* Writes emoji, or a script's ligatures: joiners, variation selectors, the tags of flags. */
static bool
is_joiner(UChar32 c)
{
	return c == 0x200C || c == 0x200D || (c >= 0xFE00 && c <= 0xFE0F) ||
		   (c >= 0xE0020 && c <= 0xE007F) || (c >= 0xE0100 && c <= 0xE01EF);
}

static bool
is_space(UChar32 c)
{
	return c == BRAILLE_BLANK || u_charType(c) == U_SPACE_SEPARATOR;
}

int
social_password_length(const char *password, size_t len)
{
	int32_t at = 0;
	int count = 0;
	int blanks = 0;
	UChar32 c;

	while (at < (int32_t) len)
	{
		U8_NEXT(password, at, (int32_t) len, c);
		if (c >= 0 && is_joiner(c))
			continue;
		count++;
		if (c >= 0 && is_space(c))
			blanks++;
		else if (c >= 0 && (u_charType(c) == U_CONTROL_CHAR || social_text_is_unseen(c) ||
							U_IS_UNICODE_NONCHAR(c)))
			return -1;
	}
	return blanks == count ? 0 : count;
}
