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
#include <sys/uio.h>
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
	struct sb_gate *next_answered;
	bool is_closed;
	int outer_fd;
	int inner_fd;

	/* From the client. */
	char *in; /* while there is anything in it: HEAD_ROOM and always_refused */
	size_t in_len;
	size_t good;   /* of them that may pass */
	uint64_t body; /* bytes of a body that are still to come */
	bool is_shut;  /* nothing more may pass */
	bool is_asked; /* a request has passed, or was taken, and is not answered yet */
	bool is_taken; /* the latter */
	bool is_lent;  /* the client's socket is the holder's for now */
	bool at_end;   /* he sends no more */
	bool is_told;  /* so the library has been told */
	const char *refusal;

	struct sb_buffer out; /* for the client, who does not take it */
	bool is_broken;       /* the client is gone */
};

static _Thread_local char *spare_in; /* where the last head was: most are passed on at once */
static _Thread_local struct sb_gate *answered; /* by the library, which runs */
static _Thread_local struct sb_gate *closed;
static _Thread_local struct sb_gate *broken; /* whose end the library cannot be told yet */

/* ---- from the client ------------------------------------------------------------------------- */

/* The first bytes of what came are done with. */
static void
drop(struct sb_gate *gate, size_t len)
{
	gate->in_len -= len;
	memmove(gate->in, gate->in + len, gate->in_len);
}

/* Whether the holder takes a request whose head is here. */
static bool
is_taken(struct sb_gate *gate, const struct sb_head_form *form)
{
	size_t here = gate->in_len - gate->good - form->size;
	enum sb_gate_taking taking;

	here = form->body < here ? (size_t) form->body : here;
	if (gate->good > 0 || gate->is_broken)
		return false;
	taking = gate->functions->on_request(gate->holder, gate->in, form, here);
	gate->is_taken = taking != SB_GATE_LEFT;
	gate->is_lent = taking == SB_GATE_BORROWED;
	if (gate->is_taken)
		drop(gate, form->size + here);
	return gate->is_taken;
}

