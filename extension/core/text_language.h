/*
 * text_language.h owns what we know of languages: their codes, which text search configuration
 * reads each, and what a text's script says of its language. Mission pain P-07.
 */
#ifndef SOCIAL_TEXT_LANGUAGE_H
#define SOCIAL_TEXT_LANGUAGE_H

#include <stdbool.h>
#include <stddef.h>

#define SOCIAL_LANGUAGE_MAX_LENGTH 8

/* Scripts that say something of a language; the values index social_text_letters. */
enum social_text_script
{
	SOCIAL_SCRIPT_OTHER,
	SOCIAL_SCRIPT_HAN,
	SOCIAL_SCRIPT_KANA,
	SOCIAL_SCRIPT_HANGUL,
	SOCIAL_SCRIPT_THAI,
	SOCIAL_SCRIPT_LAO,
	SOCIAL_SCRIPT_KHMER,
	SOCIAL_SCRIPT_MYANMAR,
	SOCIAL_SCRIPT_CYRILLIC,
	SOCIAL_SCRIPT_GREEK,
	SOCIAL_SCRIPT_ARMENIAN,
	SOCIAL_SCRIPT_ARABIC,
	SOCIAL_SCRIPT_HEBREW,
	SOCIAL_SCRIPT_DEVANAGARI,
	SOCIAL_SCRIPT_TAMIL,
	SOCIAL_NSCRIPTS
};

/* How many letters of each script a text has; is_foreign: some that the guess's language lacks. */
struct social_text_letters
{
	size_t count[SOCIAL_NSCRIPTS];
	bool is_foreign[SOCIAL_NSCRIPTS];
};

/*
 * The ISO 639 code for a language tag ("en", "EN-us", "zh_Hant", "eng"), of two letters where there
 * are two; false for a tag whose language ISO 639 does not know.
 */
extern bool social_language_code(const char *tag, size_t len,
								 char code[SOCIAL_LANGUAGE_MAX_LENGTH + 1]);

/* The text search configuration in pg_catalog for a code; NULL: the general one reads it. */
extern const char *social_language_config(const char *code);

/* Adds the letters of a (part of a) text to *letters, which begins zeroed. */
extern void social_text_count_letters(const char *text, size_t len,
									  struct social_text_letters *letters);

/*
 * The language that the letters' script suggests, as a code; NULL when the script (Latin above all)
 * says nothing, or another one has more than three quarters of the letters.
 */
extern const char *social_text_guess_language(const struct social_text_letters *letters);

#endif /* SOCIAL_TEXT_LANGUAGE_H */
