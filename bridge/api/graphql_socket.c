/*
 * graphql_socket.c owns GraphQL on a WebSocket: the protocol graphql-transport-ws at /graphql/, on
 * which queries and mutations are run as over HTTP, and subscriptions go on.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "admission/services.h"
#include "api/api.h"
#include "api/graphql_message.h"
#include "api/graphql_operation.h"
#include "base/memory.h"
#include "event/listener.h"
#include "http/reply.h"
#include "http/request.h"
#include "ws/door.h"
#include "ws/handshake.h"
#include "ws/socket.h"

struct graphql_socket
{
	struct sb_socket socket; /* must stay first */
	struct sb_listener listener;
	enum sb_graphql_phase phase;
	char *token; /* that came with the handshake, until connection_init; or NULL */
	struct sb_graphql_operations operations;
};

static struct graphql_socket *
of_listener(const struct sb_listener *listener)
{
	return (struct graphql_socket *) ((const char *) listener -
									  offsetof(struct graphql_socket, listener));
}

static void
say(struct sb_graphql_operations *operations, enum sb_graphql_message_type type, const char *id,
	const char *payload, size_t len, int64_t event_id)
{
	struct graphql_socket *own = of_listener(operations->listener);
	struct sb_buffer out = {0};
	struct sb_message *message;

	sb_graphql_message_write(&out, type, id, payload, len);
	message = sb_message_new(true, out.data, out.len);
	message->id = event_id;
	sb_socket_send(&own->socket, message);
	sb_message_release(message);
	sb_buffer_free(&out);
}

/* ---- messages -------------------------------------------------------------------------------- */

static void
on_init(struct graphql_socket *own, struct sb_graphql_message *message)
{
	const char *token = sb_graphql_message_token(message->payload);
	const struct sb_config *config = sb_sockets_loop(own->socket.all)->config;
	const struct sb_caller stranger = {.user_id = 0};

	own->phase = SB_GRAPHQL_INITIALISED;
	if (token == NULL)
		token = own->token;
	if (token)
		sb_listener_authenticate(&own->listener, token);
	else if (!config->anonymous_graphql)
		sb_socket_close(&own->socket, SB_CLOSE_FORBIDDEN, "authentication is required");
	else if (sb_listener_enter(&own->listener, &stranger))
		own->listener.kind->on_ready(&own->listener, true);
	free(own->token);
	own->token = NULL;
}

static void
on_ping(struct graphql_socket *own, struct sb_graphql_message *message)
{
	char *payload = message->payload ? json_dumps(message->payload, JSON_COMPACT) : NULL;

	say(&own->operations, SB_GRAPHQL_PONG, NULL, payload, payload ? strlen(payload) : 0, 0);
	free(payload);
}

static void
on_pong(struct graphql_socket *own, struct sb_graphql_message *message)
{
}

static void
on_subscribe(struct graphql_socket *own, struct sb_graphql_message *message)
{
	sb_graphql_operation_begin(&own->operations, message);
}

static void
on_complete(struct graphql_socket *own, struct sb_graphql_message *message)
{
	sb_graphql_operation_complete(&own->operations, message->id);
}

static void (*const handlers[SB_GRAPHQL_MESSAGES])(struct graphql_socket *,
												   struct sb_graphql_message *) = {
	[SB_GRAPHQL_CONNECTION_INIT] = on_init,
	[SB_GRAPHQL_PING] = on_ping,
	[SB_GRAPHQL_PONG] = on_pong,
	[SB_GRAPHQL_SUBSCRIBE] = on_subscribe,
	[SB_GRAPHQL_COMPLETE] = on_complete,
};

static void
obey(struct graphql_socket *own, const char *bytes, size_t len)
{
	struct sb_graphql_message message;
	const char *problem = sb_graphql_message_read(&message, bytes, len);
	int code = problem ? 0 : sb_graphql_message_refusal(own->phase, message.type);

	if (problem)
		sb_socket_close(&own->socket, SB_CLOSE_BAD_MESSAGE, problem);
	else if (code == 4429)
		sb_socket_close(&own->socket, SB_CLOSE_LIMITED, "Too many initialisation requests");
	else if (code)
		sb_socket_close(&own->socket, sb_close_of(code), "Unauthorized");
	else
		handlers[message.type](own, &message);
	sb_graphql_message_clear(&message);
}

/* ---- the listener ---------------------------------------------------------------------------- */

static void
on_ready(struct sb_listener *listener, bool is_new)
{
	struct graphql_socket *own = of_listener(listener);

	own->socket.user_id = listener->user_id;
	own->phase = SB_GRAPHQL_ACKNOWLEDGED;
	say(&own->operations, SB_GRAPHQL_CONNECTION_ACK, NULL, NULL, 0, 0);
}

