/*
 * base64url.c owns the strict base64url codec: libsodium's, which is constant-time.
 * libsodium 1.0.18 takes some bytes beyond ASCII for letters, so those are refused first.
 */
#include "core/base64url.h"

#include <sodium.h>

void
social_base64url_encode(const void *bytes, size_t len, char *out)
{
	sodium_bin2base64(out, SOCIAL_BASE64URL_SIZE(len), bytes, len,
					  sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

bool
social_base64url_decode(const char *chars, size_t len, void *out, size_t out_size, size_t *out_len)
{
	const char *end = NULL;
	unsigned char seen = 0;

	for (size_t i = 0; i < len; i++)
		seen |= (unsigned char) chars[i];
	if (seen >= 0x80)
		return false;
	if (sodium_base642bin(out, out_size, chars, len, NULL, out_len, &end,
						  sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
		return false;
	return end == chars + len;
}
