/*
 * bridge_loop_test.c: loop/loop.c: the mail that loops send each other, timers, and waiting.
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "loop/loop.h"
#include "tap.h"

static const struct sb_mail_kind numbers = {sizeof(int), 4};
static const struct sb_mail_kind doorbell = {0, 0};
static const struct sb_mail_kind nobodys = {sizeof(int), 4};

/* What a loop has got so far. */
struct box
{
	int calls;
	int count;
	int sum;
	bool is_ordered;
	bool more;
};

static void
on_mail(void *owner, const void *messages, int count, bool more)
{
	struct box *box = owner;
	const int *list = messages;

	box->calls++;
	box->count += count;
	box->more = more;
	box->is_ordered = true;
	for (int i = 0; i < count; i++)
	{
		box->sum += list[i];
		box->is_ordered &= i == 0 || list[i] > list[i - 1];
	}
}

static struct sb_config config;

static void
test_mail(void)
{
	struct sb_loop *one = sb_loop_new(&config, 0);
	struct sb_loop *two = sb_loop_new(&config, 1);
	struct box first = {0};
	struct box second = {0};
	struct box rung = {0};

	sb_loop_subscribe(one, &numbers, on_mail, &first);
	sb_loop_subscribe(two, &numbers, on_mail, &second);
	sb_loop_subscribe(two, &doorbell, on_mail, &rung);

	sb_loop_deliver(one);
	is_int(first.calls, 0, "no mail, no call");
	for (int i = 1; i <= 3; i++)
		sb_loop_send(one, &numbers, &i);
	sb_loop_wait(one, false);
	sb_loop_deliver(one);
	is_int(first.calls, 1, "what has come is handed out at once");
	is_int(first.count, 3, "all of it");
	is_int(first.sum, 6, "as it was sent");
	ok(first.is_ordered && !first.more, "in its order, and nothing is missing");
	sb_loop_deliver(one);
	is_int(first.calls, 1, "and only once");
	is_int(second.calls, 0, "nobody else gets it");

	for (int i = 1; i <= 6; i++)
		sb_loop_send_all(&numbers, &i);
	sb_loop_deliver(one);
	sb_loop_deliver(two);
	is_int(first.count, 3 + 4, "no more waits than the kind says");
	ok(first.more, "and the loop is told that there was more");
	is_int(second.sum, 1 + 2 + 3 + 4, "to all is to every loop");

	sb_loop_send_all(&doorbell, NULL);
	sb_loop_send_all(&doorbell, NULL);
	sb_loop_send_all(&nobodys, NULL);
	sb_loop_deliver(one);
	sb_loop_deliver(two);
	is_int(rung.calls, 1, "signals are one when they are heard");
	ok(rung.more && rung.count == 0, "and say nothing but that");
	sb_loop_free(one);
	sb_loop_free(two);
}

#define SENDERS 4
#define EACH    2000

static const struct sb_mail_kind many = {sizeof(int), SENDERS *EACH};

static void *
send_many(void *loop)
{
	for (int i = 1; i <= EACH; i++)
		sb_loop_send(loop, &many, &i);
	return NULL;
}

static void
test_threads(void)
{
	struct sb_loop *loop = sb_loop_new(&config, 0);
	struct box box = {0};
	pthread_t threads[SENDERS];
	uint64_t deadline = sb_loop_clock_us() + 60 * UINT64_C(1000000);

	sb_loop_subscribe(loop, &many, on_mail, &box);
	for (int i = 0; i < SENDERS; i++)
		if (pthread_create(&threads[i], NULL, send_many, loop) != 0)
			abort();
	while (box.count < SENDERS * EACH && sb_loop_clock_us() < deadline)
	{
		sb_loop_wait(loop, false);
		sb_loop_deliver(loop);
	}
	for (int i = 0; i < SENDERS; i++)
		pthread_join(threads[i], NULL);
	is_int(box.count, SENDERS * EACH, "nothing is lost between threads");
	is_int(box.sum, SENDERS * (EACH * (EACH + 1) / 2), "nor changed");
	sb_loop_free(loop);
}

