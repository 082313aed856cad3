/*
 * webhook.c owns the form of webhooks: secrets, signatures, addresses.
 */
#include "core/webhook.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BASE64 sodium_base64_VARIANT_ORIGINAL

static const struct
{
	const char *prefix;
	size_t fresh; /* bytes of a fresh one */
} forms[] = {[SOCIAL_WEBHOOK_HMAC] = {"whsec_", 32}, [SOCIAL_WEBHOOK_ED25519] = {"whsk_", 64}};

/* ---- secrets ----------------------------------------------------------------------------------
 */

static bool
is_right(struct social_webhook_key *key)
{
	unsigned char seed[crypto_sign_SEEDBYTES];
	unsigned char public[crypto_sign_PUBLICKEYBYTES];
	unsigned char whole[crypto_sign_SECRETKEYBYTES];
	bool is_whole = key->len == sizeof(whole);

	if (key->kind == SOCIAL_WEBHOOK_HMAC)
		return key->len >= SOCIAL_WEBHOOK_SECRET_MIN;
	if (!is_whole && key->len != sizeof(seed))
		return false;
	memcpy(seed, key->bytes, sizeof(seed));
	if (crypto_sign_seed_keypair(public, whole, seed) != 0 ||
		(is_whole && sodium_memcmp(whole, key->bytes, sizeof(whole)) != 0))
		return false;
	memcpy(key->bytes, whole, sizeof(whole));
	key->len = sizeof(whole);
	return true;
}

bool
social_webhook_key_parse(const char *text, size_t len, struct social_webhook_key *key)
{
	for (int kind = SOCIAL_WEBHOOK_HMAC; kind <= SOCIAL_WEBHOOK_ED25519; kind++)
	{
		size_t prefix = strlen(forms[kind].prefix);

		if (len <= prefix || memcmp(text, forms[kind].prefix, prefix) != 0)
			continue;
		key->kind = kind;
		return sodium_base642bin(key->bytes, sizeof(key->bytes), text + prefix, len - prefix, NULL,
								 &key->len, NULL, BASE64) == 0 &&
			   is_right(key);
	}
	return false;
}

static void
write_key(const char *prefix, const unsigned char *bytes, size_t len,
		  char text[SOCIAL_WEBHOOK_TEXT_SIZE])
{
	size_t at = strlen(prefix);

	memcpy(text, prefix, at);
	sodium_bin2base64(text + at, SOCIAL_WEBHOOK_TEXT_SIZE - at, bytes, len, BASE64);
}

bool
social_webhook_key_make(enum social_webhook_kind kind, char text[SOCIAL_WEBHOOK_TEXT_SIZE])
{
	unsigned char bytes[SOCIAL_WEBHOOK_SECRET_MAX];
	unsigned char public[crypto_sign_PUBLICKEYBYTES];

	if (sodium_init() < 0)
		return false;
	if (kind == SOCIAL_WEBHOOK_HMAC)
		randombytes_buf(bytes, forms[kind].fresh);
	else if (crypto_sign_keypair(public, bytes) != 0)
		return false;
	write_key(forms[kind].prefix, bytes, forms[kind].fresh, text);
	sodium_memzero(bytes, sizeof(bytes));
	return true;
}

bool
social_webhook_key_public(const struct social_webhook_key *key, char text[SOCIAL_WEBHOOK_TEXT_SIZE])
{
	unsigned char public[crypto_sign_PUBLICKEYBYTES];

	if (key->kind != SOCIAL_WEBHOOK_ED25519 ||
		crypto_sign_ed25519_sk_to_pk(public, key->bytes) != 0)
		return false;
	write_key("whpk_", public, sizeof(public), text);
	return true;
}

/* ---- signatures -------------------------------------------------------------------------------
 */

static void
sign_hmac(const struct social_webhook_key *key, const char *head, size_t head_len, const char *body,
		  size_t body_len, unsigned char *signature)
{
	crypto_auth_hmacsha256_state state;

	crypto_auth_hmacsha256_init(&state, key->bytes, key->len);
	crypto_auth_hmacsha256_update(&state, (const unsigned char *) head, head_len);
	crypto_auth_hmacsha256_update(&state, (const unsigned char *) body, body_len);
	crypto_auth_hmacsha256_final(&state, signature);
}

