/*
 * complete.h owns the reading of S3's CompleteMultipartUpload: which parts an object is made of.
 * Pure.
 */
#ifndef SB_MEDIA_COMPLETE_H
#define SB_MEDIA_COMPLETE_H

#include <stddef.h>

#include "media/label.h"

#define SB_COMPLETE_PARTS 1000 /* that one may name */

struct sb_complete_part
{
	unsigned number;
	char tag[SB_LABEL_TAG + 1]; /* "" for what is none of ours */
};

/*
 * Reads the document, of which nothing but the parts counts: number and tag of each, the tag with
 * its quotes or without. Their count; 0: it is no such document; below 0: their numbers do not
 * ascend.
 */
extern int sb_complete_read(const char *text, size_t len,
							struct sb_complete_part parts[SB_COMPLETE_PARTS]);

#endif /* SB_MEDIA_COMPLETE_H */
