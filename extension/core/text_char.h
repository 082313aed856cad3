/*
 * text_char.h owns what the text scanner knows of single characters: decoding UTF-8 in both
 * directions, and classes. Internal to text_scan.c and text_url.c.
 */
#ifndef SOCIAL_TEXT_CHAR_H
#define SOCIAL_TEXT_CHAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the decoders return for a byte that is not part of valid UTF-8: a symbol of no class. */
#define NOT_A_CHARACTER 0xFFFD

#define WIDE_HASH 0xFF03
#define WIDE_AT   0xFF20

/* Classes of ASCII characters; the values combine. */
#define IS_DIGIT     0x01
#define IS_LETTER    0x02
#define IS_WORD      0x04 /* [A-Za-z0-9_] */
#define IS_HOST      0x08 /* [A-Za-z0-9._-] */
#define IS_PATH      0x10 /* may stand in the path of a URL */
#define IS_QUERY     0x20 /* may stand in its query */
#define IS_BLANK     0x40 /* ends every URL */
#define BARS_MENTION 0x80 /* no mention right after it */

extern const unsigned char social_text_ascii_class[128];

/* Is c in ASCII, and in any of these classes? */
static inline bool
is_class(uint32_t c, unsigned mask)
{
	return c < 128 && (social_text_ascii_class[c] & mask) != 0;
}

extern uint32_t social_text_decode_beyond_ascii(const unsigned char *text, size_t len, size_t pos,
												int *size);

/* Decodes the code point at text[pos], pos < len; *size gets its bytes (1 for a stray byte). */
static inline uint32_t
social_text_decode_at(const unsigned char *text, size_t len, size_t pos, int *size)
{
	if (text[pos] >= 0x80)
		return social_text_decode_beyond_ascii(text, len, pos, size);
	*size = 1;
	return text[pos];
}

/* Decodes the code point that ends right before pos, pos > 0; *start gets where it begins. */
extern uint32_t social_text_decode_before(const unsigned char *text, size_t pos, size_t *start);

/* Letters and marks, except invisible ones (the Hangul filler), whose key would be empty. */
extern bool social_text_is_tag_letter(uint32_t c);

/* Letters, marks, decimal digits, the underscore, and the joiners of Twitter's list. */
extern bool social_text_is_tag_character(uint32_t c);

/* Accented Latin letters and combining accents, as Twitter lists them. */
extern bool social_text_is_latin_accent(uint32_t c);

/* What names of any origin may consist of: letters, visible marks and numbers of any script, `_`.
 */
extern bool social_text_is_name_character(uint32_t c);

/* What may stand between such characters within a name, or unseen between them. */
extern bool social_text_is_name_joiner(uint32_t c);

/* The typewriter's and the printer's apostrophe. */
extern bool social_text_is_apostrophe(uint32_t c);

extern bool social_text_is_blank(uint32_t c);

/* White space, controls, and what is shown as nothing or as a blank (the Hangul fillers, the empty
 * Braille pattern). */
extern bool social_text_is_unseen(uint32_t c);

#endif /* SOCIAL_TEXT_CHAR_H */
