/*
 * sigv4_address.c owns addresses that carry their signature: making them, and checking those that
 * come (sigv4.h).
 */
#include "core/sigv4.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define NAMES_SIZE 512 /* of the names of signed headers, with a NUL */

/* ---- making ---------------------------------------------------------------------------------- */

/* The names of the signed headers, percent-encoded; false where they do not fit. */
static bool
join_names(const struct social_sigv4_field *headers, size_t nheaders, char out[3 * NAMES_SIZE])
{
	char names[NAMES_SIZE];
	size_t at = 0;

	for (size_t i = 0; i < nheaders; i++)
	{
		if (at + headers[i].name_len + 2 > sizeof(names))
			return false;
		if (i > 0)
			names[at++] = ';';
		memcpy(names + at, headers[i].name, headers[i].name_len);
		at += headers[i].name_len;
	}
	social_sigv4_encode(names, at, false, out);
	return true;
}

static struct social_sigv4_field
parameter(const char *name, const char *value)
{
	return (struct social_sigv4_field){name, strlen(name), value, strlen(value)};
}

/* Writes "name=value&..." and the signature behind it. */
static bool
write_query(const struct social_sigv4_request *request, const char *signature, char *out,
			size_t size)
{
	size_t at = 0;

	for (size_t i = 0; i < request->nquery; i++)
	{
		const struct social_sigv4_field *field = &request->query[i];

		if (at + field->name_len + field->value_len + 2 > size)
			return false;
		memcpy(out + at, field->name, field->name_len);
		at += field->name_len;
		out[at++] = '=';
		memcpy(out + at, field->value, field->value_len);
		at += field->value_len;
		out[at++] = '&';
	}
	return (size_t) snprintf(out + at, size - at, "X-Amz-Signature=%s", signature) < size - at;
}

enum social_sigv4_result
social_sigv4_presign(const struct social_sigv4_key *key, const struct social_sigv4_request *request,
					 int64_t at, int64_t seconds, char *out, size_t size)
{
	struct social_sigv4_field query[SOCIAL_SIGV4_FIELDS];
	struct social_sigv4_request complete = *request;
	char date[SOCIAL_SIGV4_DATE_SIZE];
	char credential[SOCIAL_SIGV4_SCOPE_SIZE];
	char encoded[3 * SOCIAL_SIGV4_SCOPE_SIZE];
	char names[3 * NAMES_SIZE];
	char life[16];
	char signature[SOCIAL_SIGV4_SIGNATURE + 1];
	enum social_sigv4_result result;

	if (seconds < 1 || seconds > SOCIAL_SIGV4_LIFE_MAX || !social_sigv4_date(at, date) ||
		request->nquery + 5 > SOCIAL_SIGV4_FIELDS ||
		!social_sigv4_order(request->headers, request->nheaders, false) ||
		!join_names(request->headers, request->nheaders, names))
		return SOCIAL_SIGV4_MALFORMED;
	result = social_sigv4_credential(key, date, credential);
	if (result != SOCIAL_SIGV4_OK)
		return result;
	social_sigv4_encode(credential, strlen(credential), false, encoded);
	snprintf(life, sizeof(life), "%d", (int) seconds);

	if (request->nquery > 0)
		memcpy(query, request->query, request->nquery * sizeof(query[0]));
	complete.query = query;
	query[complete.nquery++] = parameter("X-Amz-Algorithm", SOCIAL_SIGV4_ALGORITHM);
	query[complete.nquery++] = parameter("X-Amz-Credential", encoded);
	query[complete.nquery++] = parameter("X-Amz-Date", date);
	query[complete.nquery++] = parameter("X-Amz-Expires", life);
	query[complete.nquery++] = parameter("X-Amz-SignedHeaders", names);
	result = social_sigv4_sign(key, date, &complete, signature);
	if (result != SOCIAL_SIGV4_OK)
		return result;
	return write_query(&complete, signature, out, size) ? SOCIAL_SIGV4_OK : SOCIAL_SIGV4_MALFORMED;
}

enum social_sigv4_result
social_sigv4_presign_get(const struct social_sigv4_key *key, const char *host, const char *path,
						 size_t path_len, int64_t at, int64_t seconds,
						 char out[SOCIAL_SIGV4_GET_SIZE])
{
	struct social_sigv4_field header = {"host", strlen("host"), host, strlen(host)};
	struct social_sigv4_request request = {.method = "GET",
										   .path = path,
										   .path_len = path_len,
										   .headers = &header,
										   .nheaders = 1,
										   .payload = SOCIAL_SIGV4_UNSIGNED};

	return social_sigv4_presign(key, &request, at, seconds, out, SOCIAL_SIGV4_GET_SIZE);
}

