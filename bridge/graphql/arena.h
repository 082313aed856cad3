/*
 * arena.h owns the library's memory idioms: an arena freed in one go, a growing byte buffer, and a
 * map from names to pointers.
 */
#ifndef SB_GRAPHQL_ARENA_H
#define SB_GRAPHQL_ARENA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gql_chunk;

/* Zero-initialised it is ready for use. Running out of memory aborts the process. */
struct gql_arena
{
	struct gql_chunk *chunks; /* newest first */
	char *at;                 /* free space of the newest chunk */
	char *end;
	size_t total; /* bytes taken from the heap */
};

/* Zeroed memory, aligned for any type, valid until gql_arena_free. */
void *gql_alloc(struct gql_arena *arena, size_t size);
char *gql_strndup(struct gql_arena *arena, const char *text, size_t len);
char *gql_printf(struct gql_arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
char *gql_vprintf(struct gql_arena *arena, const char *format, va_list args);
void gql_arena_free(struct gql_arena *arena);

#define gql_new(arena, type)          ((type *) gql_alloc((arena), sizeof(type)))
#define gql_new_array(arena, type, n) ((type *) gql_alloc((arena), sizeof(type) * (n)))

/* A growing byte buffer on the heap; `data` is NUL-terminated once something was added. */
struct gql_buf
{
	char *data;
	size_t len;
	size_t size;
};

void gql_buf_reserve(struct gql_buf *buf, size_t more);
void gql_buf_add(struct gql_buf *buf, const char *bytes, size_t len);
void gql_buf_puts(struct gql_buf *buf, const char *text);
void gql_buf_putc(struct gql_buf *buf, char c);
void gql_buf_printf(struct gql_buf *buf, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Appends `text` as a JSON string, quotes included; invalid UTF-8 becomes U+FFFD. */
void gql_buf_json(struct gql_buf *buf, const char *text, size_t len);
void gql_buf_free(struct gql_buf *buf);

/* Names to pointers, open addressing, in an arena; keys are borrowed. */
struct gql_map
{
	struct gql_arena *arena;
	struct gql_map_slot *slots;
	uint32_t nslots; /* a power of two, or 0 */
	uint32_t used;
};

void *gql_map_get(const struct gql_map *map, const char *key);
/* Stores unless the key is there already; returns the earlier value, or NULL when stored. */
void *gql_map_put(struct gql_map *map, const char *key, void *value);

/* Keyed 64-bit hash; the key is drawn once per process, so collisions cannot be prepared. */
uint64_t gql_hash(const void *bytes, size_t len);

#endif /* SB_GRAPHQL_ARENA_H */
