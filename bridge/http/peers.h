/*
 * peers.h owns the number of open connections, in total and per client address, which all loops
 * share. Lock-free.
 */
#ifndef SB_HTTP_PEERS_H
#define SB_HTTP_PEERS_H

#include <stdbool.h>
#include <sys/socket.h>

/* Before any thread starts; picks the secret that spreads the addresses over the slots. */
extern void sb_peers_init(int max_total, int max_per_address);

/* Whether one more connection is within the total. */
extern bool sb_peers_has_room(void);

/*
 * Counts a connection opened; false, and it is not counted, where its address has as many as it
 * may. IPv6 counts by /64 (mission P-11). Two addresses may share a slot, which can only make the
 * limit tighter. A trusted proxy, which speaks for many, has none.
 */
extern bool sb_peers_add(const struct sockaddr *address, bool is_proxy);

/* Gives its address the place back: before the client can see the end, and comes again. */
extern void sb_peers_release(const struct sockaddr *address);

/* Counts a connection closed, whose place has been given back. */
extern void sb_peers_remove(void);

#endif /* SB_HTTP_PEERS_H */
