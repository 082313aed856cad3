/* utf8.h owns the UTF-8 rules of RFC 3629: shortest form, no surrogates, at most U+10FFFF. */
#ifndef SB_GRAPHQL_UTF8_H
#define SB_GRAPHQL_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of the character at `text` (1-4), or 0 when `len` bytes do not start with a valid one. */
static inline int
gql_utf8_width(const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *) text;
	unsigned char low = 0x80;
	unsigned char high = 0xBF;
	int width;

	if (len == 0)
		return 0;
	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xC2 || s[0] > 0xF4)
		return 0;
	width = s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
	if (s[0] == 0xE0)
		low = 0xA0;
	else if (s[0] == 0xED)
		high = 0x9F;
	else if (s[0] == 0xF0)
		low = 0x90;
	else if (s[0] == 0xF4)
		high = 0x8F;
	if (len < (size_t) width || s[1] < low || s[1] > high)
		return 0;
	for (int i = 2; i < width; i++)
	{
		if ((s[i] & 0xC0) != 0x80)
			return 0;
	}
	return width;
}

/* Writes a Unicode scalar value; returns the bytes used (1-4). */
static inline int
gql_utf8_encode(uint32_t c, char *out)
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

#endif /* SB_GRAPHQL_UTF8_H */
