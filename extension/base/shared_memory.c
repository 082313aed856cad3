/*
 * shared_memory.c owns getting shared memory from the server (shared_memory.h).
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/shmem.h"

#include "base/shared_memory.h"

static struct social_shared_memory *wanted;
static shmem_request_hook_type previous_request;
static shmem_startup_hook_type previous_startup;

static void
on_request(void)
{
	if (previous_request != NULL)
		previous_request();
	for (const struct social_shared_memory *want = wanted; want != NULL; want = want->next)
	{
		RequestAddinShmemSpace(MAXALIGN(want->size()));
		if (want->nlocks > 0)
			RequestNamedLWLockTranche(want->name, want->nlocks);
	}
}

static void
on_startup(void)
{
	if (previous_startup != NULL)
		previous_startup();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	for (const struct social_shared_memory *want = wanted; want != NULL; want = want->next)
	{
		bool found;
		Size size = want->size();
		void *memory = ShmemInitStruct(want->name, size, &found);

		if (!found)
			memset(memory, 0, size);
		want->attach(memory, want->nlocks > 0 ? GetNamedLWLockTranche(want->name) : NULL, !found);
	}
	LWLockRelease(AddinShmemInitLock);
}

void
social_shared_memory_want(struct social_shared_memory *want)
{
	Assert(process_shared_preload_libraries_in_progress);
	if (wanted == NULL)
	{
		previous_request = shmem_request_hook;
		shmem_request_hook = on_request;
		previous_startup = shmem_startup_hook;
		shmem_startup_hook = on_startup;
	}
	want->next = wanted;
	wanted = want;
}
