/*
 * server.c owns the HTTP side of one loop: who is let in, and what becomes of what comes through
 * his gate.
 */
#include "http/server.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "admission/services.h"
#include "base/memory.h"
#include "http/client.h"
#include "http/daemon.h"
#include "http/direct.h"
#include "http/door.h"
#include "http/forwarded.h"
#include "http/gate.h"
#include "http/head.h"
#include "http/peers.h"
#include "http/request.h"
#include "http/socket.h"
#include "http/stream.h"
#include "loop/loop.h"
#include "tls/relay.h"

#define ACCEPTS 64   /* let in in one iteration */
#define TICK_MS 100  /* between two looks at the deadlines */
#define OPEN_MS 5000 /* that the database has to be there before clients are let in */

struct sb_server
{
	struct sb_daemon daemon; /* must stay first */
	struct sb_watch door;    /* the listening socket; not watched while there is no room */
	struct sb_timer timer;
	struct sb_relays *relays; /* of clients, who come by TLS; NULL: they do not */
	int listen_fd;            /* -1 = closed */
	struct sb_loop *loop;
	uint64_t open_at_ms;     /* the latest; valid while it is not open */
	bool is_open;            /* clients are let in */
	bool is_shared;          /* the socket is not this server's alone */
	uint64_t drain_until_ms; /* once it has stopped: for so long idle clients stay */
};

const struct sb_library *
sb_server_library(void)
{
	return sb_daemon_library();
}

/* ---- the door -------------------------------------------------------------------------------- */

static void
open_door(struct sb_server *server)
{
	if (server->listen_fd >= 0 && server->is_open)
		sb_loop_watch(server->loop, &server->door, server->listen_fd, EPOLLIN);
}

/*
 * Lets clients in as soon as they can be served: until then they wait in the kernel's queue, rather
 * than be told 503 by a bridge that begins while others serve. Where the database is away, or takes
 * its time, they hear of it.
 */
static void
open_when_ready(struct sb_server *server)
{
	const struct sb_loop *loop = server->loop;

	server->is_open = sb_services_all_ready() || loop->metrics->conns_lost[0] > 0 ||
					  loop->now_ms >= server->open_at_ms;
	open_door(server);
}

static void
close_door(struct sb_server *server)
{
	sb_loop_unwatch(server->loop, &server->door);
	if (server->listen_fd >= 0)
		close(server->listen_fd);
	server->listen_fd = -1;
}

/* Takes in somebody who is counted. */
static bool
take_in(struct sb_server *server, int fd, const struct sockaddr *address, socklen_t len)
{
	bool is_in = sb_daemon_add(&server->daemon, fd, address, len);

	/* Whoever has a record is counted until it ends; who comes by TLS, until his relay does. */
	if (server->daemon.is_entering && server->relays)
		sb_peers_lighten();
	else if (server->daemon.is_entering && !server->daemon.clients.are_operators)
	{
		sb_peers_release(address);
		sb_peers_remove(false);
	}
	if (server->daemon.gate)
		sb_gate_close(server->daemon.gate);
	server->daemon.gate = NULL;
	return is_in;
}

bool
sb_server_adopt(struct sb_server *server, int fd, const struct sockaddr *address, socklen_t len)
{
	bool are_operators = server->daemon.clients.are_operators;

	if (!are_operators && !sb_peers_add(address, sb_forwarded_is_proxy(address)))
	{
		sb_metric_add(server->loop->metrics->turned_away, 1);
		close(fd);
		return false;
	}
	sb_metric_add(server->loop->metrics->accepted, !are_operators);
	if (server->relays == NULL)
		return take_in(server, fd, address, len);
	/* His socket and the pair are the relay's; both ends of the gate, the record's to come. */
	sb_peers_weigh();
	sb_relays_take(server->relays, fd, address, len);
	return true;
}

static bool
has_room(const struct sb_server *server)
{
	return server->daemon.clients.are_operators
			   ? server->daemon.clients.count < SB_SERVER_OPERATORS
			   : sb_peers_has_room(server->relays ? SB_RELAY_DESCRIPTORS : 0);
}

