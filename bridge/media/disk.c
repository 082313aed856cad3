/*
 * disk.c owns the threads that may wait for a disk.
 *
 * They share an epoll set, and wait there. A job that is to be done at once lies in the queue,
 * whose eventfd is in the set and counts what lies there; one that waits for its socket is in the
 * set itself, with EPOLLONESHOT, so that one thread gets it. Locks: that of the queue, or that of a
 * loop's part, never both.
 */
#include "media/disk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "loop/loop.h"

#define THREADS    8
#define STACK_SIZE 262144

static pthread_mutex_t queue_lock = PTHREAD_MUTEX_INITIALIZER; /* of what follows */
static struct sb_disk_job *first;
static struct sb_disk_job *last;
static bool is_over;
static pthread_t threads[THREADS];
static int nthreads;

static int set_fd = -1;
static int queue_fd;
static pthread_once_t started = PTHREAD_ONCE_INIT;
static _Thread_local char *room;

static const struct sb_mail_kind done_mail = {0, 0};

/* ---- the threads ----------------------------------------------------------------------------- */

/* The next job of the queue; NULL: another thread was sooner, or all is over. */
static struct sb_disk_job *
take(bool *over)
{
	struct sb_disk_job *job;
	uint64_t count;

	if (read(queue_fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		abort(); /* it is no descriptor any more */
	pthread_mutex_lock(&queue_lock);
	*over = is_over;
	job = first;
	if (job)
		first = job->next;
	if (first == NULL)
		last = NULL;
	pthread_mutex_unlock(&queue_lock);
	return job;
}

static void *
run(void *arg)
{
	struct epoll_event event;
	bool over = false;

	room = sb_malloc(SB_DISK_ROOM);
	while (!over)
	{
		struct sb_disk_job *job;

		if (epoll_wait(set_fd, &event, 1, -1) != 1)
			continue;
		job = event.data.ptr ? event.data.ptr : take(&over);
		if (job)
			job->work(job);
	}
	free(room);
	return NULL;
}

static void
start(void)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
	pthread_attr_t attributes;

	set_fd = epoll_create1(EPOLL_CLOEXEC);
	queue_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
	if (set_fd < 0 || queue_fd < 0 || epoll_ctl(set_fd, EPOLL_CTL_ADD, queue_fd, &event) != 0)
		sb_log(SB_LOG_ERROR, "the threads for files cannot work", "error", strerror(errno));
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	while (nthreads < THREADS && pthread_create(&threads[nthreads], &attributes, run, NULL) == 0)
		nthreads++;
	pthread_attr_destroy(&attributes);
}

void
sb_disk_end(void)
{
	uint64_t all = THREADS;

	if (set_fd < 0)
		return;
	pthread_mutex_lock(&queue_lock);
	is_over = true;
	pthread_mutex_unlock(&queue_lock);
	if (write(queue_fd, &all, sizeof(all)) < 0)
		return; /* nobody can be told */
	for (int i = 0; i < nthreads; i++)
		pthread_join(threads[i], NULL);
	close(queue_fd);
	close(set_fd);
}

/* ---- from the work --------------------------------------------------------------------------- */

char *
sb_disk_room(void)
{
	return room;
}

void
sb_disk_again(struct sb_disk_job *job)
{
	uint64_t one = 1;

	job->next = NULL;
	pthread_mutex_lock(&queue_lock);
	if (last)
		last->next = job;
	else
		first = job;
	last = job;
	pthread_mutex_unlock(&queue_lock);
	if (write(queue_fd, &one, sizeof(one)) < 0)
		return; /* as many wait as it can count: they are awake */
}

void
sb_disk_await(struct sb_disk_job *job, int fd, uint32_t events)
{
	struct epoll_event event = {.events = events | EPOLLONESHOT, .data.ptr = job};

	/* Added anew rather than changed: that the next thread sees what this one did, ThreadSanitizer
	 * knows of additions alone. */
	if (job->fd >= 0)
		epoll_ctl(set_fd, EPOLL_CTL_DEL, job->fd, NULL);
	job->fd = fd;
	/* From here on another thread may have it. */
	if (epoll_ctl(set_fd, EPOLL_CTL_ADD, fd, &event) != 0)
		abort(); /* it would never be heard of again */
}

void
sb_disk_done(struct sb_disk_job *job)
{
	struct sb_disk *disk = job->disk;

	if (job->fd >= 0)
		epoll_ctl(set_fd, EPOLL_CTL_DEL, job->fd, NULL);
	job->fd = -1;
	pthread_mutex_lock(&disk->lock);
	job->next = disk->done;
	disk->done = job;
	pthread_cond_signal(&disk->is_done);
	/* Within the lock: the loop leaves when it has seen the last. */
	sb_loop_send(disk->loop, &done_mail, NULL);
	pthread_mutex_unlock(&disk->lock);
}

/* ---- from the loops -------------------------------------------------------------------------- */

void
sb_disk_do(struct sb_disk *disk, struct sb_disk_job *job)
{
	pthread_once(&started, start);
	job->disk = disk;
	job->fd = -1;
	pthread_mutex_lock(&disk->lock);
	disk->under_way++;
	pthread_mutex_unlock(&disk->lock);
	sb_disk_again(job);
}

/* Calls on_done of those that are done. */
static void
collect(struct sb_disk *disk)
{
	struct sb_disk_job *done;

	pthread_mutex_lock(&disk->lock);
	done = disk->done;
	disk->done = NULL;
	for (struct sb_disk_job *job = done; job; job = job->next)
		disk->under_way--;
	pthread_mutex_unlock(&disk->lock);
	while (done)
	{
		struct sb_disk_job *job = done;

		done = job->next;
		job->on_done(job);
	}
}

static void
on_mail(void *owner, const void *messages, int count, bool more)
{
	collect(owner);
}

void
sb_disk_join(struct sb_disk *disk, struct sb_loop *loop)
{
	disk->loop = loop;
	pthread_mutex_init(&disk->lock, NULL);
	pthread_cond_init(&disk->is_done, NULL);
	sb_loop_subscribe(loop, &done_mail, on_mail, disk);
}

void
sb_disk_finish(struct sb_disk *disk)
{
	bool is_busy = true;

	while (is_busy)
	{
		pthread_mutex_lock(&disk->lock);
		while (disk->under_way > 0 && disk->done == NULL)
			pthread_cond_wait(&disk->is_done, &disk->lock);
		is_busy = disk->under_way > 0;
		pthread_mutex_unlock(&disk->lock);
		collect(disk);
	}
}

void
sb_disk_leave(struct sb_disk *disk)
{
	pthread_mutex_destroy(&disk->lock);
	pthread_cond_destroy(&disk->is_done);
}
