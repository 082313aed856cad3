/*
 * arena.c owns the blocks behind a request's memory.
 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define BLOCK_SIZE 4096
#define ALIGNMENT  16

struct sb_arena_block
{
	struct sb_arena_block *older;
	size_t used;
	size_t size;
	_Alignas(ALIGNMENT) char data[];
};

static struct sb_arena_block *
add_block(struct sb_arena *arena, size_t size)
{
	size_t room = BLOCK_SIZE - sizeof(struct sb_arena_block);
	struct sb_arena_block *block;

	if (size > room)
		room = size;
	block = sb_malloc(sizeof(*block) + room);
	block->older = arena->blocks;
	block->used = 0;
	block->size = room;
	arena->blocks = block;
	return block;
}

void *
sb_arena_alloc(struct sb_arena *arena, size_t size)
{
	struct sb_arena_block *block = arena->blocks;
	void *memory;

	size = (size + ALIGNMENT - 1) & ~(size_t) (ALIGNMENT - 1);
	if (block == NULL || block->size - block->used < size)
		block = add_block(arena, size);
	memory = block->data + block->used;
	block->used += size;
	return memset(memory, 0, size);
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
sb_arena_printf(struct sb_arena *arena, const char *format, ...)
{
	va_list args;
	int len;
	char *text;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	text = sb_arena_alloc(arena, (size_t) len + 1);
	va_start(args, format);
	vsnprintf(text, (size_t) len + 1, format, args);
	va_end(args);
	return text;
}

void
sb_arena_free(struct sb_arena *arena)
{
	while (arena->blocks)
	{
		struct sb_arena_block *block = arena->blocks;

		arena->blocks = block->older;
		free(block);
	}
}
