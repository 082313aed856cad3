/*
 * buffer.h owns a growing string, and how text is written into JSON.
 */
#ifndef SB_BUFFER_H
#define SB_BUFFER_H

#include <stddef.h>
#include <stdint.h>

/* Zeroed memory is an empty buffer; data is NUL-terminated once something was added. */
struct sb_buffer
{
	char *data;
	size_t len;
	size_t size;
};

/* Makes room for more bytes (and a NUL) behind data + len, where the caller may write by himself.
 */
extern void sb_buffer_reserve(struct sb_buffer *buffer, size_t more);

extern void sb_buffer_append(struct sb_buffer *buffer, const char *bytes, size_t len);
extern void sb_buffer_puts(struct sb_buffer *buffer, const char *text);
extern void sb_buffer_putc(struct sb_buffer *buffer, char c);
extern void sb_buffer_printf(struct sb_buffer *buffer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
extern void sb_buffer_put_int(struct sb_buffer *buffer, int64_t number);

/*
 * A JSON string with its quotes (RFC 8259 section 7). Bytes that are not printable ASCII or part
 * of valid UTF-8 are written as \u00XX, so that the output is valid JSON for any input.
 */
extern void sb_buffer_put_json(struct sb_buffer *buffer, const char *text, size_t len);

/* The NUL-terminated content, which the caller frees with free(); the buffer is empty again. */
extern char *sb_buffer_take(struct sb_buffer *buffer, size_t *len);
extern void sb_buffer_free(struct sb_buffer *buffer);

#endif /* SB_BUFFER_H */
