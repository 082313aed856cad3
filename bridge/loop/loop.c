/*
 * loop.c owns the event loop.
 *
 * An iteration: wait; let each ready descriptor do its part (the database's answers wake their
 * requests); let the pool and then the HTTP library work; once in a while look at the deadlines;
 * write the log. Nothing in here blocks but the wait and the log.
 */
#include "loop/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "auth/auth.h"
#include "auth/doorbell.h"
#include "graphql/graphql.h"
#include "http/server.h"
#include "base/log.h"
#include "base/memory.h"
#include "loop/names.h"
#include "pg/pool.h"
#include "pg/tick.h"
#include "ratelimit/limits.h"

#define MAX_EVENTS    64
#define TICK_MS       100
#define LAST_WORDS_MS 1000 /* for answers still going out when everything else has ended */

uint64_t
sb_loop_clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t) now.tv_sec * 1000000 + (uint64_t) now.tv_nsec / 1000;
}

/* ---- descriptors ----------------------------------------------------------------------------- */

void
sb_loop_watch(struct sb_loop *loop, struct sb_watch *watch, int fd, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = watch};

	if (watch->fd == fd && watch->events == events)
		return;
	if (watch->fd != fd)
		sb_loop_unwatch(loop, watch);
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
	if (watch->fd >= 0)
		epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
	watch->fd = -1;
	watch->events = 0;
}

/* ---- messages from other threads ------------------------------------------------------------- */

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

static void
send_message(struct sb_loop *loop, int *flag)
{
	__atomic_store_n(flag, 1, __ATOMIC_RELEASE);
	sb_loop_wake(loop);
}

void
sb_loop_stop(struct sb_loop *loop)
{
	send_message(loop, &loop->stop);
}

void
sb_loop_reload(struct sb_loop *loop)
{
	send_message(loop, &loop->reload);
}

static struct sb_loop *all_loops; /* changes only while no loop runs that reads it */

void
sb_loop_for_each(void (*callback)(struct sb_loop *loop, void *arg), void *arg)
{
	for (struct sb_loop *loop = all_loops; loop; loop = loop->next)
		callback(loop, arg);
}

static void
forget_loop(struct sb_loop *loop)
{
	struct sb_loop **link = &all_loops;

	while (*link != loop)
		link = &(*link)->next;
	*link = loop->next;
}

static void
take_messages(struct sb_loop *loop)
{
	if (__atomic_exchange_n(&loop->reload, 0, __ATOMIC_ACQUIRE))
		sb_auth_ring(loop->auth);
	sb_ended_sessions_take(loop);
	if (!loop->stopping && __atomic_load_n(&loop->stop, __ATOMIC_ACQUIRE))
	{
		loop->stopping = true;
		loop->stop_at_ms = loop->now_ms + (uint64_t) loop->config->stop_timeout * 1000;
		sb_server_quiesce(loop->server);
	}
}

/* ---- readiness ------------------------------------------------------------------------------- */

static int unready_loops; /* atomic */

bool
sb_loop_all_ready(void)
{
	return __atomic_load_n(&unready_loops, __ATOMIC_ACQUIRE) == 0;
}

static void
note_readiness(struct sb_loop *loop)
{
	bool ready = !loop->stopping && sb_pg_pool_is_ready(loop->pool) && sb_auth_is_ready(loop->auth);

	if (ready != loop->ready)
		__atomic_add_fetch(&unready_loops, ready ? -1 : 1, __ATOMIC_ACQ_REL);
	loop->ready = ready;
}

/* ---- the iteration --------------------------------------------------------------------------- */

static void
iterate(struct sb_loop *loop, bool at_once)
{
	struct epoll_event events[MAX_EVENTS];
	int wait = TICK_MS;
	int count;

	count = epoll_wait(loop->epoll_fd, events, MAX_EVENTS, at_once ? 0 : wait);
	loop->now_ms = sb_loop_clock_us() / 1000;
	for (int i = 0; i < count; i++)
	{
		struct sb_watch *watch = events[i].data.ptr;

		if (watch->fd >= 0)
			watch->on_ready(watch, events[i].events);
	}
}

static void
tick(struct sb_loop *loop)
{
	if (loop->now_ms < loop->tick_at_ms)
		return;
	loop->tick_at_ms = loop->now_ms + TICK_MS;
	sb_auth_tick(loop->auth);
	if (loop->tick)
		sb_pg_tick_run(loop->tick);
	sb_server_tick(loop->server);
}

