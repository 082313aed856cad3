/*
 * text_check.h owns what every text that a person gives must be: something that can be seen, and
 * without characters that command terminals and files. Pure: no server headers.
 */
#ifndef SOCIAL_TEXT_CHECK_H
#define SOCIAL_TEXT_CHECK_H

#include <stdbool.h>
#include <stddef.h>

enum social_text_fault
{
	SOCIAL_TEXT_FINE,
	SOCIAL_TEXT_UNSEEN,  /* nothing of it can be seen: empty, blanks, invisible characters */
	SOCIAL_TEXT_CONTROLS /* it holds control characters, or line breaks where it is one line */
};

/*
 * What is wrong with a text, the first that applies. One that is no single line may have line
 * breaks (LF, CR, U+2028, U+2029) and tabs. Linear; any bytes are safe, and what is no UTF-8 counts
 * as seen.
 */
extern enum social_text_fault social_text_check(const char *text, size_t len, bool is_line);

#endif /* SOCIAL_TEXT_CHECK_H */
