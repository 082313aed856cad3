/*
 * bridge_forwarded_test.c proves whose address counts behind proxies (P-11).
 */
#include "tap.h"

#include "http/forwarded.h"

/* The address that counts, for a peer and up to two headers. */
static const char *
resolve(const char *peer, const char *first, const char *second)
{
	static char address[INET6_ADDRSTRLEN];
	const char *values[2] = {first, second};

	snprintf(address, sizeof(address), "%s", peer);
	sb_forwarded_resolve(address, values, (first != NULL) + (second != NULL));
	return address;
}

static bool
trust(const char *proxies)
{
	const char *error = NULL;

	return sb_forwarded_init(proxies, &error);
}

static void
test_nobody_trusted(void)
{
	ok(trust(NULL) && trust(""), "an empty list");
	is_str(resolve("192.0.2.1", "198.51.100.7", NULL), "192.0.2.1",
		   "an untrusted peer's header changes nothing");
}

static void
test_walk(void)
{
	ok(trust("10.0.0.0/8, 192.0.2.1,2001:db8:ffff::/48"), "addresses and networks of both kinds");
	is_str(resolve("203.0.113.9", "198.51.100.7", NULL), "203.0.113.9", "an untrusted peer");
	is_str(resolve("192.0.2.1", NULL, NULL), "192.0.2.1", "a proxy that says nothing");
	is_str(resolve("192.0.2.1", "198.51.100.7", NULL), "198.51.100.7", "one hop");
	is_str(resolve("192.0.2.1", "1.2.3.4, 198.51.100.7", NULL), "198.51.100.7",
		   "what the client wrote himself, further left, is not believed");
	is_str(resolve("192.0.2.1", "1.2.3.4, 198.51.100.7, 10.1.2.3", NULL), "198.51.100.7",
		   "two trusted hops");
	is_str(resolve("192.0.2.1", "1.2.3.4,198.51.100.7", "10.1.2.3"), "198.51.100.7",
		   "several headers are one list");
	is_str(resolve("192.0.2.1", "10.9.9.9, 10.1.2.3", NULL), "10.9.9.9",
		   "all hops trusted: the leftmost asks");
	is_str(resolve("192.0.2.1", "2001:db8::7", NULL), "2001:db8::7", "IPv6 behind IPv4");
	is_str(resolve("2001:db8:ffff::1", "198.51.100.7", NULL), "198.51.100.7",
		   "and IPv4 behind IPv6");
	is_str(resolve("::ffff:10.0.0.5", "198.51.100.7", NULL), "198.51.100.7",
		   "a proxy over a mapped address");
	is_str(resolve("192.0.2.1", "::ffff:198.51.100.7", NULL), "198.51.100.7", "a mapped hop");
	is_str(resolve("192.0.2.1", "198.51.100.7:4711", NULL), "198.51.100.7", "a hop with its port");
	is_str(resolve("192.0.2.1", "[2001:db8::7]:4711", NULL), "2001:db8::7", "likewise");
	is_str(resolve("192.0.2.1", "\t 198.51.100.7 ", NULL), "198.51.100.7", "blanks around");
}

static void
test_garbage(void)
{
	static const char *const bad[] = {"",
									  ",",
									  "unknown",
									  "198.51.100.7,",
									  "198.51.100.7, ,",
									  "198.51.100.256",
									  "198.51.100.7:x",
									  "[2001:db8::7",
									  "_hidden",
									  "198.51.100.7, nonsense",
									  "\"198.51.100.7\"",
									  "1.2.3.4.5",
									  "2001:db8::7%eth0",
									  "198.51.100.7 1.2.3.4",
									  ("1111111111111111111111111111111111111111"
									   "1111111111111111111111111111111111")};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		is_str(resolve("192.0.2.1", bad[i], NULL), "192.0.2.1", bad[i]);
	is_str(resolve("192.0.2.1", "nonsense, 198.51.100.7", NULL), "198.51.100.7",
		   "nonsense left of the client does not matter");
}

static void
test_settings(void)
{
	static const char *const bad[] = {"nonsense",    "10.0.0.0/33", "10.0.0.0/",
									  "10.0.0.0/-1", "10.0.0/8",    "2001:db8::/129",
									  "10.0.0.0/8x", "/8",          "10.0.0.0/8, x"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!trust(bad[i]), bad[i]);
	ok(trust("0.0.0.0/0"), "every IPv4 address");
	is_str(resolve("203.0.113.9", "1.2.3.4", NULL), "1.2.3.4", "is a proxy then");
	is_str(resolve("2001:db8::1", "1.2.3.4", NULL), "2001:db8::1", "but no IPv6 address");
	ok(trust("10.0.0.1/31"), "a network that does not end at a byte");
	is_str(resolve("10.0.0.0", "1.2.3.4", NULL), "1.2.3.4", "holds its addresses");
	is_str(resolve("10.0.0.2", "1.2.3.4", NULL), "10.0.0.2", "and no more");
	(void) trust(NULL);
}

int
main(void)
{
	test_nobody_trusted();
	test_walk();
	test_garbage();
	test_settings();
	return done_testing();
}
