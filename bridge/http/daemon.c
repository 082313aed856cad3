/*
 * daemon.c owns the HTTP library's side of one loop.
 *
 * The library calls in this order for each request: on_request_line, on_access (head), on_access
 * per piece of the body, on_access (whole), then on_completed once the answer is out. A request
 * that waits for the database is suspended; its answer resumes it.
 */
#include "http/daemon.h"

#include <dlfcn.h>
#include <microhttpd.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/log.h"
#include "base/memory.h"
#include "http/gate.h"
#include "http/intake.h"
#include "http/library.h"
#include "http/reply.h"
#include "http/request.h"
#include "http/stream.h"
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

const struct sb_library *
sb_daemon_library(void)
{
	return sb_library_find(MHD_get_version());
}

static struct sb_daemon *
daemon_of(const struct sb_client *client)
{
	return (struct sb_daemon *) ((char *) client->clients - offsetof(struct sb_daemon, clients));
}

/* ---- connections ----------------------------------------------------------------------------- */

/* The request ends, if there is one. */
static void
end_request(struct sb_client *client, bool delivered)
{
	struct sb_request *request = client->request;

	client->request = NULL;
	if (request)
		sb_intake_end(request, delivered);
}

/* What 0.9.75 gives up while it parses ends here: it calls no on_completed() for that. */
static void
on_connection(void *arg, struct MHD_Connection *mhd, void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct sb_daemon *daemon = arg;
	struct sb_client *client = *context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED)
	{
		const struct sockaddr *address =
			MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
		int fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;

		client = sb_client_new(daemon->loop, &daemon->clients,
							   daemon->gate ? sb_gate_fd(daemon->gate) : fd, address);
		client->gate = daemon->gate;
		daemon->gate = NULL;
		daemon->is_entering = false;
		if (client->gate)
			sb_gate_open(client->gate, daemon->holder, client);
		*context = client;
		return;
	}
	client->is_left = true;
	if (client->request && client->request->mhd == NULL)
		return; /* it is none of the library's, and is answered */
	end_request(client, false);
	/* A client who is slow to take the last answer has the time for it that he would have. */
	if (client->gate && !sb_gate_flush(client->gate) && !daemon->is_over)
		sb_client_enter(client, SB_CLIENT_WRITING);
	else
		daemon->on_left(client);
}

bool
sb_daemon_add(struct sb_daemon *daemon, int fd, const struct sockaddr *address, socklen_t len)
{
	bool is_in = false;

	daemon->is_entering = true;
	daemon->gate = sb_gate_new(daemon->loop, fd, &fd);
	if (daemon->gate)
	{
		daemon->due = true;
		is_in = MHD_add_connection(daemon->library, fd, address, len) == MHD_YES;
	}
	return is_in;
}

