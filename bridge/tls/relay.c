/*
 * relay.c owns the clients that come by TLS.
 */
#include "tls/relay.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/metrics.h"
#include "loop/loop.h"
#include "tls/certificate.h"

#define RECORD        16384 /* the most that a record holds */
#define RECORDS       8     /* of each direction, in one go */
#define HANDSHAKES    256   /* under way in a loop: then the oldest has had his time */
#define STEPS         16    /* of handshakes in one iteration, each of which may cost a signature */
#define TRIES         8     /* of a call that says it could go on at once */
#define MOST_DISCARDS 1048576 /* of an answer that nobody is there for any more */
#define STOP_GRACE_MS 2000

enum state
{
	SHAKING, /* the handshake; has a deadline */
	OPEN,    /* bytes go both ways */
	LAST,    /* whoever serves him says no more: the last bytes go out; has a deadline */
	GONE,    /* the client is gone, and whoever serves him has not ended yet */
	OVER,
	STATES
};

struct relay
{
	struct sb_watch outer; /* must stay first: the client's socket */
	struct sb_watch inner;
	struct relay *next; /* in the list of its state, the earliest deadline first */
	struct relay *prev;
	struct sb_relays *relays;
	enum state state;
	uint64_t begin_ms;
	uint64_t deadline_ms;
	int outer_fd;
	int inner_fd; /* -1 before the handshake is done, and when whoever serves him has ended */
	gnutls_session_t session; /* NULL when the client is gone */
	struct sb_certificate *certificate;
	bool has_ended;   /* on_end() was called */
	bool was_open;    /* on_open() was called */
	bool is_deaf;     /* the client sends no more, or nobody takes it */
	bool is_stuck;    /* his socket takes no more of what is sealed */
	char *in;         /* from him, and not taken yet; NULL when there is nothing */
	size_t in_len;    /* bytes of it, from in_at on */
	size_t in_at;     /* where they begin */
	char *out;        /* for him, of which nobody knows how much is sealed while he is stuck */
	size_t out_len;   /* likewise */
	size_t out_at;    /* likewise */
	size_t discarded; /* valid when he is gone */
	struct sockaddr_storage address;
	socklen_t address_len;
};

struct sb_relays
{
	struct sb_loop *loop;
	const struct sb_relay_holder *functions;
	void *holder;
	struct
	{
		struct relay *head;
		struct relay *tail;
		int count;
	} lists[STATES];
	int steps; /* of handshakes, in this iteration */
};

enum outcome
{
	FULL,
	RESUMED,
	FAILED,
	LATE,
	CROWDED
};

static _Thread_local char room[RECORD];

static void
count_handshake(const struct sb_relays *relays, enum outcome outcome)
{
	sb_metric_add(&relays->loop->metrics->tls_handshakes[outcome], 1);
}

/* ---- states ---------------------------------------------------------------------------------- */

static void
take_off(struct relay *relay)
{
	struct sb_relays *relays = relay->relays;

	if (relay->prev)
		relay->prev->next = relay->next;
	else
		relays->lists[relay->state].head = relay->next;
	if (relay->next)
		relay->next->prev = relay->prev;
	else
		relays->lists[relay->state].tail = relay->prev;
	relays->lists[relay->state].count--;
}

static void
put_on(struct relay *relay, enum state state)
{
	struct sb_relays *relays = relay->relays;

	relay->state = state;
	relay->deadline_ms =
		relays->loop->now_ms + (uint64_t) relays->loop->config->request_timeout * 1000;
	relay->next = NULL;
	relay->prev = relays->lists[state].tail;
	if (relay->prev)
		relay->prev->next = relay;
	else
		relays->lists[state].head = relay;
	relays->lists[state].tail = relay;
	relays->lists[state].count++;
}

static void
enter(struct relay *relay, enum state state)
{
	take_off(relay);
	put_on(relay, state);
}

