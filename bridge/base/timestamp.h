/*
 * timestamp.h owns the form in which clients give a point in time.
 */
#ifndef SB_TIMESTAMP_H
#define SB_TIMESTAMP_H

#include <stdbool.h>

/* What a text that is none should have looked like. */
#define SB_TIMESTAMP_EXAMPLE "2030-01-31T12:00:00Z"

/* Is it of the form of RFC 3339, section 5.6? Whether there is such a day and hour, the database
 * says. */
bool sb_is_timestamp(const char *text);

#endif /* SB_TIMESTAMP_H */