/* One token is shown, and no other one later. */
static void
on_not_renewed(struct sb_listener *listener, const struct sb_error *error)
{
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
	const struct graphql_socket *own = of_listener(listener);

	return sb_graphql_operations_are_full(&own->operations) ||
		   sb_frames_queued(own->socket.frames) >
			   (size_t) sb_sockets_loop(own->socket.all)->config->ws_queue / 2;
}

/*
 * The protocol's own clients come again after 4403, with another token, and not after 4401: that
 * is for whose session has ended.
 */
static void
end(struct sb_listener *listener, enum sb_close close, const char *reason)
{
	struct graphql_socket *own = of_listener(listener);
	bool has_expired = listener->expires_at && listener->expires_at <= time(NULL);

	if (close == SB_CLOSE_UNAUTHENTICATED && (own->phase != SB_GRAPHQL_ACKNOWLEDGED || has_expired))
		close = SB_CLOSE_FORBIDDEN;
	sb_socket_close(&own->socket, close, reason);
}

static const struct sb_listener_kind listener_kind = {.name = "graphql",
													  .on_ready = on_ready,
													  .on_refused = on_not_renewed,
													  .hold = hold,
													  .is_open = is_open,
													  .is_full = is_full,
													  .end = end};

/* ---- the socket ------------------------------------------------------------------------------ */

/* The token that came with the handshake, as a copy; NULL: none did. */
static char *
token_of(struct sb_request *request)
{
	static const char scheme[] = "Bearer ";
	const char *given = sb_request_header(request, "Authorization");
	struct sb_handshake handshake;

	sb_handshake_read(&handshake, request, SB_GRAPHQL_PROTOCOL);
	if (given && strncasecmp(given, scheme, strlen(scheme)) == 0)
		return sb_checked(strdup(given + strlen(scheme)));
	if (given)
		return sb_checked(strdup(""));
	return handshake.token ? sb_checked(strdup(handshake.token)) : NULL;
}

static void
on_open(struct sb_socket *socket, struct sb_request *request)
{
	struct graphql_socket *own = (struct graphql_socket *) socket;

	own->token = token_of(request);
	own->operations.listener = &own->listener;
	own->operations.say = say;
	sb_listener_join(&own->listener, sb_sockets_services(socket->all), &listener_kind,
					 &request->caller);
}

static void
on_message(struct sb_socket *socket, bool is_text, const char *bytes, size_t len)
{
	if (is_text)
		obey((struct graphql_socket *) socket, bytes, len);
	else
		sb_socket_close(socket, SB_CLOSE_BINARY, NULL);
}

static void
on_look(struct sb_socket *socket)
{
	struct graphql_socket *own = (struct graphql_socket *) socket;
	const struct sb_loop *loop = sb_sockets_loop(socket->all);
	uint64_t timeout = (uint64_t) loop->config->ws_auth_timeout * 1000;

	if (own->phase == SB_GRAPHQL_NEW && loop->now_ms - socket->opened_ms >= timeout)
		sb_socket_close(socket, SB_CLOSE_SILENT, "Connection initialisation timeout");
	sb_graphql_operations_look(&own->operations);
}

static void
on_end(struct sb_socket *socket)
{
	struct graphql_socket *own = (struct graphql_socket *) socket;

	sb_graphql_operations_leave(&own->operations);
	sb_listener_leave(&own->listener);
	free(own->token);
	own->token = NULL;
}

static void
write_place(const struct sb_socket *socket, char *text, size_t size)
{
	const struct graphql_socket *own = (const struct graphql_socket *) socket;
	int64_t sent_id = sb_frames_last_id(socket->frames);

	snprintf(text, size, ": go on after %" PRId64,
			 sb_graphql_operations_place(&own->operations, sent_id));
}

static const struct sb_socket_kind socket_kind = {.name = "graphql",
												  .size = sizeof(struct graphql_socket),
												  .has_limits = true,
												  .on_open = on_open,
												  .on_message = on_message,
												  .on_look = on_look,
												  .on_end = on_end,
												  .write_place = write_place};

/*
 * Asked before anybody is identified: on a socket the token may come later. Whatever else stands in
 * the request, who wants a WebSocket gets one, or is told why not.
 */
bool
sb_api_graphql_page(struct sb_request *request)
{
	const char *upgrade = sb_request_header(request, "Upgrade");
	struct sb_handshake handshake;

	if (upgrade == NULL || strcasecmp(upgrade, "websocket") != 0)
		return sb_api_playground_page(request);
	if (!sb_door_knock(request, &handshake, SB_GRAPHQL_PROTOCOL))
		return true;
	if (handshake.protocol == NULL || strcmp(handshake.protocol, SB_GRAPHQL_PROTOCOL) != 0)
		sb_request_fail(request, 400, "Sec-WebSocket-Protocol must name " SB_GRAPHQL_PROTOCOL);
	else
		sb_door_let_in(request, &handshake, &socket_kind);
	return true;
}
