/*
 * forwarded.c owns the client's address behind proxies.
 */
#include "http/forwarded.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http/request.h"

#define MAX_NETWORKS 256
#define MAX_HEADERS  16
#define HOP_MAX      64 /* bytes of "[address]:port" and its NUL */

/* Addresses are IPv6 throughout, IPv4 mapped into it. */
struct network
{
	struct in6_addr address;
	int bits;
};

static struct network networks[MAX_NETWORKS];
static int nnetworks;

/* ---- addresses ------------------------------------------------------------------------------- */

static void
map_v4(const struct in_addr *v4, struct in6_addr *v6)
{
	memset(v6, 0, sizeof(*v6));
	memset(v6->s6_addr + 10, 0xff, 2);
	memcpy(v6->s6_addr + 12, v4, 4);
}

static bool
parse_address(const char *text, struct in6_addr *address, bool *is_v4)
{
	struct in_addr v4;

	*is_v4 = inet_pton(AF_INET, text, &v4) == 1;
	if (*is_v4)
	{
		map_v4(&v4, address);
		return true;
	}
	return inet_pton(AF_INET6, text, address) == 1;
}

static void
format_address(const struct in6_addr *address, char text[INET6_ADDRSTRLEN])
{
	if (IN6_IS_ADDR_V4MAPPED(address))
		inet_ntop(AF_INET, address->s6_addr + 12, text, INET6_ADDRSTRLEN);
	else
		inet_ntop(AF_INET6, address, text, INET6_ADDRSTRLEN);
}

static bool
is_within(const struct in6_addr *address, const struct network *network)
{
	int bytes = network->bits / 8;
	int rest = network->bits % 8;

	if (memcmp(address, &network->address, (size_t) bytes) != 0)
		return false;
	return rest == 0 ||
		   ((address->s6_addr[bytes] ^ network->address.s6_addr[bytes]) >> (8 - rest)) == 0;
}

static bool
is_trusted(const struct in6_addr *address)
{
	for (int i = 0; i < nnetworks; i++)
		if (is_within(address, &networks[i]))
			return true;
	return false;
}

/* ---- the list of proxies --------------------------------------------------------------------- */

static bool
parse_bits(const char *text, int max, int *bits)
{
	char *end;
	long number = strtol(text, &end, 10);

	*bits = (int) number;
	return *text >= '0' && *text <= '9' && *end == '\0' && number <= max;
}

static bool
add_network(const char *item, size_t len)
{
	struct network *network = &networks[nnetworks];
	char text[HOP_MAX];
	char *slash;
	bool is_v4;

	if (len >= sizeof(text) || nnetworks == MAX_NETWORKS)
		return false;
	memcpy(text, item, len);
	text[len] = '\0';
	slash = strchr(text, '/');
	if (slash)
		*slash = '\0';
	if (!parse_address(text, &network->address, &is_v4))
		return false;
	network->bits = is_v4 ? 32 : 128;
	if (slash && !parse_bits(slash + 1, network->bits, &network->bits))
		return false;
	network->bits += is_v4 ? 96 : 0;
	nnetworks++;
	return true;
}

bool
sb_forwarded_init(const char *proxies, const char **error)
{
	nnetworks = 0;
	while (proxies && *proxies)
	{
		size_t len = strcspn(proxies, ", ");

		if (len > 0 && !add_network(proxies, len))
		{
			*error = proxies;
			return false;
		}
		proxies += len;
		proxies += strspn(proxies, ", ");
	}
	return true;
}

bool
sb_forwarded_is_proxy(const struct sockaddr *peer)
{
	struct in6_addr address;

	if (nnetworks == 0)
		return false;
	if (peer->sa_family == AF_INET)
		map_v4(&((const struct sockaddr_in *) peer)->sin_addr, &address);
	else if (peer->sa_family == AF_INET6)
		address = ((const struct sockaddr_in6 *) peer)->sin6_addr;
	else
		return false;
	return is_trusted(&address);
}

/* ---- hops ------------------------------------------------------------------------------------ */

static bool
is_port(const char *text)
{
	return *text != '\0' && strspn(text, "0123456789") == strlen(text);
}

/* One hop: an address, also as 192.0.2.1:port or [2001:db8::1] with or without a port. */
static bool
parse_hop(const char *item, size_t len, struct in6_addr *address)
{
	char text[HOP_MAX];
	char *end;
	bool is_v4;

	if (len == 0 || len >= sizeof(text))
		return false;
	memcpy(text, item, len);
	text[len] = '\0';
	if (text[0] == '[')
	{
		end = strchr(text, ']');
		if (end == NULL || (end[1] != '\0' && (end[1] != ':' || !is_port(end + 2))))
			return false;
		*end = '\0';
		return inet_pton(AF_INET6, text + 1, address) == 1;
	}
	end = strchr(text, ':');
	if (end && strchr(text, '.') && strchr(end + 1, ':') == NULL && is_port(end + 1))
		*end = '\0';
	return parse_address(text, address, &is_v4);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/*
 * Walks one header's hops from the right. True when the walk ends here: *client is the client, or
 * *is_good false for a hop that is no address.
 */
static bool
walk(const char *value, struct in6_addr *client, bool *is_good)
{
	const char *end = value + strlen(value);

	for (;;)
	{
		const char *begin = end;
		const char *first;
		const char *last = end;

		while (begin > value && begin[-1] != ',')
			begin--;
		for (first = begin; first < last && is_blank(*first);)
			first++;
		while (last > first && is_blank(last[-1]))
			last--;
		*is_good = parse_hop(first, (size_t) (last - first), client);
		if (!*is_good || !is_trusted(client))
			return true;
		if (begin == value)
			return false;
		end = begin - 1;
	}
}

void
sb_forwarded_resolve(char address[INET6_ADDRSTRLEN], const char *const *values, int nvalues)
{
	struct in6_addr peer;
	struct in6_addr client;
	bool is_good = true;
	bool is_v4;

	if (nnetworks == 0 || nvalues == 0 || !parse_address(address, &peer, &is_v4) ||
		!is_trusted(&peer))
		return;
	for (int i = nvalues - 1; i >= 0; i--)
		if (walk(values[i], &client, &is_good))
			break;
	/* Where every hop is a trusted proxy, the leftmost one asks for itself. */
	if (is_good)
		format_address(&client, address);
}

void
sb_forwarded_apply(struct sb_request *request)
{
	static const char name[] = "X-Forwarded-For";
	const char *values[MAX_HEADERS];
	int nvalues = 0;

	if (nnetworks == 0)
		return;
	for (int i = 0; i < request->nheaders; i++)
	{
		if (request->headers[i].name_len != sizeof(name) - 1 ||
			strncasecmp(request->headers[i].name, name, sizeof(name) - 1) != 0)
			continue;
		if (nvalues == MAX_HEADERS)
			return; /* no honest proxy writes that many */
		values[nvalues++] = request->headers[i].value;
	}
	sb_forwarded_resolve(request->caller.address, values, nvalues);
}

const char *
sb_forwarded_says(const struct sb_request *request, const char *name)
{
	const char *said = nnetworks > 0 ? sb_request_header(request, name) : NULL;

	if (said == NULL || sb_request_count_headers(request, name) != 1 ||
		!sb_forwarded_is_proxy(request->peer))
		return NULL;
	return said;
}

bool
sb_forwarded_came_by(const struct sb_request *request, const char *scheme)
{
	const char *said = sb_forwarded_says(request, "X-Forwarded-Proto");

	return said && strcasecmp(said, scheme) == 0;
}
