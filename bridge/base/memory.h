/*
 * memory.h owns the rule for memory that cannot be had: the process says so and ends. The bridge
 * owns no data and a supervisor starts it again, so no caller carries a half-built object around.
 */
#ifndef SB_MEMORY_H
#define SB_MEMORY_H

#include <stdio.h>
#include <stdlib.h>

static inline void *
sb_checked(void *memory)
{
	if (memory == NULL)
	{
		fputs("{\"level\":\"error\",\"msg\":\"out of memory\"}\n", stderr);
		abort();
	}
	return memory;
}

/* malloc, calloc, realloc that never return NULL; the caller frees with free(). */
static inline void *
sb_malloc(size_t size)
{
	return sb_checked(malloc(size ? size : 1));
}

static inline void *
sb_calloc(size_t count, size_t size)
{
	return sb_checked(calloc(count ? count : 1, size));
}

static inline void *
sb_realloc(void *memory, size_t size)
{
	return sb_checked(realloc(memory, size ? size : 1));
}

#endif /* SB_MEMORY_H */
