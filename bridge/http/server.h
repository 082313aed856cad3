/*
 * server.h owns the HTTP side of one loop: who is let in, and what comes of him.
 */
#ifndef SB_HTTP_SERVER_H
#define SB_HTTP_SERVER_H

#include <stdbool.h>
#include <sys/socket.h>

struct sb_library;
struct sb_server;
struct sb_services;

/* The HTTP library that this process runs with; NULL when it must not: see http/library.h. */
extern const struct sb_library *sb_server_library(void);

/*
 * Serves listen_fd, which becomes the server's also when this fails; -1: nobody but who is adopted.
 * All come by TLS where the settings have a certificate. NULL when the library cannot start.
 */
extern struct sb_server *sb_server_new(struct sb_services *services, int listen_fd);

/*
 * Its socket is somebody's who goes on with it when this server has ended: whoever knocks before it
 * serves at all waits for the next one, if it is to end by then.
 */
extern void sb_server_share_socket(struct sb_server *server);

/*
 * The same for operators (ADMIN_PORT): routes of theirs, and no caps but one of its own, so that
 * they get in when everybody else is there already.
 */
extern struct sb_server *sb_server_new_for_operators(struct sb_services *services, int listen_fd);

/* The same for an ingest server (INGEST_PORT): its routes, and no others. */
extern struct sb_server *sb_server_new_for_ingest(struct sb_services *services, int listen_fd);

/* How many operators, and how many of an ingest server's connections, may be there at once. */
#define SB_SERVER_OPERATORS 64

/* No request may be in flight any more. */
extern void sb_server_free(struct sb_server *server);

/*
 * Serves a connected socket, which becomes the server's. False, and it is closed, on failure, or
 * where its address has as many as it may.
 */
extern bool sb_server_adopt(struct sb_server *server, int fd, const struct sockaddr *address,
							socklen_t len);

/* Sends answers, and lets the library work; true when it has more to do at once. Once an iteration.
 */
extern bool sb_server_run(struct sb_server *server);

/* Ends what has run out of time; the server does so by itself a few times a second. */
extern void sb_server_tick(struct sb_server *server);

/* Accepts no more connections, and closes the idle ones, at once or after DRAIN_TIMEOUT. */
extern void sb_server_quiesce(struct sb_server *server);

/* Connections that are still open. */
extern int sb_server_connections(const struct sb_server *server);

#endif /* SB_HTTP_SERVER_H */
