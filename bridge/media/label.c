/*
 * label.c owns how labels are written and read: lines of text, and empty ones up to their size.
 */
#include "media/label.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_LINE "\nsocial object 1\n"

void
sb_label_write(const struct sb_label *label, char out[SB_LABEL_SIZE])
{
	char text[SB_LABEL_SIZE];
	int len = snprintf(text, sizeof(text), FIRST_LINE "key=%s\ntype=%s\ntag=%s\nsize=%" PRIu64 "\n",
					   label->key, label->type, label->tag, label->size);

	memset(out, '\n', SB_LABEL_SIZE);
	memcpy(out, text, (size_t) len);
}

/* The value of the line at *at, which begins with this name; *at moves behind it. */
static bool
take_line(const char **at, const char *end, const char *name, char *value, size_t size)
{
	size_t name_len = strlen(name);
	const char *stop = memchr(*at, '\n', (size_t) (end - *at));
	size_t len;

	if (stop == NULL || (size_t) (stop - *at) < name_len || memcmp(*at, name, name_len) != 0)
		return false;
	len = (size_t) (stop - *at) - name_len;
	if (len >= size || memchr(*at, '\0', (size_t) (stop - *at)) != NULL)
		return false;
	memcpy(value, *at + name_len, len);
	value[len] = '\0';
	*at = stop + 1;
	return true;
}

bool
sb_label_read(struct sb_label *label, const char text[SB_LABEL_SIZE], uint64_t size)
{
	const char *at = text + sizeof(FIRST_LINE) - 1;
	const char *end = text + SB_LABEL_SIZE;
	char digits[24];
	char wanted[24];

	snprintf(wanted, sizeof(wanted), "%" PRIu64, size);
	if (memcmp(text, FIRST_LINE, sizeof(FIRST_LINE) - 1) != 0 ||
		!take_line(&at, end, "key=", label->key, sizeof(label->key)) ||
		!take_line(&at, end, "type=", label->type, sizeof(label->type)) ||
		!take_line(&at, end, "tag=", label->tag, sizeof(label->tag)) ||
		!take_line(&at, end, "size=", digits, sizeof(digits)))
		return false;
	label->size = size;
	return strcmp(digits, wanted) == 0;
}
