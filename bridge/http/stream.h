/*
 * stream.h owns answers that go on for as long as somebody has something to say: a body of messages
 * that come one by one (chunks; to an HTTP/1.0 client until the end of the connection). No thread
 * waits for any of it: the library sleeps until there is a message.
 */
#ifndef SB_HTTP_STREAM_H
#define SB_HTTP_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/message.h"

struct sb_request;
struct sb_stream;

/*
 * Answers 200 with such a body; compressed it is not, and no proxy is to collect it. The request
 * has come by the library: as those do that name the type in Accept, or whose row has it. The
 * stream lives as long as the request, whose on_end tells
 * its end, whoever brings it about: a client who is gone, or who closes his side, has ended it,
 * also when nothing has been sent for long. To HEAD the head is all. patience: seconds after which
 * a client who takes nothing is given up.
 */
extern struct sb_stream *sb_stream_begin(struct sb_request *request, const char *content_type,
										 int patience);

/* Sends a message, and takes a reference of its own; none is taken once the stream ends. */
extern void sb_stream_send(struct sb_stream *stream, struct sb_message *message);

/* The same for bytes that go to this client alone. */
extern void sb_stream_say(struct sb_stream *stream, const char *bytes, size_t len);

/* Bytes of messages that the library has not taken yet. */
extern size_t sb_stream_queued(const struct sb_stream *stream);

/* The id of the last message with one that was begun to be taken; 0: none was. */
extern int64_t sb_stream_last_id(const struct sb_stream *stream);

/* Forgets what waits, but for a message that is begun. */
extern void sb_stream_drop(struct sb_stream *stream);

/* What waits is sent, then the body ends; the connection may go on. */
extern void sb_stream_end(struct sb_stream *stream);

/* Whether what is sent can still arrive. */
extern bool sb_stream_is_open(const struct sb_stream *stream);

/* ---- for http/ alone ------------------------------------------------------------------------- */

/* The client is gone: the library is to find out. */
extern void sb_stream_break(struct sb_stream *stream);

/* The request ends. NULL is none. */
extern void sb_stream_free(struct sb_stream *stream);

#endif /* SB_HTTP_STREAM_H */
