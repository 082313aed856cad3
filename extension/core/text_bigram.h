/*
 * text_bigram.h owns texts in scripts without spaces between words: where their runs are, and the
 * pairs of characters that stand for words there. Mission pain P-07.
 *
 * Every character of a run begins one bigram, so that a single character is found as the beginning
 * of lexemes; the last one stands alone. A phrase of adjacent bigrams is a substring of a run.
 */
#ifndef SOCIAL_TEXT_BIGRAM_H
#define SOCIAL_TEXT_BIGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A stretch of a text, in bytes: all of it in scripts without spaces, or nothing of it. */
struct social_text_run
{
	size_t start;
	size_t end;
	bool is_spaceless;
};

/* One or, but for the last of a run, two characters, in bytes. */
struct social_text_bigram
{
	size_t start;
	size_t end;
	bool is_last;
};

/* Is c a letter, mark or number of Han, Kana, Bopomofo, Hangul, Thai, Lao, Khmer or Myanmar? */
extern bool social_text_is_spaceless(uint32_t c);

/* Has the text any such character, or one that is compatible with one (half-width Kana …)? */
extern bool social_text_has_spaceless(const char *text, size_t len);

/*
 * The stretch that begins at *pos, as long as it goes, and moves *pos behind it; false at the end.
 * The stretches of a text lie side by side. Bytes that are no UTF-8 are characters of no script.
 */
extern bool social_text_run_next(const char *text, size_t len, size_t *pos,
								 struct social_text_run *run);

/* The bigram that begins at *pos, in a run that ends at `end`; moves *pos by one character. */
extern bool social_text_bigram_next(const char *text, size_t end, size_t *pos,
									struct social_text_bigram *bigram);

#endif /* SOCIAL_TEXT_BIGRAM_H */
