/*
 * door.c owns the way from HTTP to a WebSocket.
 */
#include "ws/door.h"

#include <string.h>

#include "admission/services.h"
#include "http/cors.h"
#include "http/reply.h"
#include "http/request.h"
#include "http/upgrade.h"
#include "loop/loop.h"
#include "ws/handshake.h"
#include "ws/socket.h"

static void
refuse(struct sb_request *request, int status, const char *problem)
{
	if (status == 426)
		sb_request_add_header(request, "Upgrade", "websocket");
	if (status == 426 || status == 400)
		sb_request_add_header(request, "Sec-WebSocket-Version", "13");
	sb_request_fail(request, status, problem);
}

bool
sb_door_knock(struct sb_request *request, struct sb_handshake *handshake, const char *spoken)
{
	sb_handshake_read(handshake, request, spoken);
	if (handshake->status != 101)
		refuse(request, handshake->status, handshake->problem);
	else if (!sb_cors_may_connect(request))
		refuse(request, 403, "pages of this origin may not connect (CORS_ALLOWED_ORIGINS)");
	else if (request->loop->stopping || request->admission.services->sockets == NULL)
		refuse(request, 503, "the bridge stops: come again");
	else
		return true;
	return false;
}

static void
on_upgraded(struct sb_request *request, struct sb_line *line, const struct sb_buffer *early)
{
	const struct sb_socket_kind *kind = request->state;
	struct sb_socket *socket = sb_socket_open(
		request->admission.services->sockets, kind, line, early,
		kind->max_message ? kind->max_message : (size_t) request->loop->config->ws_max_message);

	socket->task = request->route->name;
	memcpy(socket->address, request->caller.address, sizeof(socket->address));
	if (kind->on_open)
		kind->on_open(socket, request);
	if (request->loop->stopping)
		sb_socket_close(socket, SB_CLOSE_RESTART, NULL);
}

void
sb_door_let_in(struct sb_request *request, const struct sb_handshake *handshake,
			   const struct sb_socket_kind *kind)
{
	char *accept = sb_arena_copy(&request->arena, handshake->accept, SB_HANDSHAKE_ACCEPT);

	sb_request_add_header(request, "Sec-WebSocket-Accept", accept);
	if (handshake->protocol)
		sb_request_add_header(request, "Sec-WebSocket-Protocol", handshake->protocol);
	request->state = (void *) kind;
	sb_request_upgrade(request, "websocket", on_upgraded);
}

/* ---- echo ------------------------------------------------------------------------------------ */

static void
on_echo(struct sb_socket *socket, bool is_text, const char *bytes, size_t len)
{
	struct sb_message *message = sb_message_new(is_text, bytes, len);

	sb_socket_send(socket, message);
	sb_message_release(message);
}

static const struct sb_socket_kind echo = {.name = "echo",
										   .size = sizeof(struct sb_socket),
										   .max_message = 16 * 1024 * 1024,
										   .on_message = on_echo};

void
sb_ws_echo(struct sb_request *request)
{
	struct sb_handshake handshake;

	if (!request->loop->config->ws_echo)
		sb_request_fail(request, 404, "there is nothing at this path");
	else if (sb_door_knock(request, &handshake, SB_HANDSHAKE_SOCIAL))
		sb_door_let_in(request, &handshake, &echo);
}
