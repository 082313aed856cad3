/*
 * webp.h owns what a WebP file is made of (RFC 9649): libvips 8.14 writes metadata into each, even
 * where it is told to write none. Pure.
 */
#ifndef SB_WORKER_WEBP_H
#define SB_WORKER_WEBP_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Takes everything out of a file in memory that is no picture: metadata, colour profiles, chunks
 * that nobody knows. *len becomes what is left; width and height are those of the picture. False:
 * it is no WebP file, and bytes are as they were.
 */
extern bool sb_webp_strip(unsigned char *bytes, size_t *len, int *width, int *height);

#endif /* SB_WORKER_WEBP_H */