/* As much as may pass, passes; what is refused is replaced. */
static void
judge(struct sb_gate *gate)
{
	struct sb_head_form form;

	while (!gate->is_shut && gate->good < gate->in_len && (!gate->is_asked || gate->body > 0))
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
				gate->is_asked = true;
				if (is_taken(gate, &form))
					break;
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
 * for news of the socket, and an end that was there already is none. It closes then, so whoever has
 * taken a request answers first, and what waits here has its turn.
 */
static void
tell_end(struct sb_gate *gate)
{
	int unread;

	if (!gate->at_end || gate->is_told || gate->is_taken || gate->in_len > 0 ||
		(ioctl(gate->inner_fd, SIOCOUTQ, &unread) == 0 && unread > 0))
		return;
	gate->is_told = true;
	shutdown(gate->inner_fd, SHUT_WR);
	gate->functions->on_end(gate->holder);
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
		drop(gate, (size_t) sent);
		gate->functions->on_passed(gate->holder);
	}
	if (gate->good > 0)
		return;
	if (gate->is_shut || (gate->at_end && !gate->is_asked))
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
	gate->good = gate->in_len = 0;
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

/* Whether there is room for what he sends, and somebody wants it. */
static bool
is_reading(const struct sb_gate *gate)
{
	return !gate->is_shut && !gate->is_told && !gate->is_lent && gate->good == 0 &&
		   gate->in_len < HEAD_ROOM;
}

static void
read_client(struct sb_gate *gate)
{
	ssize_t got;

	if (!is_reading(gate))
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

/* Keeps what he has not taken of it. */
static void
keep_rest(struct sb_gate *gate, const struct iovec *parts, int nparts, size_t sent)
{
	for (int i = 0; i < nparts; i++)
	{
		size_t len = parts[i].iov_len;
		size_t gone = sent < len ? sent : len;

		if (gone < len)
			sb_buffer_append(&gate->out, (const char *) parts[i].iov_base + gone, len - gone);
		sent -= gone;
	}
}

/* False when he does not take all. */
static bool
send_client(struct sb_gate *gate, struct iovec *parts, int nparts)
{
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = (size_t) nparts};
	ssize_t sent = sendmsg(gate->outer_fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (sent < 0 && errno != EAGAIN && errno != EINTR)
		give_up(gate);
	if (gate->is_broken)
		return true;
	keep_rest(gate, parts, nparts, sent < 0 ? 0 : (size_t) sent);
	return gate->out.len == 0;
}

static bool
send_rest(struct sb_gate *gate)
{
	struct sb_buffer rest = gate->out;
	struct iovec part = {rest.data, rest.len};
	bool is_sent;

	if (rest.len == 0)
		return true;
	gate->out = (struct sb_buffer){0};
	is_sent = send_client(gate, &part, 1);
	sb_buffer_free(&rest);
	return is_sent;
}

/* What each socket is watched for. */
static void
watch(struct sb_gate *gate)
{
	bool takes = gate->out.len == 0;
	bool reads = is_reading(gate);

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
	if (gate->is_lent)
		sb_loop_unwatch(gate->loop, &gate->outer);
	else
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
			is_sent = send_client(gate, &(struct iovec){bytes, (size_t) got}, 1);
	}
	watch(gate);
	return is_sent;
}

void
sb_gate_answer(struct sb_gate *gate, struct iovec *parts, int nparts, bool is_last)
{
	if (!gate->is_broken)
		send_client(gate, parts, nparts);
	gate->is_taken = false;
	if (is_last)
	{
		gate->is_shut = true;
		gate->at_end = true;
	}
	watch(gate);
	if (gate->out.len == 0)
		gate->functions->on_flushed(gate->holder);
}

void
sb_gate_give_back(struct sb_gate *gate, bool is_last, bool is_gone)
{
	gate->is_taken = gate->is_lent = false;
	if (is_gone)
		give_up(gate);
	else if (is_last)
	{
		gate->is_shut = true;
		gate->at_end = true;
	}
	watch(gate);
	gate->functions->on_flushed(gate->holder);
}

bool
sb_gate_is_broken(const struct sb_gate *gate)
{
	return gate->is_broken;
}

static void
go_on(struct sb_gate *gate)
{
	gate->is_asked = false;
	judge(gate);
	pass(gate);
	watch(gate);
	if (gate->in_len > 0)
		gate->functions->on_input(gate->holder);
}

void
sb_gate_go_on(struct sb_gate *gate, bool later)
{
	if (!later)
	{
		go_on(gate);
		return;
	}
	gate->next_answered = answered;
	answered = gate;
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

/* ---- other protocols ------------------------------------------------------------------------- */

int
sb_gate_give_up_socket(struct sb_gate *gate, struct sb_buffer *early)
{
	int fd = gate->outer_fd;

	if (!sb_gate_flush(gate) || gate->is_broken || gate->good > 0)
	{
		sb_gate_close(gate);
		return -1;
	}
	if (gate->in_len > 0)
		sb_buffer_append(early, gate->in, gate->in_len);
	sb_loop_unwatch(gate->loop, &gate->outer);
	gate->outer_fd = -1;
	sb_gate_close(gate);
	return fd;
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

bool
sb_gate_is_at_end(const struct sb_gate *gate)
{
	return gate->at_end;
}

void
sb_gate_close(struct sb_gate *gate)
{
	sb_loop_unwatch(gate->loop, &gate->outer);
	sb_loop_unwatch(gate->loop, &gate->inner);
	if (gate->outer_fd >= 0)
	{
		shutdown(gate->outer_fd, SHUT_WR);
		sb_socket_discard_input(gate->outer_fd);
	}
	tell_broken(gate);
	if (gate->outer_fd >= 0)
		close(gate->outer_fd);
	close(gate->inner_fd);
	give_room(gate);
	sb_buffer_free(&gate->out);
	gate->is_closed = true;
	gate->next = closed;
	closed = gate;
}

void
sb_gates_sweep(void)
{
	while (answered)
	{
		struct sb_gate *gate = answered;

		answered = gate->next_answered;
		if (!gate->is_closed)
			go_on(gate);
	}
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
