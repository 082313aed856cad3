/*
 * id.h owns what an id is to clients: a whole number that every JSON parser keeps exact, up to
 * 2^53 - 1. Those of JavaScript read a larger one as another (found C12). No table holds a larger
 * one: the end of sql/api/core.sql.
 */
#ifndef SB_ID_H
#define SB_ID_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define SB_ID_MAX INT64_C(9007199254740991)

/* Whether the text is digits that make such a number. */
static inline bool
sb_is_id(const char *text, size_t len)
{
	int64_t number = 0;

	if (len == 0 || len > 19)
		return false;
	for (size_t i = 0; i < len; i++)
	{
		if (text[i] < '0' || text[i] > '9')
			return false;
		number = number * 10 + (text[i] - '0');
		if (number > SB_ID_MAX)
			return false;
	}
	return true;
}

#endif /* SB_ID_H */
