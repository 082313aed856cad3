/*
 * disk.h owns the threads that may wait for a disk, so that no loop does. They are of the process:
 * few, as each takes what is ready next, also the sockets whose bytes go to a file or come from
 * one. Whoever waits for his client keeps none of them busy, and no memory.
 */
#ifndef SB_MEDIA_DISK_H
#define SB_MEDIA_DISK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct sb_loop;

#define SB_DISK_ROOM 262144 /* bytes of the room of each thread */

/* A loop's part. */
struct sb_disk
{
	struct sb_loop *loop;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t is_done;
	struct sb_disk_job *done; /* whose on_done is to be called */
	int under_way;
};

/* A piece of work; its owner keeps it alive until on_done is called. */
struct sb_disk_job
{
	struct sb_disk_job *next;
	struct sb_disk *disk;
	/*
	 * In a thread of these; one at a time. Ends with sb_disk_again(), sb_disk_await() or
	 * sb_disk_done(), after which the job is not its any more.
	 */
	void (*work)(struct sb_disk_job *job);
	/* In the loop's thread, when the work is done. */
	void (*on_done)(struct sb_disk_job *job);
	int fd; /* that it waits for; -1: it has for none */
};

/* Before the loop's thread runs. */
extern void sb_disk_join(struct sb_disk *disk, struct sb_loop *loop);

/* Waits until nothing of the loop is under way, and calls on_done of all; which may begin more. */
extern void sb_disk_finish(struct sb_disk *disk);

/* After that. */
extern void sb_disk_leave(struct sb_disk *disk);

/* From the loop: has the work done. */
extern void sb_disk_do(struct sb_disk *disk, struct sb_disk_job *job);

/* From the work: goes on when it is its turn again, or when the socket is ready. */
extern void sb_disk_again(struct sb_disk_job *job);
extern void sb_disk_await(struct sb_disk_job *job, int fd, uint32_t events);
extern void sb_disk_done(struct sb_disk_job *job);

/* Memory of this thread, SB_DISK_ROOM bytes, for the time of a work's call. */
extern char *sb_disk_room(void);

/* Ends the threads; when all loops have left. */
extern void sb_disk_end(void);

#endif /* SB_MEDIA_DISK_H */
