/*
 * networks.c owns lists of addresses and networks.
 */
#include "http/networks.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define ITEM_MAX 64

/* ---- addresses ------------------------------------------------------------------------------- */

void
sb_address_map(const struct in_addr *v4, struct in6_addr *v6)
{
	memset(v6, 0, sizeof(*v6));
	memset(v6->s6_addr + 10, 0xff, 2);
	memcpy(v6->s6_addr + 12, v4, 4);
}

static bool
parse(const char *text, struct in6_addr *address, bool *is_v4)
{
	struct in_addr v4;

	*is_v4 = inet_pton(AF_INET, text, &v4) == 1;
	if (*is_v4)
	{
		sb_address_map(&v4, address);
		return true;
	}
	return inet_pton(AF_INET6, text, address) == 1;
}

bool
sb_address_parse(const char *text, struct in6_addr *address)
{
	bool is_v4;

	return parse(text, address, &is_v4);
}

/* ---- lists ----------------------------------------------------------------------------------- */

static bool
is_within(const struct in6_addr *address, const struct sb_network *network)
{
	int bytes = network->bits / 8;
	int rest = network->bits % 8;

	if (memcmp(address, &network->address, (size_t) bytes) != 0)
		return false;
	return rest == 0 ||
		   ((address->s6_addr[bytes] ^ network->address.s6_addr[bytes]) >> (8 - rest)) == 0;
}

bool
sb_networks_have(const struct sb_networks *networks, const struct in6_addr *address)
{
	for (int i = 0; i < networks->count; i++)
		if (is_within(address, &networks->list[i]))
			return true;
	return false;
}

static bool
parse_bits(const char *text, int max, int *bits)
{
	char *end;
	long number = strtol(text, &end, 10);

	*bits = (int) number;
	return *text >= '0' && *text <= '9' && *end == '\0' && number <= max;
}

static bool
add(struct sb_networks *networks, const char *item, size_t len)
{
	struct sb_network *network = &networks->list[networks->count];
	char text[ITEM_MAX];
	char *slash;
	bool is_v4;

	if (len >= sizeof(text) || networks->count == SB_NETWORKS_MAX)
		return false;
	memcpy(text, item, len);
	text[len] = '\0';
	slash = strchr(text, '/');
	if (slash)
		*slash = '\0';
	if (!parse(text, &network->address, &is_v4))
		return false;
	network->bits = is_v4 ? 32 : 128;
	if (slash && !parse_bits(slash + 1, network->bits, &network->bits))
		return false;
	network->bits += is_v4 ? 96 : 0;
	networks->count++;
	return true;
}

bool
sb_networks_read(struct sb_networks *networks, const char *text, const char **error)
{
	networks->count = 0;
	while (text && *text)
	{
		size_t len = strcspn(text, ", ");

		if (len > 0 && !add(networks, text, len))
		{
			*error = text;
			return false;
		}
		text += len;
		text += strspn(text, ", ");
	}
	return true;
}
