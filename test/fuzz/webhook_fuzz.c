/*
 * webhook_fuzz.c feeds any bytes to what reads secrets, addresses and networks of webhooks: no
 * address in digits that is not of the internet passes, whatever form it has, and a secret that is
 * taken signs.
 */
#include "core/network.h"
#include "core/webhook.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition) ((condition) ? (void) 0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_secret(const char *text, size_t size)
{
	struct social_webhook_key key;
	char signature[SOCIAL_WEBHOOK_SIGNED_SIZE];

	if (!social_webhook_key_parse(text, size, &key))
		return;
	CHECK(key.len >= SOCIAL_WEBHOOK_SECRET_MIN && key.len <= SOCIAL_WEBHOOK_SECRET_MAX);
	CHECK(social_webhook_sign(&key, "msg_1", 5, 1, text, size, signature));
	CHECK(strlen(signature) < sizeof(signature));
}

static void
try_url(const char *text, size_t size)
{
	static const struct social_networks none;
	struct social_address address;
	const char *host = text + 8;
	size_t len = 0;

	if (social_webhook_url_problem(text, size, false, &none) != NULL)
		return;
	CHECK(size > 8 && memcmp(text, "https://", 8) == 0);
	CHECK(memchr(text, ' ', size) == NULL && memchr(text, '\n', size) == NULL &&
		  memchr(text, '#', size) == NULL);
	while (len < size - 8 && host[len] != '/' && host[len] != '?')
		len++;
	CHECK(memchr(host, '@', len) == NULL);
	if (len > 2 && host[0] == '[')
		CHECK(social_address_parse(host + 1,
								   (size_t) ((const char *) memchr(host, ']', len) - host - 1),
								   &address) &&
			  social_address_owner(&address) == NULL);
}

static void
try_networks(const char *text, size_t size)
{
	struct social_networks networks;
	const char *wrong = social_networks_parse(text, size, &networks);

	if (wrong)
	{
		CHECK(wrong >= text && wrong < text + size);
		return;
	}
	for (int i = 0; i < networks.count; i++)
	{
		CHECK(networks.list[i].prefix >= 0 && networks.list[i].prefix <= 128);
		CHECK(social_networks_have(&networks, &networks.list[i].address));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct social_address address;

	try_secret((const char *) data, size);
	try_url((const char *) data, size);
	try_networks((const char *) data, size);
	if (size == sizeof(address.bytes))
	{
		memcpy(address.bytes, data, size);
		(void) social_address_owner(&address);
	}
	return 0;
}
