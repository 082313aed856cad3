/* timestamp.c: see timestamp.h. */
#include <ctype.h>
#include <stddef.h>

#include "base/timestamp.h"

/* What follows a text that looks like the pattern, in which 0 stands for a digit and anything else
 * for itself; NULL when it does not. */
static const char *
skip_pattern(const char *text, const char *pattern)
{
	for (; *pattern; pattern++, text++)
		if (*pattern == '0' ? !isdigit((unsigned char) *text) : *text != *pattern)
			return NULL;
	return text;
}

bool
sb_is_timestamp(const char *text)
{
	text = skip_pattern(text, "0000-00-00T00:00:00");
	if (text && *text == '.')
		for (text = skip_pattern(text, ".0"); text && isdigit((unsigned char) *text); text++)
			;
	if (text && *text != 'Z')
		text = skip_pattern(text, *text == '+' ? "+00:00" : "-00:00");
	else if (text)
		text++;
	return text && *text == '\0';
}
