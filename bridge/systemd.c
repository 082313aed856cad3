/*
 * systemd.c owns what a service manager and the bridge tell each other.
 */
#include "systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/config_form.h"

#define FIRST_FD 3

/* A number in a variable; 0 when there is none. */
static int
number_of(const char *name)
{
	const char *text = getenv(name);
	int number = 0;

	return text && sb_form_int(text, 0, 2147483647, &number) ? number : 0;
}

/* ---- sockets --------------------------------------------------------------------------------- */

static bool
is_listening_tcp(int fd)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	int listens = 0;
	socklen_t listens_len = sizeof(listens);

	return getsockname(fd, (struct sockaddr *) &address, &len) == 0 &&
		   (address.ss_family == AF_INET || address.ss_family == AF_INET6) &&
		   getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &listens_len) == 0 && listens;
}

/* Whether the n-th of the names, which are separated by colons, is this one. */
static bool
is_named(const char *names, int n, const char *name)
{
	for (; names && n > 0; n--)
	{
		names = strchr(names, ':');
		names = names ? names + 1 : NULL;
	}
	return names && strcspn(names, ":") == strlen(name) && strncmp(names, name, strlen(name)) == 0;
}

bool
sb_systemd_take_sockets(struct sb_systemd_sockets *sockets)
{
	const char *names = getenv("LISTEN_FDNAMES");
	int count = number_of("LISTEN_PID") == (int) getpid() ? number_of("LISTEN_FDS") : 0;

	*sockets = (struct sb_systemd_sockets){.operators = -1};
	for (int i = 0; i < count && i < SB_SYSTEMD_FDS_MAX; i++)
	{
		int fd = FIRST_FD + i;

		if (!is_listening_tcp(fd) || fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) != 0 ||
			fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
		{
			fprintf(stderr,
					"social-bridge: descriptor %d (LISTEN_FDS) is no listening TCP socket\n", fd);
			return false;
		}
		if (sockets->operators < 0 && is_named(names, i, "admin"))
			sockets->operators = fd;
		else
			sockets->fds[sockets->count++] = fd;
	}
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return true;
}

/* ---- telling --------------------------------------------------------------------------------- */

void
sb_systemd_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t len = path ? strlen(path) : 0;
	int fd;

	if (len < 2 || len >= sizeof(address.sun_path) || (*path != '/' && *path != '@'))
		return;
	memcpy(address.sun_path, path, len);
	if (*path == '@')
		address.sun_path[0] = '\0'; /* of the abstract name space */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	/* Nobody listens: that is his to notice. */
	(void) !sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *) &address,
				   (socklen_t) (offsetof(struct sockaddr_un, sun_path) + len));
	close(fd);
}

uint64_t
sb_systemd_watchdog_us(void)
{
	if (getenv("WATCHDOG_PID") && number_of("WATCHDOG_PID") != (int) getpid())
		return 0;
	return (uint64_t) number_of("WATCHDOG_USEC");
}
