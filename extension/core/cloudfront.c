/*
 * cloudfront.c owns signatures of CloudFront's policies (cloudfront.h).
 */
#include "core/cloudfront.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

#define BITS_MAX 4096

size_t
social_cloudfront_base64(const unsigned char *bytes, size_t len, char *out)
{
	size_t length = (size_t) EVP_EncodeBlock((unsigned char *) out, bytes, (int) len);

	for (char *at = out; *at != '\0'; at++)
		*at = *at == '+' ? '-' : *at == '=' ? '_' : *at == '/' ? '~' : *at;
	return length;
}

/* Keeps OpenSSL from asking a terminal for a passphrase. */
static int
no_passphrase(char *buffer, int size, int for_writing, void *arg)
{
	return -1;
}

/* NULL, or the caller frees it. */
static EVP_PKEY *
read_key(const char *pem, size_t len)
{
	BIO *bio = BIO_new_mem_buf(pem, (int) len);
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;

	BIO_free(bio);
	if (key != NULL && EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_get_bits(key) <= BITS_MAX)
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

enum social_cloudfront_result
social_cloudfront_sign(const char *pem, size_t pem_len, const char *policy, size_t len,
					   char signature[SOCIAL_CLOUDFRONT_SIGNATURE_SIZE])
{
	EVP_PKEY *key = read_key(pem, pem_len);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char bytes[BITS_MAX / 8];
	size_t size = sizeof(bytes);
	enum social_cloudfront_result result = SOCIAL_CLOUDFRONT_FAILURE;

	if (key == NULL)
		result = SOCIAL_CLOUDFRONT_NO_KEY;
	else if (context != NULL && EVP_DigestSignInit(context, NULL, EVP_sha1(), NULL, key) == 1 &&
			 EVP_DigestSign(context, bytes, &size, (const unsigned char *) policy, len) == 1)
	{
		social_cloudfront_base64(bytes, size, signature);
		result = SOCIAL_CLOUDFRONT_OK;
	}
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	return result;
}
