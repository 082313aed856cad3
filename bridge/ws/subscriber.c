/*
 * subscriber.c owns how events are heard on a WebSocket.
 *
 * Whoever connects shows a token: in the Authorization header, as "bearer" in
 * Sec-WebSocket-Protocol, or in a message (mission I-15). Until then nothing is said to him.
 */
#include "ws/subscriber.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "event/topic.h"
#include "http/request.h"
#include "ws/door.h"
#include "ws/handshake.h"

static struct sb_socket_subscriber *
of_listener(const struct sb_listener *listener)
{
	return (struct sb_socket_subscriber *) ((const char *) listener -
											offsetof(struct sb_socket_subscriber, listener));
}

static struct sb_socket_subscriber *
of_subscriber(const struct sb_subscriber *subscriber)
{
	return (struct sb_socket_subscriber *) ((const char *) subscriber -
											offsetof(struct sb_socket_subscriber, subscriber));
}

/* ---- the listener ---------------------------------------------------------------------------- */

static void
say_ready(struct sb_socket_subscriber *own)
{
	char data[96];

	snprintf(data, sizeof(data), "{\"user_id\":%" PRId64 ",\"expires_at\":%" PRId64 "}",
			 own->listener.user_id, own->listener.expires_at);
	sb_subscriber_say(own, SB_ANSWER_READY, SB_NO_ID, data);
}

static void
on_ready(struct sb_listener *listener, bool is_new)
{
	struct sb_socket_subscriber *own = of_listener(listener);
	struct sb_topic_name name;
	const char *topic;

	own->socket.user_id = listener->user_id;
	if (is_new && own->path_topic && sb_topic_read(own->path_topic, &name) &&
		name.kind->takes == 'm' && name.id != listener->user_id)
	{
		sb_socket_close(&own->socket, SB_CLOSE_FORBIDDEN, NULL);
		return;
	}
	say_ready(own);
	if (!is_new || own->path_topic == NULL)
		return;
	topic = own->path_topic;
	own->is_opening = true;
	sb_subscriber_subscribe(&own->subscriber, &topic, 1, -1);
}

static void
on_not_renewed(struct sb_listener *listener, const struct sb_error *error)
{
	sb_subscriber_say_error(of_listener(listener), error, NULL);
}

static void
hold(struct sb_listener *listener, bool is_held)
{
	sb_socket_hold(&of_listener(listener)->socket, is_held);
}

static bool
is_open(const struct sb_listener *listener)
{
	return sb_socket_is_open(&of_listener(listener)->socket);
}

static bool
is_full(const struct sb_listener *listener)
{
	const struct sb_socket *socket = &of_listener(listener)->socket;

	return sb_frames_queued(socket->frames) >
		   (size_t) sb_sockets_loop(socket->all)->config->ws_queue / 2;
}

static void
end(struct sb_listener *listener, enum sb_close close, const char *reason)
{
	sb_socket_close(&of_listener(listener)->socket, close, reason);
}

static const struct sb_listener_kind listener_kind = {.name = "ws",
													  .on_ready = on_ready,
													  .on_refused = on_not_renewed,
													  .hold = hold,
													  .is_open = is_open,
													  .is_full = is_full,
													  .end = end};

/* ---- the subscriber -------------------------------------------------------------------------- */

static void
deliver(struct sb_subscriber *subscriber, struct sb_event *event)
{
	sb_socket_send(&of_subscriber(subscriber)->socket,
				   sb_event_message(event, SB_EVENT_ENVELOPE, sb_envelope_write));
}

static void
on_subscribed(struct sb_subscriber *subscriber, const char *topic, int64_t id)
{
	struct sb_socket_subscriber *own = of_subscriber(subscriber);

	own->is_opening = false;
	sb_subscriber_say_topic(own, SB_ANSWER_SUBSCRIBED, id, topic);
}

static void
on_history(struct sb_subscriber *subscriber, const char *topic, int64_t id, const char *history)
{
	sb_subscriber_say(of_subscriber(subscriber), SB_ANSWER_HISTORY, id, history);
}

static void
on_resync(struct sb_subscriber *subscriber, const char *topic, int64_t id)
{
	sb_subscriber_say_topic(of_subscriber(subscriber), SB_ANSWER_RESYNC, id, topic);
}

static void
on_refused(struct sb_subscriber *subscriber, const char *topic, const struct sb_error *error)
{
	struct sb_socket_subscriber *own = of_subscriber(subscriber);
	bool is_told = error->status == 401 || error->status == 429;

	if (own->is_opening)
		sb_socket_close(&own->socket, sb_close_for(error->status), is_told ? error->message : NULL);
	else
		sb_subscriber_say_error(own, error, topic);
}