/* ---- reading --------------------------------------------------------------------------------- */

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Reads what social_sigv4_encode() has written, and nothing else, into a text of size bytes. */
static bool
decode(const struct social_sigv4_field *field, char *out, size_t size)
{
	size_t at = 0;

	for (size_t i = 0; i < field->value_len; i++)
	{
		char c = field->value[i];

		if (c == '%')
		{
			int high = i + 2 < field->value_len ? hex_value(field->value[i + 1]) : -1;
			int low = high >= 0 ? hex_value(field->value[i + 2]) : -1;

			if (low < 0)
				return false;
			c = (char) (high * 16 + low);
			if (social_sigv4_is_plain((unsigned char) c))
				return false;
			i += 2;
		}
		else if (!social_sigv4_is_plain((unsigned char) c))
			return false;
		if (c == '\0' || at + 1 >= size)
			return false;
		out[at++] = c;
	}
	out[at] = '\0';
	return true;
}

static bool
is_named(const struct social_sigv4_field *field, const char *name)
{
	return field->name_len == strlen(name) && memcmp(field->name, name, field->name_len) == 0;
}

/* Digits as a number; -1 for anything else. */
static int64_t
number(const char *text, size_t len)
{
	int64_t value = 0;

	if (len == 0 || len > 9)
		return -1;
	for (size_t i = 0; i < len; i++)
	{
		if (text[i] < '0' || text[i] > '9')
			return -1;
		value = value * 10 + (text[i] - '0');
	}
	return value;
}

/* The other way round; what is no date (month 13) does not come out as it went in. */
static bool
read_date(const struct social_sigv4_field *field, char date[SOCIAL_SIGV4_DATE_SIZE], int64_t *at)
{
	const char *text = field->value;
	char again[SOCIAL_SIGV4_DATE_SIZE];
	struct tm parts = {0};

	if (field->value_len != SOCIAL_SIGV4_DATE_SIZE - 1 || text[8] != 'T' || text[15] != 'Z')
		return false;
	if (number(text, 8) < 0 || number(text + 9, 6) < 0)
		return false;
	parts.tm_year = (int) number(text, 4) - 1900;
	parts.tm_mon = (int) number(text + 4, 2) - 1;
	parts.tm_mday = (int) number(text + 6, 2);
	parts.tm_hour = (int) number(text + 9, 2);
	parts.tm_min = (int) number(text + 11, 2);
	parts.tm_sec = (int) number(text + 13, 2);
	*at = (int64_t) timegm(&parts);
	memcpy(date, text, SOCIAL_SIGV4_DATE_SIZE - 1);
	date[SOCIAL_SIGV4_DATE_SIZE - 1] = '\0';
	return social_sigv4_date(*at, again) && strcmp(again, date) == 0;
}

/* ---- checking -------------------------------------------------------------------------------- */

/* What a query says; parameters of the signature are among the others, but for the signature. */
struct reading
{
	struct social_sigv4_field query[SOCIAL_SIGV4_FIELDS];
	size_t nquery;
	struct social_sigv4_field headers[SOCIAL_SIGV4_FIELDS];
	size_t nheaders;
	struct social_sigv4_field algorithm;
	struct social_sigv4_field credential;
	struct social_sigv4_field date;
	struct social_sigv4_field expires;
	struct social_sigv4_field names;
	struct social_sigv4_field signature;
	char header_names[NAMES_SIZE];
};

