/*
 * playlist.h owns playlists of HLS in the directory of files: an address lets read one object, so a
 * playlist is sent with addresses of its pieces that are signed as it is itself (mission P-20; RFC
 * 8216 section 4).
 */
#ifndef SB_MEDIA_PLAYLIST_H
#define SB_MEDIA_PLAYLIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

struct sb_object;

#define SB_PLAYLIST_MOST 1048576 /* bytes of one that is read */

/* Appends the address of the piece of this name, which lies beside the playlist. */
typedef void (*sb_playlist_address)(struct sb_buffer *out, const char *name, size_t len, void *arg);

/* Appends the playlist with addresses in the place of names: lines that are no comments, and URI
 * attributes of tags. What is more than a name (a path, an address) stays. Pure. */
extern void sb_playlist_write(struct sb_buffer *out, const char *text, size_t len,
							  sb_playlist_address address, void *arg);

/* Whether the object that was found is one that the worker has made. */
extern bool sb_playlist_is(const struct sb_object *object);

/* Answers with it. */
extern void sb_playlist_show(struct sb_object *object);

#endif /* SB_MEDIA_PLAYLIST_H */
