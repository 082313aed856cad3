/*
 * relay.c: the least that can stand between HTTP and PostgreSQL (Own.pm). It checks nothing: any
 * packet is a request, and the answer to it is what the next row of its plan comes to, whose
 * messages it has written beforehand. What a bridge costs that does its work comes on top of this.
 *
 * usage: relay PORT LOOPS CONNECTIONS MOST PLAN
 *   LOOPS threads with CONNECTIONS to the database each; up to MOST requests that have come share a
 *   transaction. PLAN, a file: {"database": a conninfo, "statements": [SQL…], "rows": [[the
 *   parameters of each statement…]…]}. Prints "ready". Ends with its standard input.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <libpq-fe.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_CLIENTS 1024
#define MAX_EVENTS  256
#define MAX_ANSWER  (1 << 20)

struct bytes
{
	char *data;
	size_t len;
};

struct connection
{
	int fd;
	int clients[MAX_CLIENTS]; /* who waits for an answer, in turn */
	int nclients;
	size_t ncomplete; /* statements of the first one's that are through */
	char received[MAX_ANSWER];
	size_t len;
	char answer[MAX_ANSWER];
	size_t answer_len;
};

static int port;
static int nconnections;
static int most;
static json_t *plan;
static struct bytes *rows;
static size_t nrows;
static size_t nstatements;
static pthread_barrier_t all_ready;

static void
die(const char *what, const char *why)
{
	fprintf(stderr, "relay: %s: %s\n", what, why);
	exit(1);
}

/* ---- the plan -------------------------------------------------------------------------------- */

static void
put(struct bytes *out, const void *data, size_t len)
{
	out->data = realloc(out->data, out->len + len);
	memcpy(out->data + out->len, data, len);
	out->len += len;
}

static void
put_int(struct bytes *out, uint32_t number, size_t size)
{
	uint32_t big = htonl(number);

	put(out, (char *) &big + sizeof(big) - size, size);
}

/* A message of the protocol: its type, its length, what it holds. */
static void
put_message(struct bytes *out, char type, struct bytes *body)
{
	put(out, &type, 1);
	put_int(out, (uint32_t) body->len + 4, 4);
	if (body->len)
		put(out, body->data, body->len);
	free(body->data);
}

/* Bind and Execute of each statement. */
static void
write_row(struct bytes *out, const json_t *row)
{
	for (size_t i = 0; i < nstatements; i++)
	{
		struct bytes bind = {0};
		struct bytes execute = {0};
		const json_t *values = json_array_get(row, i);
		char name[32];
		size_t n;
		json_t *value;

		snprintf(name, sizeof(name), "s%zu", i);
		put(&bind, "", 1);
		put(&bind, name, strlen(name) + 1);
		put_int(&bind, 0, 2);
		put_int(&bind, (uint32_t) json_array_size(values), 2);
		json_array_foreach(values, n, value)
		{
			put_int(&bind,
					json_is_string(value) ? (uint32_t) json_string_length(value) : UINT32_MAX, 4);
			if (json_is_string(value))
				put(&bind, json_string_value(value), json_string_length(value));
		}
		put_int(&bind, 0, 2);
		put_message(out, 'B', &bind);
		put(&execute, "", 1);
		put_int(&execute, 0, 4);
		put_message(out, 'E', &execute);
	}
}

static void
read_plan(const char *file)
{
	json_error_t error;

	plan = json_load_file(file, 0, &error);
	if (plan == NULL)
		die(file, error.text);
	nstatements = json_array_size(json_object_get(plan, "statements"));
	nrows = json_array_size(json_object_get(plan, "rows"));
	rows = calloc(nrows, sizeof(*rows));
	for (size_t i = 0; i < nrows; i++)
		write_row(&rows[i], json_array_get(json_object_get(plan, "rows"), i));
}

/* ---- the database ---------------------------------------------------------------------------- */

static int
connect_database(void)
{
	PGconn *pg = PQconnectdb(json_string_value(json_object_get(plan, "database")));
	size_t i;
	json_t *statement;

	if (PQstatus(pg) != CONNECTION_OK)
		die("database", PQerrorMessage(pg));
	json_array_foreach(json_object_get(plan, "statements"), i, statement)
	{
		char name[32];

		snprintf(name, sizeof(name), "s%zu", i);
		if (PQresultStatus(PQprepare(pg, name, json_string_value(statement), 0, NULL)) !=
			PGRES_COMMAND_OK)
			die("statement", PQerrorMessage(pg));
	}
	fcntl(PQsocket(pg), F_SETFL, O_NONBLOCK);
	return PQsocket(pg);
}

/* Sends all of it, in however many pieces. */
static void
send_all(int fd, const char *data, size_t len)
{
	while (len > 0)
	{
		ssize_t sent = send(fd, data, len, MSG_NOSIGNAL);

		if (sent < 0 && errno != EAGAIN)
			return;
		if (sent > 0)
		{
			data += sent;
			len -= (size_t) sent;
		}
	}
}

static void
send_units(struct connection *connection, const int *clients, int nclients)
{
	static _Thread_local size_t next;
	static const char sync[] = {'S', 0, 0, 0, 4};
	struct bytes out = {0};

	for (int i = 0; i < nclients; i++)
	{
		const struct bytes *row = &rows[next++ % nrows];

		put(&out, row->data, row->len);
		connection->clients[connection->nclients++] = clients[i];
	}
	put(&out, sync, sizeof(sync));
	send_all(connection->fd, out.data, out.len);
	free(out.data);
}

