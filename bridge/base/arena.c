/*
 * arena.c owns the chunks behind an arena's memory.
 */
#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define CHUNK_SIZE 8192

/* Where the sanitizer looks for what is used after its end, nothing is kept. */
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define SPARE_MAX 0
#endif
#endif
#ifndef SPARE_MAX
#define SPARE_MAX 32
#endif

struct sb_arena_chunk
{
	struct sb_arena_chunk *older;
	size_t room;
	max_align_t data[];
};

/* Chunks of the usual size that nobody has, of this thread: the heap is slow at that size. */
static _Thread_local struct sb_arena_chunk *spare;
static _Thread_local int nspare;

static struct sb_arena_chunk *
take_chunk(size_t room)
{
	struct sb_arena_chunk *chunk = spare;

	if (room == CHUNK_SIZE && chunk)
	{
		spare = chunk->older;
		nspare--;
		return chunk;
	}
	chunk = sb_malloc(sizeof(*chunk) + room);
	chunk->room = room;
	return chunk;
}

static void
give_chunk(struct sb_arena_chunk *chunk)
{
	if (chunk->room != CHUNK_SIZE || nspare >= SPARE_MAX)
	{
		free(chunk);
		return;
	}
	chunk->older = spare;
	spare = chunk;
	nspare++;
}

void
sb_arena_forget_spare(void)
{
	while (spare)
	{
		struct sb_arena_chunk *older = spare->older;

		free(spare);
		spare = older;
	}
	nspare = 0;
}

void *
sb_arena_alloc(struct sb_arena *arena, size_t size)
{
	char *result;

	size = (size + !size + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);
	if (size > (size_t) (arena->end - arena->at))
	{
		size_t room = size > CHUNK_SIZE / 4 ? size : CHUNK_SIZE;
		struct sb_arena_chunk *chunk = take_chunk(room);

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

		give_chunk(chunk);
		chunk = older;
	}
	memset(arena, 0, sizeof(*arena));
}
