/*
 * webhook_signature.h owns whether a webhook comes from whom it says: the header
 * "t=<seconds>,v1=<hex>", where v1 is the HMAC-SHA256 of "<seconds>.<body>" (mission 142; Mux and
 * Stripe sign so). Pure: no server headers; OpenSSL computes.
 *
 * The form is the narrowest that senders use, so that whoever else reads the header reads the same:
 * no blanks, one t without zeros before it, v1 of 64 lower-case digits; items of other names are
 * passed over.
 */
#ifndef SOCIAL_WEBHOOK_SIGNATURE_H
#define SOCIAL_WEBHOOK_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

#define SOCIAL_WEBHOOK_HEADER_MAX  4096
#define SOCIAL_WEBHOOK_MAX_SIGNED  16 /* signatures in one header */
#define SOCIAL_WEBHOOK_MAX_SECRETS 4

enum social_webhook_result
{
	SOCIAL_WEBHOOK_OK = 0,
	SOCIAL_WEBHOOK_MISSING,       /* no header, or nothing in it */
	SOCIAL_WEBHOOK_MALFORMED,     /* no such header, or without a v1 */
	SOCIAL_WEBHOOK_BAD_SIGNATURE, /* none that any secret makes */
	SOCIAL_WEBHOOK_TOO_OLD,       /* signed, longer ago than the tolerance */
	SOCIAL_WEBHOOK_TOO_NEW,       /* signed, and by as much in the future */
	SOCIAL_WEBHOOK_FAILURE,       /* no secret, or OpenSSL fails */
	SOCIAL_WEBHOOK_RESULTS
};

struct social_webhook_secret
{
	const void *bytes;
	size_t len;
};

/* A word for logs and figures: "ok", "missing" and so on. */
extern const char *social_webhook_result_name(enum social_webhook_result result);

/*
 * Checks the header (NULL: there is none) against the body as it came, at the time now. *signed_at
 * is the time that the header says, which only OK, TOO_OLD and TOO_NEW prove; 0 where it says none.
 * With which secret, or how nearly, a signature fits the time that this takes does not tell.
 */
extern enum social_webhook_result social_webhook_verify(const char *header, size_t header_len,
														const void *body, size_t body_len,
														const struct social_webhook_secret *secrets,
														int nsecrets, int64_t now,
														int64_t tolerance, int64_t *signed_at);

#endif /* SOCIAL_WEBHOOK_SIGNATURE_H */
