/*
 * cloudfront.h owns what lets somebody read private files by CloudFront: the
 * signatures of its policies (RSA, SHA-1, as CloudFront takes them), for addresses and cookies.
 * Pure: no server, no clock; OpenSSL computes.
 */
#ifndef SOCIAL_CLOUDFRONT_H
#define SOCIAL_CLOUDFRONT_H

#include <stddef.h>

enum social_cloudfront_result
{
	SOCIAL_CLOUDFRONT_OK = 0,
	SOCIAL_CLOUDFRONT_NO_KEY, /* it is no RSA key in PEM of at most 4096 bits */
	SOCIAL_CLOUDFRONT_FAILURE /* OpenSSL failed */
};

#define SOCIAL_CLOUDFRONT_SIGNATURE_SIZE 688 /* of 4096 bits, with a NUL */

/* What base64 takes, with a NUL. */
#define SOCIAL_CLOUDFRONT_BASE64_SIZE(len) (((len) + 2) / 3 * 4 + 1)

/* Base64 as CloudFront has it in addresses and cookies: - for +, _ for =, ~ for /. Returns the
 * length. */
extern size_t social_cloudfront_base64(const unsigned char *bytes, size_t len, char *out);

/* Signs a policy; the signature is in that base64. */
extern enum social_cloudfront_result
social_cloudfront_sign(const char *pem, size_t pem_len, const char *policy, size_t len,
					   char signature[SOCIAL_CLOUDFRONT_SIGNATURE_SIZE]);

#endif /* SOCIAL_CLOUDFRONT_H */
