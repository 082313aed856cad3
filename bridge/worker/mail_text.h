/*
 * mail_text.h owns the words of mails: from a template and its variables. Pure.
 */
#ifndef SB_WORKER_MAIL_TEXT_H
#define SB_WORKER_MAIL_TEXT_H

#include <jansson.h>

#include "base/buffer.h"

/*
 * Adds the text of a template, with what its variables hold, and links below a front end's URL
 * (NULL: none). The subject; NULL for a template that is unknown.
 */
extern const char *sb_mail_text_write(struct sb_buffer *out, const char *name,
									  const json_t *variables, const char *frontend_url);

#endif /* SB_WORKER_MAIL_TEXT_H */
