/*
 * arena.c owns the chunks behind an arena's memory.
 */
#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define CHUNK_SIZE 8192

struct sb_arena_chunk
{
	struct sb_arena_chunk *older;
	max_align_t data[];
};

void *
sb_arena_alloc(struct sb_arena *arena, size_t size)
{
	char *result;

	size = (size + !size + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);
	if (size > (size_t) (arena->end - arena->at))
	{
		size_t room = size > CHUNK_SIZE / 4 ? size : CHUNK_SIZE;
		struct sb_arena_chunk *chunk = sb_malloc(sizeof(*chunk) + room);

		arena->total += room;
		chunk->older = arena->chunks;
		arena->chunks = chunk;
		/* A large piece gets its own chunk; the one in use stays so. */
		if (room == size)
			return memset(chunk->data, 0, size);
		arena->at = (char *) chunk->data;
		arena->end = arena->at + room;
	}
	result = arena->at;
	arena->at += size;
	return memset(result, 0, size);
}

char *
sb_arena_copy(struct sb_arena *arena, const char *text, size_t len)
{
	char *copy = sb_arena_alloc(arena, len + 1);

	if (len > 0)
		memcpy(copy, text, len);
	return copy;
}

char *
sb_arena_vprintf(struct sb_arena *arena, const char *format, va_list args)
{
	char usual[128]; /* most texts fit, and are formatted once */
	va_list again;
	char *text;
	int len;

	va_copy(again, args);
	len = vsnprintf(usual, sizeof(usual), format, args);
	if ((size_t) len < sizeof(usual))
		text = sb_arena_copy(arena, usual, (size_t) len);
	else
	{
		text = sb_arena_alloc(arena, (size_t) len + 1);
		vsnprintf(text, (size_t) len + 1, format, again);
	}
	va_end(again);
	return text;
}

char *
sb_arena_printf(struct sb_arena *arena, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = sb_arena_vprintf(arena, format, args);
	va_end(args);
	return text;
}

void
sb_arena_free(struct sb_arena *arena)
{
	struct sb_arena_chunk *chunk = arena->chunks;

	while (chunk)
	{
		struct sb_arena_chunk *older = chunk->older;

		free(chunk);
		chunk = older;
	}
	memset(arena, 0, sizeof(*arena));
}