/* What each socket is watched for. One that has ended would never be quiet. */
static void
watch(struct relay *relay)
{
	struct sb_loop *loop = relay->relays->loop;
	bool hears = relay->state != LAST && !relay->is_stuck;
	uint32_t events = (relay->in_len > 0 ? EPOLLOUT : 0) | (hears ? EPOLLIN : 0);

	if (relay->inner_fd < 0 || (events == 0 && relay->state != LAST))
		sb_loop_unwatch(loop, &relay->inner);
	else
		sb_loop_watch(loop, &relay->inner, relay->inner_fd, events);
	events = (relay->is_deaf || relay->in_len > 0 ? 0 : EPOLLIN) | (relay->is_stuck ? EPOLLOUT : 0);
	if (relay->outer_fd < 0)
		sb_loop_unwatch(loop, &relay->outer);
	else
		sb_loop_watch(loop, &relay->outer, relay->outer_fd, events);
}

/* ---- the end --------------------------------------------------------------------------------- */

static void
tell_end(struct relay *relay)
{
	if (!relay->has_ended)
		relay->relays->functions->on_end(relay->relays->holder,
										 (struct sockaddr *) &relay->address);
	relay->has_ended = true;
}

/* The client's socket, and all that it took. What he sends and nobody wants is read, as otherwise
 * he may lose the last bytes. */
static void
let_go(struct relay *relay)
{
	if (relay->outer_fd < 0)
		return;
	sb_loop_unwatch(relay->relays->loop, &relay->outer);
	shutdown(relay->outer_fd, SHUT_WR);
	for (int i = 0; i < TRIES && recv(relay->outer_fd, room, RECORD, MSG_DONTWAIT) > 0; i++)
		;
	close(relay->outer_fd);
	relay->outer_fd = -1;
	gnutls_deinit(relay->session);
	relay->session = NULL;
	sb_certificate_release(relay->certificate);
	relay->certificate = NULL;
	relay->is_stuck = false;
	relay->is_deaf = true;
	free(relay->in);
	free(relay->out);
	relay->in = relay->out = NULL;
	relay->in_len = relay->out_len = 0;
}

/* Whoever serves him has ended, and takes nothing any more. */
static void
close_inner(struct relay *relay)
{
	if (relay->inner_fd < 0)
		return;
	sb_loop_unwatch(relay->relays->loop, &relay->inner);
	close(relay->inner_fd);
	relay->inner_fd = -1;
	relay->is_deaf = true;
	free(relay->in);
	relay->in = NULL;
	relay->in_len = 0;
}

/* Whether he has ended, rather than that he only says no more. */
static bool
is_closed(const struct relay *relay)
{
	struct pollfd inner = {.fd = relay->inner_fd};

	return relay->inner_fd < 0 || (poll(&inner, 1, 0) == 1 && (inner.revents & POLLHUP));
}

static void
end(struct relay *relay)
{
	tell_end(relay);
	let_go(relay);
	close_inner(relay);
	enter(relay, OVER);
	relay->relays->functions->on_over(relay->relays->holder, relay->was_open);
}

/*
 * The client is gone, or is no good. Whoever serves him hears of it, and it is over when he has
 * ended: what he still does for the client counts as the client's.
 */
static void
lose(struct relay *relay)
{
	if (relay->inner_fd < 0)
	{
		end(relay);
		return;
	}
	let_go(relay);
	shutdown(relay->inner_fd, SHUT_WR);
	enter(relay, GONE);
	watch(relay);
}

static void
discard(struct relay *relay)
{
	ssize_t got;

	while ((got = recv(relay->inner_fd, room, RECORD, MSG_DONTWAIT)) > 0)
	{
		relay->discarded += (size_t) got;
		if (relay->discarded > MOST_DISCARDS)
			break;
	}
	if (got >= 0 || (errno != EAGAIN && errno != EINTR))
		end(relay);
}

/* ---- from the client ------------------------------------------------------------------------- */

