/*
 * sigv4.c owns making signatures of version 4 (sigv4.h). The canonical request is never in memory:
 * it goes into the digest piece by piece.
 */
#include "core/sigv4.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DIGEST     32
#define DAY_LENGTH 8 /* of 20130524 */

/* ---- texts ---------------------------------------------------------------------------------- */

bool
social_sigv4_is_plain(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
		   c == '.' || c == '_' || c == '~';
}

static void
to_hex(const unsigned char *bytes, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++)
	{
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	out[2 * len] = '\0';
}

size_t
social_sigv4_encode(const char *text, size_t len, bool keeps_slashes, char *out)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t at = 0;

	for (size_t i = 0; i < len; i++)
	{
		unsigned char c = (unsigned char) text[i];

		if (social_sigv4_is_plain(c) || (c == '/' && keeps_slashes))
			out[at++] = (char) c;
		else
		{
			out[at++] = '%';
			out[at++] = digits[c >> 4];
			out[at++] = digits[c & 15];
		}
	}
	out[at] = '\0';
	return at;
}

/* ---- times ---------------------------------------------------------------------------------- */

bool
social_sigv4_date(int64_t at, char date[SOCIAL_SIGV4_DATE_SIZE])
{
	time_t seconds = (time_t) at;
	struct tm parts;

	return gmtime_r(&seconds, &parts) != NULL && parts.tm_year >= -1900 && parts.tm_year <= 8099 &&
		   strftime(date, SOCIAL_SIGV4_DATE_SIZE, "%Y%m%dT%H%M%SZ", &parts) ==
			   SOCIAL_SIGV4_DATE_SIZE - 1;
}

/* ---- digests -------------------------------------------------------------------------------- */

static bool
hmac(const void *key, size_t key_len, const char *text, size_t len, unsigned char out[DIGEST])
{
	return HMAC(EVP_sha256(), key, (int) key_len, (const unsigned char *) text, len, out, NULL) !=
		   NULL;
}

/* The key of a day, a region and a service signs the text. */
static bool
sign_with(const struct social_sigv4_key *key, const char *date, const char *text, size_t len,
		  char signature[SOCIAL_SIGV4_SIGNATURE + 1])
{
	size_t secret_len = strlen(key->secret);
	char *first = malloc(4 + secret_len + 1);
	unsigned char derived[DIGEST];
	unsigned char other[DIGEST];
	bool is_done;

	if (first == NULL)
		return false;
	memcpy(first, "AWS4", 4);
	memcpy(first + 4, key->secret, secret_len);
	is_done = hmac(first, 4 + secret_len, date, DAY_LENGTH, derived) &&
			  hmac(derived, DIGEST, key->region, strlen(key->region), other) &&
			  hmac(other, DIGEST, key->service, strlen(key->service), derived) &&
			  hmac(derived, DIGEST, "aws4_request", 12, other) &&
			  hmac(other, DIGEST, text, len, derived);
	if (is_done)
		to_hex(derived, DIGEST, signature);
	OPENSSL_cleanse(first, 4 + secret_len);
	OPENSSL_cleanse(other, sizeof(other));
	free(first);
	return is_done;
}

struct digest
{
	EVP_MD_CTX *context;
	bool is_good;
};

static void
feed(struct digest *digest, const char *text, size_t len)
{
	digest->is_good = digest->is_good && EVP_DigestUpdate(digest->context, text, len) == 1;
}

static void
feed_text(struct digest *digest, const char *text)
{
	feed(digest, text, strlen(text));
}

/* Without blanks around it, and with one for each run of them within. */
static void
feed_header(struct digest *digest, const char *value, size_t len)
{
	bool is_behind = false;
	bool is_blank = false;

	for (size_t i = 0; i < len; i++)
	{
		if (value[i] == ' ' || value[i] == '\t')
			is_blank = true;
		else
		{
			if (is_blank && is_behind)
				feed(digest, " ", 1);
			feed(digest, value + i, 1);
			is_blank = false;
			is_behind = true;
		}
	}
}

/* ---- canonical requests --------------------------------------------------------------------- */

static int
compare_texts(const char *one, size_t one_len, const char *other, size_t other_len)
{
	int order = memcmp(one, other, one_len < other_len ? one_len : other_len);

	return order != 0 ? order : (one_len > other_len) - (one_len < other_len);
}

static int
compare_fields(const void *one, const void *other)
{
	const struct social_sigv4_field *a = one;
	const struct social_sigv4_field *b = other;
	int order = compare_texts(a->name, a->name_len, b->name, b->name_len);

	return order != 0 ? order : compare_texts(a->value, a->value_len, b->value, b->value_len);
}

bool
social_sigv4_order(struct social_sigv4_field *fields, size_t nfields, bool may_repeat)
{
	if (nfields > SOCIAL_SIGV4_FIELDS)
		return false;
	if (nfields > 0)
		qsort(fields, nfields, sizeof(fields[0]), compare_fields);
	for (size_t i = 0; i < nfields; i++)
	{
		if (fields[i].name_len == 0)
			return false;
		if (!may_repeat && i > 0 &&
			compare_texts(fields[i].name, fields[i].name_len, fields[i - 1].name,
						  fields[i - 1].name_len) == 0)
			return false;
	}
	return true;
}

