/*
 * export_text.c owns how what there is of a person is written.
 */
#include "worker/export_text.h"

#include <string.h>

void
sb_export_put_field(struct sb_buffer *line, const char *value, size_t len)
{
	if (value == NULL)
		return;
	if (len > 0 && memchr(value, '"', len) == NULL && memchr(value, ',', len) == NULL &&
		memchr(value, '\n', len) == NULL && memchr(value, '\r', len) == NULL && value[0] != ' ' &&
		value[len - 1] != ' ')
	{
		sb_buffer_append(line, value, len);
		return;
	}
	sb_buffer_putc(line, '"');
	for (size_t i = 0; i < len; i++)
	{
		if (value[i] == '"')
			sb_buffer_putc(line, '"');
		sb_buffer_putc(line, value[i]);
	}
	sb_buffer_putc(line, '"');
}

void
sb_export_put_html(struct sb_buffer *page, const char *text)
{
	for (; *text; text++)
		switch (*text)
		{
			case '&':
				sb_buffer_puts(page, "&amp;");
				break;
			case '<':
				sb_buffer_puts(page, "&lt;");
				break;
			case '>':
				sb_buffer_puts(page, "&gt;");
				break;
			case '"':
				sb_buffer_puts(page, "&quot;");
				break;
			case '\'':
				sb_buffer_puts(page, "&#39;");
				break;
			default:
				sb_buffer_putc(page, *text);
		}
}
