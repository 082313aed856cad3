/*
 * loop.c owns the event loop. Nothing in here blocks but the wait.
 */
#include "loop/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"

#define MAX_EVENTS      64
#define LONGEST_WAIT_MS 100 /* many look once an iteration whether it is time for something */

uint64_t
sb_loop_clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t) now.tv_sec * 1000000 + (uint64_t) now.tv_nsec / 1000;
}

/* ---- descriptors ----------------------------------------------------------------------------- */

/*
 * Libraries close descriptors by themselves (libpq when its server has gone), and the next that is
 * opened gets the number: whoever had it must not touch the set for it any more.
 */
static struct sb_watch **
place_of(struct sb_loop *loop, int fd)
{
	int count = loop->nwatches ? loop->nwatches : 64;

	if (fd < loop->nwatches)
		return &loop->watches[fd];
	while (count <= fd)
		count *= 2;
	loop->watches = sb_realloc(loop->watches, (size_t) count * sizeof(struct sb_watch *));
	memset(loop->watches + loop->nwatches, 0,
		   (size_t) (count - loop->nwatches) * sizeof(struct sb_watch *));
	loop->nwatches = count;
	return &loop->watches[fd];
}

void
sb_loop_watch(struct sb_loop *loop, struct sb_watch *watch, int fd, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = watch};
	struct sb_watch **place;

	if (fd < 0)
	{
		sb_loop_unwatch(loop, watch);
		return;
	}
	place = place_of(loop, fd);
	if (watch->fd == fd && watch->events == events && *place == watch)
		return;
	if (watch->fd != fd)
		sb_loop_unwatch(loop, watch);
	*place = watch;
	/* A descriptor that libpq closed has left the set by itself; its number may be back. */
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, fd, &event) != 0 &&
		epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
		sb_log(SB_LOG_ERROR, "epoll_ctl", "error", strerror(errno));
	watch->fd = fd;
	watch->events = events;
}

void
sb_loop_unwatch(struct sb_loop *loop, struct sb_watch *watch)
{
	struct sb_watch **place = watch->fd >= 0 ? place_of(loop, watch->fd) : NULL;

	if (place && *place == watch)
	{
		epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
		*place = NULL;
	}
	watch->fd = -1;
	watch->events = 0;
}

/* ---- timers ---------------------------------------------------------------------------------- */

void
sb_loop_every(struct sb_loop *loop, struct sb_timer *timer, uint32_t ms,
			  void (*on_due)(struct sb_timer *))
{
	struct sb_timer **link = &loop->timers;

	while (*link)
		link = &(*link)->next;
	*link = timer;
	timer->next = NULL;
	timer->every_ms = ms;
	timer->due_ms = loop->now_ms + ms;
	timer->on_due = on_due;
}

void
sb_loop_run_timers(struct sb_loop *loop)
{
	for (struct sb_timer *timer = loop->timers; timer; timer = timer->next)
	{
		if (loop->now_ms < timer->due_ms)
			continue;
		timer->due_ms = loop->now_ms + timer->every_ms;
		timer->on_due(timer);
	}
}

/* Milliseconds until a timer is due. */
static int
longest_wait(const struct sb_loop *loop)
{
	uint64_t now = loop->now_ms;
	uint64_t wait = LONGEST_WAIT_MS;

	for (const struct sb_timer *timer = loop->timers; timer; timer = timer->next)
		if (timer->due_ms < now + wait)
			wait = timer->due_ms > now ? timer->due_ms - now : 0;
	return (int) wait;
}

void
sb_loop_before_wait(struct sb_loop *loop, struct sb_rest *rest,
					int (*before_wait)(struct sb_rest *rest))
{
	rest->before_wait = before_wait;
	rest->next = loop->rests;
	loop->rests = rest;
}

/* ---- mail ------------------------------------------------------------------------------------ */

/* Mail of one kind on its way to a loop. */
struct sb_mailbox
{
	struct sb_mailbox *next;
	const struct sb_mail_kind *kind;
	void (*on_mail)(void *owner, const void *messages, int count, bool more);
	void *owner;
	char *messages;
	int count;
	int room; /* for so many */
	bool more;
};

const struct sb_mail_kind sb_loop_settings = {sizeof(const struct sb_config *), 8};

static void
on_settings(void *owner, const void *messages, int count, bool more)
{
	struct sb_loop *loop = owner;

	if (count > 0)
		loop->config = ((const struct sb_config *const *) messages)[count - 1];
}

static struct sb_loop *all_loops; /* changes only while none of them runs */

void
sb_loop_subscribe(struct sb_loop *loop, const struct sb_mail_kind *kind,
				  void (*on_mail)(void *, const void *, int, bool), void *owner)
{
	struct sb_mailbox *box = sb_calloc(1, sizeof(*box));

	box->kind = kind;
	box->on_mail = on_mail;
	box->owner = owner;
	box->next = loop->mailboxes;
	loop->mailboxes = box;
}

