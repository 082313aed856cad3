/*
 * daemon.h owns the HTTP library's side of one loop: libmicrohttpd in external epoll mode, and what
 * it calls.
 */
#ifndef SB_HTTP_DAEMON_H
#define SB_HTTP_DAEMON_H

#include <stdbool.h>
#include <sys/socket.h>

#include "http/client.h"
#include "loop/loop.h"

struct MHD_Daemon;
struct sb_gate_holder;
struct sb_library;
struct sb_services;

#define SB_DAEMON_LATE_BODIES 64

struct sb_daemon
{
	struct sb_watch watch; /* must stay first: the library's epoll set */
	struct sb_loop *loop;
	struct sb_services *services;
	struct sb_clients clients;
	const struct sb_gate_holder *holder;       /* of the gates of its clients */
	void (*on_left)(struct sb_client *client); /* the library is through with him, as is the gate */
	struct MHD_Daemon *library;
	struct sb_gate *gate; /* of whom the library takes in just now */
	bool is_entering;     /* nobody has become a client's record yet */
	bool is_over;         /* nobody is waited for any more */
	bool due;             /* a descriptor is ready, or an answer was handed over */
	int late_bodies[SB_DAEMON_LATE_BODIES]; /* sockets whose body did not come with the head */
	int nlate;
};

/* The HTTP library that this process runs with; NULL when it must not: see http/library.h. */
extern const struct sb_library *sb_daemon_library(void);

/* With loop, services, holder and on_left set; false when the library cannot start. */
extern bool sb_daemon_start(struct sb_daemon *daemon);

/* Ends all connections. */
extern void sb_daemon_stop(struct sb_daemon *daemon);

/*
 * Serves a connected socket, which becomes the daemon's. False on failure: then is_entering tells
 * whether the client has had no record, and the gate, if there is one, is to be closed.
 */
extern bool sb_daemon_add(struct sb_daemon *daemon, int fd, const struct sockaddr *address,
						  socklen_t len);

/* The library has something to do for a client, which it does not know of by itself. */
extern void sb_daemon_stir(const struct sb_client *client);

/* Lets the library work, if it has anything to do. */
extern void sb_daemon_run(struct sb_daemon *daemon);

#endif /* SB_HTTP_DAEMON_H */
