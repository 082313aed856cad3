/*
 * sends.h owns what is sent to many sockets at once: what is added goes out together when it is
 * flushed, by one call of the kernel (io_uring) where that can be had, else by one each.
 *
 * Belongs to the thread of its loop alone.
 */
#ifndef SB_SENDS_H
#define SB_SENDS_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/uio.h>

#define SB_SEND_PARTS 16 /* that one send may have */

struct sb_sends;

/* may_ring false: never by io_uring. */
extern struct sb_sends *sb_sends_new(bool may_ring);

/* What was added and not flushed is forgotten. */
extern void sb_sends_free(struct sb_sends *sends);

/*
 * To be sent on a socket, as far as it takes it without waiting: on_sent is told how many bytes
 * those were, or the negative errno (-EAGAIN: it takes none now). That is while the next flush
 * runs, or, where no more can be kept, before this returns; until then the descriptor stays open,
 * and the bytes and the owner as they are. A descriptor is added once between two flushes. on_sent
 * must not add.
 */
extern void sb_sends_add(struct sb_sends *sends, int fd, const struct iovec *parts, int nparts,
						 void (*on_sent)(void *owner, ssize_t sent), void *owner);

/* Sends what was added. All of it is done with when this returns. */
extern void sb_sends_flush(struct sb_sends *sends);

/* Sends at once, the same way: bytes, or the negative errno. */
extern ssize_t sb_send_now(int fd, const struct iovec *parts, int nparts);

/* Whether the last flush of several went by io_uring. */
extern bool sb_sends_have_ring(const struct sb_sends *sends);

#endif /* SB_SENDS_H */
