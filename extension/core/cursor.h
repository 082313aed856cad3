/*
 * cursor.h owns page cursors: opaque, self-checking names of a place in a sorted list.
 * Pure: no server headers.
 *
 * A cursor is not secret and grants nothing; the check only tells a mangled one, or one of another
 * list, from a real one (mission P-04).
 */
#ifndef SOCIAL_CURSOR_H
#define SOCIAL_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The length of every cursor, without a terminating NUL: 21 bytes in base64url. */
#define SOCIAL_CURSOR_LENGTH 28

/*
 * Writes the cursor of the row (key, id) in the list `kind` (a NUL-terminated name such as
 * "posts"; part of the check only). out receives SOCIAL_CURSOR_LENGTH characters and a NUL.
 */
extern void social_cursor_encode(const char *kind, int64_t key, int64_t id,
								 char out[SOCIAL_CURSOR_LENGTH + 1]);

/*
 * Reads a cursor back. False, with nothing written, for anything that social_cursor_encode did not
 * make for the same kind.
 */
extern bool social_cursor_decode(const char *kind, const char *cursor, size_t len, int64_t *key,
								 int64_t *id);

#endif /* SOCIAL_CURSOR_H */
