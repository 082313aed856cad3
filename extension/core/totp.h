/*
 * totp.h owns one-time codes that follow the clock: RFC 6238 over the HMAC of RFC 4226, and the
 * base32 that authenticator apps take secrets in. Pure: no server headers; OpenSSL computes.
 */
#ifndef SOCIAL_TOTP_H
#define SOCIAL_TOTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOCIAL_TOTP_SECONDS    30 /* a code's step */
#define SOCIAL_TOTP_DIGITS     6
#define SOCIAL_TOTP_MAX_DIGITS 9
#define SOCIAL_TOTP_DRIFT      1 /* steps that a clock may be off, either way */

/* Room for the base32 form of len bytes, with the terminating NUL. */
#define SOCIAL_BASE32_SIZE(len) (((len) *8 + 4) / 5 + 1)

enum social_totp_digest
{
	SOCIAL_TOTP_UNKNOWN = 0,
	SOCIAL_TOTP_SHA1,
	SOCIAL_TOTP_SHA256,
	SOCIAL_TOTP_SHA512
};

enum social_totp_result
{
	SOCIAL_TOTP_OK = 0,
	SOCIAL_TOTP_MISMATCH,
	SOCIAL_TOTP_MALFORMED, /* not six digits */
	SOCIAL_TOTP_REPLAYED,  /* of a step that was used before, or of one before it */
	SOCIAL_TOTP_FAILURE    /* OpenSSL failed */
};

/* "sha1" and so on; UNKNOWN for anything else. */
extern enum social_totp_digest social_totp_digest_by_name(const char *name);

/* The step that a time (seconds since 1970) lies in; times before 1970 count down. */
extern int64_t social_totp_step(int64_t time);

/* Writes the code of a step, 1 to SOCIAL_TOTP_MAX_DIGITS digits; false for a bad argument. */
extern bool social_totp_code(const void *secret, size_t len, enum social_totp_digest digest,
							 int digits, int64_t step, char code[SOCIAL_TOTP_MAX_DIGITS + 1]);

/*
 * Does the code (six digits, blanks between them are fine) fit the time, a step more or less? Sets
 * *step to its step, which is later than last_step. Takes the same time for every wrong code.
 */
extern enum social_totp_result social_totp_check(const void *secret, size_t len, const char *code,
												 size_t code_len, int64_t time, int64_t last_step,
												 int64_t *step);

/* RFC 4648 base32 without padding; text has SOCIAL_BASE32_SIZE(len) bytes. */
extern void social_base32_encode(const unsigned char *bytes, size_t len, char *text);

#endif /* SOCIAL_TOTP_H */
