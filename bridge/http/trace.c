/*
 * trace.c owns the form of `traceparent`.
 */
#include "http/trace.h"

#include <string.h>

#define PARENT_AT 36
#define FLAGS_AT  53
#define LENGTH    55 /* of version 00 */

static bool
is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* Digits, and not all of them zero. */
static bool
is_id(const char *text, size_t len)
{
	bool any = false;

	for (size_t i = 0; i < len; i++)
	{
		if (!is_hex(text[i]))
			return false;
		any |= text[i] != '0';
	}
	return any;
}

bool
sb_trace_is_valid(const char *text, size_t len)
{
	bool is_first = len >= LENGTH && memcmp(text, "00", 2) == 0;

	if (len < LENGTH || (len > LENGTH && (is_first || text[LENGTH] != '-')))
		return false;
	if (!is_hex(text[0]) || !is_hex(text[1]) || memcmp(text, "ff", 2) == 0)
		return false;
	if (text[2] != '-' || text[PARENT_AT - 1] != '-' || text[FLAGS_AT - 1] != '-')
		return false;
	return is_id(text + SB_TRACE_ID_AT, SB_TRACE_ID_LENGTH) && is_id(text + PARENT_AT, 16) &&
		   is_hex(text[FLAGS_AT]) && is_hex(text[FLAGS_AT + 1]);
}
