/*
 * forwarded.c owns the client's address behind proxies.
 */
#include "http/forwarded.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/network.h"
#include "http/request.h"

#define MAX_HEADERS 16
#define HOP_MAX     64 /* bytes of "[address]:port" and its NUL */

static struct social_networks proxies;

/* ---- the list of proxies --------------------------------------------------------------------- */

bool
sb_forwarded_init(const char *list, const char **error)
{
	*error = social_networks_parse(list ? list : "", list ? strlen(list) : 0, &proxies);
	return *error == NULL;
}

bool
sb_forwarded_is_proxy(const struct sockaddr *peer)
{
	struct social_address address;

	return proxies.count > 0 && social_address_of_socket(peer, &address) &&
		   social_networks_have(&proxies, &address);
}

/* ---- hops ------------------------------------------------------------------------------------ */

static bool
is_port(const char *text)
{
	return *text != '\0' && strspn(text, "0123456789") == strlen(text);
}

/* One hop: an address, also as 192.0.2.1:port or [2001:db8::1] with or without a port. */
static bool
parse_hop(const char *item, size_t len, struct social_address *address)
{
	char text[HOP_MAX];
	char *end;

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
		return strchr(text + 1, ':') &&
			   social_address_parse(text + 1, (size_t) (end - text - 1), address);
	}
	end = strchr(text, ':');
	if (end && strchr(text, '.') && strchr(end + 1, ':') == NULL && is_port(end + 1))
		*end = '\0';
	return social_address_parse(text, strlen(text), address);
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
walk(const char *value, struct social_address *client, bool *is_good)
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
		if (!*is_good || !social_networks_have(&proxies, client))
			return true;
		if (begin == value)
			return false;
		end = begin - 1;
	}
}

void
sb_forwarded_resolve(char address[INET6_ADDRSTRLEN], const char *const *values, int nvalues)
{
	struct social_address peer;
	struct social_address client;
	bool is_good = true;

	if (proxies.count == 0 || nvalues == 0 ||
		!social_address_parse(address, strlen(address), &peer) ||
		!social_networks_have(&proxies, &peer))
		return;
	for (int i = nvalues - 1; i >= 0; i--)
		if (walk(values[i], &client, &is_good))
			break;
	/* Where every hop is a trusted proxy, the leftmost one asks for itself. */
	if (is_good)
		social_address_format(&client, address);
}

void
sb_forwarded_apply(struct sb_request *request)
{
	static const char name[] = "X-Forwarded-For";
	const char *values[MAX_HEADERS];
	int nvalues = 0;

	if (proxies.count == 0)
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
	const char *said = proxies.count > 0 ? sb_request_header(request, name) : NULL;

	if (said == NULL || sb_request_count_headers(request, name) != 1 ||
		!sb_forwarded_is_proxy(request->peer))
		return NULL;
	return said;
}

bool
sb_forwarded_came_by(const struct sb_request *request, const char *scheme)
{
	const char *said = sb_forwarded_says(request, "X-Forwarded-Proto");

	if (said == NULL && request->is_by_tls && !sb_forwarded_is_proxy(request->peer))
		said = "https";
	return said && strcasecmp(said, scheme) == 0;
}
