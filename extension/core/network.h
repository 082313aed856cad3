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
#include <sys/socket.h>

#define SOCIAL_NETWORKS_MAX 256
#define SOCIAL_ADDRESS_SIZE 46 /* bytes of an address as text, with its NUL: INET6_ADDRSTRLEN */

struct social_address
{
	uint8_t bytes[16];
};

struct social_network
{
	struct social_address address;
	int prefix; /* bits, of 128 */
};

/* Zeroed memory is an empty list. */
struct social_networks
{
	int count;
	struct social_network list[SOCIAL_NETWORKS_MAX];
};

/* "192.0.2.1", "2001:db8::1"; false for what is no address. */
extern bool social_address_parse(const char *text, size_t len, struct social_address *address);

/* That of a socket; false for one that is neither of IPv4 nor of IPv6. */
extern bool social_address_of_socket(const struct sockaddr *socket_address,
									 struct social_address *address);

/* As the two are written, an IPv4 address without its prefix; SOCIAL_ADDRESS_SIZE bytes. */
extern void social_address_format(const struct social_address *address, char *text);

/*
 * Whom an address belongs to, in a word ("private", "loopback"); NULL: anybody may have it. One
 * that leads to an IPv4 address (mapped, NAT64, 6to4) is what that one is.
 */
extern const char *social_address_owner(const struct social_address *address);

/* Networks with commas or blanks between ("10.0.0.0/8, fd00::/8"); an address alone is one. NULL
 * when they are read; else the item that is none, or is one more than SOCIAL_NETWORKS_MAX. */
extern const char *social_networks_parse(const char *text, size_t len,
										 struct social_networks *networks);

extern bool social_networks_have(const struct social_networks *networks,
								 const struct social_address *address);

#endif /* SOCIAL_NETWORK_H */
