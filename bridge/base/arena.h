/*
 * arena.h owns memory that is freed in one go: many allocations, one free at the end.
 */
#ifndef SB_ARENA_H
#define SB_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct sb_arena_chunk;

/* Zeroed memory is an empty arena. */
struct sb_arena
{
	struct sb_arena_chunk *chunks; /* newest first */
	char *at;                      /* free space of the chunk in use */
	char *end;
	size_t total; /* bytes taken from the heap */
};

/*
 * Memory for size bytes, aligned for any object, zeroed. Never NULL: a process out of memory ends
 * (it owns no data, and another one takes over). Valid until sb_arena_free().
 */
extern void *sb_arena_alloc(struct sb_arena *arena, size_t size);

#define sb_arena_new(arena, type) ((type *) sb_arena_alloc((arena), sizeof(type)))
#define sb_arena_new_array(arena, type, n)                                                         \
	((type *) sb_arena_alloc((arena), sizeof(type) * (size_t) (n)))

/* A NUL-terminated copy of text[0 .. len). */
extern char *sb_arena_copy(struct sb_arena *arena, const char *text, size_t len);

/* printf into the arena. */
extern char *sb_arena_printf(struct sb_arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
extern char *sb_arena_vprintf(struct sb_arena *arena, const char *format, va_list args);

/* Frees everything; the arena is empty afterwards and may be used again. */
extern void sb_arena_free(struct sb_arena *arena);

/* A thread keeps some memory of arenas for its next ones: gives it back, before the thread ends. */
extern void sb_arena_forget_spare(void);

#endif /* SB_ARENA_H */
