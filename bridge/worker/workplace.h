/*
 * workplace.h owns where files lie while they are worked on: a directory of each process, locked
 * while it lives, so that the next one finds out what a killed one has left, and removes it.
 */
#ifndef SB_WORKER_WORKPLACE_H
#define SB_WORKER_WORKPLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SB_WORKPLACE_PATH 512

struct sb_workplace;

/* Below a directory (NULL: TMPDIR, or /tmp). NULL, with what is wrong. */
extern struct sb_workplace *sb_workplace_new(const char *directory, char *problem, size_t size);

/* With all that is in it. */
extern void sb_workplace_free(struct sb_workplace *workplace);

/* From any thread: makes an empty directory for a job, and removes it with all that is in it. False
 * when it cannot be made (errno). */
extern bool sb_workplace_make(const struct sb_workplace *workplace, int64_t job,
							  char path[SB_WORKPLACE_PATH]);
extern void sb_workplace_remove(const char *path);

/*
 * From any thread: one of so many seats, of which each is one process's at a time among all of this
 * user here; a descriptor to close when it is done with, or -1 when all are taken.
 */
extern int sb_workplace_sit(const struct sb_workplace *workplace, int seats);

/* Whether there are so many bytes left for files, and the file system takes as many files. */
extern bool sb_workplace_has_room(const struct sb_workplace *workplace, uint64_t bytes);

#endif /* SB_WORKER_WORKPLACE_H */
