/*
 * server.c owns the HTTP side of one loop.
 *
 * The library calls in this order for each request: on_request_line, on_access (head), on_access
 * per piece of the body, on_access (whole), then on_completed once the answer is out. A request
 * that waits for the database is suspended; its answer resumes it.
 */
#include "http/server.h"

#include <dlfcn.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "admission/services.h"
#include "base/log.h"
#include "base/memory.h"
#include "http/client.h"
#include "http/forwarded.h"
#include "http/gate.h"
#include "http/intake.h"
#include "http/library.h"
#include "http/peers.h"
#include "http/request.h"
#include "http/socket.h"
#include "loop/loop.h"

/*
 * Room for one request's head and one answer's; the library answers a head that needs more with
 * 431. A request line must fit into the half that it reads into first, and the records of as many
 * parameters into the other half: 0.9.75 loses its own answer when it runs out of room there.
 */
#define CONNECTION_MEMORY 16384
#define MAX_TARGET        8000
#define MAX_PARAMETERS    100
#define VALUE_MEMORY      64   /* for its record of a header, a parameter, a cookie */
#define ANSWER_MEMORY     4096 /* for the head of the answer, and what it reads ahead */
/* Rounds of the library in one iteration of the loop, while it says it has more to do. */
#define RUNS              3
#define LATE_BODIES       64
#define ACCEPTS           64   /* let in in one iteration */
#define TICK_MS           100  /* between two looks at the deadlines */
#define OPEN_MS           5000 /* that the database has to be there before clients are let in */

struct sb_server
{
	struct sb_watch watch; /* must stay first: the library's epoll set */
	struct sb_watch door;  /* the listening socket; not watched while there is no room */
	struct sb_timer timer;
	int listen_fd;        /* -1 = closed */
	struct sb_gate *gate; /* of whom the library takes in just now */
	bool is_entering;     /* somebody is counted whom the library takes in just now */
	struct sb_loop *loop;
	struct sb_services *services;
	struct MHD_Daemon *daemon;
	struct sb_clients clients;
	uint64_t open_at_ms;          /* the latest; valid while it is not open */
	bool is_open;                 /* clients are let in */
	uint64_t drain_until_ms;      /* once it has stopped: for so long idle clients stay */
	bool is_over;                 /* nobody is waited for any more */
	bool due;                     /* a descriptor is ready, or an answer was handed over */
	int late_bodies[LATE_BODIES]; /* sockets whose body did not come with the head */
	int nlate;
};

/* ---- the library ----------------------------------------------------------------------------- */

