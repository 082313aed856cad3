/*
 * relay.h owns the clients of one loop that come by TLS, as long as their sockets are there. Behind
 * the handshake each is one end of a socket pair to whoever serves him: bytes are put there as they
 * were before they were sealed, and what is answered there goes out sealed. So nobody above knows
 * of TLS, whatever he does with a socket.
 *
 * Nothing waits in here: who does not take is not read from on the other side. What a relay keeps
 * is one record of each direction, beside what the kernel keeps for the sockets.
 */
#ifndef SB_TLS_RELAY_H
#define SB_TLS_RELAY_H

#include <stdbool.h>
#include <sys/socket.h>

struct sb_loop;
struct sb_relays;

/* Of a client: the pair. */
#define SB_RELAY_DESCRIPTORS 2

/* What whoever serves the clients is told. */
struct sb_relay_holder
{
	/* The handshake is done: fd, which becomes the holder's, is the client. */
	void (*on_open)(void *holder, int fd, const struct sockaddr *address, socklen_t len);
	/* The client is about to see the end; once for each. */
	void (*on_end)(void *holder, const struct sockaddr *address);
	/* Nothing of him is left, after on_end(); was_open: there was an on_open(). */
	void (*on_over)(void *holder, bool was_open);
};

extern struct sb_relays *sb_relays_new(struct sb_loop *loop,
									   const struct sb_relay_holder *functions, void *holder);

/* Sends what the kernel takes of what is left, and closes all. NULL does nothing. */
extern void sb_relays_free(struct sb_relays *relays);

/* A client has connected: his socket becomes the relays', also where there is no memory for him. */
extern void sb_relays_take(struct sb_relays *relays, int fd, const struct sockaddr *address,
						   socklen_t len);

/* Once an iteration, outside of a round of events. */
extern void sb_relays_run(struct sb_relays *relays);

/* Ends who has run out of time: for the handshake, or to take the last bytes. */
extern void sb_relays_expire(struct sb_relays *relays);

/* The bridge stops: ends those who have been at their handshake for two seconds. */
extern void sb_relays_stop(struct sb_relays *relays);

/* Clients whose socket is there, or whose answer is not made yet. */
extern int sb_relays_count(const struct sb_relays *relays);

#endif /* SB_TLS_RELAY_H */
