/*
 * block.h owns the form of a stream of events (text/event-stream): blocks of lines, each with the
 * id to go on after. Pure.
 */
#ifndef SB_SSE_BLOCK_H
#define SB_SSE_BLOCK_H

#include <stdint.h>

struct sb_buffer;
struct sb_event;

/* Writes a block; data is JSON, and no id is written for one below 0. */
extern void sb_block_put(struct sb_buffer *out, const char *type, int64_t id, const char *data);

/* The same for an event of the log. */
extern void sb_block_write(const struct sb_event *event, struct sb_buffer *out);

#endif /* SB_SSE_BLOCK_H */
