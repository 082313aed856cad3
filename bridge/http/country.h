/*
 * country.h owns the country that an address is in, where no proxy says it: by a file in MaxMind's
 * format (COUNTRY_FILE), as MaxMind, DB-IP and others make them.
 */
#ifndef SB_HTTP_COUNTRY_H
#define SB_HTTP_COUNTRY_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Reads the file into the place of the one before; NULL: there is none any more. False with what
 * is wrong with it in problem, and the one before stays.
 */
extern bool sb_country_read(const char *path, char *problem, size_t size);

/* The two letters of where an address is (as text); false: that is not known. */
extern bool sb_country_of(const char *address, char country[3]);

#endif /* SB_HTTP_COUNTRY_H */
