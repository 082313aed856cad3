/*
 * cloudfront_test.c proves signatures of CloudFront's policies (mission 144, 158): OpenSSL's own
 * verification takes each, and what is no RSA key of at most 4096 bits makes none.
 */
#include "tap.h"

#include "core/cloudfront.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

#define POLICY "{\"Statement\":[{\"Resource\":\"https://cdn.example.com/media/7/*\"}]}"

/* A new key in PEM; free. */
static char *
make_key(EVP_PKEY *key, const EVP_CIPHER *cipher)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *bytes;
	char *pem;
	long len;

	if (PEM_write_bio_PrivateKey(bio, key, cipher, NULL, 0, NULL, "a passphrase") != 1)
		abort();
	len = BIO_get_mem_data(bio, &bytes);
	pem = strndup(bytes, (size_t) len);
	BIO_free(bio);
	return pem;
}

/* The bytes of base64 as CloudFront has it; their number. */
static size_t
decode(const char *text, unsigned char *bytes)
{
	char plain[SOCIAL_CLOUDFRONT_SIGNATURE_SIZE];
	size_t padding = 0;
	size_t len = strlen(text);

	for (size_t i = 0; i <= len; i++)
	{
		plain[i] = text[i] == '-' ? '+' : text[i] == '_' ? '=' : text[i] == '~' ? '/' : text[i];
		padding += plain[i] == '=';
	}
	return (size_t) EVP_DecodeBlock(bytes, (const unsigned char *) plain, (int) len) - padding;
}

static bool
verified(EVP_PKEY *key, const char *policy, const char *signature)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char bytes[SOCIAL_CLOUDFRONT_SIGNATURE_SIZE];
	size_t len = decode(signature, bytes);
	bool result =
		EVP_DigestVerifyInit(context, NULL, EVP_sha1(), NULL, key) == 1 &&
		EVP_DigestVerify(context, bytes, len, (const unsigned char *) policy, strlen(policy)) == 1;

	EVP_MD_CTX_free(context);
	return result;
}

static void
test_keys(void)
{
	static const struct
	{
		unsigned int bits;
		const char *name;
	} keys[] = {{1024, "a key of 1024 bits signs"}, {2048, "one of 2048"}, {4096, "one of 4096"}};
	char signature[SOCIAL_CLOUDFRONT_SIGNATURE_SIZE];

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
	{
		EVP_PKEY *key = EVP_RSA_gen(keys[i].bits);
		char *pem = make_key(key, NULL);

		is_int(social_cloudfront_sign(pem, strlen(pem), POLICY, strlen(POLICY), signature),
			   SOCIAL_CLOUDFRONT_OK, keys[i].name);
		ok(verified(key, POLICY, signature), "what OpenSSL verifies");
		ok(!verified(key, POLICY " ", signature), "and of another policy does not");
		is_int(
			strspn(signature, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~"),
			(long long) strlen(signature), "in letters that an address takes");
		free(pem);
		EVP_PKEY_free(key);
	}
}

static void
test_refused(void)
{
	EVP_PKEY *elliptic = EVP_EC_gen("P-256");
	EVP_PKEY *rsa = EVP_RSA_gen(2048);
	char *curve = make_key(elliptic, NULL);
	char *locked = make_key(rsa, EVP_aes_128_cbc());
	char *whole = make_key(rsa, NULL);
	char signature[SOCIAL_CLOUDFRONT_SIGNATURE_SIZE];
	const struct
	{
		const char *pem;
		size_t len;
		const char *name;
	} refused[] = {
		{"", 0, "no key is nothing"},
		{"-----BEGIN PRIVATE KEY-----", 27, "a first line"},
		{curve, strlen(curve), "a key of a curve"},
		{locked, strlen(locked), "a key with a passphrase, which nobody is asked for"},
		{whole, strlen(whole) / 2, "half a key"},
	};

	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		is_int(social_cloudfront_sign(refused[i].pem, refused[i].len, POLICY, strlen(POLICY),
									  signature),
			   SOCIAL_CLOUDFRONT_NO_KEY, refused[i].name);
	free(curve);
	free(locked);
	free(whole);
	EVP_PKEY_free(elliptic);
	EVP_PKEY_free(rsa);
}

static void
test_base64(void)
{
	static const struct
	{
		const char *bytes;
		const char *text;
	} pairs[] = {{"", ""}, {"a", "YQ__"}, {"ab", "YWI_"}, {"abc", "YWJj"}, {">>>???", "Pj4-Pz8~"}};
	char out[SOCIAL_CLOUDFRONT_BASE64_SIZE(6)];

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
	{
		size_t len = social_cloudfront_base64((const unsigned char *) pairs[i].bytes,
											  strlen(pairs[i].bytes), out);

		is_str(out, pairs[i].text, "base64");
		is_int(len, (long long) strlen(pairs[i].text), "and its length");
	}
}

int
main(void)
{
	test_keys();
	test_refused();
	test_base64();
	return done_testing();
}
