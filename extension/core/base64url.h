/*
 * base64url.h owns RFC 4648 section 5 without padding, strict both ways. Pure: no server headers.
 */
#ifndef SOCIAL_BASE64URL_H
#define SOCIAL_BASE64URL_H

#include <stdbool.h>
#include <stddef.h>

/* Characters needed for len bytes, with the terminating NUL. */
#define SOCIAL_BASE64URL_SIZE(len) (((len) *4 + 2) / 3 + 1)

/* Encodes; out must hold SOCIAL_BASE64URL_SIZE(len) and is NUL-terminated. */
extern void social_base64url_encode(const void *bytes, size_t len, char *out);

/*
 * Decodes chars[0 .. len) into out[0 .. out_size). False for a character outside the alphabet,
 * padding, blanks, an impossible length, non-zero trailing bits, or more than out_size bytes.
 */
extern bool social_base64url_decode(const char *chars, size_t len, void *out, size_t out_size,
									size_t *out_len);

#endif /* SOCIAL_BASE64URL_H */
