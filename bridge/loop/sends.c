/*
 * sends.c owns how sends go out together.
 *
 * A system call for each was most of what it costs to tell many sockets one thing. The ring is made
 * when it is first worth it, and none of it is kept in flight: every send says MSG_DONTWAIT, so the
 * kernel is done with it as it takes it, and a flush returns once it has said so for each. Who has
 * no room is told so, as sendmsg() would; waiting for it is the business of the loop.
 */
#include "loop/sends.h"

#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/memory.h"

#define MOST       256        /* sends that are kept */
#define MOST_PARTS (MOST * 2) /* of all of them */
#define FEW        2          /* fewer are not worth the ring */
#define FLAGS      (MSG_DONTWAIT | MSG_NOSIGNAL)

struct send
{
	int fd;
	struct msghdr what;
	void (*on_sent)(void *owner, ssize_t sent);
	void *owner;
	ssize_t sent;
};

enum state
{
	UNTRIED,
	RING,
	NO_RING
};

struct sb_sends
{
	enum state state;
	struct io_uring ring; /* in the state RING */
	int count;
	int nparts;
	struct send sends[MOST];
	struct iovec parts[MOST_PARTS];
};

ssize_t
sb_send_now(int fd, const struct iovec *parts, int nparts)
{
	struct msghdr what = {.msg_iov = (struct iovec *) parts, .msg_iovlen = (size_t) nparts};
	ssize_t sent = sendmsg(fd, &what, FLAGS);

	return sent < 0 ? -errno : sent;
}

/* ---- the ring -------------------------------------------------------------------------------- */

/* Said once for all loops: the kernel is the same. */
static void
say_no_ring(int error)
{
	static int is_said;

	if (__atomic_exchange_n(&is_said, 1, __ATOMIC_RELAXED) == 0)
		sb_log(SB_LOG_INFO, "no io_uring: what many are told is sent by a system call each",
			   "error", strerror(error));
}

/* Where the kernel has none, or lets this process have none (seccomp, kernel.io_uring_disabled). */
static int
open_ring(struct io_uring *ring)
{
	struct io_uring_probe *probe;
	int result = io_uring_queue_init(MOST, ring, 0);

	if (result < 0)
		return -result;
	probe = io_uring_get_probe_ring(ring);
	if (probe && io_uring_opcode_supported(probe, IORING_OP_SEND))
		result = 0;
	else
		result = ENOSYS;
	io_uring_free_probe(probe);
	if (result != 0)
		io_uring_queue_exit(ring);
	return result;
}

static bool
has_ring(struct sb_sends *sends)
{
	int error;

	if (sends->state != UNTRIED)
		return sends->state == RING;
	error = open_ring(&sends->ring);
	sends->state = error == 0 ? RING : NO_RING;
	if (error != 0)
		say_no_ring(error);
	return error == 0;
}

static void
prepare(struct sb_sends *sends, int index)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&sends->ring); /* there is one for each */
	struct send *send = &sends->sends[index];

	if (send->what.msg_iovlen == 1)
		io_uring_prep_send(sqe, send->fd, send->what.msg_iov->iov_base, send->what.msg_iov->iov_len,
						   FLAGS);
	else
		io_uring_prep_sendmsg(sqe, send->fd, &send->what, FLAGS);
	io_uring_sqe_set_data(sqe, send);
}

/* Waits until the kernel has done with so many, whatever interrupts it: it reads from our memory.
 */
static void
take_results(struct sb_sends *sends, int count)
{
	struct io_uring_cqe *cqe;

	while (count > 0)
	{
		if (io_uring_wait_cqe(&sends->ring, &cqe) != 0)
			continue;
		((struct send *) io_uring_cqe_get_data(cqe))->sent = cqe->res;
		io_uring_cqe_seen(&sends->ring, cqe);
		count--;
	}
}

/* How many were sent, the first of them; where it is not all, the ring is given up. */
static int
send_by_ring(struct sb_sends *sends)
{
	int taken = 0;
	int result = 0;

	for (int i = 0; i < sends->count; i++)
		prepare(sends, i);
	while (taken < sends->count)
	{
		result = io_uring_submit(&sends->ring);
		if (result == -EINTR)
			continue;
		if (result <= 0)
			break;
		taken += result;
	}
	take_results(sends, taken);
	if (taken == sends->count)
		return taken;
	/* What it has not taken it must not take later. */
	io_uring_queue_exit(&sends->ring);
	sends->state = NO_RING;
	say_no_ring(result < 0 ? -result : EIO);
	return taken;
}

/* ---- for those who send ---------------------------------------------------------------------- */

void
sb_sends_add(struct sb_sends *sends, int fd, const struct iovec *parts, int nparts,
			 void (*on_sent)(void *, ssize_t), void *owner)
{
	struct send *send;
	struct iovec *own;

	if (sends->count == MOST || sends->nparts + nparts > MOST_PARTS)
		sb_sends_flush(sends);
	send = &sends->sends[sends->count++];
	own = &sends->parts[sends->nparts];
	memcpy(own, parts, (size_t) nparts * sizeof(*parts));
	sends->nparts += nparts;
	*send = (struct send){.fd = fd, .on_sent = on_sent, .owner = owner};
	send->what.msg_iov = own;
	send->what.msg_iovlen = (size_t) nparts;
}

void
sb_sends_flush(struct sb_sends *sends)
{
	int count = sends->count;
	int sent = count >= FEW && has_ring(sends) ? send_by_ring(sends) : 0;

	for (struct send *send = sends->sends + sent; send < sends->sends + count; send++)
		send->sent = sb_send_now(send->fd, send->what.msg_iov, (int) send->what.msg_iovlen);
	sends->count = sends->nparts = 0;
	for (struct send *send = sends->sends; send < sends->sends + count; send++)
		send->on_sent(send->owner, send->sent);
}

bool
sb_sends_have_ring(const struct sb_sends *sends)
{
	return sends->state == RING;
}

/* ---- life ------------------------------------------------------------------------------------ */

struct sb_sends *
sb_sends_new(bool may_ring)
{
	struct sb_sends *sends = sb_calloc(1, sizeof(*sends));

	sends->state = may_ring ? UNTRIED : NO_RING;
	return sends;
}

void
sb_sends_free(struct sb_sends *sends)
{
	if (sends == NULL)
		return;
	if (sends->state == RING)
		io_uring_queue_exit(&sends->ring);
	free(sends);
}
