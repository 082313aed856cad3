/*
 * jws.h owns signatures and the keys that make and check them: RFC 7515 with the algorithms of
 * RFC 7518 that we take. Pure: no server headers; OpenSSL computes.
 */
#ifndef SOCIAL_JWS_H
#define SOCIAL_JWS_H

#include <stdbool.h>
#include <stddef.h>

/* HMAC with SHA-256: 32 bytes; ECDSA on P-256: 64 bytes; RSA: that of the key, to 8192 bits. */
#define SOCIAL_JWS_MAX_SIGNED_SIZE 1024

#define SOCIAL_JWS_MAX_KEY_LENGTH 8192

enum social_jws_algorithm
{
	SOCIAL_JWS_UNKNOWN = 0,
	SOCIAL_JWS_HS256,
	SOCIAL_JWS_ES256,
	SOCIAL_JWS_RS256
};

enum social_jws_result
{
	SOCIAL_JWS_OK = 0,
	SOCIAL_JWS_BAD_KEY, /* empty, unreadable, of another kind, too weak (RSA under 2048 bits) */
	SOCIAL_JWS_BAD_SIGNATURE,
	SOCIAL_JWS_FAILURE /* out of memory, or OpenSSL fails */
};

/* A key and the one algorithm that it may be used with. */
struct social_jws_key
{
	enum social_jws_algorithm algorithm;
	const void *bytes; /* HMAC secret, or PEM: public to verify, private to sign */
	size_t len;
	void *opened; /* what social_jws_open() read of the PEM, or NULL */
};

/* "HS256" and so on, exactly (RFC 7515 4.1.1: case-sensitive); UNKNOWN for anything else. */
extern enum social_jws_algorithm social_jws_algorithm_by_name(const char *name);
extern const char *social_jws_algorithm_name(enum social_jws_algorithm algorithm);

/*
 * Checks a signature in the form of RFC 7518 (ES256: r and s, 32 bytes each). Public keys and
 * certificates are no HMAC secrets (RFC 8725 2.1): BAD_KEY.
 */
extern enum social_jws_result social_jws_verify(const struct social_jws_key *key,
												const void *message, size_t message_len,
												const unsigned char *signature, size_t len);

/* Signs; *len gets the length of the signature. */
extern enum social_jws_result social_jws_sign(const struct social_jws_key *key, const void *message,
											  size_t message_len,
											  unsigned char signature[SOCIAL_JWS_MAX_SIGNED_SIZE],
											  size_t *len);

/*
 * Reads a key that is used again and again once: reading PEM costs more than a signature. True when
 * it is a public or private key that fits its algorithm (RSA of 2048 bits or more, P-256); then
 * close it, in the thread that uses it. A secret needs no opening.
 */
extern bool social_jws_open(struct social_jws_key *key, bool is_public);
extern void social_jws_close(struct social_jws_key *key);

/*
 * Makes a key pair for ES256 (P-256) or RS256 (2048 bits, which takes a while) as PEM texts,
 * malloc'd, the caller frees both. False for another algorithm, or when OpenSSL fails.
 */
extern bool social_jws_generate(enum social_jws_algorithm algorithm, char **private_pem,
								char **public_pem);

/*
 * Reads a PEM that somebody brings, of a private key (without passphrase) or a public one, and
 * writes it anew: texts, malloc'd, the caller frees both; *private_pem is NULL for a public key.
 * False when it is no key that fits the algorithm, or OpenSSL fails.
 */
extern bool social_jws_import(const struct social_jws_key *key, char **private_pem,
							  char **public_pem);

/*
 * Is it a secret that may sign with HS256: of 32 bytes or more (RFC 7518 3.2), none that others may
 * hold, and not a few characters over and over?
 */
extern bool social_jws_is_strong_secret(const struct social_jws_key *key);

#endif /* SOCIAL_JWS_H */
