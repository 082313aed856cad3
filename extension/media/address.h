/*
 * address.h owns the addresses at which objects of the media store can be read, for C that writes
 * documents. A session remembers those that it has signed, for a list shows the same ones again and
 * again.
 */
#ifndef SOCIAL_ADDRESS_H
#define SOCIAL_ADDRESS_H

#include "postgres.h"

/* What the keys of files that people send begin with. */
#define SOCIAL_UPLOADS "uploads/"

/*
 * Where an object can be read: a plain address where everybody may and the store says where, else a
 * signed one, which is the same for half of its life and good for at least the other half. NULL
 * where there is no store. It is the session's: gone after the next call.
 */
extern const char *social_address_of(const char *key, int len, bool is_public);

/*
 * Where the picture of a profile can be seen: an address as it is, for the key of a file that was
 * sent the address of its smallest variant. NULL for another key, and until a variant is there.
 */
extern const char *social_address_of_picture(const char *picture, int len);

#endif /* SOCIAL_ADDRESS_H */