static int beats;

static void
on_due(struct sb_timer *timer)
{
	beats++;
}

static void
test_timers(void)
{
	struct sb_loop *loop = sb_loop_new(&config, 0);
	struct sb_timer timer;

	loop->now_ms = 1000;
	sb_loop_every(loop, &timer, 250, on_due);
	loop->now_ms = 1249;
	sb_loop_run_timers(loop);
	is_int(beats, 0, "a timer is not early");
	loop->now_ms = 1250;
	sb_loop_run_timers(loop);
	sb_loop_run_timers(loop);
	is_int(beats, 1, "is due once when it is time");
	loop->now_ms = 9000;
	sb_loop_run_timers(loop);
	sb_loop_run_timers(loop);
	is_int(beats, 2, "and does not make up for what it missed");
	sb_loop_free(loop);
}

/* ---- what goes out before a loop waits ---------------------------------------------------------
 */

static int rests;
static int again_ms;

static int
before_wait(struct sb_rest *rest)
{
	rests++;
	return again_ms;
}

static void
test_before_wait(void)
{
	struct sb_loop *loop = sb_loop_new(&config, 0);
	struct sb_rest rest;
	uint64_t began;

	sb_loop_before_wait(loop, &rest, before_wait);
	again_ms = 1;
	began = sb_loop_clock_us();
	for (int i = 0; i < 20; i++)
		sb_loop_wait(loop, false);
	is_int(rests, 20, "what goes out before a wait is asked before each");
	ok(sb_loop_clock_us() - began < 1000 * 1000, "and is asked again as soon as it says");
	again_ms = 0;
	began = sb_loop_clock_us();
	sb_loop_wait(loop, false);
	ok(sb_loop_clock_us() - began > 50 * 1000, "where it says nothing, the loop waits as ever");
	again_ms = 1000;
	began = sb_loop_clock_us();
	sb_loop_wait(loop, true);
	ok(sb_loop_clock_us() - began < 50 * 1000, "and where it has more to do, not at all");
	sb_loop_free(loop);
}

/* ---- descriptors ------------------------------------------------------------------------------
 */

static int ready[2];

static void
on_first(struct sb_watch *watch, uint32_t events)
{
	ready[0]++;
}

static void
on_second(struct sb_watch *watch, uint32_t events)
{
	ready[1]++;
}

/* A library closes its descriptor by itself, and the number is somebody else's at once. */
static void
test_number_comes_back(void)
{
	struct sb_loop *loop = sb_loop_new(&config, 0);
	struct sb_watch first = {.fd = -1, .on_ready = on_first};
	struct sb_watch second = {.fd = -1, .on_ready = on_second};
	int fd = eventfd(1, EFD_NONBLOCK);
	int other;

	sb_loop_watch(loop, &first, fd, EPOLLIN);
	sb_loop_wait(loop, true);
	is_int(ready[0], 1, "a descriptor is ready");
	close(fd);
	other = eventfd(1, EFD_NONBLOCK);
	is_int(other, fd, "it is closed, and its number comes back");
	sb_loop_watch(loop, &second, other, EPOLLIN);
	sb_loop_unwatch(loop, &first);
	is_int(first.fd, -1, "whoever had it watches nothing");
	sb_loop_wait(loop, true);
	is_int(ready[1], 1, "whoever has it hears of it");
	is_int(ready[0], 1, "and nobody else");
	sb_loop_watch(loop, &first, eventfd(1, EFD_NONBLOCK), EPOLLIN);
	sb_loop_wait(loop, true);
	is_int(ready[0] + ready[1], 4, "both do, each of his own");
	sb_loop_unwatch(loop, &second);
	close(other);
	fd = first.fd;
	sb_loop_unwatch(loop, &first);
	sb_loop_wait(loop, true);
	is_int(ready[0] + ready[1], 4, "then neither does");
	close(fd);
	sb_loop_free(loop);
}

int
main(void)
{
	test_number_comes_back();
	test_mail();
	test_threads();
	test_timers();
	test_before_wait();
	return done_testing();
}
