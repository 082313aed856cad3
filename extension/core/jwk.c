/*
 * jwk.c owns the conversion of public keys between PEM and JSON (see jwk.h).
 */
#include "core/jwk.h"

#include "core/base64url.h"

#include <jansson.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#define P256_SIZE    32
#define RSA_MAX_SIZE 1024 /* bytes of a modulus */
#define NUMBER_SIZE  SOCIAL_BASE64URL_SIZE(RSA_MAX_SIZE)
#define POINT_SIZE   (1 + 2 * P256_SIZE)
#define UNCOMPRESSED 4 /* first byte of such a point */

const char *
social_jwk_result_text(enum social_jwk_result result)
{
	static const char *const texts[] = {
		[SOCIAL_JWK_OK] = "the keys are good",
		[SOCIAL_JWK_TOO_LONG] = "the key set is too long",
		[SOCIAL_JWK_MALFORMED] = "it is not a JSON Web Key Set",
		[SOCIAL_JWK_SECRET] = "it holds a secret or private key, which nobody else may know",
		[SOCIAL_JWK_BAD_KEY] = "one of its keys is not valid, or too weak",
		[SOCIAL_JWK_KID_TWICE] =
			"two of its keys for one algorithm have the same kid, or both none",
		[SOCIAL_JWK_NO_KEY] = "it holds no key for signatures with ES256 or RS256",
		[SOCIAL_JWK_FAILURE] = "the keys could not be read",
	};

	return texts[result];
}

/* ---- from JSON ------------------------------------------------------------------------------- */

/* A member that is base64url; its length, 0 when it is absent, malformed or does not fit. */
static size_t
get_bytes(const json_t *jwk, const char *name, unsigned char *out, size_t size)
{
	json_t *member = json_object_get(jwk, name);
	size_t len;

	if (!json_is_string(member) ||
		!social_base64url_decode(json_string_value(member), json_string_length(member), out, size,
								 &len))
		return 0;
	return len;
}

/* Takes the parameters, which it frees. */
static EVP_PKEY *
make_key(const char *type, OSSL_PARAM *parameters)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	if (context == NULL || parameters == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
		EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(context);
	OSSL_PARAM_free(parameters);
	return key;
}

static EVP_PKEY *
read_ec(const json_t *jwk)
{
	unsigned char point[POINT_SIZE] = {UNCOMPRESSED};
	OSSL_PARAM_BLD *builder;
	OSSL_PARAM *parameters = NULL;

	if (get_bytes(jwk, "x", point + 1, P256_SIZE) != P256_SIZE ||
		get_bytes(jwk, "y", point + 1 + P256_SIZE, P256_SIZE) != P256_SIZE)
		return NULL;
	builder = OSSL_PARAM_BLD_new();
	if (builder != NULL &&
		OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) &&
		OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)))
		parameters = OSSL_PARAM_BLD_to_param(builder);
	OSSL_PARAM_BLD_free(builder);
	return make_key("EC", parameters); /* refuses a point that is not on the curve */
}

static EVP_PKEY *
read_rsa(const json_t *jwk)
{
	unsigned char bytes[RSA_MAX_SIZE];
	size_t n_len = get_bytes(jwk, "n", bytes, sizeof(bytes));
	BIGNUM *n = n_len > 0 ? BN_bin2bn(bytes, (int) n_len, NULL) : NULL;
	size_t e_len = get_bytes(jwk, "e", bytes, sizeof(bytes));
	BIGNUM *e = e_len > 0 ? BN_bin2bn(bytes, (int) e_len, NULL) : NULL;
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	OSSL_PARAM *parameters = NULL;

	/* An even or tiny exponent is no RSA key; a huge one makes verifying slow. */
	if (builder != NULL && n != NULL && e != NULL && BN_is_odd(n) && BN_is_odd(e) &&
		!BN_is_one(e) && BN_num_bits(e) <= 64 &&
		OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) &&
		OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e))
		parameters = OSSL_PARAM_BLD_to_param(builder);
	OSSL_PARAM_BLD_free(builder);
	BN_free(n);
	BN_free(e);
	return make_key("RSA", parameters);
}

static char *
write_pem(EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *pem = NULL;
	char *data;

	if (bio != NULL && PEM_write_bio_PUBKEY(bio, key) == 1)
	{
		long len = BIO_get_mem_data(bio, &data);

		pem = len > 0 ? strndup(data, (size_t) len) : NULL;
	}
	BIO_free(bio);
	return pem;
}

static bool
is_text(const json_t *jwk, const char *name, const char *value)
{
	const char *text = json_string_value(json_object_get(jwk, name));

	return text != NULL && strcmp(text, value) == 0;
}

/* The algorithm of ours that a key is for; UNKNOWN for others, and for encryption. */
static enum social_jws_algorithm
algorithm_of(const json_t *jwk)
{
	enum social_jws_algorithm algorithm = SOCIAL_JWS_UNKNOWN;

	if (is_text(jwk, "kty", "EC") && is_text(jwk, "crv", "P-256"))
		algorithm = SOCIAL_JWS_ES256;
	else if (is_text(jwk, "kty", "RSA"))
		algorithm = SOCIAL_JWS_RS256;
	if (algorithm == SOCIAL_JWS_UNKNOWN ||
		(json_object_get(jwk, "use") != NULL && !is_text(jwk, "use", "sig")) ||
		(json_object_get(jwk, "alg") != NULL &&
		 !is_text(jwk, "alg", social_jws_algorithm_name(algorithm))))
		return SOCIAL_JWS_UNKNOWN;
	return algorithm;
}

