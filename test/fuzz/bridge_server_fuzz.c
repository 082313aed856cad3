/*
 * bridge_server_fuzz.c sends any bytes to the whole server, on a socket: the HTTP library, what
 * judges what it read, the routes that need no database (the others answer 503). The input is cut
 * into pieces as its first byte says, and 0xff n c in it stands for 64 * (n + 1) times c, so that
 * small inputs make large heads.
 *
 * What it wants: no fault; nothing but HTTP answers comes back; no connection stays when the client
 * has gone; and never more answers than there are requests in the eyes of a reader that takes
 * nothing but the strictest form (read_request() below), which is what smuggling needs.
 */
#include <arpa/inet.h>
#include <jansson.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/config.h"
#include "http/cors.h"
#include "http/forwarded.h"
#include "http/peers.h"
#include "admission/services.h"
#include "api/asyncapi.h"
#include "api/openapi.h"
#include "api/routes.h"
#include "api/web.h"
#include "http/server.h"
#include "http/strict.h"
#include "base/log.h"
#include "event/delivery.h"
#include "loop/loop.h"
#include "loop/sends.h"
#include "pg/target.h"
#include "ratelimit/limits.h"
#include "ws/socket.h"

#define CHECK(condition)                                                                           \
	do                                                                                             \
	{                                                                                              \
		if (!(condition))                                                                          \
		{                                                                                          \
			fprintf(stderr, "does not hold: %s\n%.*s\n", #condition,                               \
					(int) (nanswers < 4000 ? nanswers : 4000), answers);                           \
			abort();                                                                               \
		}                                                                                          \
	} while (0)

#define MAX_INPUT   40000
#define MAX_PIECES  32
#define MAX_ANSWERS (4 * 1024 * 1024)

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct sb_config config;
static struct sb_loop *loop;
static struct sb_server *server;
static struct sb_sockets *sockets;
static char input[MAX_INPUT + 1];
static size_t ninput;
static char answers[MAX_ANSWERS + 1];
static size_t nanswers;
static uint64_t nsent;

static void
say_sent(void)
{
	fprintf(stderr, "sent %llu bytes to libmicrohttpd %s\n", (unsigned long long) nsent,
			MHD_get_version());
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char name[] = "fuzz";
	char *arguments[] = {name, NULL};
	struct sb_problems problems = {0};
	struct sb_services *services;
	const char *error;

	setenv("DATABASE_URL", "host=/nowhere", 1);
	setenv("LOG_LEVEL", "error", 1);
	setenv("ANONYMOUS_READ", "on", 1);
	setenv("TRUSTED_PROXIES", "192.0.2.0/24", 1);
	setenv("CORS_ALLOWED_ORIGINS", "http://a", 1);
	setenv("MAX_BODY", "1024", 1);
	setenv("WS_ECHO", "on", 1);
	signal(SIGPIPE, SIG_IGN);
	if (sb_config_load(&config, 1, arguments, &problems) != SB_CONFIG_RUN ||
		!sb_log_init("error") || !sb_forwarded_init(config.trusted_proxies, &error) ||
		!sb_routes_init())
		abort();
	sb_pg_target_init(&config, &problems);
	sb_cors_init(&config, &problems);
	sb_web_init(&config, &problems);
	sb_limits_check(&config, &problems);
	if (problems.errors)
		abort();
	sb_problems_free(&problems);
	json_object_seed(1);
	sb_openapi_init(&config);
	sb_asyncapi_init(&config);
	atexit(say_sent);
	sb_peers_init(16, 16, 64);
	loop = sb_loop_new(&config, 1);
	loop->sends = sb_sends_new(config.io_uring);
	services = sb_services_new(loop);
	if (services)
		sb_delivery_new(services);
	sockets = services ? sb_sockets_new(services) : NULL;
	server = services ? sb_server_new(services, -1) : NULL;
	if (server == NULL)
		abort();
	/* What needs the database is told at once that there is none. */
	sb_services_close(services);
	return 0;
}

/* ---- the conversation ------------------------------------------------------------------------ */

static void
expand(const uint8_t *data, size_t size)
{
	ninput = 0;
	for (size_t i = 0; i < size; i++)
	{
		size_t count = 1;

		if (data[i] == 0xff && i + 2 < size)
		{
			count = 64 * ((size_t) data[i + 1] + 1);
			i += 2;
		}
		if (ninput + count > MAX_INPUT)
			break;
		memset(input + ninput, data[i], count);
		ninput += count;
	}
	input[ninput] = '\0';
}

/* An iteration of the loop, as far as the server takes part; whether there was anything to do. */
static bool
turn(void)
{
	struct epoll_event events[8];
	int count = epoll_wait(loop->epoll_fd, events, 8, 0);

	for (int i = 0; i < count; i++)
	{
		struct sb_watch *watch = events[i].data.ptr;

		watch->on_ready(watch, events[i].events);
	}
	count += sb_server_run(server);
	sb_sockets_settle(sockets);
	return count > 0;
}

static void
run(int fd)
{
	ssize_t got;

	for (int i = 0; i < 20 && turn(); i++)
		;
	while (nanswers < MAX_ANSWERS &&
		   (got = recv(fd, answers + nanswers, MAX_ANSWERS - nanswers, MSG_DONTWAIT)) > 0)
		nanswers += (size_t) got;
	answers[nanswers] = '\0';
}

