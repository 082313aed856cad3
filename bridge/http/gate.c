/*
 * gate.c owns the gates.
 */
#include "http/gate.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "http/head.h"
#include "http/socket.h"
#include "loop/loop.h"
#include "base/memory.h"

/* More than the library has room for: a head that has not ended by then it refuses for its size. */
#define HEAD_ROOM 20480
/* Answers pass through here. */
#define OUT_ROOM  65536

static const char always_refused[] = "REFUSED / HTTP/1.1\r\n\r\n";

struct sb_gate
{
	struct sb_watch outer; /* must stay first: the client's socket */
	struct sb_watch inner;
	struct sb_loop *loop;
	const struct sb_gate_holder *functions;
	void *holder;
	struct sb_gate *next; /* of those that are closed, or broken */
	int outer_fd;
	int inner_fd;

	/* From the client. */
	char *in; /* while there is anything in it: HEAD_ROOM and always_refused */
	size_t in_len;
	size_t good;   /* of them that may pass */
	uint64_t body; /* bytes of a body that are still to come */
	bool is_shut;  /* nothing more may pass */
	bool at_end;   /* he sends no more */
	bool is_told;  /* so the library has been told */
	const char *refusal;

	struct sb_buffer out; /* for the client, who does not take it */
	bool is_broken;       /* the client is gone */
};

static _Thread_local char *spare_in; /* where the last head was: most are passed on at once */
static _Thread_local struct sb_gate *closed;
static _Thread_local struct sb_gate *broken; /* whose end the library cannot be told yet */

/* ---- from the client ------------------------------------------------------------------------- */

/* As much as may pass, passes; what is refused is replaced. */
static void
judge(struct sb_gate *gate)
{
	struct sb_head_form form;

	while (!gate->is_shut && gate->good < gate->in_len)
	{
		size_t left = gate->in_len - gate->good;

		if (gate->body > 0)
		{
			left = gate->body < left ? (size_t) gate->body : left;
			gate->body -= left;
			gate->good += left;
			continue;
		}
		switch (sb_head_read(gate->in + gate->good, left, &form))
		{
			case SB_HEAD_MORE:
				if (gate->in_len < HEAD_ROOM || gate->good > 0)
					return;
				gate->good = gate->in_len;
				gate->is_shut = true;
				break;
			case SB_HEAD_WHOLE:
				gate->good += form.size;
				gate->body = form.body;
				gate->is_shut = form.is_last;
				break;
			case SB_HEAD_BAD:
				gate->refusal = form.problem;
				gate->is_shut = true;
				memcpy(gate->in + gate->good, always_refused, sizeof(always_refused) - 1);
				gate->good += sizeof(always_refused) - 1;
				gate->in_len = gate->good;
				break;
		}
	}
}

/*
 * Tells the library that no more comes, once it has read what came: after a short read 0.9.75 waits
 * for news of the socket, and an end that was there already is none.
 */
static void
tell_end(struct sb_gate *gate)
{
	int unread;

	if (!gate->at_end || gate->is_told ||
		(ioctl(gate->inner_fd, SIOCOUTQ, &unread) == 0 && unread > 0))
		return;
	gate->is_told = true;
	shutdown(gate->inner_fd, SHUT_WR);
	gate->functions->on_passed(gate->holder);
}

static void
take_room(struct sb_gate *gate)
{
	gate->in = spare_in ? spare_in : sb_malloc(HEAD_ROOM + sizeof(always_refused));
	spare_in = NULL;
}

static void
give_room(struct sb_gate *gate)
{
	if (gate->in == NULL)
		return;
	free(spare_in);
	spare_in = gate->in;
	gate->in = NULL;
}

/* Gives the library what may pass. */
static void
pass(struct sb_gate *gate)
{
	ssize_t sent;

	while (gate->good > 0 &&
		   (sent = send(gate->inner_fd, gate->in, gate->good, MSG_DONTWAIT | MSG_NOSIGNAL)) > 0)
	{
		gate->good -= (size_t) sent;
		gate->in_len -= (size_t) sent;
		memmove(gate->in, gate->in + sent, gate->in_len);
		gate->functions->on_passed(gate->holder);
	}
	if (gate->good > 0)
		return;
	if (gate->is_shut || gate->at_end)
		gate->in_len = 0; /* nobody wants the rest */
	if (gate->in_len == 0)
		give_room(gate);
	tell_end(gate);
}

/* The client is gone: the library cannot write any more at once, and reads the end in its turn. */
static void
give_up(struct sb_gate *gate)
{
	if (gate->is_broken)
		return;
	gate->is_broken = true;
	gate->at_end = true;
	shutdown(gate->inner_fd, SHUT_RD);
	tell_end(gate);
	if (gate->is_told)
		return;
	gate->next = broken;
	broken = gate;
}

/* Those that have been told their end, or are closed, are broken no more. */
static void
tell_broken(const struct sb_gate *left)
{
	struct sb_gate **at = &broken;

	while (*at)
	{
		struct sb_gate *gate = *at;

		tell_end(gate);
		if (gate->is_told || gate == left)
			*at = gate->next;
		else
			at = &gate->next;
	}
}

static void
read_client(struct sb_gate *gate)
{
	ssize_t got;

	if (gate->is_shut || gate->is_told || gate->good > 0)
		return;
	if (gate->in == NULL)
		take_room(gate);
	got = recv(gate->outer_fd, gate->in + gate->in_len, HEAD_ROOM - gate->in_len, MSG_DONTWAIT);
	if (got > 0)
		gate->in_len += (size_t) got;
	else if (got == 0)
		gate->at_end = true;
	else if (errno != EAGAIN && errno != EINTR)
		give_up(gate);
	judge(gate);
	pass(gate);
	if (gate->in_len > 0)
		gate->functions->on_input(gate->holder);
}

