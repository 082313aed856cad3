/*
 * buffer.c owns a growing string, and how text is written into JSON.
 */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/decimal.h"
#include "base/memory.h"
#include "base/utf8.h"

void
sb_buffer_reserve(struct sb_buffer *buffer, size_t more)
{
	size_t size = buffer->size ? buffer->size : 256;

	while (size - buffer->len < more + 1)
		size *= 2;
	if (size != buffer->size)
	{
		buffer->data = sb_realloc(buffer->data, size);
		buffer->size = size;
	}
}

void
sb_buffer_append(struct sb_buffer *buffer, const char *bytes, size_t len)
{
	sb_buffer_reserve(buffer, len);
	if (len > 0)
		memcpy(buffer->data + buffer->len, bytes, len);
	buffer->len += len;
	buffer->data[buffer->len] = '\0';
}

void
sb_buffer_puts(struct sb_buffer *buffer, const char *text)
{
	sb_buffer_append(buffer, text, strlen(text));
}

void
sb_buffer_putc(struct sb_buffer *buffer, char c)
{
	sb_buffer_append(buffer, &c, 1);
}

void
sb_buffer_printf(struct sb_buffer *buffer, const char *format, ...)
{
	va_list args;
	size_t room;
	size_t len;

	/* Formatting is what costs: once, where the room that is there will do. */
	sb_buffer_reserve(buffer, 0);
	room = buffer->size - buffer->len;
	va_start(args, format);
	len = (size_t) vsnprintf(buffer->data + buffer->len, room, format, args);
	va_end(args);
	if (len >= room)
	{
		sb_buffer_reserve(buffer, len);
		va_start(args, format);
		vsnprintf(buffer->data + buffer->len, len + 1, format, args);
		va_end(args);
	}
	buffer->len += len;
}

void
sb_buffer_put_int(struct sb_buffer *buffer, int64_t number)
{
	sb_buffer_reserve(buffer, SB_DECIMAL_SIZE);
	buffer->len += sb_decimal_write(buffer->data + buffer->len, number);
}

/* Writes what cannot stand in a JSON string as it is. */
static void
put_escape(struct sb_buffer *buffer, unsigned char byte)
{
	char escape[8];

	if (byte == '"' || byte == '\\')
		snprintf(escape, sizeof(escape), "\\%c", byte);
	else if (byte == '\n')
		strcpy(escape, "\\n");
	else
		snprintf(escape, sizeof(escape), "\\u%04x", byte);
	sb_buffer_puts(buffer, escape);
}

void
sb_buffer_put_json(struct sb_buffer *buffer, const char *text, size_t len)
{
	size_t start = 0;
	size_t at = 0;

	sb_buffer_append(buffer, "\"", 1);
	while (at < len)
	{
		unsigned char byte = (unsigned char) text[at];
		size_t width = sb_utf8_width(text + at, len - at);

		if (width > 1 ||
			(width == 1 && byte >= 0x20 && byte != 0x7f && byte != '"' && byte != '\\'))
		{
			at += width;
			continue;
		}
		sb_buffer_append(buffer, text + start, at - start);
		put_escape(buffer, byte);
		start = ++at;
	}
	sb_buffer_append(buffer, text + start, at - start);
	sb_buffer_append(buffer, "\"", 1);
}

char *
sb_buffer_take(struct sb_buffer *buffer, size_t *len)
{
	char *data;

	sb_buffer_reserve(buffer, 0);
	data = buffer->data;
	data[buffer->len] = '\0';
	if (len)
		*len = buffer->len;
	memset(buffer, 0, sizeof(*buffer));
	return data;
}

void
sb_buffer_free(struct sb_buffer *buffer)
{
	free(buffer->data);
	memset(buffer, 0, sizeof(*buffer));
}
