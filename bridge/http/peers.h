/*
 * peers.h owns the number of open connections, in total and per client address: the one thing that
 * loops share while they run. Lock-free.
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
 * Whether one more from this address is within its limit. IPv6 counts by /64 (mission P-11). Two
 * addresses may share a slot, which can only make the limit tighter. A trusted proxy, which speaks
 * for many, has none.
 */
extern bool sb_peers_welcomes(const struct sockaddr *address, bool is_proxy);

/* Counts a connection opened and closed. */
extern void sb_peers_add(const struct sockaddr *address);
extern void sb_peers_remove(const struct sockaddr *address);

#endif /* SB_HTTP_PEERS_H */
