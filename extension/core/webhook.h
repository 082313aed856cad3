/*
 * webhook.h owns the form of webhooks (Standard Webhooks 1.0): secrets, signatures, addresses.
 * Pure: no server headers.
 */
#ifndef SOCIAL_WEBHOOK_H
#define SOCIAL_WEBHOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/network.h"

#define SOCIAL_WEBHOOK_SECRET_MIN  24 /* bytes of an HMAC secret */
#define SOCIAL_WEBHOOK_SECRET_MAX  64
#define SOCIAL_WEBHOOK_TEXT_SIZE   96 /* of a secret or a public key, with the NUL */
#define SOCIAL_WEBHOOK_SIGNED_SIZE 96 /* of one signature, with the NUL */
#define SOCIAL_WEBHOOK_URL_MAX     2000

enum social_webhook_kind
{
	SOCIAL_WEBHOOK_HMAC,   /* whsec_, signs v1 */
	SOCIAL_WEBHOOK_ED25519 /* whsk_, signs v1a; receivers have its whpk_ */
};

struct social_webhook_key
{
	enum social_webhook_kind kind;
	unsigned char bytes[SOCIAL_WEBHOOK_SECRET_MAX];
	size_t len;
};

/* whsec_ and base64 of 24 to 64 bytes, or whsk_ and that of a seed of 32 bytes or a whole key of
 * 64; false for anything else. */
extern bool social_webhook_key_parse(const char *text, size_t len, struct social_webhook_key *key);

/* A fresh one; the text of it. */
extern bool social_webhook_key_make(enum social_webhook_kind kind,
									char text[SOCIAL_WEBHOOK_TEXT_SIZE]);

/* whpk_…; false for an HMAC secret, which has none. */
extern bool social_webhook_key_public(const struct social_webhook_key *key,
									  char text[SOCIAL_WEBHOOK_TEXT_SIZE]);

/* Signs "id.timestamp.body": "v1,…" or "v1a,…". */
extern bool social_webhook_sign(const struct social_webhook_key *key, const char *id, size_t id_len,
								int64_t timestamp, const char *body, size_t body_len,
								char text[SOCIAL_WEBHOOK_SIGNED_SIZE]);

/*
 * Why nothing can be sent to an address, in a sentence; NULL: it is https://host[:port][/path][?…],
 * or http://, and where it names an address in digits, that is of the internet or in these
 * networks. What a name resolves to is looked at when it is connected to.
 */
extern const char *social_webhook_url_problem(const char *url, size_t len, bool takes_http,
											  const struct social_networks *networks);

#endif /* SOCIAL_WEBHOOK_H */
