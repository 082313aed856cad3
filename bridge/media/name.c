/*
 * name.c owns the reading of keys, and the names of files.
 */
#include "media/name.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <string.h>

#include "base/utf8.h"

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* The byte at *i, which moves to its last character; -1: a broken escape. */
static int
read_byte(const char *text, size_t len, size_t *i)
{
	int high;
	int low;

	if (text[*i] != '%')
		return (unsigned char) text[*i];
	if (len - *i < 3)
		return -1;
	high = hex_value(text[*i + 1]);
	low = hex_value(text[*i + 2]);
	*i += 2;
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* Whether each part between slashes is a name. */
static bool
has_good_parts(const char *key)
{
	for (;;)
	{
		size_t len = strcspn(key, "/");

		if (len == 0 || (len == 1 && key[0] == '.') || (len == 2 && memcmp(key, "..", 2) == 0))
			return false;
		if (key[len] == '\0')
			return true;
		key += len + 1;
	}
}

enum sb_name
sb_name_read(const char *text, size_t len, char key[SB_LABEL_KEY + 1])
{
	size_t at = 0;

	for (size_t i = 0; i < len; i++)
	{
		int byte = read_byte(text, len, &i);

		if (byte < 0x20 || byte == 0x7f)
			return SB_NAME_BAD;
		if (at == SB_LABEL_KEY)
			return SB_NAME_LONG;
		key[at++] = (char) byte;
	}
	key[at] = '\0';
	return has_good_parts(key) && sb_utf8_is_text(key, at) ? SB_NAME_GOOD : SB_NAME_BAD;
}

bool
sb_name_make(const char *key, char name[SB_NAME_LENGTH + 1])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char digest[SB_NAME_LENGTH / 2];

	if (EVP_Digest(key, strlen(key), digest, NULL, EVP_sha256(), NULL) != 1)
		return false;
	for (size_t i = 0; i < sizeof(digest); i++)
	{
		name[2 * i] = digits[digest[i] >> 4];
		name[2 * i + 1] = digits[digest[i] & 15];
	}
	name[SB_NAME_LENGTH] = '\0';
	return true;
}
