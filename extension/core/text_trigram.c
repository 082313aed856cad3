/*
 * text_trigram.c owns trigrams (see text_trigram.h).
 */
#include "core/text_trigram.h"

#include "core/text_char.h"

#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>

/* Does c belong to a word or stand for one? Blanks, punctuation and controls do not. */
static bool
is_word(uint32_t c)
{
	if (c < 128)
		return is_class(c, IS_WORD);
	return !(U_GET_GC_MASK((UChar32) c) & (U_GC_Z_MASK | U_GC_P_MASK | U_GC_C_MASK)) &&
		   c != NOT_A_CHARACTER;
}

/* Three code points as a number; different ones seldom get the same. */
static int32_t
trigram_of(const uint32_t *characters)
{
	uint64_t mixed =
		(uint64_t) characters[0] << 42 | (uint64_t) characters[1] << 21 | characters[2];

	mixed *= UINT64_C(0x9E3779B97F4A7C15);
	return (int32_t) (mixed >> 32);
}

static int
compare(const void *left, const void *right)
{
	int32_t a = *(const int32_t *) left;
	int32_t b = *(const int32_t *) right;

	return a < b ? -1 : a > b;
}

static size_t
make_distinct(int32_t *trigrams, size_t count)
{
	size_t kept = 0;

	qsort(trigrams, count, sizeof(*trigrams), compare);
	for (size_t i = 0; i < count; i++)
	{
		if (kept == 0 || trigrams[i] != trigrams[kept - 1])
			trigrams[kept++] = trigrams[i];
	}
	return kept;
}

/* The trigrams of each word of a text in its order, with `padding` blanks before it. */
static size_t
collect(const char *text, size_t len, bool is_name, int padding, int32_t *out)
{
	const unsigned char *bytes = (const unsigned char *) text;
	uint32_t last[3] = {' ', ' ', ' '};
	int known = padding; /* of the last characters, those of this word */
	size_t count = 0;
	size_t pos = 0;

	while (pos < len)
	{
		int size = 1;
		uint32_t c = bytes[pos] < 128 ? bytes[pos] : social_text_decode_at(bytes, len, pos, &size);

		pos += size;
		if (!is_word(c) || (is_name && c == '_'))
		{
			last[1] = last[2] = ' ';
			known = padding;
			continue;
		}
		last[0] = last[1];
		last[1] = last[2];
		last[2] = c;
		known = known < 3 ? known + 1 : 3;
		if (known == 3)
			out[count++] = trigram_of(last);
	}
	return count;
}

size_t
social_text_trigrams(const char *text, size_t len, int32_t *out)
{
	return make_distinct(out, collect(text, len, false, 0, out));
}

size_t
social_text_name_trigrams(const char *name, size_t len, int32_t *out)
{
	return make_distinct(out, collect(name, len, true, 2, out));
}

size_t
social_text_name_thirds(const char *name, size_t len, bool others, int32_t *out)
{
	size_t count = collect(name, len, true, 2, out);
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
	{
		if ((i % 3 != 0) == others)
			out[kept++] = out[i];
	}
	return make_distinct(out, kept);
}