/* Whether a stopping loop has nothing left to do, or no time. */
static bool
is_finished(const struct sb_loop *loop)
{
	return loop->stopping &&
		   (sb_server_connections(loop->server) == 0 || loop->now_ms >= loop->stop_at_ms);
}

/*
 * Ends what did not end in time: the requests left get 503, their answers a moment to go out. A
 * request may become whole in that moment, so the closed pool stays until the server is gone.
 */
static void
wind_up(struct sb_loop *loop)
{
	uint64_t until = loop->now_ms + LAST_WORDS_MS;

	sb_pg_pool_close(loop->pool);
	sb_limits_close(loop->limits);
	sb_auth_give_up(loop->auth);
	while (sb_server_connections(loop->server) > 0 && loop->now_ms < until)
	{
		iterate(loop, sb_server_run(loop->server));
		sb_server_tick(loop->server);
	}
	sb_server_free(loop->server);
	loop->server = NULL;
	sb_log_finish();
}

static void *
run(void *arg)
{
	struct sb_loop *loop = arg;
	bool more = true;

	while (!is_finished(loop))
	{
		iterate(loop, more);
		take_messages(loop);
		sb_pg_pool_settle(loop->pool);
		sb_limits_settle(loop->limits);
		if (loop->doorbell)
			sb_doorbell_settle(loop->doorbell);
		sb_review_settle(loop->review);
		note_readiness(loop);
		more = sb_server_run(loop->server);
		tick(loop);
		sb_log_flush();
	}
	wind_up(loop);
	return NULL;
}

/* ---- life ------------------------------------------------------------------------------------ */

static void
on_database_ready(struct sb_loop *loop)
{
	sb_log(SB_LOG_INFO, "the database is there", NULL, NULL);
	sb_auth_begin(loop->auth);
}

static bool
compile_schema(struct sb_loop *loop)
{
	char *error = NULL;

	loop->graphql =
		sb_graphql_new(sb_graphql_schema_text, sb_graphql_schema_text_len, NULL, &error);
	if (loop->graphql == NULL)
		sb_log(SB_LOG_ERROR, "the GraphQL schema is faulty", "error", error);
	free(error);
	return loop->graphql != NULL;
}

struct sb_loop *
sb_loop_new(const struct sb_config *config, int index, int listen_fd)
{
	struct sb_loop *loop = sb_calloc(1, sizeof(*loop));

	loop->config = config;
	loop->index = index;
	loop->next = all_loops;
	all_loops = loop;
	__atomic_add_fetch(&unready_loops, 1, __ATOMIC_ACQ_REL);
	loop->now_ms = sb_loop_clock_us() / 1000;
	if (getrandom(&loop->random, sizeof(loop->random), 0) < 0 || loop->random == 0)
		loop->random = sb_loop_clock_us();
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	loop->wake.fd = -1;
	loop->wake.on_ready = on_wake;
	sb_loop_watch(loop, &loop->wake, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), EPOLLIN);
	sb_names_join(loop);
	loop->pool = sb_pg_pool_new(loop, on_database_ready);
	loop->limits = sb_limits_new(loop);
	loop->auth = sb_auth_new(loop);
	loop->review = sb_review_new(loop);
	sb_ended_sessions_init(&loop->ended);
	if (index == 0)
	{
		loop->doorbell = sb_doorbell_new(loop);
		loop->tick = sb_pg_tick_new(loop);
	}
	if (compile_schema(loop))
		loop->server = sb_server_new(loop, listen_fd);
	if (loop->server == NULL)
	{
		sb_log(SB_LOG_ERROR, "a loop could not be set up", NULL, NULL);
		sb_loop_free(loop);
		return NULL;
	}
	return loop;
}

void
sb_loop_free(struct sb_loop *loop)
{
	forget_loop(loop);
	sb_names_leave(loop);
	sb_server_free(loop->server);
	sb_pg_pool_free(loop->pool);
	sb_doorbell_free(loop->doorbell);
	sb_review_free(loop->review);
	sb_pg_tick_free(loop->tick);
	sb_ended_sessions_finish(&loop->ended);
	sb_auth_free(loop->auth);
	sb_limits_free(loop->limits);
	sb_graphql_free(loop->graphql);
	close(loop->wake.fd);
	close(loop->epoll_fd);
	free(loop);
}

bool
sb_loop_start(struct sb_loop *loop)
{
	return pthread_create(&loop->thread, NULL, run, loop) == 0;
}
