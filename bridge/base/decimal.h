/* decimal.h owns numbers as text: printf takes ten times as long, and answers hold many. */
#ifndef SB_DECIMAL_H
#define SB_DECIMAL_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SB_DECIMAL_SIZE 21 /* of any, with its sign and a NUL */

/* Writes a number and a NUL; how long it is. */
static inline size_t
sb_decimal_write(char text[SB_DECIMAL_SIZE], int64_t number)
{
	char digits[SB_DECIMAL_SIZE];
	char *end = digits + sizeof(digits) - 1;
	char *at = end;
	uint64_t rest = number < 0 ? -(uint64_t) number : (uint64_t) number;

	*end = '\0';
	do
		*--at = (char) ('0' + rest % 10);
	while ((rest /= 10) > 0);
	if (number < 0)
		*--at = '-';
	memcpy(text, at, (size_t) (end - at) + 1);
	return (size_t) (end - at);
}

#endif /* SB_DECIMAL_H */
