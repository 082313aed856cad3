/*
 * door.h owns who gets from HTTP to a WebSocket: the handshake, whence a page may call, whether
 * there is room.
 */
#ifndef SB_WS_DOOR_H
#define SB_WS_DOOR_H

#include <stdbool.h>

struct sb_handshake;
struct sb_request;
struct sb_socket;
struct sb_socket_kind;

/*
 * Reads the handshake; answers the request, with false, where it is refused: 426 what is no
 * WebSocket of version 13, 400 what is malformed, 403 a page of an origin that may not call, 503
 * while the bridge stops.
 */
extern bool sb_door_knock(struct sb_request *request, struct sb_handshake *handshake,
						  const char *spoken);

/* Lets the request in, as a socket of that kind. on_open of the kind is called before it is read.
 */
extern void sb_door_let_in(struct sb_request *request, const struct sb_handshake *handshake,
						   const struct sb_socket_kind *kind);

/* ---- handlers of routes ---------------------------------------------------------------------- */

extern void sb_ws_echo(struct sb_request *request);      /* design D13 */
extern void sb_ws_subscribe(struct sb_request *request); /* mission 088-089: ws/subscriber.c */

#endif /* SB_WS_DOOR_H */
