/*
 * parts.h owns objects that are sent in parts (S3's multipart uploads), below the directory of
 * media/folder.h:
 *
 * - parts/ID/upload: a label, with key and type of the object that they will be
 * - parts/ID/N: a part, as objects are: its bytes, and its label behind them
 *
 * All may wait for the disk (media/disk.h), and return 0 or an errno; ENOENT: there is no such
 * upload, or no such part.
 */
#ifndef SB_MEDIA_PARTS_H
#define SB_MEDIA_PARTS_H

#include "media/folder.h"
#include "media/label.h"

#define SB_PARTS_ID  32    /* digits of the id of an upload */
#define SB_PARTS_MAX 10000 /* the number of the last part that there may be */

/* Begins an upload of an object with that key and type; its tag becomes the upload's id. */
extern int sb_parts_begin(const struct sb_label *label);

/* Reads the label of an upload, which is one of label->key. */
extern int sb_parts_find(const char *id, struct sb_label *label);

/* Puts a part that has come into its place (sb_folder_publish()). */
extern int sb_parts_publish(struct sb_incoming *incoming, const char *id, unsigned number,
							const struct sb_label *label);

/* Opens a part: sb_folder_find(). */
extern int sb_parts_open(const char *id, unsigned number, const char *key, int *fd,
						 struct sb_label *label, int64_t *changed_at);

/* The numbers of those that are there, ascending, malloc'd; below 0 with errno. */
extern int sb_parts_list(const char *id, unsigned **numbers);

/* Removes an upload and its parts. */
extern int sb_parts_remove(const char *id);

/* Removes uploads to which no part has come for a day; how many. */
extern int sb_parts_sweep(void);

#endif /* SB_MEDIA_PARTS_H */
