/*
 * socket.c owns the WebSockets of one loop.
 *
 * A socket is only ended at the end of an iteration: others of its loop may be about to be told
 * that theirs are ready.
 */
#include "ws/socket.h"

#include <stdio.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>

#include "admission/services.h"
#include "base/log.h"
#include "base/memory.h"
#include "loop/sends.h"

#define LOOK_MS    1000
#define CLOSE_MS   5000  /* for the other end's close, since something was last taken */
#define CLOSE_MOST 30000 /* for all that is on its way, and our close, to be taken */
#define MAX_FRAMES 1000  /* in a second, of kinds that have limits */
#define CHOKE      65536 /* bytes that wait: from there on nothing is read that asks for more */
#define ROUNDS     4     /* of one socket in an iteration */

struct sb_sockets
{
	struct sb_timer timer; /* must stay first */
	struct sb_services *services;
	struct sb_loop *loop;
	struct sb_socket *first;
	struct sb_socket *last;
	struct sb_socket *ended;
	struct sb_socket *due;
	int count;
};

/* ---- what is to be done for it --------------------------------------------------------------- */

/* It is seen to at the end of this iteration. */
static void
stir(struct sb_socket *socket)
{
	if (socket->is_due || socket->has_ended)
		return;
	socket->is_due = true;
	socket->next_due = socket->all->due;
	socket->all->due = socket;
}

static void
log_end(const struct sb_socket *socket)
{
	const struct sb_loop *loop = socket->all->loop;

	if (!sb_log_wants(SB_LOG_INFO))
		return;
	sb_log_begin(SB_LOG_INFO, "socket closed");
	sb_log_text("route", socket->task);
	sb_log_text("address", socket->address);
	if (socket->user_id)
		sb_log_int("user", socket->user_id);
	sb_log_int("code", sb_frames_close_code(socket->frames));
	sb_log_int("their_code", socket->peer_code);
	sb_log_int("received", (int64_t) socket->received);
	sb_log_ms("ms", (loop->now_ms - socket->opened_ms) * 1000);
	sb_log_end();
}

static void
end_socket(struct sb_socket *socket)
{
	struct sb_sockets *all = socket->all;
	int code = sb_frames_close_code(socket->frames);
	enum sb_close close = socket->peer_code ? SB_CLOSE_NORMAL : SB_CLOSES;

	if (socket->has_ended)
		return;
	socket->has_ended = true;
	log_end(socket);
	sb_metric_add(&all->loop->metrics->socket_closes[code ? sb_close_of(code) : close], 1);
	if (socket->kind->on_end)
		socket->kind->on_end(socket);
	sb_loop_unwatch(all->loop, &socket->watch);
	sb_line_end(&socket->line);
	*(socket->prev ? &socket->prev->next : &all->first) = socket->next;
	*(socket->next ? &socket->next->prev : &all->last) = socket->prev;
	socket->next = all->ended;
	all->ended = socket;
	all->count--;
}

static void
note_closing(struct sb_socket *socket)
{
	if (socket->closing_ms == 0 && sb_frames_is_closing(socket->frames))
		socket->taken_ms = socket->closing_ms = socket->all->loop->now_ms;
}

/* Writes what came since, and reads where that was put off; false when there is more to do at once.
 */
static bool
go_round(struct sb_socket *socket)
{
	struct sb_frames *frames = socket->frames;
	bool was_waiting = !sb_frames_wants_read(frames);
	bool waits;

	if (sb_frames_can_write(frames))
		sb_frames_write(frames);
	note_closing(socket);
	waits = !socket->closing_ms && (socket->is_held || sb_frames_queued(frames) > CHOKE);
	sb_frames_pause(frames, waits);
	if (!was_waiting || waits || sb_frames_is_over(frames))
		return true;
	/* What libwslay has read already, the descriptor does not tell of. */
	sb_frames_read(frames);
	return false;
}

static void
see_to(struct sb_socket *socket)
{
	struct sb_frames *frames = socket->frames;
	int round = 0;

	while (!go_round(socket))
		if (++round == ROUNDS)
		{
			stir(socket);
			sb_loop_wake(socket->all->loop);
			break;
		}
	note_closing(socket);
	if (sb_frames_is_over(frames))
		end_socket(socket);
	else
		sb_loop_watch(socket->all->loop, &socket->watch, socket->line.fd,
					  (sb_frames_wants_read(frames) ? EPOLLIN : 0) |
						  (sb_frames_wants_write(frames) ? EPOLLOUT : 0));
}

