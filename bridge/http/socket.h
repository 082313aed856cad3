/*
 * socket.h owns what is done to sockets past the HTTP library.
 */
#ifndef SB_HTTP_SOCKET_H
#define SB_HTTP_SOCKET_H

#include <stdbool.h>

#define SB_SOCKET_BACKLOG 1024 /* connections that the kernel keeps until they are accepted */

/*
 * A listening socket for host and port, bound with SO_REUSEPORT so that each loop can have one of
 * its own. exclusive: fail when anybody else listens there already (for the first of them).
 * Below 0 with errno set on failure.
 */
extern int sb_socket_listen(const char *host, int port, bool exclusive);

/*
 * Reads what has come and nobody wants: closing a socket with unread input resets the connection,
 * and the client may lose the answer.
 */
extern void sb_socket_discard_input(int fd);

#endif /* SB_HTTP_SOCKET_H */