/* Reads one member of the set; one that is not for us adds nothing. */
static enum social_jwk_result
add_key(const json_t *jwk, struct social_jwk_set *set)
{
	struct social_jwk *key = &set->keys[set->count];
	json_t *kid = json_object_get(jwk, "kid");
	struct social_jws_key pem;
	EVP_PKEY *parsed;
	bool is_good;

	if (!json_is_object(jwk) || (kid != NULL && !json_is_string(kid)) ||
		json_string_length(kid) > SOCIAL_JWK_KID_MAX)
		return SOCIAL_JWK_MALFORMED;
	if (is_text(jwk, "kty", "oct") || json_object_get(jwk, "d") != NULL)
		return SOCIAL_JWK_SECRET;
	key->algorithm = algorithm_of(jwk);
	if (key->algorithm == SOCIAL_JWS_UNKNOWN)
		return SOCIAL_JWK_OK;
	strcpy(key->kid, kid == NULL ? "" : json_string_value(kid));
	for (int i = 0; i < set->count; i++)
		if (set->keys[i].algorithm == key->algorithm && strcmp(set->keys[i].kid, key->kid) == 0)
			return SOCIAL_JWK_KID_TWICE;

	parsed = key->algorithm == SOCIAL_JWS_ES256 ? read_ec(jwk) : read_rsa(jwk);
	if (parsed == NULL)
		return SOCIAL_JWK_BAD_KEY;
	key->pem = write_pem(parsed);
	EVP_PKEY_free(parsed);
	if (key->pem == NULL)
		return SOCIAL_JWK_FAILURE;
	set->count++;
	pem = (struct social_jws_key){key->algorithm, key->pem, strlen(key->pem)};
	is_good = social_jws_open(&pem, true);
	social_jws_close(&pem);
	return is_good ? SOCIAL_JWK_OK : SOCIAL_JWK_BAD_KEY;
}

enum social_jwk_result
social_jwk_parse_set(const char *text, size_t len, struct social_jwk_set *set)
{
	enum social_jwk_result result = SOCIAL_JWK_OK;
	json_t *json;
	json_t *keys;

	set->count = 0;
	if (len > SOCIAL_JWK_SET_MAX_LENGTH)
		return SOCIAL_JWK_TOO_LONG;
	json = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	keys = json_object_get(json, "keys");
	if (!json_is_array(keys))
		result = SOCIAL_JWK_MALFORMED;
	else if (json_array_size(keys) > SOCIAL_JWK_SET_MAX_KEYS)
		result = SOCIAL_JWK_TOO_LONG;
	for (size_t i = 0; result == SOCIAL_JWK_OK && i < json_array_size(keys); i++)
		result = add_key(json_array_get(keys, i), set);
	json_decref(json);
	ERR_clear_error();
	if (result == SOCIAL_JWK_OK && set->count == 0)
		result = SOCIAL_JWK_NO_KEY;
	if (result != SOCIAL_JWK_OK)
		social_jwk_set_release(set);
	return result;
}

void
social_jwk_set_release(struct social_jwk_set *set)
{
	for (int i = 0; i < set->count; i++)
		free(set->keys[i].pem);
	set->count = 0;
}

/* ---- to JSON --------------------------------------------------------------------------------- */

/* Sets a member to a number of the key, in base64url of `size` bytes (0: as many as it has). */
static bool
set_number(json_t *jwk, const char *name, const EVP_PKEY *key, const char *parameter, int size)
{
	unsigned char bytes[RSA_MAX_SIZE];
	char text[NUMBER_SIZE];
	BIGNUM *number = NULL;
	bool done = false;

	if (EVP_PKEY_get_bn_param(key, parameter, &number) == 1)
	{
		if (size == 0)
			size = BN_num_bytes(number);
		done = size <= RSA_MAX_SIZE && BN_bn2binpad(number, bytes, size) == size;
	}
	BN_free(number);
	if (!done)
		return false;
	social_base64url_encode(bytes, (size_t) size, text);
	return json_object_set_new(jwk, name, json_string(text)) == 0;
}

char *
social_jwk_text(const struct social_jws_key *key, const char *kid)
{
	struct social_jws_key open_key = *key;
	json_t *jwk = NULL;
	char *text = NULL;
	bool is_ec = key->algorithm == SOCIAL_JWS_ES256;

	if (!social_jws_open(&open_key, true))
		return NULL;
	jwk = json_pack("{s:s, s:s*, s:s, s:s, s:s}", "kty", is_ec ? "EC" : "RSA", "crv",
					is_ec ? "P-256" : NULL, "kid", kid, "alg",
					social_jws_algorithm_name(key->algorithm), "use", "sig");
	if (jwk != NULL &&
		(is_ec ? set_number(jwk, "x", open_key.opened, OSSL_PKEY_PARAM_EC_PUB_X, P256_SIZE) &&
					 set_number(jwk, "y", open_key.opened, OSSL_PKEY_PARAM_EC_PUB_Y, P256_SIZE)
			   : set_number(jwk, "n", open_key.opened, OSSL_PKEY_PARAM_RSA_N, 0) &&
					 set_number(jwk, "e", open_key.opened, OSSL_PKEY_PARAM_RSA_E, 0)))
		text = json_dumps(jwk, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(jwk);
	social_jws_close(&open_key);
	ERR_clear_error();
	return text;
}