static void
on_ready(struct sb_watch *watch, uint32_t events)
{
	struct sb_socket *socket = (struct sb_socket *) watch;
	uint64_t most = socket->frames_looked + MAX_FRAMES;

	if (events & (EPOLLHUP | EPOLLERR) && !sb_frames_wants_read(socket->frames))
		sb_frames_give_up(socket->frames);
	else if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		sb_frames_read(socket->frames);
	if (socket->kind->has_limits && sb_frames_count(socket->frames) > most)
		sb_socket_close(socket, SB_CLOSE_FLOOD, NULL);
	stir(socket);
}

/* ---- once a second --------------------------------------------------------------------------- */

/* Whether the other end has taken something since this was last asked, be it only from the kernel.
 */
static bool
has_taken(struct sb_socket *socket)
{
	int before = socket->unsent;

	if (ioctl(socket->line.fd, SIOCOUTQ, &socket->unsent) != 0)
		socket->unsent = 0;
	return socket->unsent < before;
}

static void
look_at(struct sb_socket *socket)
{
	const struct sb_loop *loop = socket->all->loop;
	uint64_t interval = (uint64_t) loop->config->ws_ping_interval * 1000;
	bool has_heard = sb_frames_has_heard(socket->frames);
	bool has_moved = sb_frames_has_moved(socket->frames);

	socket->frames_looked = sb_frames_count(socket->frames);
	/* Who is not read cannot be heard: while he is told something, it is enough that he takes it.
	 */
	if (has_heard || (has_moved && !sb_frames_wants_read(socket->frames)))
	{
		socket->heard_ms = loop->now_ms;
		socket->is_pinged = false;
	}
	if (socket->closing_ms)
	{
		/* Who is far behind has to take what is on its way before he hears after which id to go on.
		 */
		if (has_taken(socket) || (has_moved && sb_frames_wants_write(socket->frames)))
			socket->taken_ms = loop->now_ms;
		if (loop->now_ms - socket->taken_ms >= CLOSE_MS ||
			loop->now_ms - socket->closing_ms >= CLOSE_MOST)
			end_socket(socket);
		return;
	}
	if (loop->now_ms - socket->heard_ms >= interval * (socket->is_pinged ? 2 : 1))
	{
		if (socket->is_pinged)
			sb_socket_close(socket, SB_CLOSE_SILENT, NULL);
		else
			sb_frames_ping(socket->frames);
		socket->is_pinged = true;
		stir(socket);
	}
	if (!socket->closing_ms && socket->kind->on_look)
		socket->kind->on_look(socket);
}

static void
on_due(struct sb_timer *timer)
{
	struct sb_sockets *sockets = (struct sb_sockets *) timer;
	struct sb_socket *next;

	for (struct sb_socket *socket = sockets->first; socket; socket = next)
	{
		next = socket->next;
		look_at(socket);
	}
	sb_metric_set(sockets->loop->metrics->sockets, (uint64_t) sockets->count);
}

/* ---- for its kind ---------------------------------------------------------------------------- */

static void
on_message(void *owner, bool is_text, const char *bytes, size_t len)
{
	struct sb_socket *socket = owner;

	socket->received++;
	sb_metric_add(socket->all->loop->metrics->socket_messages_in, 1);
	socket->kind->on_message(socket, is_text, bytes, len);
	sb_frames_pause(socket->frames, socket->is_held || sb_frames_queued(socket->frames) > CHOKE);
}

static void
on_close(void *owner, int code)
{
	((struct sb_socket *) owner)->peer_code = code;
}

struct sb_socket *
sb_socket_open(struct sb_sockets *sockets, const struct sb_socket_kind *kind,
			   const struct sb_line *line, const struct sb_buffer *early, size_t max_message)
{
	static const struct sb_frames_owner functions = {on_message, on_close};
	struct sb_socket *socket = sb_calloc(1, kind->size);

	socket->watch = (struct sb_watch){.fd = -1, .on_ready = on_ready};
	socket->all = sockets;
	socket->kind = kind;
	socket->line = *line;
	socket->opened_ms = socket->heard_ms = sockets->loop->now_ms;
	socket->frames = sb_frames_new(line->fd, max_message, &functions, socket);
	sb_frames_put_back(socket->frames, early->data, early->len);
	socket->prev = sockets->last;
	*(sockets->last ? &sockets->last->next : &sockets->first) = socket;
	sockets->last = socket;
	sockets->count++;
	sb_metric_add(sockets->loop->metrics->sockets_opened, 1);
	/* It is read once it is open, whatever has come already. */
	sb_frames_pause(socket->frames, true);
	stir(socket);
	return socket;
}

