/*
 * socket.h owns the WebSockets of one loop: their life from the upgrade to the close, whatever is
 * said on them. What that is, is the business of their kind.
 */
#ifndef SB_WS_SOCKET_H
#define SB_WS_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/backlog.h"
#include "http/upgrade.h"
#include "loop/loop.h"
#include "event/close.h"
#include "ws/frames.h"

struct sb_request;
struct sb_services;
struct sb_socket;
struct sb_sockets;

/* What is said on a socket. All functions but on_message may be NULL. */
struct sb_socket_kind
{
	const char *name;
	size_t size;        /* of the struct that begins with its struct sb_socket */
	size_t max_message; /* bytes that are taken; 0 = WS_MAX_MESSAGE */
	bool has_limits;    /* of frames in a second, and of what waits to be sent */
	/* It is open, and nothing has been read; the request lives for the time of the call. */
	void (*on_open)(struct sb_socket *socket, struct sb_request *request);
	void (*on_message)(struct sb_socket *socket, bool is_text, const char *bytes, size_t len);
	/* About once a second, while nobody closes it. */
	void (*on_look)(struct sb_socket *socket);
	/* It has ended; its memory goes with the end of the iteration. */
	void (*on_end)(struct sb_socket *socket);
	/* What somebody who is too slow needs to go on later: the end of the reason, into text. */
	void (*write_place)(const struct sb_socket *socket, char *text, size_t size);
};

struct sb_socket
{
	struct sb_watch watch; /* must stay first */
	struct sb_sockets *all;
	struct sb_socket *next; /* in the list of all, or of those that have ended */
	struct sb_socket *prev;
	struct sb_socket *next_due; /* of those to be seen to in this iteration */
	const struct sb_socket_kind *kind;
	struct sb_frames *frames;
	struct sb_line line;
	struct sb_backlog backlog;
	uint64_t opened_ms;
	uint64_t heard_ms;      /* when it was last seen that something had come */
	uint64_t closing_ms;    /* since when somebody closes; 0 = nobody */
	uint64_t taken_ms;      /* when a closing one last took something */
	int unsent;             /* bytes that the kernel had then for the other end */
	uint64_t frames_looked; /* how many had come when it was last looked at */
	uint64_t received;      /* messages */
	int64_t user_id;        /* 0 = not known; for the log */
	const char *task;       /* the name of its route */
	char address[INET6_ADDRSTRLEN];
	bool is_due;
	bool is_pinged; /* and nothing has come since */
	bool is_held;   /* its kind wants no message for now */
	bool has_ended;
	int peer_code; /* of the other end's close; 0 = none came */
};

/* The sockets of a loop. */
extern struct sb_sockets *sb_sockets_new(struct sb_services *services);

/* Ends those that are left: after the services were closed, before they are freed. */
extern void sb_sockets_free(struct sb_sockets *sockets);

extern struct sb_services *sb_sockets_services(const struct sb_sockets *sockets);
extern struct sb_loop *sb_sockets_loop(const struct sb_sockets *sockets);

/* Sends what is to be sent, and frees what has ended; once an iteration, after everybody else. */
extern void sb_sockets_settle(struct sb_sockets *sockets);

/* The bridge stops: every socket is closed, with RESTART. */
extern void sb_sockets_stop(struct sb_sockets *sockets);
extern int sb_sockets_count(const struct sb_sockets *sockets);

/* Opens a socket on a line, which becomes the socket's. */
extern struct sb_socket *sb_socket_open(struct sb_sockets *sockets,
										const struct sb_socket_kind *kind,
										const struct sb_line *line, const struct sb_buffer *early,
										size_t max_message);

/*
 * Sends a message, at the end of the iteration. Where more waits than WS_QUEUE (base/backlog.h),
 * the socket is closed instead: false.
 */
extern bool sb_socket_send(struct sb_socket *socket, struct sb_message *message);

/* The same for a text that goes to this socket alone. */
extern bool sb_socket_say(struct sb_socket *socket, const char *text, size_t len);

/* Takes no message for now; or goes on. */
extern void sb_socket_hold(struct sb_socket *socket, bool is_held);

/* Begins to close; the first time counts. Reason NULL: that of the row. */
extern void sb_socket_close(struct sb_socket *socket, enum sb_close close, const char *reason);

/* Whether anything can still be said on it. */
extern bool sb_socket_is_open(const struct sb_socket *socket);

#endif /* SB_WS_SOCKET_H */
