/*
 * jwt.c owns the checks around libjwt: the form of a token, its header, its signature, its claims.
 */
#include "jwt.h"

#include "base64url.h"

#include <jwt.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* RFC 7518 3.3 */
#define RSA_MIN_BITS 2048

/* No date beyond it is exact in a double, nor can adding a leeway overflow. */
#define MAX_DATE ((int64_t) 1 << 53)

/* A token cut at its dots. */
struct parts
{
	const char *header;
	size_t header_len;
	const char *payload;
	size_t payload_len;
	const char *signature;
	size_t signature_len;
};

static const struct
{
	enum social_jwt_algorithm algorithm;
	jwt_alg_t library_value;
	const char *name;
} algorithms[] = {
	{SOCIAL_JWT_HS256, JWT_ALG_HS256, "HS256"},
	{SOCIAL_JWT_ES256, JWT_ALG_ES256, "ES256"},
	{SOCIAL_JWT_RS256, JWT_ALG_RS256, "RS256"},
};

#define NALGORITHMS (sizeof(algorithms) / sizeof(algorithms[0]))

enum social_jwt_algorithm
social_jwt_algorithm_by_name(const char *name)
{
	for (size_t i = 0; i < NALGORITHMS; i++)
		if (strcmp(algorithms[i].name, name) == 0)
			return algorithms[i].algorithm;
	return SOCIAL_JWT_UNKNOWN;
}

const char *
social_jwt_algorithm_name(enum social_jwt_algorithm algorithm)
{
	for (size_t i = 0; i < NALGORITHMS; i++)
		if (algorithms[i].algorithm == algorithm)
			return algorithms[i].name;
	return "unknown";
}

static jwt_alg_t
library_algorithm(enum social_jwt_algorithm algorithm)
{
	for (size_t i = 0; i < NALGORITHMS; i++)
		if (algorithms[i].algorithm == algorithm)
			return algorithms[i].library_value;
	return JWT_ALG_NONE;
}

const char *
social_jwt_result_text(enum social_jwt_result result)
{
	static const char *const texts[] = {
		[SOCIAL_JWT_OK] = "the token is valid",
		[SOCIAL_JWT_TOO_LONG] = "the token is too long",
		[SOCIAL_JWT_MALFORMED] = "the token is malformed",
		[SOCIAL_JWT_BAD_HEADER] = "the token's header is malformed",
		[SOCIAL_JWT_BAD_ALGORITHM] = "the token's algorithm is not that of the key",
		[SOCIAL_JWT_BAD_TYPE] = "the token's type is not JWT",
		[SOCIAL_JWT_CRITICAL_HEADER] = "the token demands an unknown extension",
		[SOCIAL_JWT_BAD_KEY] = "the key does not fit the algorithm",
		[SOCIAL_JWT_BAD_SIGNATURE] = "the token's signature does not match",
		[SOCIAL_JWT_BAD_CLAIMS] = "the token's claims are malformed",
		[SOCIAL_JWT_MISSING_CLAIM] = "the token lacks a claim",
		[SOCIAL_JWT_EXPIRED] = "the token has expired",
		[SOCIAL_JWT_NOT_YET_VALID] = "the token is not valid yet",
		[SOCIAL_JWT_ISSUED_IN_FUTURE] = "the token was issued in the future",
		[SOCIAL_JWT_WRONG_ISSUER] = "the token is of another issuer",
		[SOCIAL_JWT_WRONG_AUDIENCE] = "the token is for another audience",
		[SOCIAL_JWT_BAD_SUBJECT] = "the token's subject is not a user",
		[SOCIAL_JWT_FAILURE] = "the token could not be processed",
	};

	return texts[result];
}

/* ---- keys ------------------------------------------------------------------------------------- */

/* Keeps OpenSSL from asking a terminal for a passphrase. */
static int
no_passphrase(char *buffer, int size, int for_writing, void *arg)
{
	return -1;
}

/* Public material as an HMAC secret is the attack of RFC 8725 2.1. */
static bool
looks_public(const unsigned char *bytes, size_t len)
{
	const unsigned char *der = bytes;
	EVP_PKEY *key;
	bool is_der;

	if (memmem(bytes, len, "-----BEGIN", 10) != NULL || (len > 4 && memcmp(bytes, "ssh-", 4) == 0) ||
		(len > 6 && memcmp(bytes, "ecdsa-", 6) == 0))
		return true;
	key = d2i_PUBKEY(NULL, &der, (long) len);
	is_der = key != NULL && der == bytes + len;
	EVP_PKEY_free(key);
	return is_der;
}

