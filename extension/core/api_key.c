/*
 * api_key.c owns the text of API keys, and the words for what they may do.
 */
#include "core/api_key.h"

#include <string.h>

#define PREFIX_LENGTH   (sizeof(SOCIAL_API_KEY_PREFIX) - 1)
#define CHECKSUM_LENGTH 6
#define BODY_LENGTH     (SOCIAL_API_KEY_LENGTH - CHECKSUM_LENGTH)
#define DIGITS          62
#define FAIR            (256 / DIGITS * DIGITS) /* bytes from here on would favour some digits */

static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/* CRC-32 as in zlib; a key is short, and comes here once. */
static uint32_t
checksum(const char *text, size_t len)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < len; i++)
	{
		crc ^= (unsigned char) text[i];
		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

static void
write_checksum(char *key)
{
	uint32_t crc = checksum(key, BODY_LENGTH);

	for (int i = CHECKSUM_LENGTH; i-- > 0; crc /= DIGITS)
		key[BODY_LENGTH + i] = digits[crc % DIGITS];
}

bool
social_api_key_is(const char *text, size_t len)
{
	return len >= PREFIX_LENGTH && memcmp(text, SOCIAL_API_KEY_PREFIX, PREFIX_LENGTH) == 0;
}

enum social_api_key_result
social_api_key_check(const char *text, size_t len)
{
	char copy[SOCIAL_API_KEY_LENGTH];

	if (!social_api_key_is(text, len))
		return SOCIAL_API_KEY_NONE;
	if (len != SOCIAL_API_KEY_LENGTH)
		return SOCIAL_API_KEY_BAD_LENGTH;
	for (size_t i = PREFIX_LENGTH; i < len; i++)
		if (memchr(digits, text[i], DIGITS) == NULL)
			return SOCIAL_API_KEY_BAD_CHARACTER;
	memcpy(copy, text, BODY_LENGTH);
	write_checksum(copy);
	return memcmp(copy, text, len) == 0 ? SOCIAL_API_KEY_OK : SOCIAL_API_KEY_BAD_CHECKSUM;
}

const char *
social_api_key_result_text(enum social_api_key_result result)
{
	switch (result)
	{
		case SOCIAL_API_KEY_OK:
			break;
		case SOCIAL_API_KEY_NONE:
			return "it is no API key";
		case SOCIAL_API_KEY_BAD_LENGTH:
			return "the API key is not complete";
		case SOCIAL_API_KEY_BAD_CHARACTER:
		case SOCIAL_API_KEY_BAD_CHECKSUM:
			return "the API key is mistyped";
	}
	return "";
}

bool
social_api_key_make(const unsigned char *random, size_t len, char key[SOCIAL_API_KEY_LENGTH + 1])
{
	size_t at = PREFIX_LENGTH;

	memcpy(key, SOCIAL_API_KEY_PREFIX, PREFIX_LENGTH);
	for (size_t i = 0; i < len && at < BODY_LENGTH; i++)
		if (random[i] < FAIR)
			key[at++] = digits[random[i] % DIGITS];
	if (at < BODY_LENGTH)
		return false;
	write_checksum(key);
	key[SOCIAL_API_KEY_LENGTH] = '\0';
	return true;
}

/* ---- scopes ---------------------------------------------------------------------------------- */

static const struct
{
	const char *name;
	const char *purpose;
} scopes[SOCIAL_SCOPES] = {
	{"read", "What its owner may read, also as it happens."},
	{"write", "What its owner may do: post, comment, follow, send files, chat."},
	{"sports:write", "Of staff: write leagues, teams and athletes, and import them."},
	{"admin:read", "Of staff: read reports, the log of moderation, content rules, figures."},
	{"admin:write", "Of staff: resolve reports, hide, suspend, change content rules."},
};

const char *
social_scope_name(int number)
{
	return scopes[number].name;
}

const char *
social_scope_purpose(int number)
{
	return scopes[number].purpose;
}

uint32_t
social_scope_named(const char *name, size_t len)
{
	for (int i = 0; i < SOCIAL_SCOPES; i++)
		if (strlen(scopes[i].name) == len && memcmp(scopes[i].name, name, len) == 0)
			return UINT32_C(1) << i;
	return 0;
}