/* Ed25519 reads what it signs twice, so it has to stand in one place. */
static bool
sign_ed25519(const struct social_webhook_key *key, const char *head, size_t head_len,
			 const char *body, size_t body_len, unsigned char *signature)
{
	unsigned char *whole = malloc(head_len + body_len);
	bool is_signed;

	if (whole == NULL)
		return false;
	memcpy(whole, head, head_len);
	memcpy(whole + head_len, body, body_len);
	is_signed = crypto_sign_detached(signature, NULL, whole, head_len + body_len, key->bytes) == 0;
	free(whole);
	return is_signed;
}

bool
social_webhook_sign(const struct social_webhook_key *key, const char *id, size_t id_len,
					int64_t timestamp, const char *body, size_t body_len,
					char text[SOCIAL_WEBHOOK_SIGNED_SIZE])
{
	bool is_hmac = key->kind == SOCIAL_WEBHOOK_HMAC;
	const char *version = is_hmac ? "v1," : "v1a,";
	unsigned char signature[crypto_sign_BYTES];
	char head[256];
	int len;

	if (id_len > 200)
		return false;
	len = snprintf(head, sizeof(head), "%.*s.%" PRId64 ".", (int) id_len, id, timestamp);
	if (len < 0 || memchr(id, '\0', id_len))
		return false;
	if (is_hmac)
		sign_hmac(key, head, (size_t) len, body, body_len, signature);
	else if (!sign_ed25519(key, head, (size_t) len, body, body_len, signature))
		return false;
	memcpy(text, version, strlen(version));
	sodium_bin2base64(text + strlen(version), SOCIAL_WEBHOOK_SIGNED_SIZE - strlen(version),
					  signature, is_hmac ? crypto_auth_hmacsha256_BYTES : sizeof(signature),
					  BASE64);
	return true;
}

/* ---- addresses --------------------------------------------------------------------------------
 */

static bool
is_alphanumeric(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Labels of letters, digits and hyphens, with dots between. */
static bool
is_name(const char *host, size_t len)
{
	size_t label = 0;

	if (len == 0 || len > 253)
		return false;
	for (size_t i = 0; i < len; i++)
	{
		if (host[i] == '.' ? label == 0 : !is_alphanumeric(host[i]) && host[i] != '-')
			return false;
		label = host[i] == '.' ? 0 : label + 1;
		if (label > 63)
			return false;
	}
	return true;
}

static bool
is_port(const char *digits, size_t len)
{
	int port = 0;

	if (len == 0 || len > 5)
		return false;
	for (size_t i = 0; i < len; i++)
	{
		if (digits[i] < '0' || digits[i] > '9')
			return false;
		port = port * 10 + (digits[i] - '0');
	}
	return port >= 1 && port <= 65535;
}

static const char *
host_problem(const char *host, size_t len, const struct social_networks *networks)
{
	struct social_address address;
	bool is_literal = len > 2 && host[0] == '[' && host[len - 1] == ']';
	bool is_address = is_literal ? social_address_parse(host + 1, len - 2, &address)
								 : social_address_parse(host, len, &address);

	if (is_literal ? !is_address : !is_name(host, len))
		return "Its host is none.";
	if (is_address && social_address_owner(&address) && !social_networks_have(networks, &address))
		return "Its address is not one of the internet.";
	return NULL;
}

const char *
social_webhook_url_problem(const char *url, size_t len, bool takes_http,
						   const struct social_networks *networks)
{
	bool is_https = len > 8 && memcmp(url, "https://", 8) == 0;
	size_t host = is_https ? 8 : 7;
	size_t end;
	size_t colon;

	if (len > SOCIAL_WEBHOOK_URL_MAX)
		return "It is too long.";
	if (!is_https && !(takes_http && len > 7 && memcmp(url, "http://", 7) == 0))
		return "It begins with https://.";
	for (size_t i = 0; i < len; i++)
		if (url[i] <= ' ' || url[i] > '~' || strchr("\\\"<>^`{|}#", url[i]))
			return "It has a character that no address has, or a fragment.";
	for (end = host; end < len && url[end] != '/' && url[end] != '?'; end++)
		;
	if (memchr(url + host, '@', end - host))
		return "It has a name or a password before its host.";
	colon = end;
	for (size_t i = host; i < end; i++)
		if (url[i] == ':' && memchr(url + i, ']', end - i) == NULL)
		{
			colon = i;
			break;
		}
	if (colon < end && !is_port(url + colon + 1, end - colon - 1))
		return "Its port is none.";
	return host_problem(url + host, colon - host, networks);
}
