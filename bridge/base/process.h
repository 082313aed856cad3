/*
 * process.h owns what the system says of this process and its machine.
 */
#ifndef SB_PROCESS_H
#define SB_PROCESS_H

#include <stdint.h>

/* Of the process; 0 where the system does not say. */
struct sb_process
{
	double cpu_seconds; /* user and system */
	double started_at;  /* Unix time */
	uint64_t resident_bytes;
	uint64_t virtual_bytes;
	uint64_t open_descriptors;
	uint64_t max_descriptors;
};

/* Of the machine, or as much of it as a container shows; 0 likewise. */
struct sb_machine
{
	double cpu_percent; /* since it was last asked for; the first time: since the machine started */
	double load[3];
	int cores;
	uint64_t memory_bytes;
	uint64_t memory_available_bytes;
	uint64_t disk_bytes; /* of the file system that the process works in */
	uint64_t disk_free_bytes;
};

/* Before any thread: when the process began. */
extern void sb_process_begin(void);

extern void sb_process_read(struct sb_process *process);

/* By one thread at a time. */
extern void sb_machine_read(struct sb_machine *machine);

#endif /* SB_PROCESS_H */
