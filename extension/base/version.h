/*
 * version.h owns the question whether this library and the extension's tables belong together.
 */
#ifndef SOCIAL_VERSION_H
#define SOCIAL_VERSION_H

#include "postgres.h"

/* Is the extension of this database at the library's version? Cheap once it is. */
extern bool social_version_matches(void);

/* Raises (55000) with the remedy as hint unless it is. */
extern void social_version_require(void);

#endif /* SOCIAL_VERSION_H */