static bool
fits_algorithm(const EVP_PKEY *key, enum social_jwt_algorithm algorithm)
{
	char curve[32];

	if (algorithm == SOCIAL_JWT_RS256)
		return EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_get_bits(key) >= RSA_MIN_BITS;
	return EVP_PKEY_is_a(key, "EC") &&
		EVP_PKEY_get_group_name(key, curve, sizeof(curve), NULL) == 1 &&
		strcmp(curve, "prime256v1") == 0;
}

enum social_jwt_result
social_jwt_check_key(const struct social_jwt_key *key, bool is_public)
{
	BIO *bio;
	EVP_PKEY *parsed;
	bool fits;

	if (key->algorithm == SOCIAL_JWT_UNKNOWN)
		return SOCIAL_JWT_BAD_ALGORITHM;
	if (key->bytes == NULL || key->len == 0 || key->len > SOCIAL_JWT_MAX_LENGTH)
		return SOCIAL_JWT_BAD_KEY;
	if (key->algorithm == SOCIAL_JWT_HS256)
	{
		fits = !looks_public(key->bytes, key->len);
		ERR_clear_error();
		return fits ? SOCIAL_JWT_OK : SOCIAL_JWT_BAD_KEY;
	}

	bio = BIO_new_mem_buf(key->bytes, (int) key->len);
	if (bio == NULL)
		return SOCIAL_JWT_FAILURE;
	parsed = is_public ? PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL) :
						 PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	BIO_free(bio);
	fits = parsed != NULL && fits_algorithm(parsed, key->algorithm);
	EVP_PKEY_free(parsed);
	ERR_clear_error();
	return fits ? SOCIAL_JWT_OK : SOCIAL_JWT_BAD_KEY;
}

static char *
pem_text(BIO *bio)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);

	return len > 0 ? strndup(data, (size_t) len) : NULL;
}

bool
social_jwt_generate_es256(char **private_pem, char **public_pem)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	BIO *private_bio = BIO_new(BIO_s_mem());
	BIO *public_bio = BIO_new(BIO_s_mem());

	*private_pem = *public_pem = NULL;
	if (key != NULL && private_bio != NULL && public_bio != NULL &&
		PEM_write_bio_PKCS8PrivateKey(private_bio, key, NULL, NULL, 0, NULL, NULL) == 1 &&
		PEM_write_bio_PUBKEY(public_bio, key) == 1)
	{
		*private_pem = pem_text(private_bio);
		*public_pem = pem_text(public_bio);
	}
	BIO_free(private_bio);
	BIO_free(public_bio);
	EVP_PKEY_free(key);
	ERR_clear_error();
	if (*private_pem != NULL && *public_pem != NULL)
		return true;
	free(*private_pem);
	free(*public_pem);
	*private_pem = *public_pem = NULL;
	return false;
}

/* ---- form and header --------------------------------------------------------------------------- */

/* RFC 7515 7.1: header, payload and signature, each at least one character. */
static bool
split(const char *token, size_t len, struct parts *parts)
{
	const char *first = memchr(token, '.', len);
	const char *end = token + len;
	const char *second = first ? memchr(first + 1, '.', (size_t) (end - first - 1)) : NULL;

	if (second == NULL || memchr(second + 1, '.', (size_t) (end - second - 1)) != NULL)
		return false;
	parts->header = token;
	parts->header_len = (size_t) (first - token);
	parts->payload = first + 1;
	parts->payload_len = (size_t) (second - first - 1);
	parts->signature = second + 1;
	parts->signature_len = (size_t) (end - second - 1);
	return parts->header_len > 0 && parts->payload_len > 0 && parts->signature_len > 0;
}

/*
 * Decodes a part into a JSON object. NULL otherwise: *well_formed tells bad base64url from bad JSON
 * (which includes a member given twice, RFC 8725 2.4, and text that is not UTF-8).
 */
static json_t *
decode_object(const char *chars, size_t len, bool *well_formed)
{
	char bytes[SOCIAL_JWT_MAX_LENGTH];
	size_t size;
	json_t *json;

	*well_formed = social_base64url_decode(chars, len, bytes, sizeof(bytes), &size);
	if (!*well_formed)
		return NULL;
	json = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(json))
		return json;
	json_decref(json);
	return NULL;
}

