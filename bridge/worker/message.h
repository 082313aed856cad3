/*
 * message.h owns the form of a mail (RFC 5322, 2045, 2047): headers and a text, in UTF-8. Pure.
 */
#ifndef SB_WORKER_MESSAGE_H
#define SB_WORKER_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/* An address with or without a name, cut out of a text. */
struct sb_mailbox_name
{
	char name[128];
	char address[256];
};

/* "a@b" or "Name <a@b>" or "\"Name\" <a@b>"; false for what is none. */
extern bool sb_mailbox_parse(const char *text, struct sb_mailbox_name *mailbox);

/* Whether it can stand between < and > of an SMTP command, and is one address. */
extern bool sb_address_is_good(const char *address);

struct sb_message
{
	const struct sb_mailbox_name *from;
	const char *to; /* an address */
	const char *subject;
	const char *id;  /* what stands before the @ of the Message-ID */
	int64_t made_at; /* Unix time */
	const char *text;
};

/*
 * Adds the mail, with CRLF at the end of each line, none of which is long. Control characters in
 * headers become spaces, so that a value never begins another header. What is no UTF-8 becomes '?'.
 */
extern void sb_message_write(struct sb_buffer *out, const struct sb_message *message);

#endif /* SB_WORKER_MESSAGE_H */
