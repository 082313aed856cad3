/*
 * jws.c owns the use of OpenSSL for token signatures.
 *
 * Not libjwt: its calls of jansson's json_object() bind to the server's function of that name when
 * it is loaded into a PostgreSQL backend, which crashes. OpenSSL's error queue is left empty, since
 * the server's TLS code reads it too.
 */
#include "core/jws.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#define RSA_MIN_BITS 2048 /* RFC 7518 3.3 */
#define HMAC_SIZE    32
#define SECRET_MIN   32 /* RFC 7518 3.2 */
#define SECRET_KINDS 10 /* different bytes in it, at least */
#define P256_SIZE    32 /* of r and of s */
#define DER_SIZE     80 /* of a P-256 signature, at most 72 */

static const struct
{
	enum social_jws_algorithm algorithm;
	const char *name;
} algorithms[] = {
	{SOCIAL_JWS_HS256, "HS256"},
	{SOCIAL_JWS_ES256, "ES256"},
	{SOCIAL_JWS_RS256, "RS256"},
};

#define NALGORITHMS (sizeof(algorithms) / sizeof(algorithms[0]))

enum social_jws_algorithm
social_jws_algorithm_by_name(const char *name)
{
	for (size_t i = 0; i < NALGORITHMS; i++)
		if (strcmp(algorithms[i].name, name) == 0)
			return algorithms[i].algorithm;
	return SOCIAL_JWS_UNKNOWN;
}

const char *
social_jws_algorithm_name(enum social_jws_algorithm algorithm)
{
	for (size_t i = 0; i < NALGORITHMS; i++)
		if (algorithms[i].algorithm == algorithm)
			return algorithms[i].name;
	return "unknown";
}

/* ---- keys ---------------------------------------------------------------------------------------
 */

/* Keeps OpenSSL from asking a terminal for a passphrase. */
static int
no_passphrase(char *buffer, int size, int for_writing, void *arg)
{
	return -1;
}

static bool
starts_with(const struct social_jws_key *key, const char *prefix)
{
	size_t len = strlen(prefix);

	return key->len >= len && memcmp(key->bytes, prefix, len) == 0;
}

/* Anything that others may hold too is no secret: PEM, an SSH key, a key or certificate in DER. */
static bool
is_secret(const struct social_jws_key *key)
{
	const unsigned char *der = key->bytes;
	EVP_PKEY *public_key;
	X509 *certificate;
	bool is_public;

	if (key->len == 0 || memmem(key->bytes, key->len, "-----BEGIN", 10) != NULL ||
		starts_with(key, "ssh-") || starts_with(key, "ecdsa-sha2-"))
		return false;
	public_key = d2i_PUBKEY(NULL, &der, (long) key->len);
	der = key->bytes;
	certificate = d2i_X509(NULL, &der, (long) key->len);
	is_public = public_key != NULL || certificate != NULL;
	EVP_PKEY_free(public_key);
	X509_free(certificate);
	return !is_public;
}

static bool
fits_algorithm(const EVP_PKEY *key, enum social_jws_algorithm algorithm)
{
	char curve[32];

	if (algorithm == SOCIAL_JWS_RS256)
		return EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_get_bits(key) >= RSA_MIN_BITS;
	return EVP_PKEY_is_a(key, "EC") &&
		   EVP_PKEY_get_group_name(key, curve, sizeof(curve), NULL) == 1 &&
		   strcmp(curve, "prime256v1") == 0;
}

/* A key as it was opened, or read from PEM if it fits its algorithm; NULL, or the caller frees it.
 */
static EVP_PKEY *
read_key(const struct social_jws_key *key, bool is_public)
{
	EVP_PKEY *parsed = NULL;
	BIO *bio;

	if (key->opened != NULL)
	{
		parsed = key->opened;
		return EVP_PKEY_up_ref(parsed) == 1 ? parsed : NULL;
	}
	bio = BIO_new_mem_buf(key->bytes, (int) key->len);
	if (bio != NULL)
		parsed = is_public ? PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL)
						   : PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	BIO_free(bio);
	if (parsed != NULL && fits_algorithm(parsed, key->algorithm))
		return parsed;
	EVP_PKEY_free(parsed);
	return NULL;
}

static char *
copy_pem(BIO *bio)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);

	return len > 0 ? strndup(data, (size_t) len) : NULL;
}

bool
social_jws_open(struct social_jws_key *key, bool is_public)
{
	key->opened = NULL;
	if (key->algorithm != SOCIAL_JWS_UNKNOWN && key->algorithm != SOCIAL_JWS_HS256 &&
		key->len <= SOCIAL_JWS_MAX_KEY_LENGTH)
		key->opened = read_key(key, is_public);
	ERR_clear_error();
	return key->opened != NULL;
}

