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
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "http/client.h"
#include "http/forwarded.h"
#include "http/intake.h"
#include "http/peers.h"
#include "http/request.h"
#include "log.h"
#include "memory.h"

/* Room for one request's head and one answer's; a head that needs more gets 431. */
#define CONNECTION_MEMORY 16384
/* Rounds of the library in one iteration of the loop, while it says it has more to do. */
#define RUNS              3
#define LATE_BODIES       64
#define BACKLOG           1024 /* connections that the kernel keeps until they are accepted */

struct sb_server
{
	struct sb_watch watch; /* must stay first: the library's epoll set */
	struct sb_loop *loop;
	struct MHD_Daemon *daemon;
	struct sb_clients clients;
	bool due;                     /* a descriptor is ready, or an answer was handed over */
	int late_bodies[LATE_BODIES]; /* sockets whose body did not come with the head */
	int nlate;
};

/* ---- listening ------------------------------------------------------------------------------- */

static int
bind_socket(const struct addrinfo *address, bool reuse_port)
{
	int on = 1;
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (reuse_port)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	if (bind(fd, address->ai_addr, address->ai_addrlen) != 0)
	{
		int reason = errno;

		close(fd);
		errno = reason;
		return -1;
	}
	return fd;
}

int
sb_server_listen(const char *host, int port, bool exclusive)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct addrinfo *address;
	char service[16];
	int fd;

	snprintf(service, sizeof(service), "%d", port);
	if (getaddrinfo(host, service, &hints, &address) != 0)
	{
		errno = EADDRNOTAVAIL;
		return -1;
	}
	/* Sockets with SO_REUSEPORT share a port silently; one without it finds them. */
	fd = exclusive && port ? bind_socket(address, false) : 0;
	if (exclusive && port && fd >= 0)
		close(fd);
	if (fd >= 0)
		fd = bind_socket(address, true);
	freeaddrinfo(address);
	if (fd >= 0 && listen(fd, BACKLOG) != 0)
	{
		close(fd);
		return -1;
	}
	return fd;
}

/* ---- what the library calls ------------------------------------------------------------------ */

static enum MHD_Result
on_accept(void *arg, const struct sockaddr *address, socklen_t len)
{
	return sb_peers_has_room(address, sb_forwarded_is_proxy(address)) ? MHD_YES : MHD_NO;
}

static void
on_connection(void *arg, struct MHD_Connection *mhd, void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct sb_server *server = arg;

	if (code == MHD_CONNECTION_NOTIFY_STARTED)
	{
		const struct sockaddr *address =
			MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
		int fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;

		*context = sb_client_new(server->loop, &server->clients, fd, address);
	}
	else
		sb_client_free(&server->clients, *context);
}

