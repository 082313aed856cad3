/*
 * range.h owns which bytes of an object a Range header asks for (RFC 9110 section 14). Pure.
 */
#ifndef SB_MEDIA_RANGE_H
#define SB_MEDIA_RANGE_H

#include <stdint.h>

enum sb_range
{
	SB_RANGE_WHOLE,  /* none, several, of another unit, or malformed: the header counts for nothing
					  */
	SB_RANGE_PART,   /* bytes *first to *first + *length - 1, which are there */
	SB_RANGE_BEYOND, /* bytes that are not there */
};

/* text: the header's value. size: of the object. */
extern enum sb_range sb_range_read(const char *text, uint64_t size, uint64_t *first,
								   uint64_t *length);

#endif /* SB_MEDIA_RANGE_H */