void
social_jws_close(struct social_jws_key *key)
{
	EVP_PKEY_free(key->opened);
	key->opened = NULL;
}

/* Writes both halves of a key, or the public one alone; takes the key, which may be NULL. */
static bool
write_pems(EVP_PKEY *key, bool has_private, char **private_pem, char **public_pem)
{
	BIO *private_bio = BIO_new(BIO_s_secmem());
	BIO *public_bio = BIO_new(BIO_s_mem());

	*private_pem = *public_pem = NULL;
	if (key != NULL && private_bio != NULL && public_bio != NULL &&
		(!has_private ||
		 PEM_write_bio_PKCS8PrivateKey(private_bio, key, NULL, NULL, 0, NULL, NULL) == 1) &&
		PEM_write_bio_PUBKEY(public_bio, key) == 1)
	{
		*private_pem = has_private ? copy_pem(private_bio) : NULL;
		*public_pem = copy_pem(public_bio);
	}
	BIO_free(private_bio);
	BIO_free(public_bio);
	EVP_PKEY_free(key);
	ERR_clear_error();
	if (*public_pem != NULL && (*private_pem != NULL || !has_private))
		return true;
	free(*private_pem);
	free(*public_pem);
	*private_pem = *public_pem = NULL;
	return false;
}

bool
social_jws_generate(enum social_jws_algorithm algorithm, char **private_pem, char **public_pem)
{
	EVP_PKEY *key = algorithm == SOCIAL_JWS_ES256   ? EVP_EC_gen("P-256")
					: algorithm == SOCIAL_JWS_RS256 ? EVP_RSA_gen(RSA_MIN_BITS)
													: NULL;

	return write_pems(key, true, private_pem, public_pem);
}

bool
social_jws_import(const struct social_jws_key *key, char **private_pem, char **public_pem)
{
	struct social_jws_key closed = *key;
	EVP_PKEY *parsed = NULL;
	bool is_private;

	closed.opened = NULL;
	if (key->algorithm == SOCIAL_JWS_UNKNOWN || key->algorithm == SOCIAL_JWS_HS256 ||
		key->len > SOCIAL_JWS_MAX_KEY_LENGTH)
		return write_pems(NULL, false, private_pem, public_pem);
	parsed = read_key(&closed, false);
	is_private = parsed != NULL;
	if (!is_private)
		parsed = read_key(&closed, true);
	return write_pems(parsed, is_private, private_pem, public_pem);
}

bool
social_jws_is_strong_secret(const struct social_jws_key *key)
{
	const unsigned char *bytes = key->bytes;
	bool seen[256] = {false};
	int kinds = 0;

	bool is_one = key->len >= SECRET_MIN && key->len <= SOCIAL_JWS_MAX_KEY_LENGTH && is_secret(key);

	ERR_clear_error();
	if (!is_one)
		return false;
	for (size_t i = 0; i < key->len; i++)
	{
		kinds += !seen[bytes[i]];
		seen[bytes[i]] = true;
	}
	return kinds >= SECRET_KINDS;
}

/* ---- ECDSA: OpenSSL speaks DER, tokens hold r and s
 * ------------------------------------------------ */

/* Converts r and s to DER; returns its length, 0 on failure. */
static size_t
join_es256(const unsigned char *signature, unsigned char der[DER_SIZE])
{
	ECDSA_SIG *pair = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(signature, P256_SIZE, NULL);
	BIGNUM *s = BN_bin2bn(signature + P256_SIZE, P256_SIZE, NULL);
	unsigned char *end = der;
	int len = 0;

	if (pair != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(pair, r, s) == 1)
	{
		r = s = NULL; /* they belong to the pair now */
		len = i2d_ECDSA_SIG(pair, &end);
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(pair);
	return len > 0 ? (size_t) len : 0;
}

/* Converts DER to r and s. */
static bool
split_es256(const unsigned char *der, size_t len, unsigned char *signature)
{
	ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long) len);
	bool done = pair != NULL &&
				BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, P256_SIZE) == P256_SIZE &&
				BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + P256_SIZE, P256_SIZE) == P256_SIZE;

	ECDSA_SIG_free(pair);
	return done;
}

/* ---- signatures
 * ---------------------------------------------------------------------------------- */