bool
sb_socket_send(struct sb_socket *socket, struct sb_message *message)
{
	char place[64] = "";
	char reason[124];
	size_t most = (size_t) socket->all->loop->config->ws_queue;

	if (!sb_socket_is_open(socket))
		return false;
	if (!socket->kind->has_limits ||
		!sb_backlog_is_over(&socket->backlog, socket->all->loop->now_us,
							sb_frames_queued(socket->frames), most))
	{
		sb_metric_add(socket->all->loop->metrics->socket_messages_out, 1);
		sb_frames_send(socket->frames, message);
		stir(socket);
		return true;
	}
	if (socket->kind->write_place)
		socket->kind->write_place(socket, place, sizeof(place));
	snprintf(reason, sizeof(reason), "%s%s", sb_close_reason(SB_CLOSE_SLOW), place);
	sb_socket_close(socket, SB_CLOSE_SLOW, reason);
	return false;
}

bool
sb_socket_say(struct sb_socket *socket, const char *text, size_t len)
{
	struct sb_message *message = sb_message_new(true, text, len);
	bool is_sent = sb_socket_send(socket, message);

	sb_message_release(message);
	return is_sent;
}

void
sb_socket_hold(struct sb_socket *socket, bool is_held)
{
	socket->is_held = is_held;
	stir(socket);
}

void
sb_socket_close(struct sb_socket *socket, enum sb_close close, const char *reason)
{
	sb_frames_close(socket->frames, sb_close_code(close), reason ? reason : sb_close_reason(close));
	note_closing(socket);
	stir(socket);
}

bool
sb_socket_is_open(const struct sb_socket *socket)
{
	return !socket->has_ended && !sb_frames_is_closing(socket->frames) &&
		   !sb_frames_is_over(socket->frames);
}

/* ---- all of them ----------------------------------------------------------------------------- */

void
sb_sockets_settle(struct sb_sockets *sockets)
{
	struct sb_socket *due = sockets->due;
	struct sb_sends *sends = sockets->loop->sends;

	sockets->due = NULL;
	/* What waits goes out together; nothing else is done with any of them until it has. */
	for (struct sb_socket *socket = due; socket; socket = socket->next_due)
		if (!socket->has_ended)
			sb_frames_write_with(socket->frames, sends);
	sb_sends_flush(sends);
	while (due)
	{
		struct sb_socket *socket = due;

		due = socket->next_due;
		socket->is_due = false;
		if (!socket->has_ended)
			see_to(socket);
	}
	/* One that was stirred as it was seen to, and then ended, is among the next that are due. */
	for (struct sb_socket **at = &sockets->ended, *socket = *at; socket; socket = *at)
	{
		if (socket->is_due)
		{
			at = &socket->next;
			continue;
		}
		*at = socket->next;
		sb_frames_free(socket->frames);
		free(socket);
	}
}

void
sb_sockets_stop(struct sb_sockets *sockets)
{
	for (struct sb_socket *socket = sockets->first; socket; socket = socket->next)
		sb_socket_close(socket, SB_CLOSE_RESTART, NULL);
}

int
sb_sockets_count(const struct sb_sockets *sockets)
{
	return sockets->count;
}

struct sb_services *
sb_sockets_services(const struct sb_sockets *sockets)
{
	return sockets->services;
}

struct sb_loop *
sb_sockets_loop(const struct sb_sockets *sockets)
{
	return sockets->loop;
}

struct sb_sockets *
sb_sockets_new(struct sb_services *services)
{
	struct sb_sockets *sockets = sb_calloc(1, sizeof(*sockets));

	sockets->services = services;
	sockets->loop = services->loop;
	sb_loop_every(services->loop, &sockets->timer, LOOK_MS, on_due);
	services->sockets = sockets;
	return sockets;
}

void
sb_sockets_free(struct sb_sockets *sockets)
{
	if (sockets == NULL)
		return;
	while (sockets->first)
		end_socket(sockets->first);
	sb_sockets_settle(sockets);
	sockets->services->sockets = NULL;
	free(sockets);
}
