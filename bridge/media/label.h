/*
 * label.h owns what is known of an object beside its bytes: key, type, tag. It stands behind them
 * in the same file, so that both come and go together on any file system, and the bytes are at its
 * beginning for whoever looks. Pure.
 */
#ifndef SB_MEDIA_LABEL_H
#define SB_MEDIA_LABEL_H

#include <stdbool.h>
#include <stdint.h>

#define SB_LABEL_SIZE 2048 /* bytes that it takes in the file */
#define SB_LABEL_KEY  1024 /* bytes of a key */
#define SB_LABEL_TYPE 255  /* bytes of a type */
#define SB_LABEL_TAG  32   /* digits of a tag */

struct sb_label
{
	char key[SB_LABEL_KEY + 1];
	char type[SB_LABEL_TYPE + 1];
	char tag[SB_LABEL_TAG + 1];
	uint64_t size; /* of the bytes before it */
};

/* Texts without control characters. */
extern void sb_label_write(const struct sb_label *label, char out[SB_LABEL_SIZE]);

/* False for what is no label, or of an object of another size. */
extern bool sb_label_read(struct sb_label *label, const char text[SB_LABEL_SIZE], uint64_t size);

#endif /* SB_MEDIA_LABEL_H */
