/*
 * network.c owns which addresses belong to whom (IANA's registries of special purpose addresses,
 * and what clouds answer their machines at).
 */
#include "core/network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

struct row
{
	const char *network;
	const char *owner;
};

/* The first that fits. */
static const struct row v4[] = {
	{"0.0.0.0/8", "this host"},          {"10.0.0.0/8", "private"},
	{"100.64.0.0/10", "shared"},         {"127.0.0.0/8", "loopback"},
	{"168.63.129.16/32", "metadata"},    {"169.254.169.254/32", "metadata"},
	{"169.254.0.0/16", "link-local"},    {"172.16.0.0/12", "private"},
	{"192.0.0.0/24", "reserved"},        {"192.0.2.0/24", "documentation"},
	{"192.88.99.0/24", "reserved"},      {"192.168.0.0/16", "private"},
	{"198.18.0.0/15", "benchmarking"},   {"198.51.100.0/24", "documentation"},
	{"203.0.113.0/24", "documentation"}, {"224.0.0.0/4", "multicast"},
	{"240.0.0.0/4", "reserved"},
};

/* Of IPv6 only 2000::/3 is given to anybody. */
static const struct row v6[] = {
	{"::/128", "this host"},           {"::1/128", "loopback"},
	{"fd00:ec2::254/128", "metadata"}, {"fd20:ce::254/128", "metadata"},
	{"fc00::/7", "private"},           {"fe80::/10", "link-local"},
	{"fec0::/10", "private"},          {"ff00::/8", "multicast"},
	{"2001::/23", "reserved"},         {"2001:db8::/32", "documentation"},
	{"3fff::/20", "documentation"},
};

/* Networks whose addresses hold an IPv4 address, and where. */
static const struct
{
	const char *network;
	int at;
} holders[] = {{"64:ff9b::/96", 12}, {"2002::/16", 2}};

static bool
parse_network(const char *text, size_t len, struct social_network *network)
{
	const char *slash = memchr(text, '/', len);
	size_t address = slash ? (size_t) (slash - text) : len;
	bool is_v4 = memchr(text, ':', address) == NULL;
	int most = is_v4 ? 32 : 128;
	int prefix = 0;

	if (!social_address_parse(text, address, &network->address))
		return false;
	if (slash == NULL)
		prefix = most;
	else if (len - address < 2 || len - address > 4)
		return false;
	for (size_t i = address + 1; i < len; i++)
	{
		if (text[i] < '0' || text[i] > '9')
			return false;
		prefix = prefix * 10 + (text[i] - '0');
	}
	network->prefix = prefix + (is_v4 ? 96 : 0);
	return prefix <= most;
}

static bool
is_within(const struct social_address *address, const struct social_network *network)
{
	int whole = network->prefix / 8;
	int bits = network->prefix % 8;

	if (memcmp(address->bytes, network->address.bytes, (size_t) whole) != 0)
		return false;
	return bits == 0 ||
		   ((address->bytes[whole] ^ network->address.bytes[whole]) >> (8 - bits)) == 0;
}

static bool
is_in(const struct social_address *address, const char *text)
{
	struct social_network network;

	return parse_network(text, strlen(text), &network) && is_within(address, &network);
}

static void
put_v4(struct social_address *address, const uint8_t bytes[4])
{
	memset(address->bytes, 0, 10);
	memset(address->bytes + 10, 0xff, 2);
	memcpy(address->bytes + 12, bytes, 4);
}

bool
social_address_parse(const char *text, size_t len, struct social_address *address)
{
	char copy[SOCIAL_ADDRESS_SIZE];
	uint8_t bytes[4];

	if (len == 0 || len >= sizeof(copy) || memchr(text, '\0', len))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (inet_pton(AF_INET6, copy, address->bytes) == 1)
		return true;
	if (inet_pton(AF_INET, copy, bytes) != 1)
		return false;
	put_v4(address, bytes);
	return true;
}

bool
social_address_of_socket(const struct sockaddr *socket_address, struct social_address *address)
{
	if (socket_address->sa_family == AF_INET6)
		memcpy(address->bytes, &((const struct sockaddr_in6 *) socket_address)->sin6_addr, 16);
	else if (socket_address->sa_family == AF_INET)
		put_v4(address, (const uint8_t *) &((const struct sockaddr_in *) socket_address)->sin_addr);
	else
		return false;
	return true;
}

void
social_address_format(const struct social_address *address, char *text)
{
	if (is_in(address, "::ffff:0:0/96"))
		inet_ntop(AF_INET, address->bytes + 12, text, SOCIAL_ADDRESS_SIZE);
	else
		inet_ntop(AF_INET6, address->bytes, text, SOCIAL_ADDRESS_SIZE);
}

static const char *
owner_in(const struct row *rows, size_t count, const struct social_address *address)
{
	for (size_t i = 0; i < count; i++)
		if (is_in(address, rows[i].network))
			return rows[i].owner;
	return NULL;
}

const char *
social_address_owner(const struct social_address *address)
{
	struct social_address held;
	const char *owner;

	if (is_in(address, "::ffff:0:0/96"))
		return owner_in(v4, sizeof(v4) / sizeof(v4[0]), address);
	for (size_t i = 0; i < sizeof(holders) / sizeof(holders[0]); i++)
		if (is_in(address, holders[i].network))
		{
			put_v4(&held, address->bytes + holders[i].at);
			return social_address_owner(&held);
		}
	owner = owner_in(v6, sizeof(v6) / sizeof(v6[0]), address);
	if (owner == NULL && (address->bytes[0] & 0xe0) != 0x20)
		owner = "reserved";
	/* ISATAP: an IPv4 address behind ::[02]00:5efe. */
	if (owner == NULL && (address->bytes[8] & 0xfd) == 0 && address->bytes[9] == 0 &&
		address->bytes[10] == 0x5e && address->bytes[11] == 0xfe)
	{
		put_v4(&held, address->bytes + 12);
		owner = social_address_owner(&held);
	}
	return owner;
}

static bool
is_between(char c)
{
	return c == ' ' || c == ',';
}

const char *
social_networks_parse(const char *text, size_t len, struct social_networks *networks)
{
	size_t from = 0;

	networks->count = 0;
	while (from < len)
	{
		size_t end = from;

		while (end < len && !is_between(text[end]))
			end++;
		if (end > from &&
			(networks->count == SOCIAL_NETWORKS_MAX ||
			 !parse_network(text + from, end - from, &networks->list[networks->count++])))
			return text + from;
		from = end + 1;
	}
	return NULL;
}

bool
social_networks_have(const struct social_networks *networks, const struct social_address *address)
{
	for (int i = 0; i < networks->count; i++)
		if (is_within(address, &networks->list[i]))
			return true;
	return false;
}
