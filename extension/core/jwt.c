/*
 * jwt.c owns the checks of a token: its form, its header, then its signature, then its claims.
 */
#include "core/jwt.h"

#include "core/base64url.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A header of ours: alg, typ and an escaped kid. */
#define HEADER_SIZE (64 + 6 * SOCIAL_JWT_KID_MAX)

/* No date beyond it is exact in a double, nor can adding a leeway overflow. */
#define MAX_DATE ((int64_t) 1 << 53)

/* A token cut at its dots. */
struct parts
{
	const char *header;
	size_t header_len;
	const char *payload;
	size_t payload_len;
	unsigned char signature[SOCIAL_JWT_MAX_LENGTH];
	size_t signature_len;
};

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
		[SOCIAL_JWT_NO_KID] = "the token's header names no key (kid)",
		[SOCIAL_JWT_UNKNOWN_KEY] = "no key here is the one that the token's header names (kid)",
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

/* ---- form and header ---------------------------------------------------------------------------
 */

/* RFC 7515 7.1: header, payload and signature, each at least one character. */
static bool
split(const char *token, size_t len, struct parts *parts)
{
	const char *end = token + len;
	const char *first = memchr(token, '.', len);
	const char *second = first ? memchr(first + 1, '.', (size_t) (end - first - 1)) : NULL;

	if (second == NULL)
		return false;
	parts->header = token;
	parts->header_len = (size_t) (first - token);
	parts->payload = first + 1;
	parts->payload_len = (size_t) (second - first - 1);
	return parts->header_len > 0 && parts->payload_len > 0 &&
		   social_base64url_decode(second + 1, (size_t) (end - second - 1), parts->signature,
								   sizeof(parts->signature), &parts->signature_len) &&
		   parts->signature_len > 0;
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

/* Media types, in any case; RFC 9068 2.1 writes its own with "application/" or without. */
static const char *const jwt_types[] = {"JWT", NULL};
static const char *const at_jwt_types[] = {"at+jwt", "application/at+jwt", NULL};

static bool
is_one_of(const json_t *text, const char *const *words)
{
	while (json_is_string(text) && *words != NULL &&
		   strcasecmp(json_string_value(text), *words) != 0)
		words++;
	return json_is_string(text) && *words != NULL;
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
	header->is_at_jwt = is_one_of(typ, at_jwt_types);
	if (typ != NULL && !header->is_at_jwt && !is_one_of(typ, jwt_types))
		return SOCIAL_JWT_BAD_TYPE;
	header->has_kid = kid != NULL;
	header->kid[0] = '\0';
	if (kid != NULL)
	{
		if (json_string_length(kid) > SOCIAL_JWT_KID_MAX)
			return SOCIAL_JWT_BAD_HEADER;
		strcpy(header->kid, json_string_value(kid));
	}
	header->algorithm = social_jws_algorithm_by_name(json_string_value(alg));
	return header->algorithm == SOCIAL_JWS_UNKNOWN ? SOCIAL_JWT_BAD_ALGORITHM : SOCIAL_JWT_OK;
}

/* Everything about a token that needs no key. */
static enum social_jwt_result
open_token(const char *token, size_t len, struct parts *parts, struct social_jwt_header *header)
{
	enum social_jwt_result result;
	bool well_formed;
	json_t *json;

	if (len > SOCIAL_JWT_MAX_LENGTH)
		return SOCIAL_JWT_TOO_LONG;
	if (!split(token, len, parts))
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

void
social_jwt_peek_issuer(const char *token, size_t len, char issuer[SOCIAL_JWT_ISSUER_MAX + 1])
{
	struct social_jwt_header header;
	struct parts parts;
	bool well_formed;
	json_t *claims;
	json_t *iss;

	issuer[0] = '\0';
	if (open_token(token, len, &parts, &header) != SOCIAL_JWT_OK)
		return;
	claims = decode_object(parts.payload, parts.payload_len, &well_formed);
	iss = json_object_get(claims, "iss");
	if (json_is_string(iss) && json_string_length(iss) <= SOCIAL_JWT_ISSUER_MAX)
		strcpy(issuer, json_string_value(iss));
	json_decref(claims);
}

/* ---- claims ------------------------------------------------------------------------------------
 */

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
	if (*value > MAX_DATE)
		return false;
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

bool
social_jwt_claim(const struct social_jwt_claims *claims, const char *name, char *value, size_t size)
{
	const json_t *member = json_object_get(claims->json, name);
	int len = -1;

	if (json_is_string(member))
		len = snprintf(value, size, "%s", json_string_value(member));
	else if (json_is_integer(member))
		len = snprintf(value, size, "%" JSON_INTEGER_FORMAT, json_integer_value(member));
	return len >= 0 && (size_t) len < size;
}

bool
social_jwt_denies(const struct social_jwt_claims *claims, const char *name)
{
	const json_t *member = json_object_get(claims->json, name);

	/* Some issuers write their truth values as texts. */
	return member != NULL && !json_is_true(member) &&
		   !(json_is_string(member) && strcmp(json_string_value(member), "true") == 0);
}

char *
social_jwt_claims_text(const struct social_jwt_claims *claims)
{
	return json_dumps(claims->json, JSON_COMPACT | JSON_ENSURE_ASCII);
}

/* ---- the whole ----------------------------------------------------------------------------------
 */

static enum social_jwt_result
from_jws(enum social_jws_result result)
{
	switch (result)
	{
		case SOCIAL_JWS_OK:
			return SOCIAL_JWT_OK;
		case SOCIAL_JWS_BAD_KEY:
			return SOCIAL_JWT_BAD_KEY;
		case SOCIAL_JWS_BAD_SIGNATURE:
			return SOCIAL_JWT_BAD_SIGNATURE;
		case SOCIAL_JWS_FAILURE:
			break;
	}
	return SOCIAL_JWT_FAILURE;
}

enum social_jwt_result
social_jwt_verify(const char *token, size_t len, const struct social_jws_key *key,
				  const struct social_jwt_policy *policy, struct social_jwt_claims *claims)
{
	struct parts parts;
	struct social_jwt_header header;
	enum social_jwt_result result = open_token(token, len, &parts, &header);
	bool well_formed;

	memset(claims, 0, sizeof(*claims));
	if (result != SOCIAL_JWT_OK)
		return result;
	if (header.is_at_jwt && !policy->takes_at_jwt)
		return SOCIAL_JWT_BAD_TYPE;
	if (header.algorithm != key->algorithm)
		return SOCIAL_JWT_BAD_ALGORITHM;
	result = from_jws(social_jws_verify(key, token, parts.header_len + 1 + parts.payload_len,
										parts.signature, parts.signature_len));
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

/* Writes {"alg":..,"typ":"JWT","kid":..}; false when kid is too long or not UTF-8. */
static bool
make_header(enum social_jws_algorithm algorithm, const char *kid, char header[HEADER_SIZE])
{
	json_t *json = json_pack("{s:s, s:s, s:s*}", "alg", social_jws_algorithm_name(algorithm), "typ",
							 "JWT", "kid", kid);
	size_t len = 0;

	if (json != NULL && (kid == NULL || strlen(kid) <= SOCIAL_JWT_KID_MAX))
		len = json_dumpb(json, header, HEADER_SIZE - 1, JSON_COMPACT);
	json_decref(json);
	if (len == 0 || len >= HEADER_SIZE)
		return false;
	header[len] = '\0';
	return true;
}

enum social_jwt_result
social_jwt_sign(const struct social_jws_key *key, const char *kid, const char *claims, char **token)
{
	unsigned char signature[SOCIAL_JWS_MAX_SIGNED_SIZE];
	char header[HEADER_SIZE];
	enum social_jwt_result result;
	size_t header_len;
	size_t signature_len;
	size_t size;
	char *end;

	*token = NULL;
	if (!make_header(key->algorithm, kid, header))
		return SOCIAL_JWT_BAD_HEADER;
	header_len = strlen(header);
	size = SOCIAL_BASE64URL_SIZE(header_len) + SOCIAL_BASE64URL_SIZE(strlen(claims)) +
		   SOCIAL_BASE64URL_SIZE(sizeof(signature));
	*token = malloc(size);
	if (*token == NULL)
		return SOCIAL_JWT_FAILURE;

	social_base64url_encode(header, header_len, *token);
	end = *token + strlen(*token);
	*end++ = '.';
	social_base64url_encode(claims, strlen(claims), end);
	end += strlen(end);
	result =
		from_jws(social_jws_sign(key, *token, (size_t) (end - *token), signature, &signature_len));
	if (result != SOCIAL_JWT_OK)
	{
		free(*token);
		*token = NULL;
		return result;
	}
	*end++ = '.';
	social_base64url_encode(signature, signature_len, end);
	return SOCIAL_JWT_OK;
}