/* How much of it whoever serves him takes; all of it where he never will. */
static size_t
give_in(struct relay *relay, const char *bytes, size_t len)
{
	ssize_t sent = send(relay->inner_fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (sent >= 0)
		return (size_t) sent;
	if (errno == EAGAIN || errno == EINTR)
		return 0;
	relay->is_deaf = true;
	return len;
}

/* What came is passed on; what is not taken waits. */
static void
pass_in(struct relay *relay, const char *bytes, size_t len)
{
	size_t taken = give_in(relay, bytes, len);

	if (taken == len)
		return;
	relay->in = sb_malloc(len - taken);
	memcpy(relay->in, bytes + taken, len - taken);
	relay->in_at = 0;
	relay->in_len = len - taken;
}

static void
pass_waiting(struct relay *relay)
{
	size_t taken = give_in(relay, relay->in + relay->in_at, relay->in_len);

	relay->in_at += taken;
	relay->in_len -= taken;
	if (relay->in_len > 0)
		return;
	free(relay->in);
	relay->in = NULL;
}

static bool
may_take_in(const struct relay *relay)
{
	return (relay->state == OPEN || relay->state == LAST) && !relay->is_deaf && relay->in_len == 0;
}

/* The client's next bytes; false when there are none for now, or he has ended. */
static bool
take_in(struct relay *relay)
{
	ssize_t got = gnutls_record_recv(relay->session, room, RECORD);

	if (got > 0)
		pass_in(relay, room, (size_t) got);
	else if (got == 0)
	{
		/* He has said that he sends no more, and may wait for answers. */
		relay->is_deaf = true;
		shutdown(relay->inner_fd, SHUT_WR);
	}
	else if (got == GNUTLS_E_AGAIN || got == GNUTLS_E_INTERRUPTED)
		return false;
	/* A handshake in the midst of it (TLS 1.2) is not had here. */
	else if (gnutls_error_is_fatal((int) got) || got == GNUTLS_E_REHANDSHAKE)
		lose(relay);
	return may_take_in(relay);
}

/* ---- to the client --------------------------------------------------------------------------- */

/* Says the end; true when it is said, or cannot be. */
static bool
say_bye(struct relay *relay)
{
	int status = gnutls_bye(relay->session, GNUTLS_SHUT_WR);

	relay->is_stuck = status == GNUTLS_E_AGAIN || status == GNUTLS_E_INTERRUPTED;
	return !relay->is_stuck;
}

/* Seals bytes and sends them; false when he does not take all, or is gone. */
static bool
pass_out(struct relay *relay, const char *bytes, size_t len)
{
	while (len > 0)
	{
		ssize_t sent = gnutls_record_send(relay->session, bytes, len);

		if (sent == GNUTLS_E_AGAIN || sent == GNUTLS_E_INTERRUPTED)
		{
			char *rest = sb_malloc(len);

			memcpy(rest, bytes, len);
			free(relay->out);
			relay->out = rest;
			relay->out_at = 0;
			relay->out_len = len;
			relay->is_stuck = true;
			return false;
		}
		if (sent <= 0)
		{
			lose(relay);
			return false;
		}
		bytes += sent;
		len -= (size_t) sent;
	}
	return true;
}

/* The library has sealed some of it, and goes on with that. */
static bool
pass_rest(struct relay *relay)
{
	ssize_t sent = gnutls_record_send(relay->session, NULL, 0);
	char *rest = relay->out;
	bool is_sent;

	if (sent == GNUTLS_E_AGAIN || sent == GNUTLS_E_INTERRUPTED)
		return false;
	if (sent < 0 || (size_t) sent > relay->out_len)
	{
		lose(relay);
		return false;
	}
	relay->is_stuck = false;
	relay->out = NULL;
	is_sent = pass_out(relay, rest + sent, relay->out_len - (size_t) sent);
	free(rest);
	return is_sent;
}

/* Whoever serves him says no more, and all is sealed. He may listen until the client has ended. */
static void
wind_up(struct relay *relay)
{
	if (relay->state != LAST)
		enter(relay, LAST);
	/* The client's place is free before he can see the end, and comes again. */
	if (relay->inner_fd < 0)
		tell_end(relay);
	if (!say_bye(relay))
		return;
	if (relay->inner_fd < 0)
		end(relay);
	else
		shutdown(relay->outer_fd, SHUT_WR);
}

/* The next bytes for the client; false when there are none for now, or he does not take them. */
static bool
take_out(struct relay *relay)
{
	ssize_t got = recv(relay->inner_fd, room, RECORD, MSG_DONTWAIT);

	if (got > 0)
		return pass_out(relay, room, (size_t) got);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (got < 0 || is_closed(relay))
		close_inner(relay);
	wind_up(relay);
	return false;
}

static void
send_on(struct relay *relay)
{
	if (relay->out && !pass_rest(relay))
		return;
	if (relay->state == LAST)
		wind_up(relay);
	for (int i = 0; i < RECORDS && relay->state == OPEN && take_out(relay); i++)
		;
}

/* ---- the handshake --------------------------------------------------------------------------- */

static void
fail(struct relay *relay, enum outcome outcome, int status)
{
	count_handshake(relay->relays, outcome);
	if (outcome == FAILED)
	{
		gnutls_alert_send_appropriate(relay->session, status);
		if (sb_log_wants(SB_LOG_DEBUG))
			sb_log(SB_LOG_DEBUG, "a TLS handshake failed", "error", gnutls_strerror(status));
	}
	end(relay);
}

static void
open_relay(struct relay *relay)
{
	struct sb_relays *relays = relay->relays;
	int pair[2];

	count_handshake(relays, gnutls_session_is_resumed(relay->session) ? RESUMED : FULL);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0)
	{
		end(relay);
		return;
	}
	relay->inner_fd = pair[0];
	relay->was_open = true;
	enter(relay, OPEN);
	relays->functions->on_open(relays->holder, pair[1], (struct sockaddr *) &relay->address,
							   relay->address_len);
	watch(relay);
}

