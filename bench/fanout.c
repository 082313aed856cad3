/*
 * fanout.c: many WebSockets that hear of one thing, and a writer at a steady rate
 * (bench/socket.pl). It is in C so that what listens takes little of the machine that is measured.
 *
 * usage: fanout HOST PORT SOCKETS RATE SECONDS REQUESTS SETUP STATEMENT
 *   REQUESTS   a file: what a socket sends once it is connected, for each socket in turn, each
 * ended by a line "--" SETUP      SQL, once; STATEMENT with $1, a text that the messages about it
 * hold: "beat-N;". Where SETUP is a handshake ("GET …"), the writer is a socket, too: STATEMENT is
 * a message then, and times count from when it is sent. Sockets are ready once a frame holds
 * "subscribed". Prints: events, frames since, bytes of a message, and ms from the commit to the
 * last socket: 50th and 99th percentile, the longest.
 */
#include <arpa/inet.h>
#include <errno.h>
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
#include <time.h>
#include <unistd.h>

#define MAX_EVENTS 100000

struct listener
{
	int fd;
	bool is_ready;
	size_t len;
	char bytes[16384];
};

static double committed[MAX_EVENTS]; /* seconds; 0: not yet */
static double last[MAX_EVENTS];
static int heard[MAX_EVENTS];
static volatile int written; /* events that are committed */
static volatile bool is_over;
static int rate;
static double duration;
static const char *setup;
static const char *statement;
static struct sockaddr_in server;
static size_t message_bytes;
static long deliveries;

static void
die(const char *what)
{
	fprintf(stderr, "fanout: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double
now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return (double) at.tv_sec + (double) at.tv_nsec / 1e9;
}

/* ---- a writer that is a socket ---- */

static int
open_writer(void)
{
	char bytes[4096];
	size_t len = 0;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int on = 1;

	if (fd < 0 || connect(fd, (const struct sockaddr *) &server, sizeof(server)) < 0 ||
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0 ||
		send(fd, setup, strlen(setup), 0) != (ssize_t) strlen(setup))
		die("the writer cannot connect");
	while (memmem(bytes, len, "ready", 5) == NULL)
	{
		ssize_t got = recv(fd, bytes + len, sizeof(bytes) - len, 0);

		if (got <= 0)
			die("the writer is not let in");
		len += (size_t) got;
	}
	return fd;
}

/* A text frame whose mask is zero; what is answered is dropped, unless it is a refusal. */
static void
say(int fd, const char *text)
{
	const char *mark = strstr(statement, "$1");
	char body[1024];
	char frame[1100] = {(char) 0x81};
	char answer[4096];
	int len = snprintf(body, sizeof(body), "%.*s%s%s", (int) (mark - statement), statement, text,
					   mark + 2);
	int head = len < 126 ? 2 : 4;
	ssize_t got;

	frame[1] = (char) (0x80 | (len < 126 ? len : 126));
	if (head == 4)
	{
		frame[2] = (char) (len >> 8);
		frame[3] = (char) len;
	}
	memcpy(frame + head + 4, body, (size_t) len);
	if (send(fd, frame, (size_t) (head + 4 + len), 0) != head + 4 + len)
		die("the writer cannot send");
	while ((got = recv(fd, answer, sizeof(answer), MSG_DONTWAIT)) > 0)
		if (memmem(answer, (size_t) got, "\"error\"", 7) != NULL)
			die("the writer is refused");
	if (got == 0)
		die("the writer is turned out");
}

static void *
say_events(void *arg)
{
	int fd = open_writer();
	double began = now();

	for (int n = 0; n < MAX_EVENTS && now() - began < duration; n++)
	{
		char text[32];
		double wait = began + (double) n / rate - now();

		if (wait > 0)
			usleep((useconds_t) (wait * 1e6));
		snprintf(text, sizeof(text), "beat-%d;", n);
		committed[n] = now();
		written = n + 1;
		say(fd, text);
	}
	is_over = true;
	return NULL;
}

/* ---- one that is a session of the database ---- */

static void *
write_events(void *arg)
{
	PGconn *connection = PQconnectdb("");
	double began;

	if (PQstatus(connection) != CONNECTION_OK ||
		PQresultStatus(PQexec(connection, setup)) >= PGRES_BAD_RESPONSE)
	{
		fprintf(stderr, "fanout: %s\n", PQerrorMessage(connection));
		exit(1);
	}
	began = now();
	for (int n = 0; n < MAX_EVENTS && now() - began < duration; n++)
	{
		char text[32];
		const char *values[1] = {text};
		double wait = began + (double) n / rate - now();
		PGresult *result;

		if (wait > 0)
			usleep((useconds_t) (wait * 1e6));
		snprintf(text, sizeof(text), "beat-%d;", n);
		result = PQexecParams(connection, statement, 1, NULL, values, NULL, NULL, 0);
		if (PQresultStatus(result) != PGRES_TUPLES_OK && PQresultStatus(result) != PGRES_COMMAND_OK)
		{
			fprintf(stderr, "fanout: %s\n", PQerrorMessage(connection));
			exit(1);
		}
		PQclear(result);
		committed[n] = now();
		written = n + 1;
	}
	PQfinish(connection);
	is_over = true;
	return NULL;
}

/* What one frame says. */
static void
hear(struct listener *own, const char *bytes, size_t len)
{
	static const char ready[] = "subscribed";
	const char *beat = memmem(bytes, len, "beat-", 5);

	deliveries += own->is_ready;
	own->is_ready = own->is_ready || memmem(bytes, len, ready, sizeof(ready) - 1) != NULL;
	if (beat == NULL || !own->is_ready) /* before: what was said earlier */
		return;
	message_bytes = len;
	heard[atoi(beat + 5)]++;
	last[atoi(beat + 5)] = now();
}

static void
take(struct listener *own)
{
	ssize_t got = recv(own->fd, own->bytes + own->len, sizeof(own->bytes) - own->len, MSG_DONTWAIT);
	size_t at = 0;

	if (got <= 0 && (got == 0 || errno != EAGAIN))
		die("a socket was closed");
	own->len += got > 0 ? (size_t) got : 0;
	/* The head of the handshake is no frame. */
	if (own->len > 4 && memcmp(own->bytes, "HTTP", 4) == 0)
	{
		const char *end = memmem(own->bytes, own->len, "\r\n\r\n", 4);

		if (end == NULL)
			return;
		if (strncmp(own->bytes, "HTTP/1.1 101", 12) != 0)
			die("no handshake");
		at = (size_t) (end + 4 - own->bytes);
	}
	while (own->len - at >= 2)
	{
		const unsigned char *head = (const unsigned char *) own->bytes + at;
		size_t size = head[1] == 126 ? 4 : 2;
		size_t len = head[1];

		if (own->len - at < size)
			break;
		if (size == 4)
			len = (size_t) head[2] << 8 | head[3];
		if (own->len - at < size + len)
			break;
		hear(own, own->bytes + at + size, len);
		at += size + len;
	}
	memmove(own->bytes, own->bytes + at, own->len - at);
	own->len -= at;
}

static struct listener *
connect_one(const struct sockaddr_in *address, const char *request, int epoll)
{
	struct listener *own = calloc(1, sizeof(*own));
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = own};
	double deadline = now() + 30;
	size_t len = strlen(request);

	own->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (own->fd < 0 || connect(own->fd, (const struct sockaddr *) address, sizeof(*address)) < 0 ||
		send(own->fd, request, len, 0) != (ssize_t) len)
		die("connect");
	while (!own->is_ready && now() < deadline)
	{
		usleep(200);
		take(own);
	}
	if (!own->is_ready)
		die("nothing was subscribed to");
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, own->fd, &event) < 0)
		die("epoll");
	return own;
}

