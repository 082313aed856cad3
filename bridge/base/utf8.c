/*
 * utf8.c owns what UTF-8 is. Pure.
 */
#include "base/utf8.h"

#include <stdint.h>

static bool
is_tail(unsigned char byte)
{
	return (byte & 0xc0) == 0x80;
}

size_t
sb_utf8_width(const char *text, size_t len)
{
	const unsigned char *byte = (const unsigned char *) text;

	if (len == 0)
		return 0;
	if (byte[0] < 0x80)
		return 1;
	if (byte[0] < 0xc2 || byte[0] > 0xf4)
		return 0;
	if (len < 2 || !is_tail(byte[1]))
		return 0;
	if (byte[0] < 0xe0)
		return 2;
	if (len < 3 || !is_tail(byte[2]))
		return 0;
	if (byte[0] < 0xf0)
	{
		if ((byte[0] == 0xe0 && byte[1] < 0xa0) || (byte[0] == 0xed && byte[1] > 0x9f))
			return 0;
		return 3;
	}
	if (len < 4 || !is_tail(byte[3]))
		return 0;
	if ((byte[0] == 0xf0 && byte[1] < 0x90) || (byte[0] == 0xf4 && byte[1] > 0x8f))
		return 0;
	return 4;
}

bool
sb_utf8_is_text(const char *text, size_t len)
{
	size_t at = 0;

	while (at < len)
	{
		size_t width = sb_utf8_width(text + at, len - at);

		if (width == 0 || text[at] == '\0')
			return false;
		at += width;
	}
	return true;
}

/* Whether one to three bytes may be the beginning of a character. */
static bool
may_begin(const char *text, size_t len)
{
	static const char seconds[] = {(char) 0x80, (char) 0x90, (char) 0xa0};

	for (size_t i = 0; i < sizeof(seconds); i++)
	{
		char whole[4] = {text[0], seconds[i], (char) 0x80, (char) 0x80};

		for (size_t n = 1; n < len; n++)
			whole[n] = text[n];
		if (sb_utf8_width(whole, sizeof(whole)) > len)
			return true;
	}
	return false;
}

bool
sb_utf8_goes_on(const char *text, size_t len, size_t *checked)
{
	while (*checked < len)
	{
		size_t width = sb_utf8_width(text + *checked, len - *checked);

		if (width == 0)
			return len - *checked < 4 && may_begin(text + *checked, len - *checked);
		*checked += width;
	}
	return true;
}

size_t
sb_utf8_encode(uint32_t c, char *out)
{
	if (c < 0x80)
	{
		out[0] = (char) c;
		return 1;
	}
	if (c < 0x800)
	{
		out[0] = (char) (0xC0 | c >> 6);
		out[1] = (char) (0x80 | (c & 0x3F));
		return 2;
	}
	if (c < 0x10000)
	{
		out[0] = (char) (0xE0 | c >> 12);
		out[1] = (char) (0x80 | (c >> 6 & 0x3F));
		out[2] = (char) (0x80 | (c & 0x3F));
		return 3;
	}
	out[0] = (char) (0xF0 | c >> 18);
	out[1] = (char) (0x80 | (c >> 12 & 0x3F));
	out[2] = (char) (0x80 | (c >> 6 & 0x3F));
	out[3] = (char) (0x80 | (c & 0x3F));
	return 4;
}
