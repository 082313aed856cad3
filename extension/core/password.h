/*
 * password.h owns password hashes: makes argon2id (RFC 9106), and also verifies the two that a
 * Django site brings along. Pure: no server headers.
 *
 * Accepted forms (mission items 95, 117; design D10):
 *   $argon2id$v=19$m=...,t=...,p=...$salt$hash          ours
 *   argon2$argon2id$v=19$m=...,t=...,p=...$salt$hash    Django (argon2i as well)
 *   pbkdf2_sha256$iterations$salt$hash                  Django
 *
 * What is hashed is the password's form (password_form.h), so that it fits from every keyboard.
 */
#ifndef SOCIAL_PASSWORD_H
#define SOCIAL_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>

#define SOCIAL_PASSWORD_MAX_BYTES    1000
#define SOCIAL_PASSWORD_ENCODED_SIZE 128 /* of those that we make, with the terminating NUL */
#define SOCIAL_PASSWORD_ENCODED_MAX  512 /* bytes; anything longer is no hash */

/*
 * What a stored hash may cost us at most (one pass over a GiB takes about a second); anything above
 * is refused, never computed.
 */
#define SOCIAL_PASSWORD_MAX_MEMORY_KB         (1024 * 1024)
#define SOCIAL_PASSWORD_MAX_MEMORY_PASSES     (4L * 1024 * 1024) /* kB times passes */
#define SOCIAL_PASSWORD_MAX_PASSES            1000
#define SOCIAL_PASSWORD_MAX_LANES             64
#define SOCIAL_PASSWORD_MAX_PBKDF2_ITERATIONS 5000000

enum social_password_result
{
	SOCIAL_PASSWORD_OK = 0,
	SOCIAL_PASSWORD_MISMATCH,
	SOCIAL_PASSWORD_UNKNOWN_FORM, /* not one of the forms above, malformed, or too costly */
	SOCIAL_PASSWORD_REFUSED,      /* the password holds a NUL byte or is too long */
	SOCIAL_PASSWORD_FAILURE       /* out of memory or randomness */
};

struct social_password_cost
{
	unsigned memory_kb;
	unsigned passes;
};

/* Hashes a password with a random salt. OK or REFUSED or FAILURE. */
extern enum social_password_result social_password_hash(const char *password, size_t len,
														const struct social_password_cost *cost,
														char encoded[SOCIAL_PASSWORD_ENCODED_SIZE]);

/*
 * Verifies a password against an encoded hash of any accepted form. The comparison takes the same
 * time wherever the hashes differ. One whose form is not as it was typed is tried as it was typed
 * too, because older hashes were made so: how many tries a wrong password takes
 * (social_password_tries) follows from it alone.
 */
extern enum social_password_result social_password_verify(const char *password, size_t len,
														  const char *encoded);

/* How many hashes it takes to find that a password does not fit. */
extern int social_password_tries(const char *password, size_t len);

/* Is encoded anything else than an argon2id of ours with exactly this cost? */
extern bool social_password_needs_rehash(const char *encoded,
										 const struct social_password_cost *cost);

#endif /* SOCIAL_PASSWORD_H */