static enum social_jwt_result
check_header(const json_t *json, struct social_jwt_header *header)
{
	const json_t *alg = json_object_get(json, "alg");
	const json_t *typ = json_object_get(json, "typ");
	const json_t *kid = json_object_get(json, "kid");

	if (!json_is_string(alg) || (kid != NULL && !json_is_string(kid)))
		return SOCIAL_JWT_BAD_HEADER;
	if (json_object_get(json, "crit") != NULL)
		return SOCIAL_JWT_CRITICAL_HEADER;
	if (typ != NULL && (!json_is_string(typ) || strcasecmp(json_string_value(typ), "JWT") != 0))
		return SOCIAL_JWT_BAD_TYPE;
	header->has_kid = kid != NULL;
	header->kid[0] = '\0';
	if (kid != NULL)
	{
		if (json_string_length(kid) > SOCIAL_JWT_KID_MAX)
			return SOCIAL_JWT_BAD_HEADER;
		strcpy(header->kid, json_string_value(kid));
	}
	header->algorithm = social_jwt_algorithm_by_name(json_string_value(alg));
	return header->algorithm == SOCIAL_JWT_UNKNOWN ? SOCIAL_JWT_BAD_ALGORITHM : SOCIAL_JWT_OK;
}

/* Everything about a token that needs no key. */
static enum social_jwt_result
open_token(const char *token, size_t len, struct parts *parts, struct social_jwt_header *header)
{
	unsigned char signature[SOCIAL_JWT_MAX_LENGTH];
	enum social_jwt_result result;
	bool well_formed;
	size_t size;
	json_t *json;

	if (len > SOCIAL_JWT_MAX_LENGTH)
		return SOCIAL_JWT_TOO_LONG;
	if (!split(token, len, parts) ||
		!social_base64url_decode(parts->signature, parts->signature_len, signature,
								 sizeof(signature), &size))
		return SOCIAL_JWT_MALFORMED;
	json = decode_object(parts->header, parts->header_len, &well_formed);
	if (json == NULL)
		return well_formed ? SOCIAL_JWT_BAD_HEADER : SOCIAL_JWT_MALFORMED;
	result = check_header(json, header);
	json_decref(json);
	return result;
}

enum social_jwt_result
social_jwt_peek(const char *token, size_t len, struct social_jwt_header *header)
{
	struct parts parts;

	return open_token(token, len, &parts, header);
}

/* ---- signature --------------------------------------------------------------------------------- */

static enum social_jwt_result
check_signature(const char *token, size_t len, const struct social_jwt_key *key)
{
	char terminated[SOCIAL_JWT_MAX_LENGTH + 1];
	jwt_t *jwt = NULL;
	bool matches;

	memcpy(terminated, token, len);
	terminated[len] = '\0';
	matches = jwt_decode(&jwt, terminated, key->bytes, (int) key->len) == 0 &&
		jwt_get_alg(jwt) == library_algorithm(key->algorithm);
	jwt_free(jwt);
	ERR_clear_error();
	return matches ? SOCIAL_JWT_OK : SOCIAL_JWT_BAD_SIGNATURE;
}

/* ---- claims ------------------------------------------------------------------------------------ */

/* An optional claim that must be a string if it is there. */
static bool
get_string(const json_t *json, const char *name, const char **value)
{
	const json_t *member = json_object_get(json, name);

	*value = json_string_value(member); /* NULL unless a string */
	return member == NULL || json_is_string(member);
}

/* An optional NumericDate (RFC 7519 2); a fraction of a second rounds as told; 0 when absent. */
static bool
get_date(const json_t *json, const char *name, bool round_up, int64_t *value)
{
	const json_t *member = json_object_get(json, name);
	double date;

	*value = 0;
	if (member == NULL)
		return true;
	if (!json_is_number(member))
		return false;
	date = json_number_value(member);
	if (!(date >= 0 && date <= (double) MAX_DATE))
		return false;
	*value = json_is_integer(member) ? json_integer_value(member) : (int64_t) date;
	if (round_up && (double) *value < date)
		*value += 1;
	return true;
}

/* RFC 7519 4.1.3: a string or an array of strings. */
static bool
is_audience_well_formed(const json_t *aud)
{
	size_t i;
	json_t *element;

	if (aud == NULL || json_is_string(aud))
		return true;
	if (!json_is_array(aud))
		return false;
	json_array_foreach((json_t *) aud, i, element)
	{
		if (!json_is_string(element))
			return false;
	}
	return true;
}

static bool
is_for(const json_t *aud, const char *audience)
{
	size_t i;
	json_t *element;

	if (json_is_string(aud))
		return strcmp(json_string_value(aud), audience) == 0;
	json_array_foreach((json_t *) aud, i, element)
	{
		if (strcmp(json_string_value(element), audience) == 0)
			return true;
	}
	return false;
}

/* A positive decimal number in its shortest form, else 0. */
static int64_t
parse_id(const char *text)
{
	int64_t id = 0;

	if (text == NULL || *text == '\0' || *text == '0')
		return 0;
	for (; *text != '\0'; text++)
	{
		int digit = *text - '0';

		if (digit < 0 || digit > 9 || id > (INT64_MAX - digit) / 10)
			return 0;
		id = id * 10 + digit;
	}
	return id;
}

