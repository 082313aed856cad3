/*
 * peers.c owns the counts of open connections.
 */
#include "http/peers.h"

#include <netinet/in.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

#define SLOTS 8192

static int total_limit;
static int address_limit;
static uint64_t secret;
static int descriptor_limit;
static atomic_int total;
static atomic_int descriptors;
static atomic_int slots[SLOTS];

void
sb_peers_init(int max_total, int max_per_address, int max_descriptors)
{
	descriptor_limit = max_descriptors;
	total_limit = max_total;
	address_limit = max_per_address;
	if (getrandom(&secret, sizeof(secret), 0) != sizeof(secret))
		secret = UINT64_C(0x9e3779b97f4a7c15);
}

static atomic_int *
slot_of(const struct sockaddr *address)
{
	uint64_t key = 0;

	if (address->sa_family == AF_INET)
		key = ((const struct sockaddr_in *) address)->sin_addr.s_addr;
	else if (address->sa_family == AF_INET6)
	{
		const struct in6_addr *v6 = &((const struct sockaddr_in6 *) address)->sin6_addr;
		uint32_t v4;

		memcpy(&key, v6->s6_addr, 8);
		if (IN6_IS_ADDR_V4MAPPED(v6))
		{
			memcpy(&v4, v6->s6_addr + 12, 4);
			key = v4;
		}
	}
	key = (key ^ secret) * UINT64_C(0x9e3779b97f4a7c15);
	key = (key ^ (key >> 29)) * UINT64_C(0xbf58476d1ce4e5b9);
	return &slots[(key >> 32) % SLOTS];
}

bool
sb_peers_has_room(int more)
{
	return atomic_load_explicit(&total, memory_order_relaxed) < total_limit &&
		   atomic_load_explicit(&descriptors, memory_order_relaxed) + SB_PEERS_DESCRIPTORS + more <=
			   descriptor_limit;
}

bool
sb_peers_take_descriptor(void)
{
	if (atomic_fetch_add_explicit(&descriptors, 1, memory_order_relaxed) < descriptor_limit)
		return true;
	sb_peers_give_descriptor();
	return false;
}

void
sb_peers_give_descriptor(void)
{
	atomic_fetch_sub_explicit(&descriptors, 1, memory_order_relaxed);
}

bool
sb_peers_add(const struct sockaddr *address, bool is_proxy)
{
	atomic_int *slot = slot_of(address);
	int count = atomic_load_explicit(slot, memory_order_relaxed);

	while (is_proxy || count < address_limit)
		if (atomic_compare_exchange_weak_explicit(slot, &count, count + 1, memory_order_relaxed,
												  memory_order_relaxed))
		{
			atomic_fetch_add_explicit(&total, 1, memory_order_relaxed);
			atomic_fetch_add_explicit(&descriptors, SB_PEERS_DESCRIPTORS, memory_order_relaxed);
			return true;
		}
	return false;
}

void
sb_peers_release(const struct sockaddr *address)
{
	atomic_fetch_sub_explicit(slot_of(address), 1, memory_order_relaxed);
}

void
sb_peers_lighten(void)
{
	atomic_fetch_sub_explicit(&descriptors, SB_PEERS_DESCRIPTORS - 1, memory_order_relaxed);
}

void
sb_peers_weigh(void)
{
	atomic_fetch_add_explicit(&descriptors, SB_PEERS_DESCRIPTORS - 1, memory_order_relaxed);
}

void
sb_peers_remove(bool is_light)
{
	atomic_fetch_sub_explicit(&total, 1, memory_order_relaxed);
	atomic_fetch_sub_explicit(&descriptors, is_light ? 1 : SB_PEERS_DESCRIPTORS,
							  memory_order_relaxed);
}
