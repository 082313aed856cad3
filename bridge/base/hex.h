/* hex.h owns numbers in hexadecimal: names of statements, ids of requests. */
#ifndef SB_HEX_H
#define SB_HEX_H

#include <stdint.h>

#define SB_HEX_DIGITS 16

/* Writes all digits, in lower case, and a NUL. */
static inline void
sb_hex_write(char text[SB_HEX_DIGITS + 1], uint64_t number)
{
	for (int i = SB_HEX_DIGITS - 1; i >= 0; i--, number >>= 4)
		text[i] = "0123456789abcdef"[number & 15];
	text[SB_HEX_DIGITS] = '\0';
}

#endif /* SB_HEX_H */