static bool
compute_hmac(const struct social_jws_key *key, const void *message, size_t message_len,
			 unsigned char mac[HMAC_SIZE])
{
	unsigned len = HMAC_SIZE;

	return HMAC(EVP_sha256(), key->bytes, (int) key->len, message, message_len, mac, &len) !=
			   NULL &&
		   len == HMAC_SIZE;
}

static enum social_jws_result
verify_hmac(const struct social_jws_key *key, const void *message, size_t message_len,
			const unsigned char *signature, size_t len)
{
	unsigned char mac[HMAC_SIZE];

	if (!is_secret(key))
		return SOCIAL_JWS_BAD_KEY;
	if (!compute_hmac(key, message, message_len, mac))
		return SOCIAL_JWS_FAILURE;
	return len == HMAC_SIZE && CRYPTO_memcmp(mac, signature, HMAC_SIZE) == 0
			   ? SOCIAL_JWS_OK
			   : SOCIAL_JWS_BAD_SIGNATURE;
}

static enum social_jws_result
verify_with_public_key(const struct social_jws_key *key, const void *message, size_t message_len,
					   const unsigned char *signature, size_t len)
{
	unsigned char der[DER_SIZE];
	EVP_PKEY *public_key = read_key(key, true);
	EVP_MD_CTX *context;
	bool matches = false;

	if (public_key == NULL)
		return SOCIAL_JWS_BAD_KEY;
	if (key->algorithm == SOCIAL_JWS_ES256)
	{
		len = len == 2 * P256_SIZE ? join_es256(signature, der) : 0;
		signature = der;
	}
	context = EVP_MD_CTX_new();
	if (context != NULL && len > 0 &&
		EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, public_key) == 1)
		matches = EVP_DigestVerify(context, signature, len, message, message_len) == 1;
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(public_key);
	return matches ? SOCIAL_JWS_OK : SOCIAL_JWS_BAD_SIGNATURE;
}

enum social_jws_result
social_jws_verify(const struct social_jws_key *key, const void *message, size_t message_len,
				  const unsigned char *signature, size_t len)
{
	enum social_jws_result result = SOCIAL_JWS_BAD_KEY;

	if (key->bytes == NULL || key->len > SOCIAL_JWS_MAX_KEY_LENGTH)
		return SOCIAL_JWS_BAD_KEY;
	if (key->algorithm == SOCIAL_JWS_HS256)
		result = verify_hmac(key, message, message_len, signature, len);
	else if (key->algorithm != SOCIAL_JWS_UNKNOWN)
		result = verify_with_public_key(key, message, message_len, signature, len);
	ERR_clear_error();
	return result;
}

/* Signs with a private key in PEM: ES256 as r and s, RS256 as OpenSSL gives it. */
static enum social_jws_result
sign_with_private_key(const struct social_jws_key *key, const void *message, size_t message_len,
					  unsigned char *signature, size_t *len)
{
	unsigned char der[DER_SIZE];
	bool is_es256 = key->algorithm == SOCIAL_JWS_ES256;
	size_t size = is_es256 ? sizeof(der) : SOCIAL_JWS_MAX_SIGNED_SIZE;
	EVP_PKEY *private_key = read_key(key, false);
	EVP_MD_CTX *context;
	bool is_signed;

	if (private_key == NULL)
		return SOCIAL_JWS_BAD_KEY;
	context = EVP_MD_CTX_new();
	is_signed =
		context != NULL &&
		EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, private_key) == 1 &&
		EVP_DigestSign(context, is_es256 ? der : signature, &size, message, message_len) == 1 &&
		(!is_es256 || split_es256(der, size, signature));
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(private_key);
	*len = is_es256 ? 2 * P256_SIZE : size;
	return is_signed ? SOCIAL_JWS_OK : SOCIAL_JWS_FAILURE;
}

enum social_jws_result
social_jws_sign(const struct social_jws_key *key, const void *message, size_t message_len,
				unsigned char signature[SOCIAL_JWS_MAX_SIGNED_SIZE], size_t *len)
{
	enum social_jws_result result = SOCIAL_JWS_BAD_KEY;

	if (key->bytes == NULL || key->len > SOCIAL_JWS_MAX_KEY_LENGTH)
		return SOCIAL_JWS_BAD_KEY;
	if (key->algorithm == SOCIAL_JWS_HS256)
	{
		*len = HMAC_SIZE;
		if (is_secret(key))
			result = compute_hmac(key, message, message_len, signature) ? SOCIAL_JWS_OK
																		: SOCIAL_JWS_FAILURE;
	}
	else if (key->algorithm != SOCIAL_JWS_UNKNOWN)
		result = sign_with_private_key(key, message, message_len, signature, len);
	ERR_clear_error();
	return result;
}
