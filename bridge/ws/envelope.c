/*
 * envelope.c owns what is said on a subscriber's socket: objects with a type, and with what belongs
 * to it.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ws/subscriber.h"

static void
put_envelope(struct sb_buffer *out, const char *type, int64_t id, const char *data)
{
	sb_buffer_puts(out, "{\"type\":");
	sb_buffer_put_json(out, type, strlen(type));
	if (id != SB_NO_ID)
	{
		sb_buffer_puts(out, ",\"id\":");
		sb_buffer_put_int(out, id);
	}
	if (data)
	{
		sb_buffer_puts(out, ",\"data\":");
		sb_buffer_puts(out, data);
	}
	sb_buffer_puts(out, "}");
}

void
sb_subscriber_say(struct sb_socket_subscriber *subscriber, enum sb_answer answer, int64_t id,
				  const char *data)
{
	struct sb_buffer out = {0};

	put_envelope(&out, sb_answer_type(answer), id, data);
	sb_socket_say(&subscriber->socket, out.data, out.len);
	sb_buffer_free(&out);
}

void
sb_subscriber_say_topic(struct sb_socket_subscriber *subscriber, enum sb_answer answer, int64_t id,
						const char *topic)
{
	struct sb_buffer data = {0};

	sb_buffer_puts(&data, "{\"topic\":");
	sb_buffer_put_json(&data, topic, strlen(topic));
	sb_buffer_puts(&data, "}");
	sb_subscriber_say(subscriber, answer, id, data.data);
	sb_buffer_free(&data);
}

void
sb_subscriber_say_lost(struct sb_socket_subscriber *subscriber, const char *topic,
					   const struct sb_error *error)
{
	struct sb_buffer data = {0};

	sb_subscriber_put_lost(&data, topic, error);
	sb_subscriber_say(subscriber, SB_ANSWER_UNSUBSCRIBED, SB_NO_ID, data.data);
	sb_buffer_free(&data);
}

static void
put_text(struct sb_buffer *out, const char *name, const char *text)
{
	if (text == NULL)
		return;
	sb_buffer_printf(out, ",\"%s\":", name);
	sb_buffer_put_json(out, text, strlen(text));
}

void
sb_subscriber_say_error(struct sb_socket_subscriber *subscriber, const struct sb_error *error,
						const char *topic)
{
	sb_subscriber_say_refusal(subscriber, error, topic, NULL, 0);
}

void
sb_subscriber_say_refusal(struct sb_socket_subscriber *subscriber, const struct sb_error *error,
						  const char *topic, const char *ref, int64_t retry_after)
{
	struct sb_buffer data = {0};
	size_t len;
	char *body = sb_error_body(error, &len);

	/* The usual body, and what it is about. */
	sb_buffer_append(&data, body, len - 1);
	sb_buffer_puts(&data, ",\"status\":");
	sb_buffer_put_int(&data, error->status);
	put_text(&data, "topic", topic);
	put_text(&data, "ref", ref);
	if (retry_after > 0)
		sb_buffer_printf(&data, ",\"retry_after\":%" PRId64, retry_after);
	sb_buffer_puts(&data, "}");
	sb_subscriber_say(subscriber, SB_ANSWER_ERROR, SB_NO_ID, data.data);
	sb_buffer_free(&data);
	free(body);
}

void
sb_envelope_write(const struct sb_event *event, struct sb_buffer *out)
{
	put_envelope(out, event->type, event->id, event->payload);
}
