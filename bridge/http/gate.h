/*
 * gate.h owns what stands between a client and a library that cannot be trusted to read its bytes
 * (http/library.h): the library gets one end of a socket pair, and through it only heads of the
 * form that http/head.h describes, and the bytes of their bodies. What it answers goes back as it
 * is. In the place of what is refused here the library gets a request that is always refused, so
 * that every answer keeps its place.
 */
#ifndef SB_HTTP_GATE_H
#define SB_HTTP_GATE_H

#include <stdbool.h>

struct sb_gate;
struct sb_loop;

/* For a connected socket, which becomes the gate's; *inner is the end for the library. NULL when
 * there is no descriptor left, and the socket is closed. */
extern struct sb_gate *sb_gate_new(struct sb_loop *loop, int fd, int *inner);

/* The client's socket. */
extern int sb_gate_fd(const struct sb_gate *gate);

/* What the gate has to do with whoever holds it. */
struct sb_gate_holder
{
	/* Bytes of a request have come. */
	void (*on_input)(void *holder);
	/* The library has something to read: bytes, or the end. */
	void (*on_passed)(void *holder);
	/* The client has taken all that there was for him; may close the gate. */
	void (*on_flushed)(void *holder);
	/* Whether the library waits for an answer, and reads nothing. */
	bool (*is_working)(const void *holder);
};

/* The library has taken the client in: from now on his bytes are read. */
extern void sb_gate_open(struct sb_gate *gate, const struct sb_gate_holder *functions,
						 void *holder);

/* Why the last request was refused at the gate; NULL when it was not. */
extern const char *sb_gate_refusal(const struct sb_gate *gate);

/* Brings what the library has answered to the client; true when nothing of it is left here. */
extern bool sb_gate_flush(struct sb_gate *gate);

/* Closes at once. Its memory goes with sb_gates_sweep(). */
extern void sb_gate_close(struct sb_gate *gate);
/*
 * After each run of the library, outside of a round of events: what it had not read before it was
 * to hear that a client is gone, and the memory of gates that are closed.
 */
extern void sb_gates_sweep(void);

/* The thread has no gates any more: frees what it kept for them. */
extern void sb_gates_end(void);

#endif /* SB_HTTP_GATE_H */
