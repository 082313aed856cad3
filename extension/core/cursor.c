/*
 * cursor.c owns the layout of a page cursor: version, key, id (big-endian), check.
 */
#include "core/cursor.h"

#include "core/base64url.h"

#include <sodium.h>
#include <string.h>

#define CURSOR_VERSION 1
#define PAYLOAD_BYTES  17
#define CHECK_BYTES    4
#define KIND_MAX       64

/* A fixed key: the check guards against accidents, not against people. */
static const unsigned char check_key[crypto_shorthash_KEYBYTES] = "social cursor 1";

static void
put_int64(unsigned char *out, int64_t value)
{
	uint64_t bits = (uint64_t) value;

	for (int i = 7; i >= 0; i--, bits >>= 8)
		out[i] = bits & 0xff;
}

static int64_t
get_int64(const unsigned char *in)
{
	uint64_t bits = 0;

	for (int i = 0; i < 8; i++)
		bits = bits << 8 | in[i];
	return (int64_t) bits;
}

/* The check covers the list's name, so that a cursor of one list is refused by another. */
static void
compute_check(const char *kind, const unsigned char *payload, unsigned char check[CHECK_BYTES])
{
	unsigned char message[PAYLOAD_BYTES + KIND_MAX];
	unsigned char hash[crypto_shorthash_BYTES];
	size_t kind_len = strnlen(kind, KIND_MAX);

	memcpy(message, payload, PAYLOAD_BYTES);
	memcpy(message + PAYLOAD_BYTES, kind, kind_len);
	crypto_shorthash(hash, message, PAYLOAD_BYTES + kind_len, check_key);
	memcpy(check, hash, CHECK_BYTES);
}

void
social_cursor_encode(const char *kind, int64_t key, int64_t id, char out[SOCIAL_CURSOR_LENGTH + 1])
{
	unsigned char bytes[PAYLOAD_BYTES + CHECK_BYTES];

	bytes[0] = CURSOR_VERSION;
	put_int64(bytes + 1, key);
	put_int64(bytes + 9, id);
	compute_check(kind, bytes, bytes + PAYLOAD_BYTES);
	social_base64url_encode(bytes, sizeof(bytes), out);
}

bool
social_cursor_decode(const char *kind, const char *cursor, size_t len, int64_t *key, int64_t *id)
{
	unsigned char bytes[PAYLOAD_BYTES + CHECK_BYTES];
	unsigned char check[CHECK_BYTES];
	size_t decoded;

	if (len != SOCIAL_CURSOR_LENGTH ||
		!social_base64url_decode(cursor, len, bytes, sizeof(bytes), &decoded) ||
		decoded != sizeof(bytes) || bytes[0] != CURSOR_VERSION)
		return false;
	compute_check(kind, bytes, check);
	if (memcmp(check, bytes + PAYLOAD_BYTES, CHECK_BYTES) != 0)
		return false;
	*key = get_int64(bytes + 1);
	*id = get_int64(bytes + 9);
	return true;
}
