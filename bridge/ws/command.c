/*
 * command.c owns the messages of subscribers, one row each.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "admission/services.h"
#include "event/delivery.h"
#include "ws/subscriber.h"

static void
refuse(struct sb_socket_subscriber *subscriber, int status, const char *message, const char *topic)
{
	struct sb_error error = {status, sb_error_code(status), message, NULL, NULL};

	sb_subscriber_say_error(subscriber, &error, topic);
}

static void
on_auth(struct sb_socket_subscriber *subscriber, const json_t *message)
{
	const char *token = json_string_value(json_object_get(message, "token"));

	if (token)
		sb_listener_authenticate(&subscriber->listener, token);
	else
		sb_socket_close(&subscriber->socket, SB_CLOSE_BAD_MESSAGE, "auth needs a token");
}

static void
on_subscribe(struct sb_socket_subscriber *subscriber, const json_t *message)
{
	const char *topic = json_string_value(json_object_get(message, "topic"));
	const json_t *after = json_object_get(message, "after");
	int64_t id = -1;

	if (topic == NULL)
		refuse(subscriber, 400, "subscribe needs a topic", NULL);
	else if (!sb_event_read_id(after, &id))
		refuse(subscriber, 400, "after is the id of an event", topic);
	else
		sb_subscriber_subscribe(&subscriber->subscriber, &topic, 1, id);
}

static void
on_unsubscribe(struct sb_socket_subscriber *subscriber, const json_t *message)
{
	const char *topic = json_string_value(json_object_get(message, "topic"));

	if (topic == NULL)
	{
		refuse(subscriber, 400, "unsubscribe needs a topic", NULL);
		return;
	}
	sb_subscriber_unsubscribe(&subscriber->subscriber, topic);
	sb_subscriber_say_topic(subscriber, SB_ANSWER_UNSUBSCRIBED, SB_NO_ID, topic);
}

static void
on_ping(struct sb_socket_subscriber *subscriber, const json_t *message)
{
	int64_t told = sb_delivery_told(sb_listener_services(&subscriber->listener)->delivery);

	sb_subscriber_say(subscriber, SB_ANSWER_PONG, told >= 0 ? told : SB_NO_ID, NULL);
}

static const struct
{
	struct sb_command_kind kind;
	bool needs_ready;
	void (*obey)(struct sb_socket_subscriber *subscriber, const json_t *message);
} commands[] = {
	{{"auth", "token:text", "ready error",
	  "Who one is: an access token. At the latest WS_AUTH_TIMEOUT after the socket was opened, "
	  "where "
	  "no header said it; again at any time, with a token of the same person, to stay longer."},
	 false,
	 on_auth},
	{{"subscribe", "topic:text after:bigint?-", "subscribed resync error",
	  "Tells the events of a topic from now on, or what has happened since the event `after`."},
	 true,
	 on_subscribe},
	{{"unsubscribe", "topic:text", "unsubscribed error", "Tells them no longer."},
	 true,
	 on_unsubscribe},
	{{"chat_message", "message:text- content:text- topic:text- ref:text-", "sent error",
	  "Says something in the chat of a stream: `message`, or `content` as REST calls it, of at "
	  "most "
	  "500 characters. The stream is the one of the path, or stream:ID as `topic`. `ref`, of at "
	  "most 64 characters, comes back with the answer. A message without a type that has `message` "
	  "is this one."},
	 true,
	 sb_subscriber_chat},
	{{"watch", "playback_token:text", "watching error",
	  "Keeps the token of `GET /api/posts/live/stream/watch/{id}/` good, and its viewer counted, "
	  "for "
	  "as long as the socket is open."},
	 true,
	 sb_subscriber_watch},
	{{"ping", "", "pong", "Asks whether the bridge is there, and how far it is."}, true, on_ping},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

const struct sb_command_kind *
sb_command_kind_at(int n)
{
	return n < (int) COMMANDS ? &commands[n].kind : NULL;
}

void
sb_subscriber_obey(struct sb_socket_subscriber *subscriber, const char *bytes, size_t len)
{
	json_t *message = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, NULL);
	const char *type = json_string_value(json_object_get(message, "type"));
	size_t i = 0;

	if (json_object_get(message, "type") == NULL &&
		json_is_string(json_object_get(message, "message")))
		type = "chat_message";
	while (type && i < COMMANDS && strcmp(commands[i].kind.type, type) != 0)
		i++;
	if (type == NULL)
		sb_socket_close(&subscriber->socket, SB_CLOSE_BAD_MESSAGE, NULL);
	else if (subscriber->listener.state != SB_LISTENER_READY &&
			 (i == COMMANDS || commands[i].needs_ready))
		sb_socket_close(&subscriber->socket, SB_CLOSE_UNAUTHENTICATED, NULL);
	else if (i == COMMANDS)
		refuse(subscriber, 400,
			   "messages are of type auth, subscribe, unsubscribe, chat_message, watch or ping",
			   NULL);
	else
		commands[i].obey(subscriber, message);
	json_decref(message);
}
