/*
 * batch.c owns how many things are one parameter of a statement.
 */
#include "worker/batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

static void
begin_element(struct sb_buffer *array)
{
	sb_buffer_putc(array, array->len ? ',' : '{');
}

void
sb_batch_put_int(struct sb_buffer *array, int64_t number)
{
	begin_element(array);
	sb_buffer_put_int(array, number);
}

void
sb_batch_put_null(struct sb_buffer *array)
{
	begin_element(array);
	sb_buffer_puts(array, "NULL");
}

void
sb_batch_put_text(struct sb_buffer *array, const char *text)
{
	size_t len = strlen(text);

	begin_element(array);
	sb_buffer_putc(array, '"');
	for (size_t at = 0; at < len;)
	{
		size_t width = sb_utf8_width(text + at, len - at);

		if (width == 0)
			sb_buffer_putc(array, '?');
		else if (text[at] == '"' || text[at] == '\\')
			sb_buffer_putc(array, '\\');
		if (width)
			sb_buffer_append(array, text + at, width);
		at += width ? width : 1;
	}
	sb_buffer_putc(array, '"');
}

const char *
sb_batch_end(struct sb_buffer *array)
{
	if (array->len == 0)
		sb_buffer_putc(array, '{');
	sb_buffer_putc(array, '}');
	return array->data;
}

bool
sb_batch_has(const char *array, int64_t number)
{
	while (*array)
	{
		char *end;

		if (*array == '{' || *array == ',')
		{
			long long element = strtoll(array + 1, &end, 10);

			if (end > array + 1 && element == number)
				return true;
		}
		array++;
	}
	return false;
}
