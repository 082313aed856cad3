/*
 * loop.h owns the event loop of one thread: the descriptors that it watches, its timers, and the
 * mail that loops send each other. What they are for is the business of those who use them.
 *
 * A loop and what lives in it belong to its thread alone, but for what is said to be for any
 * thread.
 */
#ifndef SB_LOOP_H
#define SB_LOOP_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "base/metrics.h"

/* A file descriptor in the loop. The owner keeps it alive until sb_loop_unwatch(). */
struct sb_watch
{
	int fd;          /* -1 = not watched */
	uint32_t events; /* EPOLLIN, EPOLLOUT as last asked for */
	void (*on_ready)(struct sb_watch *watch, uint32_t events);
};

/* What is due again and again. The owner keeps it alive as long as the loop runs. */
struct sb_timer
{
	struct sb_timer *next;
	uint32_t every_ms;
	uint64_t due_ms;
	void (*on_due)(struct sb_timer *timer);
};

/* What goes out before the loop waits. The owner keeps it alive as long as the loop runs. */
struct sb_rest
{
	struct sb_rest *next;
	/* Milliseconds after which it is called again whatever comes; 0: as soon as something does. */
	int (*before_wait)(struct sb_rest *rest);
};

/* A kind of mail; its address is its name. */
struct sb_mail_kind
{
	size_t size; /* bytes of one message */
	int most;    /* that wait for a loop. 0: a signal, which has no messages */
};

struct sb_mailbox;
struct sb_sends;

struct sb_loop
{
	struct sb_loop *next; /* in the list of all loops */
	const struct sb_config *config;
	int index;
	int epoll_fd;
	uint64_t now_us;            /* CLOCK_MONOTONIC, read once an iteration */
	uint64_t now_ms;            /* the same */
	struct sb_metrics *metrics; /* what is counted here */
	bool stopping;              /* what is there is brought to its end, and nothing begun */
	struct sb_timer *timers;
	struct sb_rest *rests;
	struct sb_sends *sends; /* what goes out with the end of an iteration; NULL: nobody serves */

	struct sb_watch **watches; /* by descriptor: whose it is in the set */
	int nwatches;
	struct sb_watch wake;         /* eventfd: another thread has something to say */
	struct sb_mailbox *mailboxes; /* one for each kind that is taken here */
	pthread_mutex_t lock;         /* of what lies in them */
	int has_mail;                 /* atomic */
};

/* Before the thread that is to use it. */
extern struct sb_loop *sb_loop_new(const struct sb_config *config, int index);

/* While no loop of the process runs. */
extern void sb_loop_free(struct sb_loop *loop);

/* Microseconds of CLOCK_MONOTONIC, now. */
extern uint64_t sb_loop_clock_us(void);

/* ---- an iteration ---------------------------------------------------------------------------- */

/*
 * Waits until something is ready (a tenth of a second at most, at_once: not at all), and has every
 * ready descriptor's on_ready do its part.
 */
extern void sb_loop_wait(struct sb_loop *loop, bool at_once);

/* Hands out the mail that has come; calls the timers that are due. */
extern void sb_loop_deliver(struct sb_loop *loop);
extern void sb_loop_run_timers(struct sb_loop *loop);

/* ---- descriptors and timers ------------------------------------------------------------------ */

/* Watches fd for events, or changes the events it is watched for; none (-1) is not watched. */
extern void sb_loop_watch(struct sb_loop *loop, struct sb_watch *watch, int fd, uint32_t events);

/* Stops watching; harmless when the descriptor is closed already, and its number another's. */
extern void sb_loop_unwatch(struct sb_loop *loop, struct sb_watch *watch);

/* From now on timer->on_due is called every so often. */
extern void sb_loop_every(struct sb_loop *loop, struct sb_timer *timer, uint32_t ms,
						  void (*on_due)(struct sb_timer *timer));

/* From now on rest->before_wait is called whenever the loop is about to wait. */
extern void sb_loop_before_wait(struct sb_loop *loop, struct sb_rest *rest,
								int (*before_wait)(struct sb_rest *rest));

/* ---- settings -----------------------------------------------------------------------------------
 */

/*
 * To every loop: its settings are these from now on (const struct sb_config *), which live as long
 * as the process. Whoever takes part in a loop finds them in loop->config.
 */
extern const struct sb_mail_kind sb_loop_settings;

/* ---- mail ------------------------------------------------------------------------------------ */

/*
 * Takes mail of a kind in this loop, before its thread runs. on_mail gets what has come since it
 * was called last: count messages in their order; more: there was a signal, or more than could be
 * kept.
 */
extern void sb_loop_subscribe(struct sb_loop *loop, const struct sb_mail_kind *kind,
							  void (*on_mail)(void *owner, const void *messages, int count,
											  bool more),
							  void *owner);

/*
 * From any thread: sends a message, which is copied, to a loop, or to every loop of the process
 * that takes its kind; NULL: a signal. Waits for nobody.
 */
extern void sb_loop_send(struct sb_loop *loop, const struct sb_mail_kind *kind,
						 const void *message);
extern void sb_loop_send_all(const struct sb_mail_kind *kind, const void *message);

/* From any thread: the loop goes through an iteration soon. */
extern void sb_loop_wake(struct sb_loop *loop);

#endif /* SB_LOOP_H */
