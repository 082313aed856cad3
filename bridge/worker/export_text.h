/*
 * export_text.h owns how what there is of a person is written: fields of CSV, text of HTML. Pure.
 */
#ifndef SB_WORKER_EXPORT_TEXT_H
#define SB_WORKER_EXPORT_TEXT_H

#include <stddef.h>

#include "base/buffer.h"

/* A field as RFC 4180 has it; NULL, which is nothing, is told apart from "", which is empty. */
extern void sb_export_put_field(struct sb_buffer *line, const char *value, size_t len);

/* Text that is nothing else in HTML, in attributes too. */
extern void sb_export_put_html(struct sb_buffer *page, const char *text);

#endif /* SB_WORKER_EXPORT_TEXT_H */
