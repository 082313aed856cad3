/*
 * address.h owns what the address of an object says: who has signed it, for how long, which key.
 */
#ifndef SB_MEDIA_ADDRESS_H
#define SB_MEDIA_ADDRESS_H

#include "media/answer.h"

struct sb_media_store;
struct sb_object;

/*
 * Reads the request's address, and whether it is signed as it must be; fills in what the object is
 * asked for. SB_REFUSAL_NONE, or why it is refused.
 */
extern enum sb_refusal sb_address_read(const struct sb_media_store *store,
									   struct sb_object *object);

#endif /* SB_MEDIA_ADDRESS_H */
