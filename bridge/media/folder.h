/*
 * folder.h owns the directory of objects (MEDIA_DIR), which several bridges may share: how an
 * object comes to be there as a whole, and goes.
 *
 * - objects/ab/cdef...: an object, its bytes, and its label (media/label.h) behind them; its name
 * is that of its key (media/name.h)
 * - parts/...: parts of some on their way in (media/parts.h)
 * - incoming/...: one on its way in, locked by whoever writes it; what is not locked was left
 * behind by somebody who is dead
 *
 * All but sb_folder_open() and sb_folder_is_open() may wait for the disk (media/disk.h), and return
 * 0 or an errno. No symbolic link is followed.
 */
#ifndef SB_MEDIA_FOLDER_H
#define SB_MEDIA_FOLDER_H

#include <stdbool.h>
#include <stdint.h>

#include "media/label.h"

/* An object on its way in. */
struct sb_incoming
{
	int fd; /* to write it to; -1: there is none */
	char name[20];
};

/* Opens the directory, and makes it where there is none; before any thread. 0, or an errno. */
extern int sb_folder_open(const char *path);
extern bool sb_folder_is_open(void);

extern int sb_folder_begin(struct sb_incoming *incoming);

/* Writes its label behind its bytes, and puts it in the place of what has its key: on disk, as a
 * whole, when this returns 0. Otherwise nothing is left of it. */
extern int sb_folder_publish(struct sb_incoming *incoming, const char *name,
							 const struct sb_label *label);

/* Nothing is left of it. */
extern void sb_folder_give_up(struct sb_incoming *incoming);

/* Opens an object: *fd is the caller's, the bytes are the first label->size. ENOENT: there is none.
 */
extern int sb_folder_find(const char *name, const char *key, int *fd, struct sb_label *label,
						  int64_t *changed_at);

/* Shows the label of each object that is there, in no order; 0, or an errno. One that comes or goes
 * meanwhile is shown or not. */
extern int sb_folder_walk(void (*show)(void *arg, const struct sb_label *label, int64_t changed_at),
						  void *arg);

/* One that is not there is removed. */
extern int sb_folder_remove(const char *name);

/* ---- for media/parts.h -----------------------------------------------------------------------
 */

extern int sb_folder_parts(void);

/* As sb_folder_publish(), to a name in a directory that is open. */
extern int sb_folder_place(struct sb_incoming *incoming, int directory, const char *name,
						   const struct sb_label *label);

/* As sb_folder_find(), by a name in a directory that is open; key NULL: whatever it is. */
extern int sb_folder_open_at(int directory, const char *name, const char *key, int *fd,
							 struct sb_label *label, int64_t *changed_at);

/* ---- now and then ----------------------------------------------------------------------------
 */

/* Removes what was left behind on its way in; how many. */
extern int sb_folder_sweep(void);

#endif /* SB_MEDIA_FOLDER_H */
