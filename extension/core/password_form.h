/*
 * password_form.h owns what a password is whatever keyboard types it: the OpaqueString profile of
 * RFC 8265. Pure: no server headers; ICU knows the characters.
 */
#ifndef SOCIAL_PASSWORD_FORM_H
#define SOCIAL_PASSWORD_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "core/password.h"

/*
 * The form in which a password (UTF-8) is hashed and compared: every space is U+0020, characters
 * are composed (NFC). True when that is other bytes than were typed: *form_len of them are in
 * `form`. False when it is as typed, and for what has no such form (not UTF-8, too long).
 */
extern bool social_password_form(const char *password, size_t len,
								 char form[SOCIAL_PASSWORD_MAX_BYTES], size_t *form_len);

/*
 * How many characters of a password can be told apart when typed again: joiners and variation
 * selectors, which write emoji and some scripts, do not count, and one of blanks alone has none. -1
 * for one that holds a character which nobody can see or type: a control character, a zero-width
 * space, a filler, a mark of direction.
 */
extern int social_password_length(const char *password, size_t len);

#endif /* SOCIAL_PASSWORD_FORM_H */
