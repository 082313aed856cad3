/*
 * bridge_sends_test.c: loop/sends.c: what is sent together comes to each as if it were sent alone,
 * by io_uring and without (issue 14, speed).
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "loop/sends.h"
#include "tap.h"

#define PAIRS 600 /* more than are kept at once */

/* Of a socket: what was sent, and what came of it. */
struct end
{
	int fd;
	int other;
	char bytes[SB_SEND_PARTS][8];
	struct iovec parts[SB_SEND_PARTS];
	int nparts;
	size_t len;
	int calls;
	ssize_t sent;
};

static struct end ends[PAIRS];
static struct sb_sends *sends;

static void
on_sent(void *owner, ssize_t sent)
{
	struct end *end = owner;

	end->calls++;
	end->sent = sent;
}

static void
open_ends(bool by_ring)
{
	for (int i = 0; i < PAIRS; i++)
	{
		int pair[2];

		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) != 0)
			abort();
		ends[i] = (struct end){.fd = pair[0], .other = pair[1]};
	}
	sends = sb_sends_new(by_ring);
}

static void
close_ends(void)
{
	for (int i = 0; i < PAIRS; i++)
	{
		close(ends[i].fd);
		close(ends[i].other);
	}
	sb_sends_free(sends);
}

/* Something else for each, in so many parts. */
static void
add(struct end *end, int nparts)
{
	end->nparts = nparts;
	end->len = 0;
	for (int i = 0; i < nparts; i++)
	{
		int len = snprintf(end->bytes[i], sizeof(end->bytes[i]), "%d.%d;", (int) (end - ends), i);

		end->parts[i] = (struct iovec){end->bytes[i], (size_t) len};
		end->len += (size_t) len;
	}
	end->calls = 0;
	sb_sends_add(sends, end->fd, end->parts, nparts, on_sent, end);
}

/* Whether what was sent came, and nothing else. */
static bool
has_come(const struct end *end)
{
	char got[1024];
	char want[1024];
	size_t len = 0;

	for (int i = 0; i < end->nparts; i++)
	{
		memcpy(want + len, end->parts[i].iov_base, end->parts[i].iov_len);
		len += end->parts[i].iov_len;
	}
	return end->calls == 1 && end->sent == (ssize_t) len &&
		   recv(end->other, got, sizeof(got), MSG_DONTWAIT) == (ssize_t) len &&
		   memcmp(got, want, len) == 0;
}

static int
count_come(int first, int last)
{
	int count = 0;

	for (int i = first; i < last; i++)
		count += has_come(&ends[i]);
	return count;
}

static void
test_all(void)
{
	sb_sends_flush(sends);
	ok(true, "nothing to be sent");
	add(&ends[0], 3);
	is_int(ends[0].calls, 0, "nothing goes out before it is flushed");
	sb_sends_flush(sends);
	is_int(count_come(0, 1), 1, "one");
	for (int i = 0; i < PAIRS; i++)
		add(&ends[i], 1);
	sb_sends_flush(sends);
	is_int(count_come(0, PAIRS), PAIRS, "more than are kept, one part each");
	for (int i = 0; i < PAIRS; i++)
		add(&ends[i], 1 + i % SB_SEND_PARTS);
	sb_sends_flush(sends);
	is_int(count_come(0, PAIRS), PAIRS, "several parts each");
}

static size_t
fill(int fd)
{
	static char block[4096];
	size_t sum = 0;
	ssize_t sent;

	while ((sent = send(fd, block, sizeof(block), MSG_DONTWAIT)) > 0)
		sum += (size_t) sent;
	return sum;
}

/* Who does not take what is sent is told so, and nobody else is bothered. */
static void
test_refusals(void)
{
	static char large[4 << 20];
	char got[4096];

	fill(ends[1].fd);
	close(ends[2].other);
	ends[2].other = -1;
	shutdown(ends[3].fd, SHUT_WR);
	for (int i = 0; i < 100; i++)
		if (i != 4)
			add(&ends[i], 1 + i % 2);
	ends[4].calls = 0;
	sb_sends_add(sends, ends[4].fd, &(struct iovec){large, sizeof(large)}, 1, on_sent, &ends[4]);
	sb_sends_flush(sends);
	is_int(ends[1].sent, -EAGAIN, "one who has no room");
	is_int(ends[2].sent, -EPIPE, "one who is gone, and no signal");
	is_int(ends[3].sent, -EPIPE, "one that nothing may be sent on");
	ok(ends[4].sent > 0 && ends[4].sent < (ssize_t) sizeof(large), "one who takes the beginning");
	is_int(count_come(0, 1) + count_come(5, 100), 96, "the others have all");

	while (recv(ends[1].other, got, sizeof(got), MSG_DONTWAIT) > 0)
		;
	add(&ends[1], 2);
	add(&ends[5], 2);
	sb_sends_flush(sends);
	ok(has_come(&ends[1]) && has_come(&ends[5]), "who has room again is sent to again");
	close(ends[6].fd);
	add(&ends[6], 1);
	add(&ends[7], 1);
	sb_sends_flush(sends);
	is_int(ends[6].sent, -EBADF, "a descriptor that is none");
	ok(has_come(&ends[7]), "is nobody else's fault");
	ends[6].fd = -1;
}

static volatile sig_atomic_t signals;

static void
on_signal(int number)
{
	signals++;
}

/* Signals interrupt whatever waits. */
static void
test_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};
	struct itimerval often = {{0, 50}, {0, 50}};
	struct itimerval never = {{0, 0}, {0, 0}};
	int rounds = 0;
	int good = 0;

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	while (rounds < 50 || signals < 50)
	{
		for (int i = 100; i < 300; i++)
			add(&ends[i], 1 + i % 3);
		sb_sends_flush(sends);
		good += count_come(100, 300) == 200;
		rounds++;
	}
	setitimer(ITIMER_REAL, &never, NULL);
	is_int(good, rounds, "signals lose nothing, and send nothing twice");
}

int
main(void)
{
	for (int by_ring = 0; by_ring < 2; by_ring++)
	{
		printf("# %s\n", by_ring ? "by io_uring, where it can be had" : "by a call each");
		open_ends(by_ring);
		test_all();
		test_refusals();
		test_signals();
		ok(by_ring || !sb_sends_have_ring(sends), "who wants no ring has none");
		if (by_ring && !sb_sends_have_ring(sends))
			printf("# io_uring cannot be had here\n");
		close_ends();
	}
	return done_testing();
}