/* False when nobody waits, or nobody can be let in for now. */
static bool
accept_one(struct sb_server *server)
{
	struct sockaddr_storage address;
	struct sockaddr *peer = (struct sockaddr *) &address;
	socklen_t len = sizeof(address);
	int fd = -1;

	if (has_room(server))
		fd = accept4(server->listen_fd, peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	else
		errno = EMFILE;
	if (fd >= 0)
		sb_server_adopt(server, fd, peer, len);
	else if (errno != EINTR && errno != ECONNABORTED)
	{
		/* No descriptor or no memory: the kernel keeps them until somebody goes, or the tick. */
		if (errno != EAGAIN)
			sb_loop_unwatch(server->loop, &server->door);
		return false;
	}
	return true;
}

static void
on_knock(struct sb_watch *watch, uint32_t events)
{
	struct sb_server *server =
		(struct sb_server *) ((char *) watch - offsetof(struct sb_server, door));

	for (int i = 0; i < ACCEPTS && accept_one(server); i++)
		;
}

/* ---- the relays ------------------------------------------------------------------------------ */

static void
on_relay_open(void *holder, int fd, const struct sockaddr *address, socklen_t len)
{
	take_in(holder, fd, address, len);
}

static void
on_relay_end(void *holder, const struct sockaddr *address)
{
	sb_peers_release(address);
}

static void
on_relay_over(void *holder, bool was_open)
{
	if (!was_open)
		sb_peers_lighten();
	sb_peers_remove(false);
	open_door(holder);
}

static const struct sb_relay_holder relay_holder = {on_relay_open, on_relay_end, on_relay_over};

/* ---- the gates ------------------------------------------------------------------------------- */

static struct sb_server *
server_of(const struct sb_client *client)
{
	return (struct sb_server *) ((char *) client->clients -
								 offsetof(struct sb_server, daemon.clients));
}

static void
forget_client(struct sb_client *client)
{
	struct sb_server *server = server_of(client);

	sb_client_release(client);
	if (client->gate)
		sb_gate_close(client->gate);
	sb_client_free(client);
	open_door(server);
}

/* Bytes have come through the gate: the deadline of a request begins with its first. */
static void
on_gate_input(void *holder)
{
	struct sb_client *client = holder;

	if (client->state == SB_CLIENT_IDLE)
		sb_client_enter(client, SB_CLIENT_READING);
}

/* The library has something to read, in this very iteration. */
static void
on_gate_passed(void *holder)
{
	sb_daemon_stir(holder);
}

/* He sends no more, and whoever listens to a stream has nothing else to do: he is gone. */
static void
on_gate_end(void *holder)
{
	struct sb_client *client = holder;

	sb_daemon_stir(client);
	if (client->request && client->request->stream)
		sb_stream_break(client->request->stream);
}

/* He has taken all that there was for him. */
static void
on_gate_flushed(void *holder)
{
	struct sb_client *client = holder;

	if (client->request)
		return;
	if (client->is_left)
		forget_client(client);
	else if (client->state == SB_CLIENT_WRITING)
	{
		sb_client_enter(client, SB_CLIENT_IDLE);
		sb_gate_go_on(client->gate, false);
	}
}

static bool
is_working(const void *holder)
{
	enum sb_client_state state = ((const struct sb_client *) holder)->state;

	return state == SB_CLIENT_WORKING || state == SB_CLIENT_STREAMING;
}

static enum sb_gate_taking
on_gate_request(void *holder, const char *text, const struct sb_head_form *form, size_t here)
{
	struct sb_client *client = holder;
	struct sb_services *services = server_of(client)->daemon.services;

	if (client->state == SB_CLIENT_CLOSING || client->is_left)
		return SB_GATE_LEFT;
	if (sb_door_take(client, services, text, form, here))
		return SB_GATE_BORROWED;
	return form->is_usual && form->body == here && sb_direct_take(client, services, text, form)
			   ? SB_GATE_TAKEN
			   : SB_GATE_LEFT;
}

static const struct sb_gate_holder gate_holder = {on_gate_input,   on_gate_passed, on_gate_end,
												  on_gate_flushed, is_working,     on_gate_request};

/* ---- life ------------------------------------------------------------------------------------ */

static void
on_due(struct sb_timer *timer)
{
	struct sb_server *server =
		(struct sb_server *) ((char *) timer - offsetof(struct sb_server, timer));

	sb_server_tick(server);
	if (!server->daemon.clients.are_operators)
		sb_clients_measure(&server->daemon.clients, server->loop->metrics->connections);
}

static struct sb_server *
new_server(struct sb_services *services, int listen_fd, enum sb_audience audience)
{
	struct sb_loop *loop = services->loop;
	struct sb_server *server = sb_calloc(1, sizeof(*server));

	server->loop = loop;
	server->listen_fd = listen_fd;
	server->door.fd = -1;
	server->door.on_ready = on_knock;
	server->daemon.loop = loop;
	server->daemon.services = services;
	server->daemon.holder = &gate_holder;
	server->daemon.on_left = forget_client;
	server->daemon.clients.loop = loop;
	server->daemon.clients.audience = audience;
	server->daemon.clients.are_operators = audience != SB_FOR_PUBLIC;
	if (!sb_daemon_start(&server->daemon))
	{
		close_door(server);
		free(server);
		return NULL;
	}
	server->is_open = audience != SB_FOR_PUBLIC;
	server->open_at_ms = loop->now_ms + OPEN_MS;
	if (audience == SB_FOR_PUBLIC && loop->config->tls_certificate)
	{
		server->relays = sb_relays_new(loop, &relay_holder, server);
		server->daemon.clients.are_relayed = true;
	}
	open_door(server);
	sb_loop_every(loop, &server->timer, TICK_MS, on_due);
	return server;
}

struct sb_server *
sb_server_new(struct sb_services *services, int listen_fd)
{
	return new_server(services, listen_fd, SB_FOR_PUBLIC);
}

void
sb_server_share_socket(struct sb_server *server)
{
	server->is_shared = true;
}

struct sb_server *
sb_server_new_for_operators(struct sb_services *services, int listen_fd)
{
	return new_server(services, listen_fd, SB_FOR_OPERATORS);
}

struct sb_server *
sb_server_new_for_ingest(struct sb_services *services, int listen_fd)
{
	return new_server(services, listen_fd, SB_FOR_INGEST);
}

void
sb_server_free(struct sb_server *server)
{
	if (server == NULL)
		return;
	close_door(server);
	sb_direct_answer_all(&server->daemon.clients);
	sb_daemon_stop(&server->daemon);
	for (int state = 0; state < SB_CLIENT_STATES; state++)
		while (server->daemon.clients.lists[state].head)
			forget_client(server->daemon.clients.lists[state].head);
	sb_relays_free(server->relays);
	sb_direct_end();
	sb_gates_end();
	free(server);
}

bool
sb_server_run(struct sb_server *server)
{
	sb_direct_answer_all(&server->daemon.clients);
	sb_daemon_run(&server->daemon);
	if (!server->is_open)
		open_when_ready(server);
	/* More requests may begin by that, and be answered. */
	sb_gates_sweep();
	sb_direct_answer_all(&server->daemon.clients);
	if (server->relays)
		sb_relays_run(server->relays);
	return server->daemon.due;
}

void
sb_server_tick(struct sb_server *server)
{
	sb_clients_expire(&server->daemon.clients, server->loop->now_ms);
	if (server->relays)
		sb_relays_expire(server->relays);
	open_door(server);
	if (server->loop->stopping && server->relays)
		sb_relays_stop(server->relays);
	if (server->loop->stopping)
		sb_clients_stop(&server->daemon.clients, server->loop->now_ms,
						server->loop->now_ms >= server->drain_until_ms);
}

void
sb_server_quiesce(struct sb_server *server)
{
	/* Those who have knocked already come in, unless they could only be refused, and another one
	 * may serve them. */
	for (int i = 0;
		 (server->is_open || !server->is_shared) && i < SB_SOCKET_BACKLOG && accept_one(server);
		 i++)
		;
	close_door(server);
	server->daemon.due = true;
	server->drain_until_ms =
		server->loop->now_ms + (uint64_t) server->loop->config->drain_timeout * 1000;
	sb_server_tick(server);
}

int
sb_server_connections(const struct sb_server *server)
{
	return server->daemon.clients.count + (server->relays ? sb_relays_count(server->relays) : 0);
}
