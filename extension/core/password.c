/*
 * password.c owns the three encoded forms of a password hash; libsodium and OpenSSL compute them.
 */
#include "core/password.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "core/password_form.h"

#define DJANGO_ARGON2_PREFIX "argon2"
#define PBKDF2_PREFIX        "pbkdf2_sha256$"
#define PBKDF2_BYTES         32

/* The cost parameters of an argon2 hash. */
struct argon2_cost
{
	bool is_ours; /* argon2id without Django's prefix */
	unsigned long memory_kb;
	unsigned long passes;
	unsigned long lanes;
};

/* Steps over a fixed piece of text. */
static bool
skip_text(const char **at, const char *expected)
{
	size_t len = strlen(expected);

	if (strncmp(*at, expected, len) != 0)
		return false;
	*at += len;
	return true;
}

/* Steps over a decimal number from 1 to max, without sign or leading zeros. */
static bool
skip_number(const char **at, unsigned long max, unsigned long *value)
{
	*value = 0;
	if (**at < '1' || **at > '9')
		return false;
	for (; **at >= '0' && **at <= '9'; (*at)++)
	{
		*value = *value * 10 + (unsigned long) (**at - '0');
		if (*value > max)
			return false;
	}
	return true;
}

/*
 * Reads the cost of an argon2 hash and returns the part that libsodium takes, NULL if the form is
 * another one or the cost is above the limits.
 */
static const char *
parse_argon2(const char *encoded, struct argon2_cost *cost)
{
	const char *at = encoded;
	bool is_django = strncmp(encoded, DJANGO_ARGON2_PREFIX "$", sizeof(DJANGO_ARGON2_PREFIX)) == 0;
	const char *standard = is_django ? encoded + strlen(DJANGO_ARGON2_PREFIX) : encoded;

	at = standard;
	if (!skip_text(&at, "$argon2id$") && !(is_django && skip_text(&at, "$argon2i$")))
		return NULL;
	cost->is_ours = !is_django;
	if (!skip_text(&at, "v=19$m=") ||
		!skip_number(&at, SOCIAL_PASSWORD_MAX_MEMORY_KB, &cost->memory_kb) ||
		!skip_text(&at, ",t=") || !skip_number(&at, SOCIAL_PASSWORD_MAX_PASSES, &cost->passes) ||
		!skip_text(&at, ",p=") || !skip_number(&at, SOCIAL_PASSWORD_MAX_LANES, &cost->lanes) ||
		*at != '$' || cost->memory_kb * cost->passes > SOCIAL_PASSWORD_MAX_MEMORY_PASSES)
		return NULL;
	return standard;
}

/* pbkdf2_sha256$iterations$salt$hash: the salt is used as written, the hash is padded base64. */
static enum social_password_result
verify_pbkdf2(const char *password, size_t len, const char *encoded)
{
	unsigned char expected[PBKDF2_BYTES];
	unsigned char computed[PBKDF2_BYTES];
	const char *at = encoded;
	const char *salt;
	unsigned long iterations;
	size_t salt_len;
	size_t size;

	if (!skip_text(&at, PBKDF2_PREFIX) ||
		!skip_number(&at, SOCIAL_PASSWORD_MAX_PBKDF2_ITERATIONS, &iterations) || *at++ != '$')
		return SOCIAL_PASSWORD_UNKNOWN_FORM;
	salt = at;
	salt_len = strcspn(at, "$");
	at += salt_len;
	if (salt_len == 0 || *at++ != '$' ||
		sodium_base642bin(expected, sizeof(expected), at, strlen(at), NULL, &size, &at,
						  sodium_base64_VARIANT_ORIGINAL) != 0 ||
		*at != '\0' || size != sizeof(expected))
		return SOCIAL_PASSWORD_UNKNOWN_FORM;

	if (PKCS5_PBKDF2_HMAC(password, (int) len, (const unsigned char *) salt, (int) salt_len,
						  (int) iterations, EVP_sha256(), sizeof(computed), computed) != 1)
	{
		ERR_clear_error();
		return SOCIAL_PASSWORD_FAILURE;
	}
	return sodium_memcmp(expected, computed, sizeof(expected)) == 0 ? SOCIAL_PASSWORD_OK
																	: SOCIAL_PASSWORD_MISMATCH;
}

/* A NUL byte would cut the password short in libraries that take C strings. */
static bool
is_acceptable(const char *password, size_t len)
{
	return len <= SOCIAL_PASSWORD_MAX_BYTES && memchr(password, '\0', len) == NULL;
}

enum social_password_result
social_password_hash(const char *password, size_t len, const struct social_password_cost *cost,
					 char encoded[SOCIAL_PASSWORD_ENCODED_SIZE])
{
	_Static_assert(SOCIAL_PASSWORD_ENCODED_SIZE >= crypto_pwhash_STRBYTES, "room for libsodium");
	char form[SOCIAL_PASSWORD_MAX_BYTES];
	size_t form_len;

	if (!is_acceptable(password, len))
		return SOCIAL_PASSWORD_REFUSED;
	if (social_password_form(password, len, form, &form_len))
	{
		password = form;
		len = form_len;
	}
	if (sodium_init() < 0 ||
		crypto_pwhash_str_alg(encoded, password, len, cost->passes, (size_t) cost->memory_kb * 1024,
							  crypto_pwhash_ALG_ARGON2ID13) != 0)
		return SOCIAL_PASSWORD_FAILURE;
	return SOCIAL_PASSWORD_OK;
}

/* Verifies these very bytes. */
static enum social_password_result
verify_bytes(const char *password, size_t len, const char *encoded)
{
	struct argon2_cost cost;
	const char *argon2 = parse_argon2(encoded, &cost);

	if (argon2 == NULL)
		return verify_pbkdf2(password, len, encoded);
	return crypto_pwhash_str_verify(argon2, password, len) == 0 ? SOCIAL_PASSWORD_OK
																: SOCIAL_PASSWORD_MISMATCH;
}

enum social_password_result
social_password_verify(const char *password, size_t len, const char *encoded)
{
	char form[SOCIAL_PASSWORD_MAX_BYTES];
	size_t form_len;
	enum social_password_result result;

	if (!is_acceptable(password, len))
		return SOCIAL_PASSWORD_REFUSED;
	if (sodium_init() < 0)
		return SOCIAL_PASSWORD_FAILURE;
	if (strnlen(encoded, SOCIAL_PASSWORD_ENCODED_MAX + 1) > SOCIAL_PASSWORD_ENCODED_MAX)
		return SOCIAL_PASSWORD_UNKNOWN_FORM;
	if (!social_password_form(password, len, form, &form_len))
		return verify_bytes(password, len, encoded);
	result = verify_bytes(form, form_len, encoded);
	return result == SOCIAL_PASSWORD_MISMATCH ? verify_bytes(password, len, encoded) : result;
}

int
social_password_tries(const char *password, size_t len)
{
	char form[SOCIAL_PASSWORD_MAX_BYTES];
	size_t form_len;

	return is_acceptable(password, len) && social_password_form(password, len, form, &form_len) ? 2
																								: 1;
}

bool
social_password_needs_rehash(const char *encoded, const struct social_password_cost *wanted)
{
	struct argon2_cost cost;

	return parse_argon2(encoded, &cost) == NULL || !cost.is_ours || cost.lanes != 1 ||
		   cost.memory_kb != wanted->memory_kb || cost.passes != wanted->passes;
}
