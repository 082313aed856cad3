/*
 * frames.h owns the frames of one WebSocket (RFC 6455): messages in and out, the closing handshake,
 * pings. libwslay reads each frame; what a sequence of them may be is decided here. No extensions:
 * reserved bits are faults.
 *
 * Works on a non-blocking descriptor that somebody else owns and watches. Knows nothing of who is
 * at the other end.
 */
#ifndef SB_WS_FRAMES_H
#define SB_WS_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/message.h"

struct sb_frames;
struct sb_sends;

struct sb_frames_owner
{
	/* A whole message; the bytes are there for the time of the call. Text is UTF-8. */
	void (*on_message)(void *owner, bool is_text, const char *bytes, size_t len);
	/* The other end says that it closes, with the code that it gives: 1005 where it gives none. */
	void (*on_close)(void *owner, int code);
};

/* max_message: bytes of a message that is taken. */
extern struct sb_frames *sb_frames_new(int fd, size_t max_message,
									   const struct sb_frames_owner *functions, void *owner);
extern void sb_frames_free(struct sb_frames *frames);

/* Bytes that somebody has read before: they come first. A copy. Before the first read. */
extern void sb_frames_put_back(struct sb_frames *frames, const char *bytes, size_t len);

/*
 * Reads what there is, up to some ten thousand bytes: false when more may lie there. Must not be
 * called by a function of the owner's. Faults (RFC 6455 section 7.1.7) begin a close with their
 * code.
 */
extern bool sb_frames_read(struct sb_frames *frames);

/* Reads no further from the next message on; or goes on: sb_frames_read() is to be called. */
extern void sb_frames_pause(struct sb_frames *frames, bool is_paused);

/* Queues a message, and takes a reference of its own; not once a close has begun. */
extern void sb_frames_send(struct sb_frames *frames, struct sb_message *message);

/* Queues a ping without content. */
extern void sb_frames_ping(struct sb_frames *frames);

/*
 * Begins to close: what is queued and not begun is dropped, a close with the code goes out. (One
 * that the other end brings about, by a close or a fault of its own, comes behind what is queued.)
 * The first call counts. The reason is a short text (at most 123 bytes), or NULL.
 */
extern void sb_frames_close(struct sb_frames *frames, int code, const char *reason);

/* The connection is lost, as somebody else has seen. */
extern void sb_frames_give_up(struct sb_frames *frames);

/* Sends as much as the other end takes. */
extern void sb_frames_write(struct sb_frames *frames);

/*
 * The same, or the beginning of it, when the sends are flushed: until then nothing else may be done
 * with the frames.
 */
extern void sb_frames_write_with(struct sb_frames *frames, struct sb_sends *sends);

/* Bytes of messages that wait to be sent; how many messages. */
extern size_t sb_frames_queued(const struct sb_frames *frames);
extern int sb_frames_queued_messages(const struct sb_frames *frames);

/* The id of the last message that has one and was begun to be sent; 0: none. */
extern int64_t sb_frames_last_id(const struct sb_frames *frames);

/* Whether it has something to send, and whether the other end had room when it was last tried. */
extern bool sb_frames_wants_write(const struct sb_frames *frames);
extern bool sb_frames_can_write(const struct sb_frames *frames);

/* Whether it takes bytes. */
extern bool sb_frames_wants_read(const struct sb_frames *frames);

/* Whether anything has come since this was last asked. */
extern bool sb_frames_has_heard(struct sb_frames *frames);

/* Whether any bytes were taken since this was last asked, or none wait to be. */
extern bool sb_frames_has_moved(struct sb_frames *frames);

/* How many frames have come in all. */
extern uint64_t sb_frames_count(const struct sb_frames *frames);

/* Whether a close has begun, by either end; the code that went out, or is going to; 0: none. */
extern bool sb_frames_is_closing(const struct sb_frames *frames);
extern int sb_frames_close_code(const struct sb_frames *frames);

/* Nothing more will come of it: both ends have said that they close, or the connection is lost. */
extern bool sb_frames_is_over(const struct sb_frames *frames);

#endif /* SB_WS_FRAMES_H */
