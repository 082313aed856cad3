/*
 * chat.c owns what somebody says in the chat of a stream on a WebSocket (mission 090, 093): the
 * same statement as over REST, and so the same limits and rules.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "admission/services.h"
#include "event/topic.h"
#include "ws/subscriber.h"

#define MAX_REF 64 /* bytes of what a client calls a message */

static const char send_sql[] =
	"SELECT social.send_chat_message(stream_id => $1::bigint, content => $2)";

/* A message on its way; its texts are in the task's arena. */
struct sending
{
	struct sb_task task; /* must stay first */
	const char *topic;
	const char *ref;       /* NULL: it has none */
	const char *values[2]; /* the stream, the words */
	char stream[24];
};

static struct sb_socket_subscriber *
subscriber_of(const struct sb_listener *listener)
{
	return (struct sb_socket_subscriber *) ((const char *) listener -
											offsetof(struct sb_socket_subscriber, listener));
}

static void
say_sent(struct sb_socket_subscriber *subscriber, const struct sending *sending, const char *id)
{
	struct sb_buffer data = {0};

	sb_buffer_printf(&data, "{\"id\":%s,\"topic\":\"%s\"", id, sending->topic);
	if (sending->ref)
	{
		sb_buffer_puts(&data, ",\"ref\":");
		sb_buffer_put_json(&data, sending->ref, strlen(sending->ref));
	}
	sb_buffer_puts(&data, "}");
	sb_subscriber_say(subscriber, SB_ANSWER_SENT, SB_NO_ID, data.data);
	sb_buffer_free(&data);
}

static void
say_refused(struct sb_socket_subscriber *subscriber, const struct sending *sending,
			const struct sb_error *error)
{
	const struct sb_figures *figures = &sending->task.caller.figures;

	sb_subscriber_say_refusal(subscriber, error, sending->topic, sending->ref,
							  error->status == 429 && figures->is_known ? figures->retry_after : 0);
	/* The end of the session ends the connection, whoever sees it first. */
	if (error->status == 401)
		sb_socket_close(&subscriber->socket, SB_CLOSE_UNAUTHENTICATED, error->message);
}

static void
on_sent(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct sending *sending = unit->owner;
	const struct sb_listener *listener = sending->task.listener;
	struct sb_error error;

	if (listener && listener->kind->is_open(listener) && outcome == SB_PG_OK)
		say_sent(subscriber_of(listener), sending, PQgetvalue(unit->results[1], 0, 0));
	else if (listener && listener->kind->is_open(listener))
	{
		error = sb_admission_error(&sending->task.admission, outcome);
		say_refused(subscriber_of(listener), sending, &error);
	}
	sb_task_end(&sending->task);
}

static const char *
keep(struct sending *sending, const char *text)
{
	return text ? sb_arena_copy(&sending->task.arena, text, strlen(text)) : NULL;
}

/* What is wrong with it, before anybody is asked; or NULL. */
static const char *
fault_of(const json_t *message, const char *topic, struct sb_topic_name *name)
{
	const json_t *ref = json_object_get(message, "ref");

	if (topic == NULL)
		return "a chat message needs a topic: stream:ID";
	if (!sb_topic_read(topic, name) || strcmp(name->kind->word, "stream") != 0)
		return "the topic of a chat message is stream:ID";
	if (ref && (!json_is_string(ref) || json_string_length(ref) > MAX_REF))
		return "ref is a text of at most 64 bytes";
	return NULL;
}

void
sb_subscriber_chat(struct sb_socket_subscriber *subscriber, const json_t *message)
{
	const char *topic = json_string_value(json_object_get(message, "topic"));
	const char *content = json_string_value(json_object_get(message, "content"));
	struct sb_error error = {400, sb_error_code(400), NULL, NULL, NULL};
	struct sb_topic_name name;
	struct sending *sending;

	if (topic == NULL && !json_object_get(message, "topic"))
		topic = subscriber->path_topic;
	if (content == NULL)
		content = json_string_value(json_object_get(message, "message"));
	error.message = fault_of(message, topic, &name);
	if (error.message)
	{
		sb_subscriber_say_error(subscriber, &error, NULL);
		return;
	}
	sending = (struct sending *) sb_task_begin(&subscriber->listener, sizeof(*sending),
											   "streams.chat.send");
	sending->topic = keep(sending, topic);
	sending->ref = keep(sending, json_string_value(json_object_get(message, "ref")));
	snprintf(sending->stream, sizeof(sending->stream), "%" PRId64, name.id);
	sending->values[0] = sending->stream;
	sending->values[1] = keep(sending, content);
	sb_admission_begin(&sending->task.admission, on_sent);
	sb_pg_unit_add(&sending->task.admission.unit, sb_pg_statement_id(send_sql), send_sql, 2,
				   sending->values);
	if (sb_admission_send(&sending->task.admission, SB_LANE_WRITE))
		return;
	error = sb_error_unavailable();
	say_refused(subscriber, sending, &error);
	sb_task_end(&sending->task);
}
