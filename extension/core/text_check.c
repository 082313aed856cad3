/*
 * text_check.c owns what every text that a person gives must be (see text_check.h).
 */
#include "core/text_check.h"

#include "core/text_char.h"

static bool
is_line_break(uint32_t c)
{
	return c == '\n' || c == '\r' || c == 0x2028 || c == 0x2029;
}

static bool
is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7F && c < 0xA0);
}

enum social_text_fault
social_text_check(const char *text, size_t len, bool is_line)
{
	const unsigned char *bytes = (const unsigned char *) text;
	bool is_seen = false;
	bool has_controls = false;
	int size;

	for (size_t pos = 0; pos < len; pos += size)
	{
		uint32_t c = bytes[pos];

		size = 1;
		if (c > ' ' && c < 0x7F)
		{
			is_seen = true;
			continue;
		}
		if (c >= 0x80)
			c = social_text_decode_at(bytes, len, pos, &size);
		if (is_line_break(c) || c == '\t')
			has_controls |= is_line;
		else if (is_control(c))
			has_controls = true;
		else
			is_seen = is_seen || !social_text_is_unseen(c);
	}
	return !is_seen ? SOCIAL_TEXT_UNSEEN : has_controls ? SOCIAL_TEXT_CONTROLS : SOCIAL_TEXT_FINE;
}