const struct sb_library *
sb_server_library(void)
{
	return sb_library_find(MHD_get_version());
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

bool
sb_server_adopt(struct sb_server *server, int fd, const struct sockaddr *address, socklen_t len)
{
	bool is_in = false;

	if (!server->clients.are_operators && !sb_peers_add(address, sb_forwarded_is_proxy(address)))
	{
		sb_metric_add(server->loop->metrics->turned_away, 1);
		close(fd);
		return false;
	}
	sb_metric_add(server->loop->metrics->accepted, !server->clients.are_operators);
	server->is_entering = true;
	server->gate = sb_gate_new(server->loop, fd, &fd);
	if (server->gate)
	{
		server->due = true;
		is_in = MHD_add_connection(server->daemon, fd, address, len) == MHD_YES;
	}
	/* Where on_connection() was not asked, nobody has taken it. */
	if (server->is_entering && !server->clients.are_operators)
	{
		sb_peers_release(address);
		sb_peers_remove();
	}
	if (server->gate)
		sb_gate_close(server->gate);
	server->is_entering = false;
	server->gate = NULL;
	return is_in;
}

static bool
has_room(const struct sb_server *server)
{
	return server->clients.are_operators ? server->clients.count < SB_SERVER_OPERATORS
										 : sb_peers_has_room();
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

/* ---- what the library calls ------------------------------------------------------------------ */

/* The request ends, if there is one. */
static void
end_request(struct sb_client *client, bool delivered)
{
	struct sb_request *request = client->request;

	client->request = NULL;
	if (request)
		sb_intake_end(request, delivered);
}

static void
forget_client(struct sb_server *server, struct sb_client *client)
{
	sb_client_release(client);
	if (client->gate)
		sb_gate_close(client->gate);
	sb_client_free(client);
	open_door(server);
}

static struct sb_server *
server_of(const struct sb_client *client)
{
	return (struct sb_server *) ((char *) client->clients - offsetof(struct sb_server, clients));
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
	server_of(holder)->due = true;
}

/* He has taken all that there was for him. */
static void
on_gate_flushed(void *holder)
{
	struct sb_client *client = holder;

	if (client->is_left)
		forget_client(server_of(client), client);
	else if (client->request == NULL && client->state == SB_CLIENT_WRITING)
		sb_client_enter(client, SB_CLIENT_IDLE);
}

static bool
is_working(const void *holder)
{
	return ((const struct sb_client *) holder)->state == SB_CLIENT_WORKING;
}

static const struct sb_gate_holder gate_holder = {on_gate_input, on_gate_passed, on_gate_flushed,
												  is_working};

/* What 0.9.75 gives up while it parses ends here: it calls no on_completed() for that. */
static void
on_connection(void *arg, struct MHD_Connection *mhd, void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct sb_server *server = arg;
	struct sb_client *client = *context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED)
	{
		const struct sockaddr *address =
			MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
		int fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;

		client = sb_client_new(server->loop, &server->clients,
							   server->gate ? sb_gate_fd(server->gate) : fd, address);
		client->gate = server->gate;
		server->gate = NULL;
		server->is_entering = false;
		if (client->gate)
			sb_gate_open(client->gate, &gate_holder, client);
		*context = client;
		return;
	}
	end_request(client, false);
	client->is_left = true;
	/* A client who is slow to take the last answer has the time for it that he would have. */
	if (client->gate && !sb_gate_flush(client->gate) && !server->is_over)
		sb_client_enter(client, SB_CLIENT_WRITING);
	else
		forget_client(server, client);
}

static struct sb_client *
client_of(struct MHD_Connection *mhd)
{
	return MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static void deliver(struct sb_request *request);

static struct sb_request *
new_request(struct MHD_Connection *mhd, const char *target)
{
	struct sb_arena arena = {0};
	struct sb_request *request = sb_arena_new(&arena, struct sb_request);
	struct sb_client *client = client_of(mhd);

	request->arena = arena;
	request->client = client;
	request->peer = (const struct sockaddr *) &client->address;
	request->loop = client->loop;
	request->caller.work = request->id;
	request->deliver = deliver;
	sb_admission_init(&request->admission, server_of(client)->services, &request->caller,
					  &request->arena, request);
	request->mhd = mhd;
	request->started_us = sb_loop_clock_us();
	request->target_len = target ? strlen(target) : 0;
	request->target = sb_arena_copy(&request->arena, target ? target : "", request->target_len);
	return request;
}

/* 0, or the status for a target that the library must not be asked to serve. */
static int
check_target(const struct sb_request *request)
{
	int parameters = 1;

	if (request->target_len > MAX_TARGET)
		return 414;
	for (size_t i = 0; i < request->target_len; i++)
		parameters += request->target[i] == '&';
	return parameters > MAX_PARAMETERS ? 431 : 0;
}

/* Answers past the library, which has nothing to send, and ends the connection. */
static void
refuse_by_socket(struct sb_request *request, int status)
{
	sb_intake_refuse(request);
	sb_client_cut(request->client, status);
}

/*
 * The first word of a request; what it returns is the request's context from here on. Inside of
 * this call the library parses, so nothing may be queued.
 */
static void *
on_request_line(void *arg, const char *target, struct MHD_Connection *mhd)
{
	struct sb_request *request = new_request(mhd, target);
	int status = check_target(request);

	request->client->request = request;
	sb_client_enter(request->client, SB_CLIENT_READING);
	if (status)
		refuse_by_socket(request, status);
	return request;
}

static enum MHD_Result (*queue_response)(struct MHD_Connection *, unsigned int,
										 struct MHD_Response *);
static pthread_once_t queue_response_once = PTHREAD_ONCE_INIT;

static void
find_queue_response(void)
{
	*(void **) &queue_response = sb_checked(dlsym(RTLD_NEXT, "MHD_queue_response"));
}

/*
 * What the library refuses by itself it answers with a page of HTML, which it hands to this
 * function of its own interface; so we learn of it in time to say it in our words. The page goes on
 * its way, so that all is as the library expects, but to a socket that is shut. (0.9.75 would also
 * send the head of its page twice, or at the end of its room nothing at all.) Where the library
 * does not call itself by this name, its page goes out: test/http/strict.t would tell.
 */
__attribute__((weak)) enum MHD_Result
MHD_queue_response(struct MHD_Connection *mhd, unsigned int status, struct MHD_Response *page)
{
	struct sb_client *client = client_of(mhd);
	bool is_known = client->request != NULL;

	if (!is_known)
		client->request = new_request(mhd, NULL);
	/* 1.0.10 has a status of its own for transfer codings. */
	refuse_by_socket(client->request, status == MHD_HTTP_NOT_IMPLEMENTED ? 400 : (int) status);
	if (!is_known)
		end_request(client, true);
	return queue_response(mhd, status, page);
}

/* Gives the library the answer that the request holds. */
static enum MHD_Result
queue_answer(struct sb_request *request)
{
	enum MHD_Result rc;

	sb_client_enter(request->client, SB_CLIENT_WRITING);
	request->phase = SB_PHASE_ANSWERED;
	rc = queue_response(request->mhd, (unsigned) request->status, request->response);
	MHD_destroy_response(request->response);
	request->response = NULL;
	return rc;
}

/* The request has its answer. */
static void
deliver(struct sb_request *request)
{
	/* In the other phases on_access() finds the answer when it can be given. */
	if (request->phase != SB_PHASE_SUSPENDED)
		return;
	queue_answer(request);
	MHD_resume_connection(request->mhd);
	server_of(request->client)->due = true;
}

/*
 * Clients that write head and body apart wait, by Nagle's algorithm, for our acknowledgement of the
 * head, which the kernel holds back for 40 ms: it is told not to. A body that came along is handed
 * over right after its head, so its socket is the last in the list and leaves it again.
 */
static void
expect_late_body(struct sb_server *server, struct sb_request *request)
{
	if (server->nlate < LATE_BODIES && (sb_request_header(request, "Content-Length") ||
										sb_request_header(request, "Transfer-Encoding")))
		server->late_bodies[server->nlate++] = request->client->fd;
}

static void
body_has_come(struct sb_server *server, const struct sb_request *request)
{
	if (server->nlate > 0 && server->late_bodies[server->nlate - 1] == request->client->fd)
		server->nlate--;
}

static void
acknowledge_heads(struct sb_server *server)
{
	int on = 1;

	while (server->nlate > 0)
		setsockopt(server->late_bodies[--server->nlate], IPPROTO_TCP, TCP_QUICKACK, &on,
				   sizeof(on));
}

/* Whether the head leaves the library room for an answer: without, it would close silently. */
static bool
leaves_room(const struct sb_request *request)
{
	struct MHD_Connection *mhd = request->mhd;
	const char *cookies = MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, "Cookie");
	int values = MHD_get_connection_values_n(
		mhd, MHD_HEADER_KIND | MHD_COOKIE_KIND | MHD_GET_ARGUMENT_KIND, NULL, NULL);
	size_t size =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)->header_size;

	/* It cuts cookies up in a copy. */
	size += (size_t) values * VALUE_MEMORY + (cookies ? strlen(cookies) : 0);
	return size <= CONNECTION_MEMORY - ANSWER_MEMORY;
}