static struct sb_client *
client_of(struct MHD_Connection *mhd)
{
	return MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static struct sb_request *
new_request(struct MHD_Connection *mhd, const char *target)
{
	struct sb_request *request = sb_calloc(1, sizeof(*request));

	request->client = client_of(mhd);
	request->loop = request->client->loop;
	request->mhd = mhd;
	request->started_us = sb_loop_clock_us();
	request->raw_target = target;
	request->target_len = target ? strlen(target) : 0;
	request->target = sb_arena_copy(&request->arena, target ? target : "", request->target_len);
	return request;
}

/* The first word of a request; what it returns is the request's context from here on. */
static void *
on_request_line(void *arg, const char *target, struct MHD_Connection *mhd)
{
	struct sb_server *server = arg;
	struct sb_request *request = new_request(mhd, target);

	request->client->request = request;
	sb_client_enter(&server->clients, request->client, SB_CLIENT_READING, server->loop->now_ms);
	return request;
}

static enum MHD_Result (*real_queue_response)(struct MHD_Connection *, unsigned int,
											  struct MHD_Response *);
static pthread_once_t real_queue_response_once = PTHREAD_ONCE_INIT;

static void
find_queue_response(void)
{
	*(void **) &real_queue_response = sb_checked(dlsym(RTLD_NEXT, "MHD_queue_response"));
}

/*
 * What the library cannot parse it answers by itself, with a page of HTML. It hands that page to
 * its own exported function, whose place this one takes: our error body goes out instead, and the
 * refusal makes the library close the connection. (Left to itself it would also send the head of
 * its answer twice for a Content-Length that is no number.) If another version of the library
 * binds the name inside itself, test/http/strict.t fails.
 */
__attribute__((weak)) enum MHD_Result
MHD_queue_response(struct MHD_Connection *mhd, unsigned int status, struct MHD_Response *page)
{
	struct sb_client *client = client_of(mhd);
	struct sb_request *known = client->request;
	struct sb_request *request = known ? known : new_request(mhd, NULL);

	client->request = request;
	sb_intake_refuse(request);
	sb_client_cut(&client->loop->server->clients, client, (int) status, client->loop->now_ms);
	if (known == NULL)
	{
		client->request = NULL;
		sb_intake_end(request, true);
	}
	return MHD_NO;
}

/* Gives the library the answer that the request holds. */
static enum MHD_Result
queue_answer(struct sb_request *request)
{
	struct sb_loop *loop = request->loop;
	enum MHD_Result rc;

	sb_client_enter(&loop->server->clients, request->client, SB_CLIENT_WRITING, loop->now_ms);
	request->phase = SB_PHASE_ANSWERED;
	rc = real_queue_response(request->mhd, (unsigned) request->status, request->response);
	MHD_destroy_response(request->response);
	request->response = NULL;
	return rc;
}

void
sb_server_deliver(struct sb_request *request)
{
	struct sb_server *server = request->loop->server;

	/* In the other phases on_access() finds the answer when it can be given. */
	if (request->phase != SB_PHASE_SUSPENDED)
		return;
	queue_answer(request);
	MHD_resume_connection(request->mhd);
	server->due = true;
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

static enum MHD_Result
on_head(struct sb_request *request, const char *method, const char *version)
{
	sb_intake_head(request, method, version);
	if (request->response && request->must_close)
		return queue_answer(request);
	request->phase = SB_PHASE_BODY;
	expect_late_body(request->loop->server, request);
	return MHD_YES;
}

static enum MHD_Result
on_whole(struct sb_request *request)
{
	struct sb_loop *loop = request->loop;

	if (request->response == NULL)
	{
		request->phase = SB_PHASE_HANDLING;
		sb_client_enter(&loop->server->clients, request->client, SB_CLIENT_WORKING, loop->now_ms);
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

	if (request->phase == SB_PHASE_HEAD)
		return on_head(request, method, version);
	if (request->phase != SB_PHASE_BODY)
		return MHD_YES;
	body_has_come(server, request);
	if (*size == 0)
		return on_whole(request);
	if (!sb_intake_body(request, data, *size))
		sb_client_cut(&server->clients, request->client, 413, server->loop->now_ms);
	*size = 0;
	return MHD_YES;
}

static void
on_completed(void *arg, struct MHD_Connection *mhd, void **context,
			 enum MHD_RequestTerminationCode code)
{
	struct sb_server *server = arg;
	struct sb_request *request = *context;

	if (request == NULL)
		return;
	*context = NULL;
	request->client->request = NULL;
	sb_client_enter(&server->clients, request->client, SB_CLIENT_IDLE, server->loop->now_ms);
	sb_intake_end(request, code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
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

static struct MHD_Daemon *
start_daemon(struct sb_server *server, int listen_fd)
{
	struct MHD_OptionItem options[] = {
		{MHD_OPTION_LISTEN_SOCKET, listen_fd, NULL},
		{MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, NULL},
		{MHD_OPTION_CONNECTION_TIMEOUT, 0, NULL}, /* http/client.c has the deadlines */
		{MHD_OPTION_CONNECTION_LIMIT, server->loop->config->max_connections, NULL},
		{MHD_OPTION_URI_LOG_CALLBACK, (intptr_t) on_request_line, server},
		{MHD_OPTION_NOTIFY_COMPLETED, (intptr_t) on_completed, server},
		{MHD_OPTION_NOTIFY_CONNECTION, (intptr_t) on_connection, server},
		{MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t) on_unescape, NULL},
		{MHD_OPTION_END, 0, NULL}};

	/* The logger comes first, so that it hears of trouble with the other options. */
	return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0,
							on_accept, NULL, on_access, server, MHD_OPTION_EXTERNAL_LOGGER,
							on_library_log, NULL, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
}

struct sb_server *
sb_server_new(struct sb_loop *loop, int listen_fd)
{
	struct sb_server *server = sb_calloc(1, sizeof(*server));

	pthread_once(&real_queue_response_once, find_queue_response);
	server->loop = loop;
	server->clients.config = loop->config;
	server->watch.fd = -1;
	server->watch.on_ready = on_ready;
	server->daemon = start_daemon(server, listen_fd);
	if (server->daemon == NULL)
	{
		free(server);
		return NULL;
	}
	sb_loop_watch(loop, &server->watch,
				  MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd, EPOLLIN);
	server->due = true; /* the first run puts the listening socket into the library's epoll set */
	return server;
}

void
sb_server_free(struct sb_server *server)
{
	if (server == NULL)
		return;
	sb_loop_unwatch(server->loop, &server->watch);
	MHD_stop_daemon(server->daemon);
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
	acknowledge_heads(server);
	return server->due;
}

void
sb_server_tick(struct sb_server *server)
{
	sb_clients_expire(&server->clients, server->loop->now_ms);
	if (server->loop->stopping)
		sb_clients_stop(&server->clients, server->loop->now_ms);
}

/* Takes those in who have knocked already; the library accepts only a few in one run. */
static void
accept_backlog(struct sb_server *server)
{
	struct pollfd door = {
		.fd = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_LISTEN_FD)->listen_fd,
		.events = POLLIN};

	for (int i = 0; i < BACKLOG && poll(&door, 1, 0) > 0; i++)
		MHD_run(server->daemon);
}

void
sb_server_quiesce(struct sb_server *server)
{
	accept_backlog(server);
	close(MHD_quiesce_daemon(server->daemon));
	server->due = true;
	sb_server_tick(server);
}

int
sb_server_connections(const struct sb_server *server)
{
	return server->clients.count;
}
