/*
 * range.c owns the reading of Range headers.
 */
#include "media/range.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* The number at *at, which moves behind it; what is too large for anything is the largest. */
static bool
take_number(const char **at, uint64_t *number)
{
	const char *begin = *at;

	*number = 0;
	for (; **at >= '0' && **at <= '9'; ++*at)
	{
		uint64_t digit = (uint64_t) (**at - '0');

		*number = *number > (UINT64_MAX - digit) / 10 ? UINT64_MAX : *number * 10 + digit;
	}
	return *at > begin;
}

enum sb_range
sb_range_read(const char *text, uint64_t size, uint64_t *first, uint64_t *length)
{
	uint64_t last;
	bool has_first;

	if (strncasecmp(text, "bytes=", 6) != 0)
		return SB_RANGE_WHOLE;
	text += 6 + strspn(text + 6, " \t");
	has_first = take_number(&text, first);
	if (*text++ != '-')
		return SB_RANGE_WHOLE;
	if (!take_number(&text, &last))
	{
		if (!has_first)
			return SB_RANGE_WHOLE;
		last = UINT64_MAX;
	}
	if (has_first && last < *first)
		return SB_RANGE_WHOLE;
	if (text[strspn(text, " \t")] != '\0')
		return SB_RANGE_WHOLE;
	if (!has_first)
	{
		/* The last bytes, so many. */
		*length = last < size ? last : size;
		*first = size - *length;
		return *length > 0 ? SB_RANGE_PART : SB_RANGE_BEYOND;
	}
	if (*first >= size)
		return SB_RANGE_BEYOND;
	*length = (last >= size ? size - 1 : last) - *first + 1;
	return SB_RANGE_PART;
}
