/*
 * child.h owns running another program on a hostile file, confined (worker/confine.h), in a thread
 * that waits for it.
 */
#ifndef SB_WORKER_CHILD_H
#define SB_WORKER_CHILD_H

#include <stdint.h>

#include "base/buffer.h"

struct sb_child
{
	const char *const *argv; /* the program is looked for where Debian's are */
	const char *directory;
	int cpu_seconds;
	uint64_t memory;         /* bytes */
	uint64_t file_size;      /* bytes */
	uint64_t deadline_ms;    /* CLOCK_MONOTONIC */
	const int *is_cancelled; /* atomic */
};

enum sb_child_end
{
	SB_CHILD_DONE,
	SB_CHILD_FAILED,    /* it said so by itself */
	SB_CHILD_CRASHED,   /* a signal that nobody sent */
	SB_CHILD_LIMITED,   /* it met a limit of time or size */
	SB_CHILD_CANCELLED, /* or its deadline has come */
	SB_CHILD_UNABLE     /* the file is not at fault: the program is missing, cannot be confined, or
						 * has no room to write */
};

#define SB_CHILD_OUTPUT_MAX (1024 * 1024)

/*
 * Runs it to its end; output gets what it wrote to standard output, as far as it has room. problem
 * gets a line that says why it is not SB_CHILD_DONE: the first one of standard error that is no
 * warning, in printable ASCII.
 */
extern enum sb_child_end sb_child_run(const struct sb_child *child, struct sb_buffer *output,
									  char *problem, size_t size);

#endif /* SB_WORKER_CHILD_H */
