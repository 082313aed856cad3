/*
 * loop.h owns the event loop: one thread, one epoll set, and all that the thread serves.
 *
 * Loops share nothing but the configuration and the route table (read-only), the counts of
 * connections per address (http/peers.h), and how many of them are not ready to serve. Everything
 * below is used by its own thread only.
 */
#ifndef SB_LOOP_H
#define SB_LOOP_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "auth/session.h"
#include "base/config.h"

struct sb_auth;
struct sb_doorbell;
struct sb_graphql;
struct sb_limits;
struct sb_pg_pool;
struct sb_pg_tick;
struct sb_review;
struct sb_server;

/* A file descriptor in the loop. The owner keeps it alive until sb_loop_unwatch(). */
struct sb_watch
{
	int fd;          /* -1 = not watched */
	uint32_t events; /* EPOLLIN, EPOLLOUT as last asked for */
	void (*on_ready)(struct sb_watch *watch, uint32_t events);
};

struct sb_loop
{
	struct sb_loop *next; /* in the list of all loops */
	const struct sb_config *config;
	int index;
	int epoll_fd;
	uint64_t now_ms; /* CLOCK_MONOTONIC, read once an iteration */
	struct sb_server *server;
	struct sb_pg_pool *pool;
	struct sb_auth *auth;
	struct sb_limits *limits;
	struct sb_pg_tick *tick; /* of the first loop; NULL in the others */
	struct sb_graphql *graphql;
	uint64_t random; /* state of the request ids; not a secret */

	pthread_t thread;
	struct sb_watch wake;           /* eventfd: another thread left a message in the flags below */
	int stop;                       /* atomic: finish and return */
	int reload;                     /* atomic: read the keys again */
	struct sb_ended_sessions ended; /* locks itself */
	struct sb_doorbell *doorbell;   /* in the first loop: hears for all of them */
	struct sb_review *review;
	bool stopping;
	bool ready; /* as last counted: the database's lanes are there, and the keys */
	uint64_t stop_at_ms;
	uint64_t tick_at_ms;
};

/*
 * A loop that listens on its own socket (listen_fd becomes its property) and connects to the
 * database by itself. NULL with the reason in the log. sb_loop_free() after the thread has ended.
 */
extern struct sb_loop *sb_loop_new(const struct sb_config *config, int index, int listen_fd);
extern void sb_loop_free(struct sb_loop *loop);

/* Starts the thread; false when that fails. */
extern bool sb_loop_start(struct sb_loop *loop);

/* From any thread: stop gracefully; read the keys again. */
extern void sb_loop_stop(struct sb_loop *loop);
extern void sb_loop_reload(struct sb_loop *loop);

/* From any thread: has the loop look at what other threads left for it. */
extern void sb_loop_wake(struct sb_loop *loop);

/* Calls back for every loop of the process; while loops run, from their threads only. */
extern void sb_loop_for_each(void (*callback)(struct sb_loop *loop, void *arg), void *arg);

/* From any thread: whether every loop of the process is ready to serve, and none is stopping. */
extern bool sb_loop_all_ready(void);

/* Watches fd for events, or changes the events it is watched for. */
extern void sb_loop_watch(struct sb_loop *loop, struct sb_watch *watch, int fd, uint32_t events);

/* Stops watching; harmless when the descriptor is closed already. */
extern void sb_loop_unwatch(struct sb_loop *loop, struct sb_watch *watch);

/* Microseconds of CLOCK_MONOTONIC, now. */
extern uint64_t sb_loop_clock_us(void);

#endif /* SB_LOOP_H */
