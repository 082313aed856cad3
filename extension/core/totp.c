/*
 * totp.c owns the arithmetic of one-time codes: the step of a time, the code of a step, the check.
 */
#include "core/totp.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

static const struct
{
	const char *name;
	enum social_totp_digest digest;
	const EVP_MD *(*implementation)(void);
} digests[] = {
	{"sha1", SOCIAL_TOTP_SHA1, EVP_sha1},
	{"sha256", SOCIAL_TOTP_SHA256, EVP_sha256},
	{"sha512", SOCIAL_TOTP_SHA512, EVP_sha512},
};

#define NDIGESTS (sizeof(digests) / sizeof(digests[0]))

enum social_totp_digest
social_totp_digest_by_name(const char *name)
{
	for (size_t i = 0; i < NDIGESTS; i++)
		if (strcmp(name, digests[i].name) == 0)
			return digests[i].digest;
	return SOCIAL_TOTP_UNKNOWN;
}

static const EVP_MD *
implementation(enum social_totp_digest digest)
{
	for (size_t i = 0; i < NDIGESTS; i++)
		if (digest == digests[i].digest)
			return digests[i].implementation();
	return NULL;
}

int64_t
social_totp_step(int64_t time)
{
	return time / SOCIAL_TOTP_SECONDS - (time % SOCIAL_TOTP_SECONDS < 0 ? 1 : 0);
}

bool
social_totp_code(const void *secret, size_t len, enum social_totp_digest digest, int digits,
				 int64_t step, char code[SOCIAL_TOTP_MAX_DIGITS + 1])
{
	const EVP_MD *md = implementation(digest);
	unsigned char message[8];
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned mac_len;
	const unsigned char *chosen;
	uint32_t value;

	if (md == NULL || digits < 1 || digits > SOCIAL_TOTP_MAX_DIGITS || len > 1024)
		return false;
	for (int i = 0; i < 8; i++)
		message[i] = (unsigned char) ((uint64_t) step >> (56 - 8 * i));
	if (HMAC(md, secret, (int) len, message, sizeof(message), mac, &mac_len) == NULL)
	{
		ERR_clear_error();
		return false;
	}

	/* RFC 4226, 5.3: the last four bits say which 31 bits are taken. */
	chosen = mac + (mac[mac_len - 1] & 0xf);
	value = ((uint32_t) chosen[0] & 0x7f) << 24 | (uint32_t) chosen[1] << 16 |
			(uint32_t) chosen[2] << 8 | chosen[3];
	code[digits] = '\0';
	for (int i = digits; i-- > 0; value /= 10)
		code[i] = (char) ('0' + value % 10);
	OPENSSL_cleanse(mac, sizeof(mac));
	return true;
}

/* The six digits of a code as people type it; false when there are more or fewer, or letters. */
static bool
read_digits(const char *text, size_t len, char digits[SOCIAL_TOTP_DIGITS])
{
	int count = 0;

	for (size_t i = 0; i < len; i++)
	{
		if (text[i] == ' ')
			continue;
		if (text[i] < '0' || text[i] > '9' || count == SOCIAL_TOTP_DIGITS)
			return false;
		digits[count++] = text[i];
	}
	return count == SOCIAL_TOTP_DIGITS;
}

enum social_totp_result
social_totp_check(const void *secret, size_t len, const char *code, size_t code_len, int64_t time,
				  int64_t last_step, int64_t *step)
{
	int64_t middle = social_totp_step(time);
	char given[SOCIAL_TOTP_DIGITS];
	char expected[SOCIAL_TOTP_MAX_DIGITS + 1];
	bool fits_used = false;
	bool fits = false;

	if (!read_digits(code, code_len, given))
		return SOCIAL_TOTP_MALFORMED;
	for (int64_t tried = middle - SOCIAL_TOTP_DRIFT; tried <= middle + SOCIAL_TOTP_DRIFT; tried++)
	{
		bool same;

		if (!social_totp_code(secret, len, SOCIAL_TOTP_SHA1, SOCIAL_TOTP_DIGITS, tried, expected))
			return SOCIAL_TOTP_FAILURE;
		same = CRYPTO_memcmp(given, expected, sizeof(given)) == 0;
		if (same && tried > last_step && !fits)
			*step = tried;
		fits |= same && tried > last_step;
		fits_used |= same && tried <= last_step;
	}
	OPENSSL_cleanse(expected, sizeof(expected));
	return fits ? SOCIAL_TOTP_OK : fits_used ? SOCIAL_TOTP_REPLAYED : SOCIAL_TOTP_MISMATCH;
}

void
social_base32_encode(const unsigned char *bytes, size_t len, char *text)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	uint32_t waiting = 0;
	int bits = 0;

	for (size_t i = 0; i < len; i++)
	{
		waiting = waiting << 8 | bytes[i];
		for (bits += 8; bits >= 5; bits -= 5)
			*text++ = alphabet[waiting >> (bits - 5) & 31];
		waiting &= 31;
	}
	if (bits > 0)
		*text++ = alphabet[waiting << (5 - bits) & 31];
	*text = '\0';
}