/* A socket that was opened for something, and has nothing left, has come to its end. */
static void
on_lost(struct sb_subscriber *subscriber, const char *topic, const struct sb_error *error)
{
	struct sb_socket_subscriber *own = of_subscriber(subscriber);

	if (own->path_topic && subscriber->nsubscriptions == 0)
		sb_socket_close(&own->socket, sb_close_for(error->status), error->message);
	else
		sb_subscriber_say_lost(own, topic, error);
}

static const struct sb_subscriber_kind kind = {deliver,    on_subscribed, on_resync,
											   on_refused, on_lost,       on_history};

/* ---- the socket ------------------------------------------------------------------------------ */

/* What the path names, as a topic; NULL for "/ws/". */
static char *
topic_of_path(const struct sb_request *request)
{
	const char *const *segments = request->url.segments;
	struct sb_buffer topic = {0};
	size_t len;

	if (request->url.nsegments < 3)
		return NULL;
	/* /ws/posts/ID/ is post:ID, /ws/posts/stream/ID/ stream:ID, /ws/posts/streams/status/ streams,
	 * /ws/notifications/ID/ notifications:ID. */
	if (strcmp(segments[2], "streams") == 0)
		sb_buffer_puts(&topic, "streams");
	else if (strcmp(segments[2], "stream") == 0)
		sb_buffer_printf(&topic, "stream:%" PRId64, (int64_t) strtoll(segments[3], NULL, 10));
	else
		sb_buffer_printf(&topic, "%s:%" PRId64,
						 strcmp(segments[1], "posts") == 0 ? "post" : "notifications",
						 (int64_t) strtoll(segments[2], NULL, 10));
	return sb_buffer_take(&topic, &len);
}

/* The token that came with the request, but not in its Authorization header; NULL: none did. */
static const char *
token_of(struct sb_request *request)
{
	struct sb_handshake handshake;
	bool twice = false;

	sb_handshake_read(&handshake, request, SB_HANDSHAKE_SOCIAL);
	if (handshake.token == NULL && request->loop->config->ws_query_token)
		return sb_url_query(&request->url, "token", &twice);
	return handshake.token;
}

static void
on_open(struct sb_socket *socket, struct sb_request *request)
{
	struct sb_socket_subscriber *own = (struct sb_socket_subscriber *) socket;
	const char *token = token_of(request);

	sb_listener_join(&own->listener, sb_sockets_services(socket->all), &listener_kind,
					 &request->caller);
	own->subscriber.kind = &kind;
	own->subscriber.listener = &own->listener;
	own->path_topic = topic_of_path(request);
	if (request->caller.user_id)
		sb_listener_admit(&own->listener, &request->caller);
	else if (token)
		sb_listener_authenticate(&own->listener, token);
}

static void
on_message(struct sb_socket *socket, bool is_text, const char *bytes, size_t len)
{
	if (is_text)
		sb_subscriber_obey((struct sb_socket_subscriber *) socket, bytes, len);
	else
		sb_socket_close(socket, SB_CLOSE_BINARY, NULL);
}

static void
on_look(struct sb_socket *socket)
{
	const struct sb_listener *listener = &((struct sb_socket_subscriber *) socket)->listener;
	const struct sb_loop *loop = sb_sockets_loop(socket->all);
	uint64_t timeout = (uint64_t) loop->config->ws_auth_timeout * 1000;

	if (listener->state == SB_LISTENER_NEW && listener->task == NULL &&
		loop->now_ms - socket->opened_ms >= timeout)
		sb_socket_close(socket, SB_CLOSE_SILENT, "no auth message came in time");
}

static void
on_end(struct sb_socket *socket)
{
	struct sb_socket_subscriber *own = (struct sb_socket_subscriber *) socket;

	sb_subscriber_leave(&own->subscriber);
	sb_listener_leave(&own->listener);
	sb_lease_let_go(&own->lease);
	free(own->path_topic);
	own->path_topic = NULL;
}

static void
write_place(const struct sb_socket *socket, char *text, size_t size)
{
	const struct sb_socket_subscriber *own = (const struct sb_socket_subscriber *) socket;
	int64_t id = sb_frames_last_id(socket->frames);

	snprintf(text, size, ": go on after %" PRId64, id ? id : own->subscriber.first_id);
}

const struct sb_socket_kind sb_subscriber_kind = {.name = "subscriber",
												  .size = sizeof(struct sb_socket_subscriber),
												  .has_limits = true,
												  .on_open = on_open,
												  .on_message = on_message,
												  .on_look = on_look,
												  .on_end = on_end,
												  .write_place = write_place};

void
sb_ws_subscribe(struct sb_request *request)
{
	struct sb_handshake handshake;

	if (sb_door_knock(request, &handshake, SB_HANDSHAKE_SOCIAL))
		sb_door_let_in(request, &handshake, &sb_subscriber_kind);
}
