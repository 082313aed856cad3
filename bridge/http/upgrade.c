/*
 * upgrade.c owns the way out of HTTP.
 *
 * The library only knows one end of the gate's socket pair (http/gate.h). It is told that its end
 * is closed as soon as the answer is out, so that its memory, the pair and the client's record are
 * free again: what stays is the client's socket.
 */
#include "http/upgrade.h"

#include <microhttpd.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "http/client.h"
#include "http/daemon.h"
#include "http/gate.h"
#include "http/peers.h"
#include "http/reply.h"
#include "http/request.h"
#include "http/socket.h"

/* Takes the connection out of the client's hands. */
static void
leave(struct sb_client *client, struct sb_line *line, struct sb_buffer *early)
{
	memset(line, 0, sizeof(*line));
	memcpy(&line->peer, &client->address, sizeof(line->peer));
	line->is_counted = client->has_place;
	line->fd = sb_gate_give_up_socket(client->gate, early);
	client->gate = NULL;
	client->fd = -1;
	client->has_place = false;
	client->has_gone = line->is_counted || client->clients->are_relayed;
	if (client->has_gone)
		sb_peers_lighten();
	sb_client_enter(client, SB_CLIENT_CLOSING);
}

static void
on_upgrade(void *arg, struct MHD_Connection *mhd, void *context, const char *extra,
		   size_t extra_len, int fd, struct MHD_UpgradeResponseHandle *handle)
{
	struct sb_request *request = context;
	struct sb_buffer early = {0};
	struct sb_line line;

	/* The gate lets nothing follow the request, but who knows what the library has read. */
	if (extra_len > 0)
		sb_buffer_append(&early, extra, extra_len);
	leave(request->client, &line, &early);
	if (line.fd >= 0)
		request->on_upgraded(request, &line, &early);
	else
		sb_line_end(&line);
	sb_buffer_free(&early);
	MHD_upgrade_action(handle, MHD_UPGRADE_ACTION_CLOSE);
	sb_daemon_stir(request->client);
}

void
sb_request_upgrade(struct sb_request *request, const char *protocol,
				   void (*on_upgraded)(struct sb_request *, struct sb_line *,
									   const struct sb_buffer *))
{
	struct MHD_Response *response = MHD_create_response_for_upgrade(on_upgrade, NULL);

	request->on_upgraded = on_upgraded;
	sb_request_add_header(request, "Upgrade", protocol);
	sb_request_reply_upgrade(request, sb_checked(response));
}

void
sb_line_end(struct sb_line *line)
{
	/* The place is free before the client can see the end, and comes again. */
	if (line->is_counted)
	{
		sb_peers_release(&line->peer.any);
		sb_peers_remove(true);
	}
	line->is_counted = false;
	if (line->fd < 0)
		return;
	shutdown(line->fd, SHUT_WR);
	sb_socket_discard_input(line->fd);
	close(line->fd);
	line->fd = -1;
}