static void
talk(uint8_t how)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0xc0000201)};
	size_t piece = how & 0x7f ? (size_t) (how & 0x7f) * (how & 0x7f) : MAX_INPUT;
	int pair[2];

	if (piece < ninput / MAX_PIECES)
		piece = ninput / MAX_PIECES;
	nanswers = 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0)
		abort();
	loop->now_ms = sb_loop_clock_us() / 1000;
	CHECK(sb_server_adopt(server, pair[0], (struct sockaddr *) &address, sizeof(address)));
	for (size_t at = 0; at < ninput; at += piece)
	{
		size_t len = ninput - at < piece ? ninput - at : piece;

		if (send(pair[1], input + at, len, MSG_NOSIGNAL) < 0)
			break;
		nsent += len;
		run(pair[1]);
	}
	if (how & 0x80)
		shutdown(pair[1], SHUT_WR);
	run(pair[1]);
	close(pair[1]);
	for (int i = 0; i < 4 && sb_server_connections(server) + sb_sockets_count(sockets) > 0; i++)
		run(-1);
	/* A half-closed connection that asked for nothing more may wait for its deadline. */
	loop->now_ms += 1000 * (uint64_t) config.keepalive_timeout + 1;
	sb_server_tick(server);
	for (int i = 0; i < 4 && sb_server_connections(server) + sb_sockets_count(sockets) > 0; i++)
		run(-1);
	CHECK(sb_server_connections(server) == 0 && sb_sockets_count(sockets) == 0);
}

/* ---- what came back -------------------------------------------------------------------------- */

static bool
is_refusal(int status)
{
	return status == 400 || status == 408 || status == 411 || status == 413 || status == 414 ||
		   status == 431 || status == 505;
}

/* All of it are answers; how many there are, and how many are no refusals. */
static void
read_answers(int *total, int *served)
{
	const char *at = answers;
	const char *end = answers + nanswers;

	*total = 0;
	*served = 0;
	while (at < end)
	{
		const char *body = strstr(at, "\r\n\r\n");
		const char *length = strcasestr(at, "\r\nContent-Length: ");
		int status;

		CHECK(sscanf(at, "HTTP/1.%*1[01] %3d ", &status) == 1 && body);
		at = body + 4;
		if (status == 100)
			continue;
		if (status == 101)
			break; /* frames follow */
		(*total)++;
		*served += !is_refusal(status);
		/* After HEAD none of the bytes follow that it speaks of. */
		if (length && length < body && strncmp(at, "HTTP/1.", 7) != 0)
			at += strtol(length + 18, NULL, 10);
		if (at > end)
			break; /* HEAD, or the client went before the rest came */
	}
}

/* ---- the strict reader ----------------------------------------------------------------------- */

/* Whether a whole request of the strictest form lies at *at; behind it then. */
static bool
read_request(size_t *at)
{
	size_t i = *at;
	size_t begin;
	int hosts = 0;
	int lengths = 0;
	size_t length = 0;
	bool is_1_0;

	while (input[i] == '\n' || (input[i] == '\r' && input[i + 1] == '\n'))
		i++; /* empty lines before a request are harmless */
	for (begin = i; i < ninput && sb_strict_is_token(input + i, 1);)
		i++;
	if (i == begin || input[i] != ' ')
		return false;
	for (begin = ++i; i < ninput && (unsigned char) input[i] > ' ' && input[i] != 0x7f;)
		i++;
	if (i == begin || strncmp(input + i, " HTTP/1.", 8) != 0 || input[i + 8] < '0' ||
		input[i + 8] > '9' || strncmp(input + i + 9, "\r\n", 2) != 0)
		return false;
	is_1_0 = input[i + 8] == '0';
	for (i += 11; strncmp(input + i, "\r\n", 2) != 0;)
	{
		size_t name = i;
		size_t name_len;
		size_t value;

		while (i < ninput && sb_strict_is_token(input + i, 1))
			i++;
		name_len = i - name;
		if (name_len == 0 || input[i] != ':')
			return false;
		i++;
		i += strspn(input + i, " \t");
		for (value = i; i < ninput && ((unsigned char) input[i] >= ' ' || input[i] == '\t') &&
						input[i] != 0x7f;)
			i++;
		if (strncmp(input + i, "\r\n", 2) != 0)
			return false;
		if (name_len == 17 && strncasecmp(input + name, "Transfer-Encoding", 17) == 0)
			return false;
		hosts += name_len == 4 && strncasecmp(input + name, "Host", 4) == 0;
		if (name_len == 14 && strncasecmp(input + name, "Content-Length", 14) == 0)
		{
			size_t digits = strspn(input + value, "0123456789");
			size_t zeros = strspn(input + value, "0");

			lengths++;
			if (digits == 0 || digits - zeros > 9 ||
				value + digits + strspn(input + value + digits, " \t") != i)
				return false;
			length = (size_t) strtol(input + value, NULL, 10);
		}
		i += 2;
	}
	i += 2;
	if (hosts > 1 || (hosts == 0 && !is_1_0) || lengths > 1 || length > ninput - i)
		return false;
	*at = i + length;
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int requests = 0;
	int total;
	int served;

	if (size < 2)
		return 0;
	expand(data + 1, size - 1);
	talk(data[0]);
	read_answers(&total, &served);
	for (size_t at = 0; read_request(&at);)
		requests++;
	CHECK(served <= requests);
	CHECK(total <= requests + 1);
	return 0;
}