static void
answer_first(struct connection *connection)
{
	char head[128];
	int len = snprintf(head, sizeof(head),
					   "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
					   "Content-Length: %zu\r\n\r\n",
					   connection->answer_len);

	memmove(connection->answer + len, connection->answer, connection->answer_len);
	memcpy(connection->answer, head, (size_t) len);
	send_all(connection->clients[0], connection->answer, connection->answer_len + (size_t) len);
	connection->nclients--;
	memmove(connection->clients, connection->clients + 1,
			(size_t) connection->nclients * sizeof(int));
	connection->ncomplete = 0;
	connection->answer_len = 0;
}

/* A message: of a row its first column is the answer's. */
static void
on_message(struct connection *connection, char type, const char *body)
{
	uint32_t len;

	if (type == 'E')
		die("error", body);
	if (type == 'C' && ++connection->ncomplete == nstatements)
		answer_first(connection);
	if (type != 'D' || connection->ncomplete + 1 < nstatements)
		return;
	memcpy(&len, body + 2, sizeof(len));
	len = ntohl(len);
	if (len == UINT32_MAX || connection->answer_len + len + 128 > MAX_ANSWER)
		return;
	memcpy(connection->answer + connection->answer_len, body + 6, len);
	connection->answer_len += len;
}

static void
receive(struct connection *connection)
{
	ssize_t got = recv(connection->fd, connection->received + connection->len,
					   sizeof(connection->received) - connection->len, 0);
	const char *at = connection->received;
	const char *end;

	if (got == 0)
		die("database", "it has closed the connection");
	connection->len += got > 0 ? (size_t) got : 0;
	end = connection->received + connection->len;
	while (end - at >= 5)
	{
		uint32_t len;

		memcpy(&len, at + 1, sizeof(len));
		len = ntohl(len) + 1;
		if ((size_t) (end - at) < len)
			break;
		on_message(connection, *at, at + 5);
		at += len;
	}
	connection->len = (size_t) (end - at);
	memmove(connection->received, at, connection->len);
}

/* ---- the loop -------------------------------------------------------------------------------- */

static int
listen_here(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	int one = 1;
	struct sockaddr_in address = {.sin_family = AF_INET,
								  .sin_port = htons((uint16_t) port),
								  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *) &address, sizeof(address)) != 0 || listen(fd, 128) != 0)
		die("listen", strerror(errno));
	return fd;
}

static void
watch(int epoll, int fd, uint64_t kind)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = kind};

	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

#define CLIENT (UINT64_C(1) << 32) /* and its descriptor; below it the number of a connection */

static void
accept_all(int epoll, int listener)
{
	int one = 1;
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0)
	{
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		watch(epoll, fd, CLIENT | (uint64_t) fd);
	}
}

/* Whether a request has come; whoever has gone is let go. */
static bool
takes(int fd)
{
	char request[65536];
	ssize_t got = recv(fd, request, sizeof(request), 0);

	if (got == 0 || (got < 0 && errno != EAGAIN))
		close(fd);
	return got > 0;
}

static void *
run(void *arg)
{
	int epoll = epoll_create1(0);
	int listener = listen_here();
	struct connection *connections = calloc((size_t) nconnections, sizeof(*connections));
	int waiting[MAX_CLIENTS];
	int nwaiting = 0;

	for (int i = 0; i < nconnections; i++)
	{
		connections[i].fd = connect_database();
		watch(epoll, connections[i].fd, (uint64_t) i);
	}
	watch(epoll, listener, UINT64_MAX);
	pthread_barrier_wait(&all_ready);
	for (;;)
	{
		struct epoll_event events[MAX_EVENTS];
		int n = epoll_wait(epoll, events, MAX_EVENTS, -1);

		for (int i = 0; i < n; i++)
		{
			uint64_t what = events[i].data.u64;

			if (what == UINT64_MAX)
				accept_all(epoll, listener);
			else if (what < CLIENT)
				receive(&connections[what]);
			else if (takes((int) (what - CLIENT)) && nwaiting < MAX_CLIENTS)
				waiting[nwaiting++] = (int) (what - CLIENT);
		}
		for (int i = 0; i < nconnections && nwaiting > 0; i++)
		{
			int count = nwaiting < most ? nwaiting : most;

			if (connections[i].nclients > 0)
				continue;
			send_units(&connections[i], waiting, count);
			nwaiting -= count;
			memmove(waiting, waiting + count, (size_t) nwaiting * sizeof(int));
		}
	}
	return arg;
}

int
main(int argc, char **argv)
{
	int loops;
	char byte;

	if (argc != 6)
		die("usage", "relay PORT LOOPS CONNECTIONS MOST PLAN");
	port = atoi(argv[1]);
	loops = atoi(argv[2]);
	nconnections = atoi(argv[3]);
	most = atoi(argv[4]);
	read_plan(argv[5]);
	pthread_barrier_init(&all_ready, NULL, (unsigned) loops + 1);
	for (int i = 0; i < loops; i++)
	{
		pthread_t thread;

		pthread_create(&thread, NULL, run, NULL);
	}
	pthread_barrier_wait(&all_ready);
	puts("ready");
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		;
	return 0;
}