/* ---- to the client --------------------------------------------------------------------------- */

/* False when he does not take all. */
static bool
send_client(struct sb_gate *gate, const char *bytes, size_t len)
{
	ssize_t sent = send(gate->outer_fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (sent < 0 && errno != EAGAIN && errno != EINTR)
		give_up(gate);
	if (sent < 0)
		sent = 0;
	if (gate->is_broken)
		return true;
	if ((size_t) sent < len)
		sb_buffer_append(&gate->out, bytes + sent, len - (size_t) sent);
	return (size_t) sent == len;
}

static bool
send_rest(struct sb_gate *gate)
{
	struct sb_buffer rest = gate->out;
	bool is_sent;

	if (rest.len == 0)
		return true;
	gate->out = (struct sb_buffer){0};
	is_sent = send_client(gate, rest.data, rest.len);
	sb_buffer_free(&rest);
	return is_sent;
}

/* What each socket is watched for. */
static void
watch(struct sb_gate *gate)
{
	bool takes = gate->out.len == 0;
	bool reads = !gate->is_shut && !gate->is_told && gate->good == 0;

	/* His end stays readable: it is looked at again while the library reads, or can answer. */
	if (gate->at_end && (!takes || gate->functions->is_working(gate->holder)))
		reads = false;

	/* Sockets that are shut would never be quiet; the library finds its end so. */
	if (gate->is_broken)
	{
		sb_loop_unwatch(gate->loop, &gate->outer);
		sb_loop_unwatch(gate->loop, &gate->inner);
		return;
	}
	sb_loop_watch(gate->loop, &gate->outer, gate->outer_fd,
				  (reads ? EPOLLIN : 0) | (takes ? 0 : EPOLLOUT));
	sb_loop_watch(gate->loop, &gate->inner, gate->inner_fd,
				  (takes ? EPOLLIN : 0) | (gate->good ? EPOLLOUT : 0));
}

bool
sb_gate_flush(struct sb_gate *gate)
{
	static _Thread_local char bytes[OUT_ROOM];
	ssize_t got = OUT_ROOM;
	bool is_sent = send_rest(gate);

	while (is_sent && got == OUT_ROOM)
	{
		got = recv(gate->inner_fd, bytes, OUT_ROOM, MSG_DONTWAIT);
		if (got > 0 && !gate->is_broken)
			is_sent = send_client(gate, bytes, (size_t) got);
	}
	watch(gate);
	return is_sent;
}

/* ---- events ---------------------------------------------------------------------------------- */

/* The last that an event does: the client, and the gate with him, may be gone afterwards. */
static void
settle(struct sb_gate *gate)
{
	if (sb_gate_flush(gate))
		gate->functions->on_flushed(gate->holder);
}

static void
on_outer(struct sb_watch *watched, uint32_t events)
{
	struct sb_gate *gate = (struct sb_gate *) watched;

	if (events & (EPOLLHUP | EPOLLERR))
		give_up(gate);
	else if (events & EPOLLIN)
	{
		read_client(gate);
		watch(gate);
	}
	if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
		settle(gate);
}

static void
on_inner(struct sb_watch *watched, uint32_t events)
{
	struct sb_gate *gate = (struct sb_gate *) ((char *) watched - offsetof(struct sb_gate, inner));

	if (events & EPOLLOUT)
	{
		pass(gate);
		/* What came behind a full buffer waits there. */
		judge(gate);
		pass(gate);
	}
	/* The library has closed its end: on_connection() says the rest. */
	if (events & (EPOLLHUP | EPOLLERR) && !(events & EPOLLIN))
		sb_loop_unwatch(gate->loop, &gate->inner);
	else
		settle(gate);
}

/* ---- life ------------------------------------------------------------------------------------ */

struct sb_gate *
sb_gate_new(struct sb_loop *loop, int fd, int *inner)
{
	struct sb_gate *gate;
	int pair[2];
	int on = 1;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0)
	{
		close(fd);
		return NULL;
	}
	/* Answers arrive here whole, or as much as there is: nothing to wait for. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	gate = sb_calloc(1, sizeof(*gate));
	gate->loop = loop;
	gate->outer = (struct sb_watch){.fd = -1, .on_ready = on_outer};
	gate->inner = (struct sb_watch){.fd = -1, .on_ready = on_inner};
	gate->outer_fd = fd;
	gate->inner_fd = pair[0];
	*inner = pair[1];
	return gate;
}

int
sb_gate_fd(const struct sb_gate *gate)
{
	return gate->outer_fd;
}

void
sb_gate_open(struct sb_gate *gate, const struct sb_gate_holder *functions, void *holder)
{
	gate->functions = functions;
	gate->holder = holder;
	watch(gate);
}

const char *
sb_gate_refusal(const struct sb_gate *gate)
{
	return gate->refusal;
}

void
sb_gate_close(struct sb_gate *gate)
{
	sb_loop_unwatch(gate->loop, &gate->outer);
	sb_loop_unwatch(gate->loop, &gate->inner);
	shutdown(gate->outer_fd, SHUT_WR);
	sb_socket_discard_input(gate->outer_fd);
	tell_broken(gate);
	close(gate->outer_fd);
	close(gate->inner_fd);
	give_room(gate);
	sb_buffer_free(&gate->out);
	gate->next = closed;
	closed = gate;
}

void
sb_gates_sweep(void)
{
	tell_broken(NULL);
	while (closed)
	{
		struct sb_gate *gate = closed;

		closed = gate->next;
		free(gate);
	}
}

void
sb_gates_end(void)
{
	sb_gates_sweep();
	free(spare_in);
	spare_in = NULL;
}
