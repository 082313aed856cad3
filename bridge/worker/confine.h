/*
 * confine.h owns what a child process that reads hostile files may do: little, and not for long.
 */
#ifndef SB_WORKER_CONFINE_H
#define SB_WORKER_CONFINE_H

#include <stdint.h>
#include <sys/types.h>

struct sb_confinement
{
	const char *directory; /* it works here, and writes nowhere else */
	int cpu_seconds;
	uint64_t memory;    /* bytes of address space */
	uint64_t file_size; /* bytes of each file that it writes */
	pid_t parent;       /* with whom it ends */
};

/*
 * Between fork() and exec(): from now on this process has these limits and a low priority; opens no
 * socket, begins no process, traces nobody and gains no privilege (seccomp); and, where the kernel
 * has Landlock, reads nothing but programs and libraries, and what is in its directory. NULL, or
 * what failed. Calls nothing that takes a lock.
 */
extern const char *sb_confine(const struct sb_confinement *confinement);

#endif /* SB_WORKER_CONFINE_H */
