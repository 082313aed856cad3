/*
 * graphql_message.h owns what is said on a WebSocket of GraphQL: the messages of the protocol
 * graphql-transport-ws, and which of them may come when. Pure.
 */
#ifndef SB_API_GRAPHQL_MESSAGE_H
#define SB_API_GRAPHQL_MESSAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct sb_buffer;

#define SB_GRAPHQL_PROTOCOL "graphql-transport-ws"

#define SB_GRAPHQL_ID_MAX 256 /* bytes of the id of an operation */

/* A row's place is that of its name in graphql_message.c. */
enum sb_graphql_message_type
{
	SB_GRAPHQL_CONNECTION_INIT,
	SB_GRAPHQL_CONNECTION_ACK,
	SB_GRAPHQL_PING,
	SB_GRAPHQL_PONG,
	SB_GRAPHQL_SUBSCRIBE,
	SB_GRAPHQL_NEXT,
	SB_GRAPHQL_ERROR,
	SB_GRAPHQL_COMPLETE,
	SB_GRAPHQL_MESSAGES
};

/* A message of a client. */
struct sb_graphql_message
{
	enum sb_graphql_message_type type;
	const char *id;        /* of SUBSCRIBE and COMPLETE: 1 to SB_GRAPHQL_ID_MAX bytes */
	const json_t *payload; /* of SUBSCRIBE an object; of others an object, or NULL */
	json_t *json;          /* what both are parts of */
};

/*
 * Reads what a client says; to be cleared in any case. NULL, or what is wrong: a reason for the
 * close 4400.
 */
extern const char *sb_graphql_message_read(struct sb_graphql_message *message, const char *bytes,
										   size_t len);
extern void sb_graphql_message_clear(struct sb_graphql_message *message);

/* Writes a message of ours; id and payload (JSON) may be NULL. */
extern void sb_graphql_message_write(struct sb_buffer *out, enum sb_graphql_message_type type,
									 const char *id, const char *payload, size_t payload_len);

/* How far a connection has come. */
enum sb_graphql_phase
{
	SB_GRAPHQL_NEW,         /* connection_init is awaited */
	SB_GRAPHQL_INITIALISED, /* it has come, and is looked at */
	SB_GRAPHQL_ACKNOWLEDGED /* operations are taken */
};

/*
 * Whether a message may come in a phase: 0, or the code of the close that it is answered with
 * (4401 for an operation before the acknowledgement, 4429 for a second connection_init).
 */
extern int sb_graphql_message_refusal(enum sb_graphql_phase phase,
									  enum sb_graphql_message_type type);

/*
 * The token in the payload of connection_init: {"Authorization": "Bearer …"}, in any case of its
 * letters, or {"token": …}. NULL: there is none. What is there and is no token is an empty text.
 */
extern const char *sb_graphql_message_token(const json_t *payload);

#endif /* SB_API_GRAPHQL_MESSAGE_H */