static int
compare(const void *a, const void *b)
{
	double one = *(const double *) a;
	double other = *(const double *) b;

	return (one > other) - (one < other);
}

/* The requests of the file, each with its handshake; their number. */
static int
read_requests(const char *path, char ***requests)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;
	int count = 0;
	char *at;

	if (file == NULL || getdelim(&text, &size, '\0', file) < 0)
		die(path);
	fclose(file);
	*requests = calloc(100000, sizeof(char *));
	for (at = text; *at;)
	{
		char *end = strstr(at, "\n--\n");

		if (end == NULL)
			break;
		*end = '\0';
		(*requests)[count++] = at;
		at = end + 4;
	}
	return count;
}

int
main(int argc, char **argv)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	struct epoll_event events[256];
	int epoll = epoll_create1(0);
	static double late[MAX_EVENTS];
	char **requests;
	pthread_t writer;
	int sockets;
	int nrequests;
	int whole = 0;
	double until = 0;

	if (argc != 9)
		return 2;
	inet_pton(AF_INET, argv[1], &address.sin_addr);
	address.sin_port = htons((uint16_t) atoi(argv[2]));
	sockets = atoi(argv[3]);
	rate = atoi(argv[4]);
	duration = atof(argv[5]);
	nrequests = read_requests(argv[6], &requests);
	setup = argv[7];
	statement = argv[8];
	for (int i = 0; i < sockets; i++)
		connect_one(&address, requests[i % nrequests], epoll);
	printf("ready\n");
	fflush(stdout);
	if (getchar() == EOF)
		return 2;
	server = address;
	pthread_create(&writer, NULL, strncmp(setup, "GET ", 4) == 0 ? say_events : write_events, NULL);
	while (whole < written || !is_over)
	{
		int count = epoll_wait(epoll, events, 256, 100);

		for (int i = 0; i < count; i++)
			take(events[i].data.ptr);
		while (whole < written && heard[whole] == sockets)
			whole++;
		if (is_over && until == 0)
			until = now() + 20;
		if (is_over && now() > until)
		{
			fprintf(stderr, "fanout: of %d events number %d has come to %d sockets\n", written,
					whole, heard[whole]);
			die("events were lost");
		}
	}
	for (int i = 0; i < written; i++)
		late[i] = last[i] > committed[i] ? 1000 * (last[i] - committed[i]) : 0;
	qsort(late, (size_t) written, sizeof(double), compare);
	printf("%d %ld %zu %.3f %.3f %.3f\n", written, deliveries, message_bytes, late[written / 2],
		   late[written * 99 / 100], late[written - 1]);
	return 0;
}
