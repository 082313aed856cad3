/*
 * utf8.h owns what UTF-8 is (RFC 3629: no overlong form, no surrogate, nothing above U+10FFFF).
 * Pure.
 */
#ifndef SB_UTF8_H
#define SB_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes of the character at text, 1 to 4; 0 when text[0 .. len) does not begin with one. */
extern size_t sb_utf8_width(const char *text, size_t len);

/* Whether all of text[0 .. len) is UTF-8 without a NUL. */
extern bool sb_utf8_is_text(const char *text, size_t len);

/*
 * For text that comes in pieces: moves *checked, before which all are whole characters, on to where
 * the last whole one ends. False where no text can begin as text[0 .. len) does. NUL is a
 * character.
 */
extern bool sb_utf8_goes_on(const char *text, size_t len, size_t *checked);

/* Writes a Unicode scalar value into out[4]; the bytes used, 1 to 4. */
extern size_t sb_utf8_encode(uint32_t c, char *out);

#endif /* SB_UTF8_H */
