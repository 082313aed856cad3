/*
 * name.h owns keys of objects: which there are, and the names that files have for them. Pure.
 *
 * A file is named by the SHA-256 of its key. So no key leads out of the directory, none is in the
 * way of another ("a" and "a/b"), letters differ by their case also where the file system does not
 * tell them apart, and nobody makes or removes directories while others write there.
 */
#ifndef SB_MEDIA_NAME_H
#define SB_MEDIA_NAME_H

#include <stddef.h>

#include "media/label.h"

#define SB_NAME_LENGTH 64

enum sb_name
{
	SB_NAME_GOOD,
	SB_NAME_LONG, /* more than SB_LABEL_KEY bytes */
	SB_NAME_BAD /* empty, or with an empty part, `.` or `..`, control characters, broken escapes */
};

/* Reads a key as it stands in an address, percent-encoded. */
extern enum sb_name sb_name_read(const char *text, size_t len, char key[SB_LABEL_KEY + 1]);

/* The name of the file, in hexadecimal digits. False: OpenSSL failed. */
extern bool sb_name_make(const char *key, char name[SB_NAME_LENGTH + 1]);

#endif /* SB_MEDIA_NAME_H */
