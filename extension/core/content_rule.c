/*
 * content_rule.c owns the question what a rule says about a text (see content_rule.h).
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "core/content_rule.h"

#include <string.h>

#include <unicode/uscript.h>

#include "core/text_char.h"

/* Where the search stands, and what is around a find. */
struct surroundings
{
	uint32_t before; /* the character before the find; 0 at the text's beginning */
	uint32_t after;  /* the one after it; 0 at the end */
	uint32_t second; /* the one after that */
};

typedef bool (*is_whole_fn)(const struct surroundings *around, uint32_t first, uint32_t last);

static uint32_t
character_at(const unsigned char *text, size_t len, size_t *pos)
{
	int size;
	uint32_t character;

	if (*pos >= len)
		return 0;
	character = social_text_decode_at(text, len, *pos, &size);
	*pos += size;
	return character;
}

static uint32_t
character_before(const unsigned char *text, size_t pos)
{
	size_t start;

	return pos == 0 ? 0 : social_text_decode_before(text, pos, &start);
}

/* Does any find of the needle pass the test? Linear in practice: memmem() does the searching. */
static bool
find(const char *text, size_t len, const char *needle, size_t needle_len, is_whole_fn is_whole)
{
	const unsigned char *bytes = (const unsigned char *) text;
	const unsigned char *wanted = (const unsigned char *) needle;
	size_t none = 0;
	size_t from = 0;
	uint32_t first = character_at(wanted, needle_len, &none);
	uint32_t last = character_before(wanted, needle_len);

	while (needle_len > 0 && from + needle_len <= len)
	{
		const char *found = memmem(text + from, len - from, needle, needle_len);
		size_t end;
		struct surroundings around;

		if (found == NULL)
			return false;
		end = found - text + needle_len;
		around.before = character_before(bytes, found - text);
		around.after = character_at(bytes, len, &end);
		around.second = character_at(bytes, len, &end);
		if (is_whole(&around, first, last))
			return true;
		from = found - text + 1;
	}
	return false;
}

/* Is the character of a script whose words stand without blanks between them? */
static bool
is_unspaced(uint32_t character)
{
	UErrorCode status = U_ZERO_ERROR;

	if (character < 0x0E00)
		return false;
	switch (uscript_getScript((UChar32) character, &status))
	{
		case USCRIPT_HAN:
		case USCRIPT_HIRAGANA:
		case USCRIPT_KATAKANA:
		case USCRIPT_THAI:
		case USCRIPT_LAO:
		case USCRIPT_KHMER:
		case USCRIPT_MYANMAR:
			return true;
		default:
			return false;
	}
}

/* Do two neighbouring characters belong to different words? */
static bool
is_word_edge(uint32_t inside, uint32_t outside)
{
	return outside == 0 || !social_text_is_tag_character(inside) ||
		   !social_text_is_tag_character(outside) || is_unspaced(inside);
}

static bool
is_whole_word(const struct surroundings *around, uint32_t first, uint32_t last)
{
	return is_word_edge(first, around->before) && is_word_edge(last, around->after);
}

static bool
is_label_character(uint32_t character)
{
	return character == '-' || (character != 0 && social_text_is_tag_character(character));
}

static bool
is_whole_host(const struct surroundings *around, uint32_t first, uint32_t last)
{
	if (is_label_character(around->before) || is_label_character(around->after))
		return false;
	return around->after != '.' || !is_label_character(around->second);
}

bool
social_content_has_word(const char *text, size_t len, const char *word, size_t word_len)
{
	return find(text, len, word, word_len, is_whole_word);
}

bool
social_content_has_host(const char *text, size_t len, const char *host, size_t host_len)
{
	return find(text, len, host, host_len, is_whole_host);
}
