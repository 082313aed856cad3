/*
 * webp.c owns what a WebP file is made of.
 */
#include "worker/webp.h"

#include <stdint.h>
#include <string.h>

#define HEAD  12 /* RIFF, the length of what follows, WEBP */
#define CHUNK 8  /* a name, the length of what follows (without a byte that makes it even) */

/* Of the flags of VP8X: those of pictures that one can see through, and that move. */
#define PICTURE_FLAGS (0x10 | 0x02)

static uint32_t
number_at(const unsigned char *bytes, int count)
{
	uint32_t number = 0;

	for (int i = count; i-- > 0;)
		number = number << 8 | bytes[i];
	return number;
}

static void
put_number(unsigned char *bytes, uint32_t number)
{
	for (int i = 0; i < 4; i++)
		bytes[i] = (unsigned char) (number >> (8 * i));
}

static bool
is_named(const unsigned char *chunk, const char *name)
{
	return memcmp(chunk, name, 4) == 0;
}

static bool
is_of_picture(const unsigned char *chunk)
{
	static const char *const names[] = {"VP8X", "VP8 ", "VP8L", "ALPH", "ANIM", "ANMF", NULL};
	int i = 0;

	while (names[i] && !is_named(chunk, names[i]))
		i++;
	return names[i] != NULL;
}

/* The bytes of a chunk and its head, as far as it is whole; 0: it is not. */
static size_t
length_of(const unsigned char *chunk, size_t left)
{
	size_t len;

	if (left < CHUNK)
		return 0;
	len = number_at(chunk + 4, 4);
	len = CHUNK + len + (len & 1);
	return len <= left ? len : 0;
}

/* The size that the first chunk tells. */
static bool
read_size(const unsigned char *chunk, size_t len, int *width, int *height)
{
	const unsigned char *data = chunk + CHUNK;

	if (is_named(chunk, "VP8X") && len >= CHUNK + 10)
	{
		*width = (int) number_at(data + 4, 3) + 1;
		*height = (int) number_at(data + 7, 3) + 1;
		return true;
	}
	if (is_named(chunk, "VP8 ") && len >= CHUNK + 10 && memcmp(data + 3, "\x9d\x01\x2a", 3) == 0)
	{
		*width = (int) number_at(data + 6, 2) & 0x3fff;
		*height = (int) number_at(data + 8, 2) & 0x3fff;
		return *width > 0 && *height > 0;
	}
	if (is_named(chunk, "VP8L") && len >= CHUNK + 5 && data[0] == 0x2f)
	{
		*width = (int) (number_at(data + 1, 4) & 0x3fff) + 1;
		*height = (int) (number_at(data + 1, 4) >> 14 & 0x3fff) + 1;
		return true;
	}
	return false;
}

/* Whether all chunks are whole. */
static bool
is_whole(const unsigned char *bytes, size_t end)
{
	size_t at = HEAD;

	while (at < end)
	{
		size_t len = length_of(bytes + at, end - at);

		if (len == 0)
			return false;
		at += len;
	}
	return true;
}

bool
sb_webp_strip(unsigned char *bytes, size_t *len, int *width, int *height)
{
	size_t end;
	size_t to = HEAD;

	if (*len < HEAD + CHUNK || !is_named(bytes, "RIFF") || !is_named(bytes + 8, "WEBP"))
		return false;
	end = CHUNK + (size_t) number_at(bytes + 4, 4);
	if (end > *len || end < HEAD + CHUNK || !is_whole(bytes, end) ||
		!read_size(bytes + HEAD, length_of(bytes + HEAD, end - HEAD), width, height))
		return false;
	for (size_t at = HEAD; at < end;)
	{
		size_t chunk = length_of(bytes + at, end - at);

		if (is_named(bytes + at, "VP8X") && chunk > CHUNK)
			bytes[at + CHUNK] &= PICTURE_FLAGS;
		if (is_of_picture(bytes + at))
		{
			memmove(bytes + to, bytes + at, chunk);
			to += chunk;
		}
		at += chunk;
	}
	put_number(bytes + 4, (uint32_t) (to - CHUNK));
	*len = to;
	return true;
}