static enum MHD_Result
on_head(struct sb_request *request, const char *method, const char *version)
{
	if (!leaves_room(request))
	{
		refuse_by_socket(request, 431);
		return MHD_NO;
	}
	sb_intake_head(request, method, version);
	if (request->response && request->must_close)
		return queue_answer(request);
	request->phase = SB_PHASE_BODY;
	expect_late_body(server_of(request->client), request);
	return MHD_YES;
}

static enum MHD_Result
on_whole(struct sb_request *request)
{
	if (request->response == NULL)
	{
		request->phase = SB_PHASE_HANDLING;
		sb_client_enter(request->client, SB_CLIENT_WORKING);
		sb_intake_whole(request);
	}
	if (request->response)
		return queue_answer(request);
	request->phase = SB_PHASE_SUSPENDED;
	MHD_suspend_connection(request->mhd);
	return MHD_YES;
}

static enum MHD_Result
on_access(void *arg, struct MHD_Connection *mhd, const char *url, const char *method,
		  const char *version, const char *data, size_t *size, void **context)
{
	struct sb_server *server = arg;
	struct sb_request *request = *context;

	if (request->client->state == SB_CLIENT_CLOSING)
		return MHD_NO;
	if (request->phase == SB_PHASE_HEAD)
		return on_head(request, method, version);
	if (request->phase != SB_PHASE_BODY)
		return MHD_YES;
	body_has_come(server, request);
	if (*size == 0)
		return on_whole(request);
	if (!sb_intake_body(request, data, *size))
		sb_client_cut(request->client, 413);
	*size = 0;
	return MHD_YES;
}

static void
on_completed(void *arg, struct MHD_Connection *mhd, void **context,
			 enum MHD_RequestTerminationCode code)
{
	struct sb_request *request = *context;
	struct sb_client *client;

