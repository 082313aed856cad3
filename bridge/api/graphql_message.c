/*
 * graphql_message.c owns the messages of graphql-transport-ws, one row each. The protocol is that
 * of the npm package graphql-ws (its PROTOCOL.md).
 */
#include "api/graphql_message.h"

#include <string.h>
#include <strings.h>

#include "base/buffer.h"

static const struct
{
	const char *word;
	bool is_clients; /* a client may say it */
	bool has_id;
	bool needs_payload;
} rows[SB_GRAPHQL_MESSAGES] = {
	[SB_GRAPHQL_CONNECTION_INIT] = {"connection_init", true, false, false},
	[SB_GRAPHQL_CONNECTION_ACK] = {"connection_ack", false, false, false},
	[SB_GRAPHQL_PING] = {"ping", true, false, false},
	[SB_GRAPHQL_PONG] = {"pong", true, false, false},
	[SB_GRAPHQL_SUBSCRIBE] = {"subscribe", true, true, true},
	[SB_GRAPHQL_NEXT] = {"next", false, true, true},
	[SB_GRAPHQL_ERROR] = {"error", false, true, true},
	[SB_GRAPHQL_COMPLETE] = {"complete", true, true, false},
};

static const char *
read_members(struct sb_graphql_message *message)
{
	const char *word = json_string_value(json_object_get(message->json, "type"));
	json_t *payload = json_object_get(message->json, "payload");
	int i = 0;

	while (word && i < SB_GRAPHQL_MESSAGES && strcmp(rows[i].word, word) != 0)
		i++;
	if (word == NULL || i == SB_GRAPHQL_MESSAGES || !rows[i].is_clients)
		return "type is connection_init, ping, pong, subscribe or complete";
	message->type = (enum sb_graphql_message_type) i;
	if (rows[i].has_id)
	{
		message->id = json_string_value(json_object_get(message->json, "id"));
		if (message->id == NULL || *message->id == '\0' || strlen(message->id) > SB_GRAPHQL_ID_MAX)
			return "id is a text of 1 to 256 bytes";
	}
	if (json_is_null(payload))
		payload = NULL;
	if (payload ? !json_is_object(payload) : rows[i].needs_payload)
		return "payload is an object";
	message->payload = payload;
	return NULL;
}

const char *
sb_graphql_message_read(struct sb_graphql_message *message, const char *bytes, size_t len)
{
	*message = (struct sb_graphql_message){0};
	message->json = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, NULL);
	return json_is_object(message->json) ? read_members(message) : "a message is a JSON object";
}

void
sb_graphql_message_clear(struct sb_graphql_message *message)
{
	json_decref(message->json);
	*message = (struct sb_graphql_message){0};
}

void
sb_graphql_message_write(struct sb_buffer *out, enum sb_graphql_message_type type, const char *id,
						 const char *payload, size_t payload_len)
{
	sb_buffer_puts(out, "{");
	if (id)
	{
		sb_buffer_puts(out, "\"id\":");
		sb_buffer_put_json(out, id, strlen(id));
		sb_buffer_puts(out, ",");
	}
	sb_buffer_printf(out, "\"type\":\"%s\"", rows[type].word);
	if (payload)
	{
		sb_buffer_puts(out, ",\"payload\":");
		sb_buffer_append(out, payload, payload_len);
	}
	sb_buffer_puts(out, "}");
}

int
sb_graphql_message_refusal(enum sb_graphql_phase phase, enum sb_graphql_message_type type)
{
	if (type == SB_GRAPHQL_CONNECTION_INIT)
		return phase == SB_GRAPHQL_NEW ? 0 : 4429;
	if (type == SB_GRAPHQL_SUBSCRIBE)
		return phase == SB_GRAPHQL_ACKNOWLEDGED ? 0 : 4401;
	return 0;
}

const char *
sb_graphql_message_token(const json_t *payload)
{
	static const char scheme[] = "Bearer ";
	const char *name;
	json_t *value;

	/* Reading does not change it; jansson's loop wants what could be changed. */
	json_object_foreach((json_t *) payload, name, value)
	{
		const char *text = json_string_value(value);

		if (strcmp(name, "token") == 0)
			return text ? text : "";
		if (strcasecmp(name, "authorization") != 0)
			continue;
		if (text == NULL || strncasecmp(text, scheme, strlen(scheme)) != 0)
			return "";
		return text + strlen(scheme) + strspn(text + strlen(scheme), " ");
	}
	return NULL;
}
