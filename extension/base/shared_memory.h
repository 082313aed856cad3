/*
 * shared_memory.h owns getting shared memory from a server that has the library preloaded: features
 * say what they want, and are given it when the server starts.
 */
#ifndef SOCIAL_SHARED_MEMORY_H
#define SOCIAL_SHARED_MEMORY_H

#include "postgres.h"

#include "storage/lwlock.h"

struct social_shared_memory
{
	const char *name;   /* of the memory and of its locks, as pg_shmem_allocations shows it */
	Size (*size)(void); /* in bytes; asked once settings and the number of backends are known */
	int nlocks;         /* how many LWLocks come with it */

	/*
	 * The memory, and its locks (NULL: none). is_new: it is all zero and nobody else has it yet;
	 * else somebody has prepared it.
	 */
	void (*attach)(void *memory, LWLockPadded *locks, bool is_new);

	struct social_shared_memory *next; /* ours */
};

/* From a feature's initialiser, where the library is being preloaded; want must be static. */
extern void social_shared_memory_want(struct social_shared_memory *want);

#endif /* SOCIAL_SHARED_MEMORY_H */