	if (request == NULL)
		return;
	*context = NULL;
	client = request->client;
	if (client->gate == NULL || sb_gate_flush(client->gate))
		sb_client_enter(client, SB_CLIENT_IDLE);
	end_request(client, code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
}

/* The library must leave escapes alone: http/url.c reads them, strictly. */
static size_t
on_unescape(void *arg, struct MHD_Connection *mhd, char *text)
{
	return strlen(text);
}

static void
on_library_log(void *arg, const char *format, va_list args)
{
	char line[256];

	if (!sb_log_wants(SB_LOG_DEBUG))
		return;
	vsnprintf(line, sizeof(line), format, args);
	line[strcspn(line, "\n")] = '\0';
	sb_log(SB_LOG_DEBUG, "libmicrohttpd", "text", line);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void
on_ready(struct sb_watch *watch, uint32_t events)
{
	((struct sb_server *) watch)->due = true;
}

static void
on_due(struct sb_timer *timer)
{
	struct sb_server *server =
		(struct sb_server *) ((char *) timer - offsetof(struct sb_server, timer));

	sb_server_tick(server);
	if (!server->clients.are_operators)
		sb_clients_measure(&server->clients, server->loop->metrics->connections);
}

static struct MHD_Daemon *
start_daemon(struct sb_server *server)
{
	struct MHD_OptionItem options[] = {
		{MHD_OPTION_STRICT_FOR_CLIENT, sb_server_library()->strictness, NULL},
		{MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, NULL},
		{MHD_OPTION_CONNECTION_TIMEOUT, 0, NULL}, /* http/client.c has the deadlines */
		{MHD_OPTION_CONNECTION_LIMIT, server->loop->config->max_connections, NULL},
		{MHD_OPTION_URI_LOG_CALLBACK, (intptr_t) on_request_line, server},
		{MHD_OPTION_NOTIFY_COMPLETED, (intptr_t) on_completed, server},
		{MHD_OPTION_NOTIFY_CONNECTION, (intptr_t) on_connection, server},
		{MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t) on_unescape, NULL},
		{MHD_OPTION_END, 0, NULL}};

	/* The logger comes first, so that it hears of trouble with the other options. */
	return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
								MHD_USE_NO_LISTEN_SOCKET | sb_server_library()->flags,
							0, NULL, NULL, on_access, server, MHD_OPTION_EXTERNAL_LOGGER,
							on_library_log, NULL, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
}

static struct sb_server *
new_server(struct sb_services *services, int listen_fd, bool for_operators)
{
	struct sb_loop *loop = services->loop;
	struct sb_server *server = sb_calloc(1, sizeof(*server));

	pthread_once(&queue_response_once, find_queue_response);
	server->loop = loop;
	server->services = services;
	server->listen_fd = listen_fd;
	server->door.fd = -1;
	server->door.on_ready = on_knock;
	server->clients.loop = loop;
	server->clients.are_operators = for_operators;
	server->watch.fd = -1;
	server->watch.on_ready = on_ready;
	server->daemon = start_daemon(server);
	if (server->daemon == NULL)
	{
		close_door(server);
		free(server);
		return NULL;
	}
	sb_loop_watch(loop, &server->watch,
				  MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd, EPOLLIN);
	server->is_open = for_operators;
	server->open_at_ms = loop->now_ms + OPEN_MS;
	open_door(server);
	sb_loop_every(loop, &server->timer, TICK_MS, on_due);
	return server;
}

struct sb_server *
sb_server_new(struct sb_services *services, int listen_fd)
{
	return new_server(services, listen_fd, false);
}

struct sb_server *
sb_server_new_for_operators(struct sb_services *services, int listen_fd)
{
	return new_server(services, listen_fd, true);
}

void
sb_server_free(struct sb_server *server)
{
	if (server == NULL)
		return;
	sb_loop_unwatch(server->loop, &server->watch);
	close_door(server);
	server->is_over = true;
	MHD_stop_daemon(server->daemon);
	for (int state = 0; state < SB_CLIENT_STATES; state++)
		while (server->clients.lists[state].head)
			forget_client(server, server->clients.lists[state].head);
	sb_gates_end();
	free(server);
}

bool
sb_server_run(struct sb_server *server)
{
	MHD_UNSIGNED_LONG_LONG wait = 0;

	for (int i = 0; i < RUNS && server->due; i++)
	{
		server->due = false;
		MHD_run(server->daemon);
		if (MHD_get_timeout(server->daemon, &wait) == MHD_YES && wait == 0)
			server->due = true;
	}
	if (!server->is_open)
		open_when_ready(server);
	sb_gates_sweep();
	acknowledge_heads(server);
	return server->due;
}

void
sb_server_tick(struct sb_server *server)
{
	sb_clients_expire(&server->clients, server->loop->now_ms);
	open_door(server);
	if (server->loop->stopping)
		sb_clients_stop(&server->clients, server->loop->now_ms,
						server->loop->now_ms >= server->drain_until_ms);
}

void
sb_server_quiesce(struct sb_server *server)
{
	/* Those who have knocked already come in. */
	for (int i = 0; i < SB_SOCKET_BACKLOG && accept_one(server); i++)
		;
	close_door(server);
	server->due = true;
	server->drain_until_ms =
		server->loop->now_ms + (uint64_t) server->loop->config->drain_timeout * 1000;
	sb_server_tick(server);
}

int
sb_server_connections(const struct sb_server *server)
{
	return server->clients.count;
}
