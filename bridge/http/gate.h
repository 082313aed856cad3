/*
 * gate.h owns what stands between a client and a library that cannot be trusted to read its bytes
 * (http/library.h): the library gets one end of a socket pair, and through it only heads of the
 * form that http/head.h describes, and the bytes of their bodies. What it answers goes back as it
 * is. In the place of what is refused here the library gets a request that is always refused, so
 * that every answer keeps its place.
 *
 * A request that is like most, and that has come as a whole, needs no library: whoever holds the
 * gate may take it, and answer it (http/direct.h). Requests go through the gate one at a time; what
 * follows one waits here until it is answered.
 */
#ifndef SB_HTTP_GATE_H
#define SB_HTTP_GATE_H

#include <stdbool.h>
#include <stddef.h>

struct iovec;
struct sb_gate;
struct sb_head_form;
struct sb_loop;

/* For a connected socket, which becomes the gate's; *inner is the end for the library. NULL when
 * there is no descriptor left, and the socket is closed. */
extern struct sb_gate *sb_gate_new(struct sb_loop *loop, int fd, int *inner);

/* The client's socket. */
extern int sb_gate_fd(const struct sb_gate *gate);

/* What the holder does with a request. */
enum sb_gate_taking
{
	SB_GATE_LEFT,  /* the library gets it */
	SB_GATE_TAKEN, /* the holder has it, as a whole, and gives sb_gate_answer() its answer, later */
	SB_GATE_BORROWED /* he has it, and the client's socket until sb_gate_give_back() */
};

/* What the gate has to do with whoever holds it. */
struct sb_gate_holder
{
	/* Bytes of a request have come. */
	void (*on_input)(void *holder);
	/* The library has bytes to read. */
	void (*on_passed)(void *holder);
	/* The library has read all, and the end is next: the client sends no more, or is gone. */
	void (*on_end)(void *holder);
	/* The client has taken all that there was for him; may close the gate. */
	void (*on_flushed)(void *holder);
	/* Whether the library waits for an answer, and reads nothing. */
	bool (*is_working)(const void *holder);
	/* The head of a request, and behind it so many bytes of its body. */
	enum sb_gate_taking (*on_request)(void *holder, const char *text,
									  const struct sb_head_form *form, size_t here);
};

/* The library has taken the client in: from now on his bytes are read. */
extern void sb_gate_open(struct sb_gate *gate, const struct sb_gate_holder *functions,
						 void *holder);

/* Why the last request was refused at the gate; NULL when it was not. */
extern const char *sb_gate_refusal(const struct sb_gate *gate);

/* Whether the client sends no more, or is gone. */
extern bool sb_gate_is_at_end(const struct sb_gate *gate);

/* Brings what the library has answered to the client; true when nothing of it is left here. */
extern bool sb_gate_flush(struct sb_gate *gate);

/*
 * Answers the request that was taken; is_last: nothing follows. Where nothing of the answer is left
 * here on_flushed() is called, so the holder may be gone afterwards.
 */
extern void sb_gate_answer(struct sb_gate *gate, struct iovec *parts, int nparts, bool is_last);

/*
 * The client's socket is the gate's again: the request is answered, its body has come; or the
 * client is gone. on_flushed() is called, so the holder may be gone afterwards.
 */
extern void sb_gate_give_back(struct sb_gate *gate, bool is_last, bool is_gone);

/* Whether the client is gone. */
extern bool sb_gate_is_broken(const struct sb_gate *gate);

/*
 * The request is answered, and the client has taken the answer: what follows may pass. later: in
 * sb_gates_sweep(), for it was the library that answered, and it may be about to close.
 */
extern void sb_gate_go_on(struct sb_gate *gate, bool later);

/*
 * A request for another protocol (Upgrade) was granted: gives up the client's socket, which becomes
 * the caller's, with the bytes that followed it, appended to *early. -1, and the socket is closed,
 * where the client has not taken all that was said. Closes the gate.
 */
struct sb_buffer;
extern int sb_gate_give_up_socket(struct sb_gate *gate, struct sb_buffer *early);

/* Closes at once. Its memory goes with sb_gates_sweep(). */
extern void sb_gate_close(struct sb_gate *gate);
/*
 * After each run of the library, outside of a round of events: what follows the requests that it
 * has answered, what it had not read before it was to hear that a client is gone, and the memory of
 * gates that are closed.
 */
extern void sb_gates_sweep(void);

/* The thread has no gates any more: frees what it kept for them. */
extern void sb_gates_end(void);

#endif /* SB_HTTP_GATE_H */
