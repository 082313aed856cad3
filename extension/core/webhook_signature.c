/*
 * webhook_signature.c owns whether a webhook comes from whom it says (webhook_signature.h).
 */
#include "core/webhook_signature.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <string.h>

#define MAC_SIZE   32
#define DIGITS_MAX 12 /* of the time */

struct signature
{
	const char *time; /* its digits, as they are signed */
	size_t time_len;
	int64_t at;
	unsigned char macs[SOCIAL_WEBHOOK_MAX_SIGNED][MAC_SIZE];
	int nmacs;
};

const char *
social_webhook_result_name(enum social_webhook_result result)
{
	static const char *const names[SOCIAL_WEBHOOK_RESULTS] = {
		"ok", "missing", "malformed", "bad_signature", "too_old", "too_new", "failure"};

	return names[result];
}

/* ---- the header ------------------------------------------------------------------------------ */

static bool
read_time(struct signature *signature, const char *text, size_t len)
{
	if (signature->time || len < 1 || len > DIGITS_MAX || (*text == '0' && len > 1))
		return false;
	for (size_t i = 0; i < len; i++)
	{
		if (text[i] < '0' || text[i] > '9')
			return false;
		signature->at = signature->at * 10 + (text[i] - '0');
	}
	signature->time = text;
	signature->time_len = len;
	return true;
}

static int
value_of(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static bool
read_mac(struct signature *signature, const char *text, size_t len)
{
	unsigned char *mac = signature->macs[signature->nmacs];

	if (len != 2 * MAC_SIZE || signature->nmacs == SOCIAL_WEBHOOK_MAX_SIGNED)
		return false;
	for (size_t i = 0; i < MAC_SIZE; i++)
	{
		int high = value_of(text[2 * i]);
		int low = value_of(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		mac[i] = (unsigned char) (high * 16 + low);
	}
	signature->nmacs++;
	return true;
}

/* One "name=value". */
static bool
read_item(struct signature *signature, const char *item, size_t len)
{
	const char *mark = memchr(item, '=', len);
	size_t name_len = mark ? (size_t) (mark - item) : 0;
	size_t value_len = len - name_len - 1;

	if (name_len == 0)
		return false;
	if (name_len == 1 && *item == 't')
		return read_time(signature, mark + 1, value_len);
	if (name_len == 2 && memcmp(item, "v1", 2) == 0)
		return read_mac(signature, mark + 1, value_len);
	return true;
}

static bool
read_header(struct signature *signature, const char *header, size_t len)
{
	const char *end = header + len;

	if (len > SOCIAL_WEBHOOK_HEADER_MAX)
		return false;
	for (const char *item = header; item <= end;)
	{
		const char *comma = memchr(item, ',', (size_t) (end - item));
		const char *stop = comma ? comma : end;

		if (stop == item || !read_item(signature, item, (size_t) (stop - item)))
			return false;
		item = stop + 1;
	}
	return signature->time && signature->nmacs > 0;
}

/* ---- the signature --------------------------------------------------------------------------- */

static bool
compute(const struct social_webhook_secret *secret, const struct signature *signature,
		const void *body, size_t body_len, unsigned char mac[MAC_SIZE])
{
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, sizeof(digest) - 1),
		OSSL_PARAM_construct_end()};
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *context = hmac ? EVP_MAC_CTX_new(hmac) : NULL;
	size_t len = 0;
	bool is_done = context && EVP_MAC_init(context, secret->bytes, secret->len, params) == 1 &&
				   EVP_MAC_update(context, (const unsigned char *) signature->time,
								  signature->time_len) == 1 &&
				   EVP_MAC_update(context, (const unsigned char *) ".", 1) == 1 &&
				   EVP_MAC_update(context, body, body_len) == 1 &&
				   EVP_MAC_final(context, mac, &len, MAC_SIZE) == 1 && len == MAC_SIZE;

	EVP_MAC_CTX_free(context);
	EVP_MAC_free(hmac);
	return is_done;
}

enum social_webhook_result
social_webhook_verify(const char *header, size_t header_len, const void *body, size_t body_len,
					  const struct social_webhook_secret *secrets, int nsecrets, int64_t now,
					  int64_t tolerance, int64_t *signed_at)
{
	struct signature signature = {0};
	int found = 0;

	*signed_at = 0;
	if (header == NULL || header_len == 0)
		return SOCIAL_WEBHOOK_MISSING;
	if (!read_header(&signature, header, header_len))
		return SOCIAL_WEBHOOK_MALFORMED;
	*signed_at = signature.at;
	if (nsecrets < 1)
		return SOCIAL_WEBHOOK_FAILURE;
	/* All with all: the time tells neither which nor whether. */
	for (int i = 0; i < nsecrets; i++)
	{
		unsigned char mac[MAC_SIZE];

		if (secrets[i].len == 0 || !compute(&secrets[i], &signature, body, body_len, mac))
			return SOCIAL_WEBHOOK_FAILURE;
		for (int n = 0; n < signature.nmacs; n++)
			found |= CRYPTO_memcmp(mac, signature.macs[n], MAC_SIZE) == 0;
	}
	if (!found)
		return SOCIAL_WEBHOOK_BAD_SIGNATURE;
	if (now - signature.at > tolerance)
		return SOCIAL_WEBHOOK_TOO_OLD;
	return signature.at - now > tolerance ? SOCIAL_WEBHOOK_TOO_NEW : SOCIAL_WEBHOOK_OK;
}