/* The place for a parameter of the signature; NULL for any other. */
static struct social_sigv4_field *
place_of(struct reading *reading, const struct social_sigv4_field *field)
{
	const struct
	{
		const char *name;
		struct social_sigv4_field *place;
	} places[] = {
		{"X-Amz-Algorithm", &reading->algorithm}, {"X-Amz-Credential", &reading->credential},
		{"X-Amz-Date", &reading->date},           {"X-Amz-Expires", &reading->expires},
		{"X-Amz-SignedHeaders", &reading->names}, {"X-Amz-Signature", &reading->signature},
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
	{
		if (is_named(field, places[i].name))
			return places[i].place;
	}
	return NULL;
}

static bool
read_query(struct reading *reading, const char *query, size_t len)
{
	const char *end = query + len;

	for (const char *at = query; at < end;)
	{
		const char *stop = memchr(at, '&', (size_t) (end - at));
		const char *equals;
		struct social_sigv4_field field;
		struct social_sigv4_field *place;

		stop = stop == NULL ? end : stop;
		equals = memchr(at, '=', (size_t) (stop - at));
		equals = equals == NULL ? stop : equals;
		field.name = at;
		field.name_len = (size_t) (equals - at);
		field.value = equals < stop ? equals + 1 : stop;
		field.value_len = (size_t) (stop - field.value);
		at = stop + 1;
		place = place_of(reading, &field);
		if (place != NULL && place->name != NULL)
			return false;
		if (place != NULL)
			*place = field;
		if (place == &reading->signature)
			continue;
		if (reading->nquery == SOCIAL_SIGV4_FIELDS)
			return false;
		reading->query[reading->nquery++] = field;
	}
	return reading->algorithm.name != NULL && reading->credential.name != NULL &&
		   reading->date.name != NULL && reading->expires.name != NULL &&
		   reading->names.name != NULL && reading->signature.name != NULL;
}

/* The signed headers with the values that the request has; "host" is among them. */
static bool
read_headers(struct reading *reading, const struct social_sigv4_claim *claim)
{
	char *name = reading->header_names;
	bool has_host = false;

	if (!decode(&reading->names, reading->header_names, sizeof(reading->header_names)))
		return false;
	for (;;)
	{
		struct social_sigv4_field field = {name, strcspn(name, ";"), NULL, 0};

		if (field.name_len == 0 || reading->nheaders == SOCIAL_SIGV4_FIELDS ||
			!claim->header(claim->arg, name, field.name_len, &field.value, &field.value_len))
			return false;
		has_host = has_host || is_named(&field, "host");
		reading->headers[reading->nheaders++] = field;
		name += field.name_len;
		if (*name == '\0')
			return has_host;
		name++;
	}
}

/* The key of the credential, which names the day of the date; NULL: none of ours. */
static const struct social_sigv4_key *
find_key(const struct social_sigv4_key *keys, size_t nkeys, const char *credential,
		 const char *date)
{
	char ours[SOCIAL_SIGV4_SCOPE_SIZE];

	for (size_t i = 0; i < nkeys; i++)
	{
		if (social_sigv4_credential(&keys[i], date, ours) == SOCIAL_SIGV4_OK &&
			strcmp(ours, credential) == 0)
			return &keys[i];
	}
	return NULL;
}

enum social_sigv4_result
social_sigv4_verify(const struct social_sigv4_key *keys, size_t nkeys,
					const struct social_sigv4_claim *claim, int64_t now,
					struct social_sigv4_field *signed_headers)
{
	struct reading reading = {.nquery = 0};
	struct social_sigv4_request request = {
		.method = claim->method,
		.path = claim->path,
		.path_len = claim->path_len,
		.query = reading.query,
		.headers = reading.headers,
		.payload = SOCIAL_SIGV4_UNSIGNED,
	};
	char credential[SOCIAL_SIGV4_SCOPE_SIZE];
	char date[SOCIAL_SIGV4_DATE_SIZE];
	char signature[SOCIAL_SIGV4_SIGNATURE + 1];
	const struct social_sigv4_key *key;
	enum social_sigv4_result result;
	int64_t at;
	int64_t seconds;

	if (!read_query(&reading, claim->query, claim->query_len) ||
		!decode(&reading.credential, credential, sizeof(credential)) ||
		!read_date(&reading.date, date, &at) ||
		reading.algorithm.value_len != strlen(SOCIAL_SIGV4_ALGORITHM) ||
		memcmp(reading.algorithm.value, SOCIAL_SIGV4_ALGORITHM, reading.algorithm.value_len) != 0 ||
		reading.signature.value_len != SOCIAL_SIGV4_SIGNATURE)
		return SOCIAL_SIGV4_MALFORMED;
	seconds = number(reading.expires.value, reading.expires.value_len);
	if (seconds < 1 || seconds > SOCIAL_SIGV4_LIFE_MAX)
		return SOCIAL_SIGV4_MALFORMED;
	key = find_key(keys, nkeys, credential, date);
	if (key == NULL)
		return SOCIAL_SIGV4_UNKNOWN_KEY;
	/* A header that is gone is a request that nobody signed. */
	if (!read_headers(&reading, claim))
		return SOCIAL_SIGV4_MISMATCH;
	request.nquery = reading.nquery;
	request.nheaders = reading.nheaders;
	result = social_sigv4_sign(key, date, &request, signature);
	if (result != SOCIAL_SIGV4_OK)
		return result;
	if (CRYPTO_memcmp(signature, reading.signature.value, SOCIAL_SIGV4_SIGNATURE) != 0)
		return SOCIAL_SIGV4_MISMATCH;
	if (now < at - SOCIAL_SIGV4_SKEW)
		return SOCIAL_SIGV4_NOT_YET;
	if (now >= at + seconds)
		return SOCIAL_SIGV4_EXPIRED;
	*signed_headers = reading.names;
	return SOCIAL_SIGV4_OK;
}
