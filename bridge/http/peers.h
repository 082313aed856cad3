/*
 * peers.h owns the number of open connections, in total and per client address, which all loops
 * share. Lock-free.
 */
#ifndef SB_HTTP_PEERS_H
#define SB_HTTP_PEERS_H

#include <stdbool.h>
#include <sys/socket.h>

#define SB_PEERS_DESCRIPTORS                                                                       \
	3 /* of a client: its socket, and both ends of its gate (http/gate.h) */

/*
 * Before any thread starts; picks the secret that spreads the addresses over the slots.
 * max_descriptors: that all connections may have together.
 */
extern void sb_peers_init(int max_total, int max_per_address, int max_descriptors);

/* Whether one more connection is within the total, and finds its descriptors; more: beside them. */
extern bool sb_peers_has_room(int more);

/* One more descriptor for a connection, and back; false, and it is not counted, where there is
 * none. */
extern bool sb_peers_take_descriptor(void);
extern void sb_peers_give_descriptor(void);

/* A connection that is counted keeps no descriptor but its socket; has two more, those of a gate,
 * again or beside the relay (tls/relay.h) that it is counted with. */
extern void sb_peers_lighten(void);
extern void sb_peers_weigh(void);

/*
 * Counts a connection opened; false, and it is not counted, where its address has as many as it
 * may. IPv6 counts by /64 (mission P-11). Two addresses may share a slot, which can only make the
 * limit tighter. A trusted proxy, which speaks for many, has none.
 */
extern bool sb_peers_add(const struct sockaddr *address, bool is_proxy);

/* Gives its address the place back: before the client can see the end, and comes again. */
extern void sb_peers_release(const struct sockaddr *address);

/* Counts a connection closed, whose place has been given back; is_light: it was lightened. */
extern void sb_peers_remove(bool is_light);

#endif /* SB_HTTP_PEERS_H */
