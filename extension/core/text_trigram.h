/*
 * text_trigram.h owns trigrams, three characters in a row as a number, which an index finds parts
 * of words by. Mission item 58.
 */
#ifndef SOCIAL_TEXT_TRIGRAM_H
#define SOCIAL_TEXT_TRIGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The distinct trigrams of a folded text, in rising order; only of characters of words (letters,
 * marks, digits, symbols), so that a text has about half as many as it has characters. `out` has
 * room for `len` (bytes). Returns how many there are. A part of a text has no trigram that the text
 * lacks.
 */
extern size_t social_text_trigrams(const char *text, size_t len, int32_t *out);

/*
 * The same of a name, where each word begins with two blanks: a beginning of a word of a name has
 * no trigram that the name lacks. The underscore stands between words. `out` has room for
 * `len + 2`.
 */
extern size_t social_text_name_trigrams(const char *name, size_t len, int32_t *out);

/*
 * Every third of them in the order of the name from the first on, or all the others: a typing error
 * spoils three neighbours, and so leaves some of both in a name of five characters or more.
 */
extern size_t social_text_name_thirds(const char *name, size_t len, bool others, int32_t *out);

#endif /* SOCIAL_TEXT_TRIGRAM_H */