static struct sb_client *
client_of(struct MHD_Connection *mhd)
{
	return MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/* ---- requests -------------------------------------------------------------------------------- */

static void deliver(struct sb_request *request);
static void resume(struct sb_request *request);

static struct sb_request *
new_request(struct MHD_Connection *mhd)
{
	struct sb_client *client = client_of(mhd);
	struct sb_request *request = sb_intake_begin(client, daemon_of(client)->services);

	request->deliver = deliver;
	request->resume = resume;
	request->mhd = mhd;
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
	struct sb_request *request = new_request(mhd);
	int status;

	request->target_len = strlen(target);
	request->target = sb_arena_copy(&request->arena, target, request->target_len);
	status = check_target(request);
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
		new_request(mhd);
	/* 1.0.10 has a status of its own for transfer codings. */
	refuse_by_socket(client->request, status == MHD_HTTP_NOT_IMPLEMENTED ? 400 : (int) status);
	if (!is_known)
		end_request(client, true);
	return queue_response(mhd, status, page);
}

static void
put_header(void *response, const char *name, const char *value)
{
	MHD_add_response_header(response, name, value);
}

/* The answer that the request holds, which becomes the library's. */
static struct MHD_Response *
take_answer(struct sb_request *request)
{
	struct MHD_Response *response = request->whole;
	void *bytes = (void *) request->answer;

	if (response == NULL && request->free_answer)
		response = MHD_create_response_from_buffer_with_free_callback_cls(
			request->answer_len, bytes, request->free_answer, request->answer_owner);
	else if (response == NULL)
		response =
			MHD_create_response_from_buffer(request->answer_len, bytes, MHD_RESPMEM_PERSISTENT);
	sb_checked(response);
	sb_reply_put_headers(request, put_header, response);
	request->whole = NULL;
	request->free_answer = NULL;
	return response;
}

/* Gives the library the answer. */
static enum MHD_Result
queue_answer(struct sb_request *request)
{
	bool goes_on =
		request->stream && sb_stream_is_open(request->stream) && request->method != SB_HEAD;
	struct MHD_Response *response = take_answer(request);
	enum MHD_Result rc;

	sb_client_enter(request->client, goes_on ? SB_CLIENT_STREAMING : SB_CLIENT_WRITING);
	request->phase = SB_PHASE_ANSWERED;
	rc = queue_response(request->mhd, (unsigned) request->status, response);
	MHD_destroy_response(response);
	return rc;
}

static void
resume(struct sb_request *request)
{
	MHD_resume_connection(request->mhd);
	daemon_of(request->client)->due = true;
}

/* The request has its answer. */
static void
deliver(struct sb_request *request)
{
	/* In the other phases on_access() finds the answer when it can be given. */
	if (request->phase != SB_PHASE_SUSPENDED)
		return;
	queue_answer(request);
	resume(request);
}

/*
 * Clients that write head and body apart wait, by Nagle's algorithm, for our acknowledgement of the
 * head, which the kernel holds back for 40 ms: it is told not to. A body that came along is handed
 * over right after its head, so its socket is the last in the list and leaves it again.
 */
static void
expect_late_body(struct sb_daemon *daemon, struct sb_request *request)
{
	if (daemon->nlate < SB_DAEMON_LATE_BODIES && (sb_request_header(request, "Content-Length") ||
												  sb_request_header(request, "Transfer-Encoding")))
		daemon->late_bodies[daemon->nlate++] = request->client->fd;
}

static void
body_has_come(struct sb_daemon *daemon, const struct sb_request *request)
{
	if (daemon->nlate > 0 && daemon->late_bodies[daemon->nlate - 1] == request->client->fd)
		daemon->nlate--;
}

static void
acknowledge_heads(struct sb_daemon *daemon)
{
	int on = 1;

	while (daemon->nlate > 0)
		setsockopt(daemon->late_bodies[--daemon->nlate], IPPROTO_TCP, TCP_QUICKACK, &on,
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
collect_header(void *arg, enum MHD_ValueKind kind, const char *name, size_t name_len,
			   const char *value, size_t value_len)
{
	struct sb_request *request = arg;

	/* One more than there may be tells that there are too many. */
	if (request->nheaders > SB_REQUEST_MAX_HEADERS)
		return MHD_NO;
	request->headers[request->nheaders++] =
		(struct sb_header){name, name_len, value ? value : "", value_len};
	return MHD_YES;
}

static void
collect_headers(struct sb_request *request)
{
	int count = MHD_get_connection_values_n(request->mhd, MHD_HEADER_KIND, NULL, NULL);

	request->headers = sb_arena_new_array(&request->arena, struct sb_header, count);
	MHD_get_connection_values_n(request->mhd, MHD_HEADER_KIND, collect_header, request);
}

static enum MHD_Result
on_head(struct sb_request *request, const char *method, const char *version)
{
	if (!leaves_room(request))
	{
		refuse_by_socket(request, 431);
		return MHD_NO;
	}
	collect_headers(request);
	sb_intake_head(request, method, version);
	if (request->is_answered && request->must_close)
		return queue_answer(request);
	request->phase = SB_PHASE_BODY;
	expect_late_body(daemon_of(request->client), request);
	return MHD_YES;
}

static enum MHD_Result
on_whole(struct sb_request *request)
{
	if (!request->is_answered)
	{
		request->phase = SB_PHASE_HANDLING;
		sb_client_enter(request->client, SB_CLIENT_WORKING);
		sb_intake_whole(request);
	}
	if (request->is_answered)
		return queue_answer(request);
	request->phase = SB_PHASE_SUSPENDED;
	MHD_suspend_connection(request->mhd);
	return MHD_YES;
}

static enum MHD_Result
on_access(void *arg, struct MHD_Connection *mhd, const char *url, const char *method,
		  const char *version, const char *data, size_t *size, void **context)
{
	struct sb_daemon *daemon = arg;
	struct sb_request *request = *context;

	if (request->client->state == SB_CLIENT_CLOSING)
		return MHD_NO;
	if (request->phase == SB_PHASE_HEAD)
		return on_head(request, method, version);
	if (request->phase != SB_PHASE_BODY)
		return MHD_YES;
	body_has_come(daemon, request);
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
	end_request(client, code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
	if (client->gate == NULL || !sb_gate_flush(client->gate))
		return;
	sb_client_enter(client, SB_CLIENT_IDLE);
	sb_gate_go_on(client->gate, true);
}

void
sb_daemon_stir(const struct sb_client *client)
{
	daemon_of(client)->due = true;
}

/* ---- life ------------------------------------------------------------------------------------ */

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

static void
on_ready(struct sb_watch *watch, uint32_t events)
{
	((struct sb_daemon *) watch)->due = true;
}

static struct MHD_Daemon *
start_library(struct sb_daemon *daemon)
{
	struct MHD_OptionItem options[] = {
		{MHD_OPTION_STRICT_FOR_CLIENT, sb_daemon_library()->strictness, NULL},
		{MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, NULL},
		{MHD_OPTION_CONNECTION_TIMEOUT, 0, NULL}, /* http/client.c has the deadlines */
		{MHD_OPTION_CONNECTION_LIMIT, daemon->loop->config->max_connections, NULL},
		{MHD_OPTION_URI_LOG_CALLBACK, (intptr_t) on_request_line, daemon},
		{MHD_OPTION_NOTIFY_COMPLETED, (intptr_t) on_completed, daemon},
		{MHD_OPTION_NOTIFY_CONNECTION, (intptr_t) on_connection, daemon},
		{MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t) on_unescape, NULL},
		{MHD_OPTION_END, 0, NULL}};

	/* The logger comes first, so that it hears of trouble with the other options. */
	return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_UPGRADE | MHD_USE_ERROR_LOG |
								MHD_USE_NO_LISTEN_SOCKET | sb_daemon_library()->flags,
							0, NULL, NULL, on_access, daemon, MHD_OPTION_EXTERNAL_LOGGER,
							on_library_log, NULL, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
}

bool
sb_daemon_start(struct sb_daemon *daemon)
{
	pthread_once(&queue_response_once, find_queue_response);
	daemon->watch.fd = -1;
	daemon->watch.on_ready = on_ready;
	daemon->library = start_library(daemon);
	if (daemon->library == NULL)
		return false;
	sb_loop_watch(daemon->loop, &daemon->watch,
				  MHD_get_daemon_info(daemon->library, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd,
				  EPOLLIN);
	return true;
}

void
sb_daemon_stop(struct sb_daemon *daemon)
{
	sb_loop_unwatch(daemon->loop, &daemon->watch);
	daemon->is_over = true;
	MHD_stop_daemon(daemon->library);
}

void
sb_daemon_run(struct sb_daemon *daemon)
{
	MHD_UNSIGNED_LONG_LONG wait = 0;

	for (int i = 0; i < RUNS && daemon->due; i++)
	{
		daemon->due = false;
		MHD_run(daemon->library);
		if (MHD_get_timeout(daemon->library, &wait) == MHD_YES && wait == 0)
			daemon->due = true;
	}
	acknowledge_heads(daemon);
}
