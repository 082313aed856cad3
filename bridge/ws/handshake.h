/*
 * handshake.h owns the opening handshake of a WebSocket (RFC 6455 section 4.2), as far as it needs
 * nothing but the request's headers. Pure.
 */
#ifndef SB_WS_HANDSHAKE_H
#define SB_WS_HANDSHAKE_H

#include <stdbool.h>

struct sb_arena;
struct sb_request;

#define SB_HANDSHAKE_ACCEPT 29 /* bytes of Sec-WebSocket-Accept, with a NUL */

struct sb_handshake
{
	int status;          /* 101, or of the refusal */
	const char *problem; /* of a refusal: one line */
	char accept[SB_HANDSHAKE_ACCEPT];
	const char *protocol; /* that is spoken; NULL: the client named none that is known */
	const char *token;    /* behind "bearer" in Sec-WebSocket-Protocol; NULL: none */
};

#define SB_HANDSHAKE_SOCIAL "social" /* the protocol that is ours */

/* Reads a request's headers, where that protocol is spoken; texts are in the request's arena. */
extern void sb_handshake_read(struct sb_handshake *handshake, struct sb_request *request,
							  const char *spoken);

/* Writes Sec-WebSocket-Accept of a key. */
extern void sb_handshake_accept(const char *key, char accept[SB_HANDSHAKE_ACCEPT]);

#endif /* SB_WS_HANDSHAKE_H */
