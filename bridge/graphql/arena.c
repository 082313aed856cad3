/*
 * arena.c owns allocation: arena, byte buffer, name map. Out of memory aborts: a bridge process is
 * stateless and restarts, and no caller could answer its client without memory anyway.
 */
#include "graphql/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graphql/utf8.h"

#define CHUNK_SIZE 8192

struct gql_chunk
{
	struct gql_chunk *next;
	max_align_t data[];
};

static void *
must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

void *
gql_alloc(struct gql_arena *arena, size_t size)
{
	char *result;

	size = (size + !size + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);
	if (size > (size_t) (arena->end - arena->at))
	{
		size_t room = size > CHUNK_SIZE / 4 ? size : CHUNK_SIZE;
		struct gql_chunk *chunk = must(malloc(sizeof(*chunk) + room));

		arena->total += room;
		chunk->next = arena->chunks;
		arena->chunks = chunk;
		if (room == size)
		{
			/* A large piece gets its own chunk; the current one stays in use. */
			return memset(chunk->data, 0, size);
		}
		arena->at = (char *) chunk->data;
		arena->end = arena->at + room;
	}
	result = arena->at;
	arena->at += size;
	return memset(result, 0, size);
}

char *
gql_strndup(struct gql_arena *arena, const char *text, size_t len)
{
	char *copy = gql_alloc(arena, len + 1);

	if (len > 0)
		memcpy(copy, text, len);
	return copy;
}

char *
gql_vprintf(struct gql_arena *arena, const char *format, va_list args)
{
	va_list again;
	char *text;
	int len;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, args);
	text = gql_alloc(arena, (size_t) len + 1);
	vsnprintf(text, (size_t) len + 1, format, again);
	va_end(again);
	return text;
}

char *
gql_printf(struct gql_arena *arena, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = gql_vprintf(arena, format, args);
	va_end(args);
	return text;
}

void
gql_arena_free(struct gql_arena *arena)
{
	struct gql_chunk *chunk = arena->chunks;

	while (chunk)
	{
		struct gql_chunk *next = chunk->next;

		free(chunk);
		chunk = next;
	}
	memset(arena, 0, sizeof(*arena));
}

void
gql_buf_reserve(struct gql_buf *buf, size_t more)
{
	if (buf->len + more + 1 > buf->size)
	{
		size_t size = buf->size ? buf->size * 2 : 256;

		while (size < buf->len + more + 1)
			size *= 2;
		buf->data = must(realloc(buf->data, size));
		buf->size = size;
	}
}

void
gql_buf_add(struct gql_buf *buf, const char *bytes, size_t len)
{
	gql_buf_reserve(buf, len);
	if (len > 0)
		memcpy(buf->data + buf->len, bytes, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void
gql_buf_puts(struct gql_buf *buf, const char *text)
{
	gql_buf_add(buf, text, strlen(text));
}

void
gql_buf_putc(struct gql_buf *buf, char c)
{
	gql_buf_add(buf, &c, 1);
}

void
gql_buf_printf(struct gql_buf *buf, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	gql_buf_reserve(buf, (size_t) len);
	va_start(args, format);
	vsnprintf(buf->data + buf->len, (size_t) len + 1, format, args);
	va_end(args);
	buf->len += (size_t) len;
}

void
gql_buf_json(struct gql_buf *buf, const char *text, size_t len)
{
	size_t i = 0;

	gql_buf_putc(buf, '"');
	while (i < len)
	{
		unsigned char c = (unsigned char) text[i];
		int width = gql_utf8_width(text + i, len - i);

		if (c == '"' || c == '\\')
			gql_buf_printf(buf, "\\%c", c);
		else if (c == '\n')
			gql_buf_puts(buf, "\\n");
		else if (c < 0x20 || c == 0x7f)
			gql_buf_printf(buf, "\\u%04x", c);
		else if (width == 0)
			gql_buf_puts(buf, "\xEF\xBF\xBD");
		else
			gql_buf_add(buf, text + i, (size_t) width);
		i += width ? (size_t) width : 1;
	}
	gql_buf_putc(buf, '"');
}

void
gql_buf_free(struct gql_buf *buf)
{
	free(buf->data);
	memset(buf, 0, sizeof(*buf));
}
