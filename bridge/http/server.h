/*
 * server.h owns the HTTP side of one loop: libmicrohttpd in external epoll mode.
 */
#ifndef SB_HTTP_SERVER_H
#define SB_HTTP_SERVER_H

#include <stdbool.h>
#include <sys/socket.h>

#include "http/client.h"

struct sb_library;
struct sb_loop;
struct sb_request;
struct sb_server;

/* The HTTP library that this process runs with; NULL when it must not: see http/library.h. */
extern const struct sb_library *sb_server_library(void);

/*
 * A listening socket for host and port, bound with SO_REUSEPORT so that each loop can have one of
 * its own. exclusive: fail when anybody else listens there already (for the first of them).
 * Below 0 with errno set on failure.
 */
extern int sb_server_listen(const char *host, int port, bool exclusive);

/*
 * Serves listen_fd, which becomes the server's also when this fails; -1: nobody but who is adopted.
 * NULL when the library cannot start.
 */
extern struct sb_server *sb_server_new(struct sb_loop *loop, int listen_fd);

/* No request may be in flight any more. */
extern void sb_server_free(struct sb_server *server);

/*
 * Serves a connected socket, which becomes the server's. False, and it is closed, on failure, or
 * where its address has as many as it may.
 */
extern bool sb_server_adopt(struct sb_server *server, int fd, const struct sockaddr *address,
							socklen_t len);

/* Lets the library work; true when it has more to do at once. Once an iteration. */
extern bool sb_server_run(struct sb_server *server);

/* Ends what has run out of time. A few times a second. */
extern void sb_server_tick(struct sb_server *server);

/* Accepts no more connections and closes the idle ones. */
extern void sb_server_quiesce(struct sb_server *server);

/* Connections that are still open. */
extern int sb_server_connections(const struct sb_server *server);

/* For http/gate.c: the client is in a state; he has taken all that there was for him. */
extern void sb_server_enter(struct sb_client *client, enum sb_client_state state);
extern void sb_server_flushed(struct sb_client *client);

/* Hands request->response to the library, now or when it can take it. For http/request.c. */
extern void sb_server_deliver(struct sb_request *request);

#endif /* SB_HTTP_SERVER_H */
