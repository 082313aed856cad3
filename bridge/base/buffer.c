/*
 * buffer.c owns a growing string, and how text is written into JSON.
 */
#include "base/buffer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"

static void
reserve(struct sb_buffer *buffer, size_t more)
{
	size_t size = buffer->size ? buffer->size : 256;

	while (size - buffer->len < more)
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
	if (len == 0)
		return;
	reserve(buffer, len);
	memcpy(buffer->data + buffer->len, bytes, len);
	buffer->len += len;
}

void
sb_buffer_puts(struct sb_buffer *buffer, const char *text)
{
	sb_buffer_append(buffer, text, strlen(text));
}

void
sb_buffer_put_int(struct sb_buffer *buffer, int64_t number)
{
	char digits[32];

	snprintf(digits, sizeof(digits), "%" PRId64, number);
	sb_buffer_puts(buffer, digits);
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

	reserve(buffer, 1);
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