static void
put(struct sb_mailbox *box, const void *message)
{
	size_t size = box->kind->size;

	if (message == NULL || box->count == box->kind->most)
	{
		box->more = true;
		return;
	}
	if (box->count == box->room)
	{
		box->room = box->room ? box->room * 2 : 16;
		box->messages = sb_realloc(box->messages, (size_t) box->room * size);
	}
	memcpy(box->messages + (size_t) box->count++ * size, message, size);
}

void
sb_loop_send(struct sb_loop *loop, const struct sb_mail_kind *kind, const void *message)
{
	struct sb_mailbox *box = loop->mailboxes;

	while (box && box->kind != kind)
		box = box->next;
	if (box == NULL)
		return;
	pthread_mutex_lock(&loop->lock);
	put(box, message);
	pthread_mutex_unlock(&loop->lock);
	__atomic_store_n(&loop->has_mail, 1, __ATOMIC_RELEASE);
	sb_loop_wake(loop);
}

void
sb_loop_send_all(const struct sb_mail_kind *kind, const void *message)
{
	for (struct sb_loop *loop = all_loops; loop; loop = loop->next)
		sb_loop_send(loop, kind, message);
}

/* Empties a box for its reader, who may take his time. */
static void
hand_over(struct sb_loop *loop, struct sb_mailbox *box)
{
	struct sb_mailbox taken;

	pthread_mutex_lock(&loop->lock);
	taken = *box;
	box->messages = NULL;
	box->count = box->room = 0;
	box->more = false;
	pthread_mutex_unlock(&loop->lock);
	if (taken.count > 0 || taken.more)
		taken.on_mail(taken.owner, taken.messages, taken.count, taken.more);
	free(taken.messages);
}

void
sb_loop_deliver(struct sb_loop *loop)
{
	if (__atomic_exchange_n(&loop->has_mail, 0, __ATOMIC_ACQUIRE) == 0)
		return;
	for (struct sb_mailbox *box = loop->mailboxes; box; box = box->next)
		hand_over(loop, box);
}

static void
on_wake(struct sb_watch *watch, uint32_t events)
{
	uint64_t count;

	if (read(watch->fd, &count, sizeof(count)) < 0)
		return; /* somebody else's wake-up was enough */
}

void
sb_loop_wake(struct sb_loop *loop)
{
	uint64_t one = 1;

	if (write(loop->wake.fd, &one, sizeof(one)) < 0)
		return; /* full: it is awake anyway */
}

/* ---- life ------------------------------------------------------------------------------------ */

static void
read_clock(struct sb_loop *loop)
{
	loop->now_us = sb_loop_clock_us();
	loop->now_ms = loop->now_us / 1000;
}

void
sb_loop_wait(struct sb_loop *loop, bool at_once)
{
	struct epoll_event events[MAX_EVENTS];
	uint64_t busy_us;
	int wait_ms = at_once ? 0 : longest_wait(loop);
	int count;

	for (struct sb_rest *rest = loop->rests; rest; rest = rest->next)
	{
		int again_ms = rest->before_wait(rest);

		if (again_ms > 0 && again_ms < wait_ms)
			wait_ms = again_ms;
	}
	busy_us = sb_loop_clock_us() - loop->now_us;
	count = epoll_wait(loop->epoll_fd, events, MAX_EVENTS, wait_ms);

	sb_metric_add(loop->metrics->busy_us, busy_us);
	sb_metric_add(loop->metrics->iterations, 1);
	sb_histogram_add(loop->metrics->iteration, busy_us);
	read_clock(loop);
	for (int i = 0; i < count; i++)
	{
		struct sb_watch *watch = events[i].data.ptr;

		if (watch->fd >= 0)
			watch->on_ready(watch, events[i].events);
	}
}

struct sb_loop *
sb_loop_new(const struct sb_config *config, int index)
{
	struct sb_loop *loop = sb_calloc(1, sizeof(*loop));

	loop->config = config;
	loop->index = index;
	loop->next = all_loops;
	all_loops = loop;
	loop->metrics = sb_metrics_new();
	read_clock(loop);
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	pthread_mutex_init(&loop->lock, NULL);
	loop->wake.fd = -1;
	loop->wake.on_ready = on_wake;
	sb_loop_watch(loop, &loop->wake, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), EPOLLIN);
	sb_loop_subscribe(loop, &sb_loop_settings, on_settings, loop);
	return loop;
}

static void
forget(struct sb_loop *loop)
{
	struct sb_loop **link = &all_loops;

	while (*link != loop)
		link = &(*link)->next;
	*link = loop->next;
}

void
sb_loop_free(struct sb_loop *loop)
{
	forget(loop);
	while (loop->mailboxes)
	{
		struct sb_mailbox *box = loop->mailboxes;

		loop->mailboxes = box->next;
		free(box->messages);
		free(box);
	}
	pthread_mutex_destroy(&loop->lock);
	close(loop->wake.fd);
	close(loop->epoll_fd);
	free(loop->watches);
	free(loop);
}
