/*
 * socket.c owns what is done to sockets past the HTTP library.
 */
#include "http/socket.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * Sockets with SO_REUSEPORT share a port silently, also those of two bridges. The first of a bridge
 * listens without it, which only one socket can, and lets its own others in after that.
 */
static int
listen_on(const struct addrinfo *address, bool exclusive)
{
	int on = 1;
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (!exclusive)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	if (bind(fd, address->ai_addr, address->ai_addrlen) != 0 || listen(fd, SB_SOCKET_BACKLOG) != 0)
	{
		int reason = errno;

		close(fd);
		errno = reason;
		return -1;
	}
	if (exclusive)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	return fd;
}

int
sb_socket_listen(const char *host, int port, bool exclusive)
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
	fd = listen_on(address, exclusive);
	freeaddrinfo(address);
	return fd;
}

void
sb_socket_discard_input(int fd)
{
	char scratch[4096];

	for (int i = 0; i < 16 && recv(fd, scratch, sizeof(scratch), MSG_DONTWAIT) > 0; i++)
		;
}
