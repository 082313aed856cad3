/*
 * network.h owns which addresses belong to whom: whether one is of the public internet, and lists
 * of networks. Pure: no server headers.
 *
 * Addresses are 16 bytes, as IPv6 has them; an IPv4 address is ::ffff:a.b.c.d.
 */
#ifndef SOCIAL_NETWORK_H
#define SOCIAL_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOCIAL_NETWORKS_MAX 64

struct social_address
{
	uint8_t bytes[16];
};

struct social_network
{
	struct social_address address;
	int prefix; /* bits, of 128 */
};

struct social_networks
{
	int count;
	struct social_network list[SOCIAL_NETWORKS_MAX];
};

/* "192.0.2.1", "2001:db8::1"; false for what is no address. */
extern bool social_address_parse(const char *text, size_t len, struct social_address *address);

/*
 * Whom an address belongs to, in a word ("private", "loopback"); NULL: anybody may have it. One
 * that leads to an IPv4 address (mapped, NAT64, 6to4) is what that one is.
 */
extern const char *social_address_owner(const struct social_address *address);

/* Networks with commas or blanks between ("10.0.0.0/8, fd00::/8"); an address alone is one. False
 * for anything else, and for more than SOCIAL_NETWORKS_MAX. */
extern bool social_networks_parse(const char *text, size_t len, struct social_networks *networks);

extern bool social_networks_have(const struct social_networks *networks,
								 const struct social_address *address);

#endif /* SOCIAL_NETWORK_H */
