/*
 * arena.h owns the memory of one request: many allocations, one free at the end.
 */
#ifndef SB_ARENA_H
#define SB_ARENA_H

#include <stddef.h>

struct sb_arena_block;

/* Zeroed memory is an empty arena. */
struct sb_arena
{
	struct sb_arena_block *blocks; /* newest first */
};

/*
 * Memory for size bytes, aligned for any object, zeroed. Never NULL: a process out of memory ends
 * (it owns no data, and another one takes over). Valid until sb_arena_free().
 */
extern void *sb_arena_alloc(struct sb_arena *arena, size_t size);

/* A NUL-terminated copy of text[0 .. len). */
extern char *sb_arena_copy(struct sb_arena *arena, const char *text, size_t len);

/* printf into the arena. */
extern char *sb_arena_printf(struct sb_arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Frees everything; the arena is empty afterwards and may be used again. */
extern void sb_arena_free(struct sb_arena *arena);

#endif /* SB_ARENA_H */