static void
feed_names(struct digest *digest, const struct social_sigv4_request *request)
{
	for (size_t i = 0; i < request->nheaders; i++)
	{
		feed(digest, ";", i > 0);
		feed(digest, request->headers[i].name, request->headers[i].name_len);
	}
}

static void
feed_request(struct digest *digest, const struct social_sigv4_request *request)
{
	feed_text(digest, request->method);
	feed_text(digest, "\n");
	feed(digest, request->path, request->path_len);
	feed_text(digest, "\n");
	for (size_t i = 0; i < request->nquery; i++)
	{
		feed(digest, "&", i > 0);
		feed(digest, request->query[i].name, request->query[i].name_len);
		feed_text(digest, "=");
		feed(digest, request->query[i].value, request->query[i].value_len);
	}
	feed_text(digest, "\n");
	for (size_t i = 0; i < request->nheaders; i++)
	{
		feed(digest, request->headers[i].name, request->headers[i].name_len);
		feed_text(digest, ":");
		feed_header(digest, request->headers[i].value, request->headers[i].value_len);
		feed_text(digest, "\n");
	}
	feed_text(digest, "\n");
	feed_names(digest, request);
	feed_text(digest, "\n");
	feed_text(digest, request->payload);
}

/* The SHA-256 of the canonical request, in hexadecimal. */
static bool
digest_request(const struct social_sigv4_request *request, char out[2 * DIGEST + 1])
{
	struct digest digest = {.context = EVP_MD_CTX_new()};
	unsigned char bytes[DIGEST];

	digest.is_good =
		digest.context != NULL && EVP_DigestInit_ex(digest.context, EVP_sha256(), NULL) == 1;
	feed_request(&digest, request);
	digest.is_good = digest.is_good && EVP_DigestFinal_ex(digest.context, bytes, NULL) == 1;
	EVP_MD_CTX_free(digest.context);
	if (digest.is_good)
		to_hex(bytes, DIGEST, out);
	return digest.is_good;
}

/* ---- signing -------------------------------------------------------------------------------- */

/* A part of a scope: printable, and no slash, which would move what is behind it. */
static bool
is_part(const char *text)
{
	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++)
	{
		if (*text <= ' ' || *text > '~' || *text == '/')
			return false;
	}
	return true;
}

enum social_sigv4_result
social_sigv4_credential(const struct social_sigv4_key *key, const char *date,
						char out[SOCIAL_SIGV4_SCOPE_SIZE])
{
	int len;

	if (!is_part(key->access_key) || !is_part(key->region) || !is_part(key->service))
		return SOCIAL_SIGV4_MALFORMED;
	len = snprintf(out, SOCIAL_SIGV4_SCOPE_SIZE, "%s/%.*s/%s/%s/aws4_request", key->access_key,
				   DAY_LENGTH, date, key->region, key->service);
	return len > 0 && len < SOCIAL_SIGV4_SCOPE_SIZE ? SOCIAL_SIGV4_OK : SOCIAL_SIGV4_MALFORMED;
}

enum social_sigv4_result
social_sigv4_sign_text(const struct social_sigv4_key *key, const char *date, const char *text,
					   size_t len, char signature[SOCIAL_SIGV4_SIGNATURE + 1])
{
	if (!is_part(key->region) || !is_part(key->service))
		return SOCIAL_SIGV4_MALFORMED;
	return sign_with(key, date, text, len, signature) ? SOCIAL_SIGV4_OK : SOCIAL_SIGV4_FAILURE;
}

enum social_sigv4_result
social_sigv4_sign(const struct social_sigv4_key *key, const char *date,
				  struct social_sigv4_request *request, char signature[SOCIAL_SIGV4_SIGNATURE + 1])
{
	char credential[SOCIAL_SIGV4_SCOPE_SIZE];
	char digest[2 * DIGEST + 1];
	char text[SOCIAL_SIGV4_SCOPE_SIZE + 2 * DIGEST + 64];
	enum social_sigv4_result result = social_sigv4_credential(key, date, credential);
	int len;

	if (result != SOCIAL_SIGV4_OK)
		return result;
	if (request->path_len == 0 || request->path[0] != '/' ||
		!social_sigv4_order(request->query, request->nquery, true) ||
		!social_sigv4_order(request->headers, request->nheaders, false))
		return SOCIAL_SIGV4_MALFORMED;
	if (!digest_request(request, digest))
		return SOCIAL_SIGV4_FAILURE;
	len = snprintf(text, sizeof(text), SOCIAL_SIGV4_ALGORITHM "\n%s\n%s\n%s", date,
				   credential + strlen(key->access_key) + 1, digest);
	return social_sigv4_sign_text(key, date, text, (size_t) len, signature);
}
