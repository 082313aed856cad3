/*
 * listing.h owns lists of objects (S3's ListObjectsV2), a page at a time, in the order of keys.
 *
 * Files are named by digests (media/name.h), so that a page is the smallest keys beyond a place
 * among the labels of all objects: a page costs a look at each object there is. It is for operators
 * who compare the store with the database, now and then.
 */
#ifndef SB_MEDIA_LISTING_H
#define SB_MEDIA_LISTING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "media/label.h"

#define SB_LISTING_MOST 10000 /* objects of a page */

struct sb_object;

struct sb_listed
{
	char *key;
	char tag[SB_LABEL_TAG + 1];
	uint64_t size;
	int64_t changed_at;
};

/* The smallest keys beyond a place, of those that were shown to it. Pure. */
struct sb_listing
{
	const char *after; /* "": from the beginning */
	int most;
	struct sb_listed *objects; /* a heap, the greatest key first, until it is sorted */
	int count;
	bool is_truncated; /* there were more */
};

extern void sb_listing_add(struct sb_listing *listing, const struct sb_label *label,
						   int64_t changed_at);

/* Orders what there is by its keys; nothing is added after that. */
extern void sb_listing_sort(struct sb_listing *listing);

extern void sb_listing_free(struct sb_listing *listing);

/* GET ?list-type=2: the page of objects beyond start-after, which is the label's key. */
extern void sb_listing_show(struct sb_object *object);

#endif /* SB_MEDIA_LISTING_H */