static void
shake(struct relay *relay)
{
	int status = GNUTLS_E_AGAIN;

	if (relay->relays->steps >= STEPS)
		return; /* its socket stays ready */
	relay->relays->steps++;
	for (int i = 0; i < TRIES; i++)
	{
		status = gnutls_handshake(relay->session);
		if (status >= 0 || status == GNUTLS_E_AGAIN || gnutls_error_is_fatal(status))
			break;
	}
	if (status >= 0)
		open_relay(relay);
	else if (status == GNUTLS_E_AGAIN || status == GNUTLS_E_INTERRUPTED)
		sb_loop_watch(relay->relays->loop, &relay->outer, relay->outer_fd,
					  gnutls_record_get_direction(relay->session) ? EPOLLOUT : EPOLLIN);
	else
		fail(relay, FAILED, status);
}

/* ---- events ---------------------------------------------------------------------------------- */

static void
on_outer(struct sb_watch *outer, uint32_t events)
{
	struct relay *relay = (struct relay *) outer;

	if (relay->state == SHAKING)
	{
		shake(relay);
		return;
	}
	/* The library has nothing left of what it has read, so the socket tells whether there is more.
	 */
	for (int i = 0; i < RECORDS && (events & EPOLLIN) && may_take_in(relay) && take_in(relay); i++)
		;
	if ((events & EPOLLOUT) && relay->is_stuck)
		send_on(relay);
	if ((events & (EPOLLERR | EPOLLHUP)) && (relay->state == OPEN || relay->state == LAST))
		lose(relay);
	if (relay->state != OVER)
		watch(relay);
}

static void
on_inner(struct sb_watch *inner, uint32_t events)
{
	struct relay *relay = (struct relay *) ((char *) inner - offsetof(struct relay, inner));

	if (relay->state == GONE)
	{
		discard(relay);
		return;
	}
	if (relay->in_len > 0 && (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)))
		pass_waiting(relay);
	if (relay->state == LAST && is_closed(relay))
	{
		close_inner(relay);
		if (!relay->is_stuck)
			end(relay);
	}
	else if (relay->state == OPEN && !relay->is_stuck && (events & (EPOLLIN | EPOLLERR | EPOLLHUP)))
		send_on(relay);
	if (relay->state != OVER)
		watch(relay);
}

