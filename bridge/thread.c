/*
 * thread.c owns one thread of the process.
 *
 * An iteration: wait; let each ready descriptor do its part (the database's answers wake their
 * requests); take the mail; let the services and then the HTTP library work; call the timers; write
 * the log. Nothing in here blocks but the wait and the log.
 */
#include "thread.h"

#include <pthread.h>
#include <stdlib.h>

#include "admission/services.h"
#include "api/mux.h"
#include "api/graphql_show.h"
#include "api/ingest_watch.h"
#include "api/routes.h"
#include "api/snapshot.h"
#include "api/store.h"
#include "base/arena.h"
#include "base/log.h"
#include "base/memory.h"
#include "event/delivery.h"
#include "event/listener.h"
#include "http/server.h"
#include "loop/loop.h"
#include "loop/sends.h"
#include "media/media.h"
#include "ws/lease.h"
#include "ws/socket.h"

#define LAST_WORDS_MS 1000 /* for answers still going out when everything else has ended */

struct sb_thread
{
	pthread_t id;
	struct sb_loop *loop;
	struct sb_services *services;
	struct sb_leases *leases;
	struct sb_sockets *sockets;
	struct sb_delivery *delivery;
	struct sb_media *media;
	struct sb_server *server;
	struct sb_server *operators; /* of the first thread, with ADMIN_PORT; else NULL */
	struct sb_server *ingest;    /* likewise, with INGEST_PORT */
	uint64_t stop_at_ms;         /* valid while the loop is stopping */
};

static const struct sb_mail_kind stop = {0, 0};

static void
on_stop(void *owner, const void *messages, int count, bool more)
{
	struct sb_thread *thread = owner;
	struct sb_loop *loop = thread->loop;

	if (loop->stopping)
		return;
	loop->stopping = true;
	thread->stop_at_ms = loop->now_ms + (uint64_t) loop->config->stop_timeout * 1000;
	sb_server_quiesce(thread->server);
	sb_sockets_stop(thread->sockets);
	sb_listeners_stop(thread->services->listeners);
}

static int serving; /* threads that serve the public; atomic */

/*
 * Whether a stopping thread has nothing left to do, or no time. Operators and ingest servers are
 * answered for as long as any thread is at it.
 */
static bool
is_finished(const struct sb_thread *thread)
{
	const struct sb_loop *loop = thread->loop;

	if (!loop->stopping)
		return false;
	if (loop->now_ms >= thread->stop_at_ms)
		return true;
	return sb_server_connections(thread->server) == 0 && sb_sockets_count(thread->sockets) == 0 &&
		   ((thread->operators == NULL && thread->ingest == NULL) ||
			__atomic_load_n(&serving, __ATOMIC_ACQUIRE) == 1);
}

/*
 * Ends what did not end in time: the requests left get 503, their answers a moment to go out. A
 * request may become whole in that moment, so the closed services stay until the server is gone.
 */
static void
wind_up(struct sb_thread *thread)
{
	struct sb_loop *loop = thread->loop;
	uint64_t until = loop->now_ms + LAST_WORDS_MS;

	sb_services_close(thread->services);
	sb_shows_settle();
	sb_ingest_watch_settle();
	sb_snapshot_give_up();
	while (sb_server_connections(thread->server) > 0 && loop->now_ms < until)
	{
		sb_loop_wait(loop, sb_server_run(thread->server));
		sb_server_tick(thread->server);
		sb_snapshot_give_up();
	}
	sb_media_stop(thread->media);
	sb_server_free(thread->operators);
	sb_server_free(thread->ingest);
	sb_server_free(thread->server);
	sb_sockets_free(thread->sockets);
	thread->server = thread->operators = thread->ingest = NULL;
	thread->sockets = NULL;
	thread->services->sockets = NULL;
	__atomic_sub_fetch(&serving, 1, __ATOMIC_ACQ_REL);
	sb_log_finish();
}

static void *
run(void *arg)
{
	struct sb_thread *thread = arg;
	struct sb_loop *loop = thread->loop;
	bool more = true;

	while (!is_finished(thread))
	{
		sb_loop_wait(loop, more);
		sb_loop_deliver(loop);
		sb_shows_settle();
		sb_ingest_watch_settle();
		sb_services_settle(thread->services);
		more = sb_server_run(thread->server);
		if (thread->operators)
			more |= sb_server_run(thread->operators);
		if (thread->ingest)
			more |= sb_server_run(thread->ingest);
		sb_loop_run_timers(loop);
		sb_sockets_settle(thread->sockets);
		sb_log_flush();
	}
	wind_up(thread);
	sb_arena_forget_spare();
	return NULL;
}

static void
on_database(struct sb_services *services)
{
	sb_routes_review(services->pool);
	sb_store_tell(services);
	sb_mux_tell(services);
}

/* ---- life ------------------------------------------------------------------------------------ */

struct sb_thread *
sb_thread_new(const struct sb_config *config, int index, int listen_fd, bool is_passed)
{
	struct sb_thread *thread = sb_calloc(1, sizeof(*thread));

	thread->loop = sb_loop_new(config, index);
	thread->loop->sends = sb_sends_new(config->io_uring);
	sb_loop_subscribe(thread->loop, &stop, on_stop, thread);
	sb_snapshot_join(thread->loop);
	thread->services = sb_services_new(thread->loop);
	if (thread->services && index == 0)
		thread->services->on_database = on_database;
	if (thread->services)
		thread->delivery = sb_delivery_new(thread->services);
	if (thread->services)
		thread->leases = sb_leases_new(thread->services);
	if (thread->services)
		thread->sockets = sb_sockets_new(thread->services);
	if (thread->services)
		thread->media = sb_media_new(thread->services);
	if (thread->services)
		thread->server = sb_server_new(thread->services, listen_fd);
	if (thread->server && is_passed)
		sb_server_share_socket(thread->server);
	if (thread->server)
		return thread;
	sb_log(SB_LOG_ERROR, "a loop could not be set up", NULL, NULL);
	sb_thread_free(thread);
	return NULL;
}

bool
sb_thread_serve_operators(struct sb_thread *thread, int listen_fd)
{
	thread->operators = sb_server_new_for_operators(thread->services, listen_fd);
	return thread->operators != NULL;
}

bool
sb_thread_serve_ingest(struct sb_thread *thread, int listen_fd)
{
	thread->ingest = sb_server_new_for_ingest(thread->services, listen_fd);
	return thread->ingest != NULL;
}

void
sb_thread_free(struct sb_thread *thread)
{
	sb_server_free(thread->operators);
	sb_server_free(thread->ingest);
	sb_server_free(thread->server);
	sb_sockets_free(thread->sockets);
	sb_media_free(thread->media);
	sb_services_free(thread->services);
	sb_delivery_free(thread->delivery);
	sb_leases_free(thread->leases);
	sb_sends_free(thread->loop->sends);
	sb_loop_free(thread->loop);
	free(thread);
}

uint64_t
sb_thread_rounds(const struct sb_thread *thread)
{
	return __atomic_load_n(&thread->loop->metrics->iterations[0], __ATOMIC_RELAXED);
}

bool
sb_thread_start(struct sb_thread *thread)
{
	__atomic_add_fetch(&serving, 1, __ATOMIC_ACQ_REL);
	return pthread_create(&thread->id, NULL, run, thread) == 0;
}

void
sb_thread_stop(struct sb_thread *thread)
{
	sb_loop_send(thread->loop, &stop, NULL);
}

void
sb_thread_join(struct sb_thread *thread)
{
	pthread_join(thread->id, NULL);
}