static enum social_jwt_result
check_times(const struct social_jwt_claims *claims, const struct social_jwt_policy *policy)
{
	const json_t *json = claims->json;

	if (json_object_get(json, "exp") != NULL && policy->now >= claims->exp + policy->leeway)
		return SOCIAL_JWT_EXPIRED;
	if (claims->nbf > policy->now + policy->leeway)
		return SOCIAL_JWT_NOT_YET_VALID;
	if (claims->iat > policy->now + policy->leeway)
		return SOCIAL_JWT_ISSUED_IN_FUTURE;
	return SOCIAL_JWT_OK;
}

static enum social_jwt_result
check_claims(struct social_jwt_claims *claims, const struct social_jwt_policy *policy)
{
	const json_t *json = claims->json;
	const json_t *aud = json_object_get(json, "aud");
	enum social_jwt_result result;

	if (!get_string(json, "sub", &claims->sub) || !get_string(json, "iss", &claims->iss) ||
		!get_string(json, "sid", &claims->sid) || !get_string(json, "jti", &claims->jti) ||
		!get_date(json, "exp", false, &claims->exp) || !get_date(json, "nbf", true, &claims->nbf) ||
		!get_date(json, "iat", true, &claims->iat) || !is_audience_well_formed(aud))
		return SOCIAL_JWT_BAD_CLAIMS;
	claims->subject_id = parse_id(claims->sub);

	result = check_times(claims, policy);
	if (result != SOCIAL_JWT_OK)
		return result;
	if (policy->issuer != NULL && (claims->iss == NULL || strcmp(claims->iss, policy->issuer) != 0))
		return SOCIAL_JWT_WRONG_ISSUER;
	if (policy->audience != NULL && !is_for(aud, policy->audience))
		return SOCIAL_JWT_WRONG_AUDIENCE;
	if (!policy->is_access_token)
		return SOCIAL_JWT_OK;
	if (claims->sub == NULL || json_object_get(json, "exp") == NULL ||
		json_object_get(json, "iat") == NULL)
		return SOCIAL_JWT_MISSING_CLAIM;
	return claims->subject_id == 0 ? SOCIAL_JWT_BAD_SUBJECT : SOCIAL_JWT_OK;
}

void
social_jwt_claims_release(struct social_jwt_claims *claims)
{
	json_decref(claims->json);
	memset(claims, 0, sizeof(*claims));
}

enum social_jwt_result
social_jwt_verify(const char *token, size_t len, const struct social_jwt_key *key,
				  const struct social_jwt_policy *policy, struct social_jwt_claims *claims)
{
	struct parts parts;
	struct social_jwt_header header;
	enum social_jwt_result result = open_token(token, len, &parts, &header);
	bool well_formed;

	memset(claims, 0, sizeof(*claims));
	if (result == SOCIAL_JWT_OK && header.algorithm != key->algorithm)
		result = SOCIAL_JWT_BAD_ALGORITHM;
	if (result == SOCIAL_JWT_OK)
		result = social_jwt_check_key(key, true);
	if (result == SOCIAL_JWT_OK)
		result = check_signature(token, len, key);
	if (result != SOCIAL_JWT_OK)
		return result;

	claims->json = decode_object(parts.payload, parts.payload_len, &well_formed);
	if (claims->json == NULL)
		return well_formed ? SOCIAL_JWT_BAD_CLAIMS : SOCIAL_JWT_MALFORMED;
	result = check_claims(claims, policy);
	if (result != SOCIAL_JWT_OK)
		social_jwt_claims_release(claims);
	return result;
}

enum social_jwt_result
social_jwt_sign(const struct social_jwt_key *key, const char *kid, const json_t *claims,
				char **token)
{
	enum social_jwt_result result = social_jwt_check_key(key, false);
	char *json;
	jwt_t *jwt = NULL;

	*token = NULL;
	if (result != SOCIAL_JWT_OK)
		return result;
	json = json_dumps(claims, JSON_COMPACT);
	if (json != NULL && jwt_new(&jwt) == 0 && jwt_add_grants_json(jwt, json) == 0 &&
		(kid == NULL || jwt_add_header(jwt, "kid", kid) == 0) &&
		jwt_set_alg(jwt, library_algorithm(key->algorithm), key->bytes, (int) key->len) == 0)
		*token = jwt_encode_str(jwt);
	jwt_free(jwt);
	free(json);
	ERR_clear_error();
	return *token != NULL ? SOCIAL_JWT_OK : SOCIAL_JWT_FAILURE;
}