/* ---- life ------------------------------------------------------------------------------------ */

struct sb_relays *
sb_relays_new(struct sb_loop *loop, const struct sb_relay_holder *functions, void *holder)
{
	struct sb_relays *relays = sb_calloc(1, sizeof(*relays));

	relays->loop = loop;
	relays->functions = functions;
	relays->holder = holder;
	return relays;
}

void
sb_relays_take(struct sb_relays *relays, int fd, const struct sockaddr *address, socklen_t len)
{
	const struct sb_config *config = relays->loop->config;
	struct relay *relay = sb_calloc(1, sizeof(*relay));
	int seconds = 4 * config->sse_heartbeat;
	unsigned ms;
	int on = 1;

	relay->outer = (struct sb_watch){.fd = -1, .on_ready = on_outer};
	relay->inner = (struct sb_watch){.fd = -1, .on_ready = on_inner};
	relay->relays = relays;
	relay->outer_fd = fd;
	relay->inner_fd = -1;
	relay->begin_ms = relays->loop->now_ms;
	relay->address_len = len < sizeof(relay->address) ? len : sizeof(relay->address);
	memcpy(&relay->address, address, relay->address_len);
	put_on(relay, SHAKING);
	relay->session = sb_certificate_session(&relay->certificate);
	if (relay->session == NULL)
	{
		end(relay);
		return;
	}
	gnutls_transport_set_int(relay->session, fd);
	/* Records go out as they are made; the kernel gives up who acknowledges nothing, or has no
	 * room: whoever serves him asks that of the pair in vain. */
	seconds = seconds < config->request_timeout ? config->request_timeout : seconds;
	ms = (unsigned) seconds * 1000;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms));
	sb_loop_watch(relays->loop, &relay->outer, fd, EPOLLIN);
	if (relays->lists[SHAKING].count > HANDSHAKES)
		fail(relays->lists[SHAKING].head, CROWDED, 0);
}

void
sb_relays_run(struct sb_relays *relays)
{
	struct relay *relay;

	relays->steps = 0;
	while ((relay = relays->lists[OVER].head))
	{
		take_off(relay);
		free(relay);
	}
}

void
sb_relays_expire(struct sb_relays *relays)
{
	uint64_t now_ms = relays->loop->now_ms;
	struct relay *relay;

	while ((relay = relays->lists[SHAKING].head) && relay->deadline_ms <= now_ms)
		fail(relay, LATE, 0);
	while ((relay = relays->lists[LAST].head) && relay->deadline_ms <= now_ms)
		end(relay);
	sb_metric_set(relays->loop->metrics->tls_connections, (uint64_t) sb_relays_count(relays));
}

void
sb_relays_stop(struct sb_relays *relays)
{
	struct relay *relay;

	while ((relay = relays->lists[SHAKING].head) &&
		   relay->begin_ms + STOP_GRACE_MS <= relays->loop->now_ms)
		fail(relay, LATE, 0);
}

int
sb_relays_count(const struct sb_relays *relays)
{
	return relays->lists[SHAKING].count + relays->lists[OPEN].count + relays->lists[LAST].count +
		   relays->lists[GONE].count;
}

void
sb_relays_free(struct sb_relays *relays)
{
	if (relays == NULL)
		return;
	for (int state = 0; state < OVER; state++)
		for (struct relay *relay; (relay = relays->lists[state].head);)
		{
			/* As much as there can be in the pair. */
			for (int i = 0; i < TRIES && relay->state == OPEN && !relay->is_stuck; i++)
				send_on(relay);
			if (relay->state != OVER)
				end(relay);
		}
	sb_relays_run(relays);
	free(relays);
}
