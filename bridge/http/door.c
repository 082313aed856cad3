/*
 * door.c owns requests that go past the routes.
 */
#include "http/door.h"

#include "admission/services.h"
#include "http/client.h"
#include "http/direct.h"
#include "http/gate.h"
#include "http/head.h"
#include "http/intake.h"
#include "http/reply.h"
#include "http/request.h"

bool
sb_door_take(struct sb_client *client, struct sb_services *services, const char *text,
			 const struct sb_head_form *form, size_t here)
{
	struct sb_door *door = services->door;
	struct sb_request *request;
	const char *version;
	const char *method;

	if (door == NULL || form->is_last || form->is_cut || client->clients->are_operators ||
		!door->is_for(door, form->target, form->target_len))
		return false;
	request = sb_intake_begin(client, services);
	request->deliver = door->deliver;
	request->phase = SB_PHASE_SUSPENDED;
	request->must_close = form->is_closing;
	/* How long he may take is the door's business. */
	sb_client_enter(client, SB_CLIENT_STREAMING);
	method = sb_direct_read_head(request, text, form, &version);
	door->begin(door, request, form->body, sb_arena_copy(&request->arena, text + form->size, here),
				here);
	if (sb_intake_enter(request, method, version))
		door->open(request);
	return true;
}

int
sb_door_socket(const struct sb_request *request)
{
	return request->client->fd;
}

void
sb_door_close(struct sb_request *request, bool delivered)
{
	struct sb_client *client = request->client;
	bool is_last = sb_reply_is_last(request);

	client->request = NULL;
	sb_client_enter(client, SB_CLIENT_WRITING);
	sb_intake_end(request, delivered);
	/* His next request may begin, or he may be gone, when this returns. */
	sb_gate_give_back(client->gate, is_last, !delivered);
}
