/*
 * client.h owns the TCP connections of one loop: what each is doing and until when it may.
 *
 * The HTTP library's timeout only sees idle connections; here a whole request has a deadline, so a
 * client that sends a byte now and then is closed too (design D13).
 */
#ifndef SB_HTTP_CLIENT_H
#define SB_HTTP_CLIENT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/config.h"
#include "http/router.h"

struct sb_gate;
struct sb_loop;
struct sb_request;

enum sb_client_state
{
	SB_CLIENT_NEW,       /* nothing complete has come yet: the first request's deadline runs */
	SB_CLIENT_READING,   /* a request line has come, the rest has not */
	SB_CLIENT_WORKING,   /* a request is being handled; the database's own deadlines apply */
	SB_CLIENT_WRITING,   /* the answer is going out */
	SB_CLIENT_STREAMING, /* likewise, as long as there is something to say (http/stream.h) */
	SB_CLIENT_IDLE,      /* between two requests */
	SB_CLIENT_CLOSING,   /* cut off; the library will notice */
	SB_CLIENT_STATES
};

struct sb_client
{
	struct sb_client *next; /* in the list of its state, the earliest deadline first */
	struct sb_client *prev;
	struct sb_clients *clients;
	enum sb_client_state state;
	uint64_t deadline_ms;
	int fd;
	struct sb_loop *loop;
	struct sb_request *request; /* NULL between requests */
	struct sb_gate *gate;       /* NULL where the library is trusted */
	bool is_left;               /* by the library: only the gate still has something for him */
	bool has_place;             /* he counts as one of his address */
	bool has_gone;              /* to another protocol, and is counted there (http/upgrade.h) */
	struct sockaddr_storage address;
	char address_text[INET6_ADDRSTRLEN]; /* IPv4 in its own form */
};

/* A connection is on exactly one list, that of its state. */
struct sb_clients
{
	const struct sb_loop *loop;
	struct
	{
		struct sb_client *head;
		struct sb_client *tail;
		int count;
	} lists[SB_CLIENT_STATES];
	int count;
	struct sb_request *answered; /* that were taken from the gate, to be sent (http/direct.h) */
	enum sb_audience audience;
	bool are_operators; /* not of the public: not among those that http/peers.h counts */
	bool are_relayed;   /* by TLS: counted there for their relays (http/server.c) but for a gate */
};

/* Of somebody who is counted (http/peers.h). */
extern struct sb_client *sb_client_new(struct sb_loop *loop, struct sb_clients *clients, int fd,
									   const struct sockaddr *address);
extern void sb_client_free(struct sb_client *client);

/* He counts no longer as one of his address: to be said before he can see the end. */
extern void sb_client_release(struct sb_client *client);

/* Enters a state; its deadline begins to run. */
extern void sb_client_enter(struct sb_client *client, enum sb_client_state state);

/*
 * Cuts a connection off, after a last answer when status is not 0 and the client has not been
 * given any. Only while the library has nothing to send. The library closes it afterwards.
 */
extern void sb_client_cut(struct sb_client *client, int status);

/* Cuts off whoever has run out of time. */
extern void sb_clients_expire(struct sb_clients *clients, uint64_t now_ms);

/* Sets the gauges of social_http_connections, one for each state. */
extern void sb_clients_measure(const struct sb_clients *clients, uint64_t *gauges);

/*
 * The bridge stops: cuts off those that have been here for half a second without a first request,
 * and, at_once, those between two requests. Otherwise they may send another, which is their last:
 * its answer says so (DRAIN_TIMEOUT).
 */
extern void sb_clients_stop(struct sb_clients *clients, uint64_t now_ms, bool at_once);

#endif /* SB_HTTP_CLIENT_H */
