/*
 * subscriber.h owns whoever listens to events on a WebSocket: who he is, what he has subscribed to
 * (mission 088, I-13, I-15, P-17).
 */
#ifndef SB_WS_SUBSCRIBER_H
#define SB_WS_SUBSCRIBER_H

#include <jansson.h>

#include "event/subscriber.h"
#include "ws/lease.h"
#include "ws/message.h"
#include "ws/socket.h"

struct sb_socket_subscriber
{
	struct sb_socket socket; /* must stay first */
	struct sb_listener listener;
	struct sb_subscriber subscriber;
	char *path_topic;      /* what the path names; or NULL */
	bool is_opening;       /* that is being subscribed to: a refusal closes the socket */
	struct sb_lease lease; /* of a stream that he watches */
};

extern const struct sb_socket_kind sb_subscriber_kind;

/* ---- ws/envelope.c --------------------------------------------------------------------------- */

#define SB_NO_ID (-1) /* that of the last event may be 0: there was none */

/* Sends {"type":…,"id":…,"data":…}: SB_NO_ID and data NULL are left out. data is JSON. */
extern void sb_subscriber_say(struct sb_socket_subscriber *subscriber, enum sb_answer answer,
							  int64_t id, const char *data);

/* Sends {"type":…,"id":…,"data":{"topic":…}}. */
extern void sb_subscriber_say_topic(struct sb_socket_subscriber *subscriber, enum sb_answer answer,
									int64_t id, const char *topic);

/* Sends {"type":"unsubscribed","data":{"topic":…,"code":…,"reason":…}}. */
extern void sb_subscriber_say_lost(struct sb_socket_subscriber *subscriber, const char *topic,
								   const struct sb_error *error);

/* Sends {"type":"error","data":{"error":…,"code":…,"detail":…,"status":…,"topic":…}}; topic may be
 * NULL. */
extern void sb_subscriber_say_error(struct sb_socket_subscriber *subscriber,
									const struct sb_error *error, const char *topic);

/* Writes an event as it is said. */
extern void sb_envelope_write(const struct sb_event *event, struct sb_buffer *out);

/* The same about something that was to be said. ref: what he calls it, or NULL; retry_after: in
 * seconds, 0: nobody knows. */
extern void sb_subscriber_say_refusal(struct sb_socket_subscriber *subscriber,
									  const struct sb_error *error, const char *topic,
									  const char *ref, int64_t retry_after);

/* ---- ws/chat.c ------------------------------------------------------------------------------- */

/* Says something in the chat of a stream: a command. */
extern void sb_subscriber_chat(struct sb_socket_subscriber *subscriber, const json_t *message);

/* ---- ws/watch.c ------------------------------------------------------------------------------ */

/* Keeps the lease of a playback token from now on: a command. */
extern void sb_subscriber_watch(struct sb_socket_subscriber *subscriber, const json_t *message);

/* ---- ws/command.c ---------------------------------------------------------------------------- */

/* Does what a message says. */
extern void sb_subscriber_obey(struct sb_socket_subscriber *subscriber, const char *bytes,
							   size_t len);

/* The rows, for documents; NULL behind the last. */
extern const struct sb_command_kind *sb_command_kind_at(int n);

#endif /* SB_WS_SUBSCRIBER_H */
