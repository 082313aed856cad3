/*
 * listener.h owns who is at the other end of a connection on which events are heard, whatever
 * connection that is: his account, the session that he is there by, and until when; what the
 * database is asked for him. Nothing is told before it is known who he is (mission I-15).
 */
#ifndef SB_EVENT_LISTENER_H
#define SB_EVENT_LISTENER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admission/admission.h"
#include "base/arena.h"
#include "caller/caller.h"
#include "event/close.h"

#define SB_LISTENER_MANY "the account has WS_MAX_PER_USER connections"

struct sb_listener;
struct sb_listeners;
struct sb_services;

/* A kind of connection. Functions that say so may be NULL. */
struct sb_listener_kind
{
	const char *name; /* for the log */
	/* A token was good: that of sb_listener_admit() or sb_listener_authenticate(). NULL where
	 * neither is called; likewise the next. */
	void (*on_ready)(struct sb_listener *listener, bool is_new);
	/* It was not, but an earlier one was, by which he stays. */
	void (*on_refused)(struct sb_listener *listener, const struct sb_error *error);
	/* Work for him is under way: nothing may be asked for him until it has ended. May be NULL. */
	void (*hold)(struct sb_listener *listener, bool is_held);
	/* Whether anything can still be told him. */
	bool (*is_open)(const struct sb_listener *listener);
	/* Whether so much waits that what he has missed is to wait, too. */
	bool (*is_full)(const struct sb_listener *listener);
	/*
	 * Ends the connection, the sooner the better; but sb_listener_leave() and
	 * sb_subscriber_leave() are for later, when no event is being delivered. The first call
	 * counts. Reason NULL: that of the row.
	 */
	void (*end)(struct sb_listener *listener, enum sb_close close, const char *reason);
	/* Twice a second. May be NULL. */
	void (*on_look)(struct sb_listener *listener);
};

enum sb_listener_state
{
	SB_LISTENER_NEW,  /* nobody has said who he is */
	SB_LISTENER_READY /* he is known, and counted */
};

/* Part of whoever has the connection. */
struct sb_listener
{
	struct sb_listener *next; /* of the loop, in the order in which they came */
	struct sb_listener *prev;
	struct sb_listeners *all;
	const struct sb_listener_kind *kind;
	enum sb_listener_state state;
	uint64_t number; /* of the loop's */
	int64_t user_id; /* 0 = not known */
	int64_t session_id;
	uint32_t scopes;      /* of an API key: see struct sb_caller */
	int64_t expires_at;   /* of his token; 0 = it does not say */
	struct sb_task *task; /* NULL: none is under way */
	char address[INET6_ADDRSTRLEN];
	char country[3]; /* of struct sb_caller, as it was when he came; empty: not known */
	char *agent;     /* likewise, or NULL */
};

/*
 * A piece of work for a listener: one at a time. It outlives who goes, for the database answers
 * whom it was asked for.
 */
struct sb_task
{
	struct sb_listener *listener; /* NULL: he has gone */
	struct sb_arena arena;
	struct sb_caller caller;
	struct sb_admission admission; /* whose owner is the task */
	char id[24];                   /* for the log */
	struct sb_task *next_waiting;
	void (*go_on)(struct sb_task *task); /* while it waits */
};

/* Those of a loop. Whose session ends, or whose token does, is ended within a second. */
extern struct sb_listeners *sb_listeners_new(struct sb_services *services);
extern void sb_listeners_free(struct sb_listeners *listeners);

/* The bridge stops: all of them are ended, with RESTART. */
extern void sb_listeners_stop(struct sb_listeners *listeners);

/* Somebody has come, as the caller whom HTTP has seen: where from, and with what. */
extern void sb_listener_join(struct sb_listener *listener, struct sb_services *services,
							 const struct sb_listener_kind *kind, const struct sb_caller *caller);

/* He goes. */
extern void sb_listener_leave(struct sb_listener *listener);

/*
 * He is let in, as whom HTTP has found him to be: false where his account has as many connections
 * as it may (WS_MAX_PER_USER). A stranger has no account: the cap of connections of an address
 * holds.
 */
extern bool sb_listener_enter(struct sb_listener *listener, const struct sb_caller *caller);

/* The same once the database has said that his session lives. */
extern void sb_listener_admit(struct sb_listener *listener, const struct sb_caller *caller);

/* Checks a token: he is ready then, or, where he is, goes on with this one. */
extern void sb_listener_authenticate(struct sb_listener *listener, const char *token);

extern struct sb_services *sb_listener_services(const struct sb_listener *listener);

/*
 * Begins a piece of work, as whoever he is; there must be none. size: of the struct that begins
 * with its struct sb_task.
 */
extern struct sb_task *sb_task_begin(struct sb_listener *listener, size_t size, const char *name);

/* The work waits until the listener has room, or is gone: go_on is called then. */
extern void sb_task_wait(struct sb_task *task, void (*go_on)(struct sb_task *task));

/* The work has ended, and its memory goes; NULL when the listener has gone meanwhile. */
extern struct sb_listener *sb_task_end(struct sb_task *task);

#endif /* SB_EVENT_LISTENER_H */
