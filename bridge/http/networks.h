/*
 * networks.h owns lists of addresses and networks (192.0.2.0/24, 2001:db8::/32), as settings have
 * them. Pure.
 */
#ifndef SB_HTTP_NETWORKS_H
#define SB_HTTP_NETWORKS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#define SB_NETWORKS_MAX 256

/* Addresses are IPv6 throughout, IPv4 mapped into it. */
struct sb_network
{
	struct in6_addr address;
	int bits;
};

/* Zeroed memory is an empty list. */
struct sb_networks
{
	struct sb_network list[SB_NETWORKS_MAX];
	int count;
};

/*
 * Reads a list, separated by commas or blanks; NULL or empty: none. False with the faulty item in
 * *error.
 */
extern bool sb_networks_read(struct sb_networks *networks, const char *text, const char **error);

extern bool sb_networks_have(const struct sb_networks *networks, const struct in6_addr *address);

/* An address as text; what is none is false. */
extern bool sb_address_parse(const char *text, struct in6_addr *address);
extern void sb_address_map(const struct in_addr *v4, struct in6_addr *v6);

#endif /* SB_HTTP_NETWORKS_H */
