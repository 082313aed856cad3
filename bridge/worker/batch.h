/*
 * batch.h owns how many things are one parameter of a statement: arrays in PostgreSQL's text form.
 * Pure.
 */
#ifndef SB_WORKER_BATCH_H
#define SB_WORKER_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

/* Adds an element; the first one begins the array. */
extern void sb_batch_put_int(struct sb_buffer *array, int64_t number);

/* Text of any bytes: what is no UTF-8, and NUL, becomes '?'. */
extern void sb_batch_put_text(struct sb_buffer *array, const char *text);
extern void sb_batch_put_null(struct sb_buffer *array);

/* Ends the array, which may be empty; its text. */
extern const char *sb_batch_end(struct sb_buffer *array);

/* Whether a number stands in an array of numbers, '{1,2}'. */
extern bool sb_batch_has(const char *array, int64_t number);

#endif /* SB_WORKER_BATCH_H */
