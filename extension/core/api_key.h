/*
 * api_key.h owns the text of API keys, and the words for what they may do. Pure: no server headers;
 * the extension and the bridge share it.
 *
 * A key is social_sk_, 8 characters that its owner knows it by, 43 that are the secret (each one of
 * 62, chosen alike: 256 bits), and 6 that are the CRC-32 of all before. So programs that look for
 * leaked secrets find one by its form, and a typo is told without asking anybody.
 */
#ifndef SOCIAL_API_KEY_H
#define SOCIAL_API_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOCIAL_API_KEY_PREFIX "social_sk_"
#define SOCIAL_API_KEY_NAME   18 /* the prefix, and the characters that it is known by */
#define SOCIAL_API_KEY_LENGTH 67

enum social_api_key_result
{
	SOCIAL_API_KEY_OK = 0,
	SOCIAL_API_KEY_NONE,          /* it does not begin like one */
	SOCIAL_API_KEY_BAD_LENGTH,    /* a part is missing, or something follows */
	SOCIAL_API_KEY_BAD_CHARACTER, /* one that keys do not have */
	SOCIAL_API_KEY_BAD_CHECKSUM
};

/* Whether a text is a key as it was given out. Nothing is known of whether anybody has it. */
extern enum social_api_key_result social_api_key_check(const char *text, size_t len);

/* Whether a text claims to be one. */
extern bool social_api_key_is(const char *text, size_t len);

/* What to tell whoever gave it; of OK, an empty text. */
extern const char *social_api_key_result_text(enum social_api_key_result result);

/*
 * Writes a new key and a NUL, from random bytes, of which it takes those that are no multiple too
 * many. False when there were not enough; of 128, that is one time in 10^13.
 */
extern bool social_api_key_make(const unsigned char *random, size_t len,
								char key[SOCIAL_API_KEY_LENGTH + 1]);

/* ---- scopes ---------------------------------------------------------------------------------- */

enum social_scope
{
	SOCIAL_SCOPE_READ = 1 << 0,         /* what its owner may read */
	SOCIAL_SCOPE_WRITE = 1 << 1,        /* what its owner may write as a person */
	SOCIAL_SCOPE_SPORTS_WRITE = 1 << 2, /* of staff: leagues, teams, athletes, imports */
	SOCIAL_SCOPE_ADMIN_READ = 1 << 3,   /* of staff: reports, logs, figures */
	SOCIAL_SCOPE_ADMIN_WRITE = 1 << 4   /* of staff: what moderators do */
};

#define SOCIAL_SCOPES 5
#define SOCIAL_SCOPES_WRITE                                                                        \
	(SOCIAL_SCOPE_WRITE | SOCIAL_SCOPE_SPORTS_WRITE | SOCIAL_SCOPE_ADMIN_WRITE)

/* The word for the scope 1 << number, and what it is for. */
extern const char *social_scope_name(int number);
extern const char *social_scope_purpose(int number);

/* The scope of a word; 0: there is none. */
extern uint32_t social_scope_named(const char *name, size_t len);

#endif /* SOCIAL_API_KEY_H */
